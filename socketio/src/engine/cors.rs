//! Origin checks, and the CORS headers of responses.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
};

use crate::config::Config;

/// Whether the origin of a request may connect.
pub(super) fn allowed(config: &Config, request: &HttpRequest) -> bool {
    // A value that is not text matches no origin.
    let text = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let (origin, site) = (text(header::ORIGIN), text(SEC_FETCH_SITE));
    config.origins.allows(origin, text(header::HOST))
        && (origin.is_some() || config.origins.allows_site(site))
}

/// Relation between the page and the server, which browsers send even without an `Origin`.
pub(super) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Allows the requesting page to read the response, if it may connect.
pub(super) fn add_cors_headers(config: &Config, request: &HttpRequest, headers: &mut HeaderMap) {
    let Some(origin) = request.headers().get(header::ORIGIN).filter(|_| allowed(config, request)) else {
        return;
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
}

const PRIVATE_NETWORK_WANTED: &str = "access-control-request-private-network";
const PRIVATE_NETWORK_ALLOWED: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// The response to a preflight.
pub(super) fn preflight(request: &HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::NoContent().finish();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    if let Some(requested) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, requested.clone());
    }
    // Private network access: a public page that connects to a private address, in browsers that check for it.
    if request.headers().contains_key(PRIVATE_NETWORK_WANTED) {
        headers.insert(PRIVATE_NETWORK_ALLOWED, HeaderValue::from_static("true"));
    }
    response
}
