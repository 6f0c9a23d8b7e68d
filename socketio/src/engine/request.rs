//! Validation of HTTP requests.

use actix_web::{
    HttpRequest,
    http::{Method, header},
};

use super::{
    cors::allowed,
    error::{BAD_METHOD, BAD_REQUEST, FORBIDDEN, HandshakeError, OLD_PROTOCOL, UNKNOWN_TRANSPORT},
};
use crate::config::{Config, Transport};

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

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}
