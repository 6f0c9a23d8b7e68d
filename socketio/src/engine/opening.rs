//! The opening handshake of a WebSocket: RFC 6455, section 4.2.2.
//!
//! A browser that has offered subprotocols fails the connection if none is accepted. A client that has offered none
//! fails it if one is. The response therefore names a subprotocol if and only if some were offered.

use actix_http::{ResponseBuilder, ws};
use actix_web::{
    HttpRequest,
    http::header::{HeaderMap, SEC_WEBSOCKET_PROTOCOL},
};

use super::error::{BAD_REQUEST, HandshakeError};
use crate::config::{Config, Subprotocols};

/// The 101 response, without its body.
pub(super) fn answer(config: &Config, request: &HttpRequest) -> Result<ResponseBuilder, HandshakeError> {
    let mut response = ws::handshake(request.head()).map_err(|_| BAD_REQUEST)?;
    if let Some(chosen) = chosen(&config.subprotocols, request.headers()) {
        response.insert_header((SEC_WEBSOCKET_PROTOCOL, chosen));
    }
    Ok(response)
}

/// The accepted subprotocol. The header may occur several times, with several names each.
fn chosen<'a>(known: &Subprotocols, headers: &'a HeaderMap) -> Option<&'a str> {
    let offers = headers.get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|offers| offers.to_str().ok());
    let mut names = offers.flat_map(|offers| offers.split(',')).map(str::trim).filter(|name| is_token(name));
    match known {
        Subprotocols::First => names.next(),
        Subprotocols::Known(known) => names.find(|name| known.iter().any(|one| one == name)),
    }
}

/// A token of RFC 9110, section 5.6.2.
fn is_token(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_plain)
}
