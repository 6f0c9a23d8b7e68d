//! What every page tells the browser to refuse.

use actix_web::{http::header, middleware::DefaultHeaders};

/// Scripts, styles, fonts and connections are ours or none; `'self'` is also the socket at the page's own address. Pictures may be
/// anywhere, because a coach's is an address that somebody typed. Nobody may frame us, so no click here was meant for another page.
const CONTENT: &str = "default-src 'self'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; \
    img-src 'self' https: http: data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// A planner has no use for these.
const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

/// Added to all that is answered here, unless it says otherwise itself.
pub(super) fn strict() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::CONTENT_SECURITY_POLICY, CONTENT))
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::X_FRAME_OPTIONS, "DENY"))
        .add((header::REFERRER_POLICY, "same-origin"))
        .add((header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"))
        .add((header::PERMISSIONS_POLICY, PERMISSIONS))
}
