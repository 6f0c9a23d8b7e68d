//! Security headers of all responses.

use actix_web::{http::header, middleware::DefaultHeaders};

use super::Pictures;

/// Scripts, styles, fonts and connections are allowed from this origin only; `'self'` includes the WebSocket. Framing
/// is forbidden, which prevents clickjacking.
const CONTENT: &str = "default-src 'self'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; \
    object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// Browser features that a data app does not need.
const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

/// Adds the security headers to responses that do not set their own.
pub(super) fn security_headers(pictures: &Pictures) -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::CONTENT_SECURITY_POLICY, format!("{CONTENT}; img-src {pictures}")))
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::X_FRAME_OPTIONS, "DENY"))
        .add((header::REFERRER_POLICY, "same-origin"))
        .add((header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"))
        .add((header::PERMISSIONS_POLICY, PERMISSIONS))
}
