//! HTTP requests: validation, and the copy that a session keeps.

use std::{
    net::{IpAddr, SocketAddr},
    time::SystemTime,
};

use actix_web::{
    HttpRequest,
    http::{Method, header},
};

use super::{
    cors::allowed,
    error::{BAD_METHOD, BAD_REQUEST, FORBIDDEN, HandshakeError, OLD_PROTOCOL, UNKNOWN_TRANSPORT},
};
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
