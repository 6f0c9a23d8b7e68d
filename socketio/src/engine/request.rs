//! HTTP requests: validation, the copy that a session keeps, CORS headers, and error responses.

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
    time::{Duration, SystemTime},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
};
use serde_json::json;

use crate::{
    config::{Config, Transport},
    proxies::Proxies,
};

/// The copy of the opening request: actix's headers are slices of a read buffer, which they would keep alive.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) query: Box<str>,
    pub(crate) peer: Option<SocketAddr>,
    /// Address of the client, with regard to trusted proxies.
    pub(crate) address: Option<IpAddr>,
    pub(crate) secure: bool,
    pub(crate) path: Box<str>,
    /// Time of the request.
    pub(crate) at: SystemTime,
    headers: Box<str>,
}

impl Request {
    pub(super) fn new(request: &HttpRequest, proxies: &Proxies) -> Self {
        let mut headers = String::new();
        for (name, value) in request.headers() {
            if let Ok(value) = value.to_str() {
                headers.extend([name.as_str(), ":", value, "\n"]);
            }
        }
        Self {
            query: request.query_string().into(),
            peer: request.peer_addr(),
            address: request.peer_addr().map(|peer| proxies.client(peer.ip(), request.headers())),
            secure: request.app_config().secure(),
            path: request.path().into(),
            at: SystemTime::now(),
            headers: headers.into(),
        }
    }

    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.lines().filter_map(|line| line.split_once(':'))
    }
}

/// An error response: status, and Engine.IO's code and message.
#[derive(Debug, Clone)]
pub(super) struct HandshakeError {
    pub(super) status: StatusCode,
    code: u8,
    pub(super) message: Cow<'static, str>,
    /// Seconds after which to try again.
    retry_after: Option<u64>,
}

const fn error(status: StatusCode, code: u8, message: &'static str) -> HandshakeError {
    HandshakeError { status, code, message: Cow::Borrowed(message), retry_after: None }
}

/// An error that allows a retry.
const fn busy(status: StatusCode, message: &'static str) -> HandshakeError {
    // The protocol defines no code for these; the status is relevant.
    HandshakeError { status, code: 3, message: Cow::Borrowed(message), retry_after: Some(5) }
}

const UNKNOWN_TRANSPORT: HandshakeError = error(StatusCode::BAD_REQUEST, 0, "Transport unknown");
pub(super) const UNKNOWN_SID: HandshakeError = error(StatusCode::BAD_REQUEST, 1, "Session ID unknown");
const BAD_METHOD: HandshakeError = error(StatusCode::BAD_REQUEST, 2, "Bad handshake method");
pub(super) const BAD_REQUEST: HandshakeError = error(StatusCode::BAD_REQUEST, 3, "Bad request");
const FORBIDDEN: HandshakeError = error(StatusCode::FORBIDDEN, 4, "Forbidden");
const OLD_PROTOCOL: HandshakeError = error(StatusCode::BAD_REQUEST, 5, "Unsupported protocol version");
pub(super) const FULL: HandshakeError = busy(StatusCode::SERVICE_UNAVAILABLE, "Too many sessions");
pub(super) const TOO_MANY_FROM_ADDRESS: HandshakeError =
    busy(StatusCode::TOO_MANY_REQUESTS, "Too many sessions from this address");
pub(super) const TOO_MANY_HANDSHAKES: HandshakeError =
    busy(StatusCode::TOO_MANY_REQUESTS, "Too many handshakes from this address");
pub(super) const CLOSED: HandshakeError = busy(StatusCode::SERVICE_UNAVAILABLE, "Server is going away");
pub(super) const ENDED: HandshakeError = error(StatusCode::SERVICE_UNAVAILABLE, 3, "The session has ended");
pub(super) const TOO_LARGE: HandshakeError = error(StatusCode::PAYLOAD_TOO_LARGE, 3, "Payload too large");

impl HandshakeError {
    /// Adds a sentence to the message.
    pub(super) fn with(&self, sentence: &str) -> Self {
        Self { message: Cow::Owned(format!("{}: {sentence}", self.message)), ..self.clone() }
    }

    /// Sets the time after which to try again.
    pub(super) fn after(&self, time: Duration) -> Self {
        Self { retry_after: Some(time.as_secs() + 1), ..self.clone() }
    }

    /// Whether the origin is refused.
    pub(super) fn is_forbidden(&self) -> bool {
        self.code == FORBIDDEN.code
    }

    pub(super) fn response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.json(json!({ "code": self.code, "message": self.message }))
    }
}

/// Kind of a request.
pub(super) enum RequestKind {
    /// A CORS preflight.
    Preflight,
    Open(Transport),
    Upgrade(String),
    Poll(String),
    Post(String),
}

/// Validates a request as the official server does, in the same order.
pub(super) fn check(config: &Config, request: &HttpRequest) -> Result<RequestKind, HandshakeError> {
    if request.method() == Method::OPTIONS {
        return allowed(config, request).then_some(RequestKind::Preflight).ok_or(FORBIDDEN);
    }
    let query = request.query_string();
    let transport = match parameter(query, "transport") {
        Some("websocket") => Transport::WebSocket,
        Some("polling") => Transport::Polling,
        _ => return Err(UNKNOWN_TRANSPORT),
    };
    if !config.transports.contains(&transport) {
        return Err(UNKNOWN_TRANSPORT);
    }
    let websocket = request.headers().contains_key(header::UPGRADE);
    match parameter(query, "sid") {
        Some(sid) => {
            allowed(config, request).then_some(()).ok_or(FORBIDDEN)?;
            match (transport, request.method()) {
                (Transport::WebSocket, &Method::GET) if websocket => Ok(RequestKind::Upgrade(sid.to_owned())),
                (Transport::Polling, &Method::GET) if !websocket => Ok(RequestKind::Poll(sid.to_owned())),
                (Transport::Polling, &Method::POST) => Ok(RequestKind::Post(sid.to_owned())),
                _ => Err(BAD_REQUEST),
            }
        }
        None => {
            if request.method() != Method::GET {
                return Err(BAD_METHOD);
            }
            if websocket != (transport == Transport::WebSocket) {
                return Err(BAD_REQUEST);
            }
            allowed(config, request).then_some(()).ok_or(FORBIDDEN)?;
            if parameter(query, "EIO") != Some("4") {
                return Err(OLD_PROTOCOL);
            }
            Ok(RequestKind::Open(transport))
        }
    }
}

fn allowed(config: &Config, request: &HttpRequest) -> bool {
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

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}
