//! What every page tells the browser to refuse.

use actix_web::{http::header, middleware::DefaultHeaders};

use super::Pictures;

/// Scripts, styles, fonts and connections are ours or none; `'self'` is also the socket at the page's own address. Nobody may frame us, so no
/// click here was meant for another page.
const CONTENT: &str = "default-src 'self'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; \
    object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// A web app for data has no use for these.
const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

/// Added to all that is answered here, unless it says otherwise itself.
pub(super) fn strict(pictures: &Pictures) -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::CONTENT_SECURITY_POLICY, format!("{CONTENT}; img-src {pictures}")))
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::X_FRAME_OPTIONS, "DENY"))
        .add((header::REFERRER_POLICY, "same-origin"))
        .add((header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"))
        .add((header::PERMISSIONS_POLICY, PERMISSIONS))
}
