//! The shown part of a socket.
//!
//! The handshake's `auth` is omitted. The session's id is replaced by a hash with a random key, which identifies the
//! sockets of one client. Headers and query parameters that are not known to be harmless, such as cookies and tokens,
//! are shown without their values.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use serde::Serialize;

use crate::{
    clock,
    config::Transport,
    handshake::Handshake,
    id::SocketId,
    worker::{socket::SocketInner, target::Room},
};

/// Replaces a hidden value.
pub(super) const HIDDEN: &str = "(hidden)";

/// Headers with shown values.
const HEADERS: [&str; 17] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "forwarded",
    "host",
    "origin",
    "sec-websocket-extensions",
    "sec-websocket-version",
    "upgrade",
    "user-agent",
    "via",
    "x-forwarded-for",
    "x-real-ip",
];
/// Query parameters with shown values: those of Engine.IO itself, except `sid`.
const PARAMETERS: [&str; 4] = ["EIO", "transport", "t", "b64"];
/// Maximum characters of a forwarded address.
const MAX_ADDRESS: usize = 45;

/// A socket as pages receive it.
#[derive(Debug, Clone)]
pub(super) struct SocketDetails {
    pub(super) id: SocketId,
    pub(super) namespace: Arc<str>,
    pub(super) rooms: Vec<Room>,
    pub(super) polling: bool,
    pub(super) json: Arc<str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    id: &'a SocketId,
    client_id: String,
    transport: &'static str,
    nsp: &'a str,
    data: BTreeMap<(), ()>,
    handshake: Request<'a>,
    rooms: Vec<&'a str>,
}

#[derive(Serialize)]
struct Request<'a> {
    address: String,
    headers: BTreeMap<&'a str, &'a str>,
    query: BTreeMap<&'a str, &'a str>,
    issued: u64,
    time: String,
    secure: bool,
    url: &'a str,
    xdomain: bool,
}

impl SocketDetails {
    /// Describes a socket; without headers on a server with very many sockets.
    pub(super) fn of(socket: &SocketInner, clients: &RandomState, headers: bool) -> Self {
        let rooms: Vec<Room> = socket.rooms.borrow().iter().cloned().collect();
        let transport = socket.session.transport();
        // A socket's id is also a room, which the page expects in the list.
        let named = std::iter::once(socket.id.as_str()).chain(rooms.iter().map(|room| &**room));
        let row = Row {
            id: &socket.id,
            client_id: format!("{:016x}", client(socket, clients)),
            transport: transport.as_str(),
            nsp: &socket.nsp.name,
            data: BTreeMap::new(),
            handshake: request(&socket.handshake, headers),
            rooms: named.collect(),
        };
        let json = serde_json::to_string(&row).unwrap_or_else(|_| "null".to_owned()).into();
        let polling = transport == Transport::Polling;
        Self { id: socket.id, namespace: socket.nsp.name.clone(), rooms, polling, json }
    }
}

/// Client id of the socket.
pub(super) fn client(socket: &SocketInner, clients: &RandomState) -> u64 {
    clients.hash_one(socket.session.sid)
}

fn request(handshake: &Handshake, headers: bool) -> Request<'_> {
    let issued = clock::millis(handshake.issued_at());
    let headers = if headers { self::headers(handshake) } else { BTreeMap::new() };
    Request {
        address: address(handshake),
        headers,
        query: parameters(handshake.query()),
        issued,
        time: clock::iso(issued),
        secure: handshake.is_secure(),
        url: handshake.path(),
        xdomain: handshake.header("origin").is_some(),
    }
}

/// Address of the peer, and the forwarded address behind it.
fn address(handshake: &Handshake) -> String {
    let peer = handshake.peer().map_or_else(|| "unknown".to_owned(), |peer| peer.ip().to_string());
    match handshake.header("x-forwarded-for") {
        Some(client) => format!("{peer} (for {})", client.chars().take(MAX_ADDRESS).collect::<String>()),
        None => peer,
    }
}

fn headers(handshake: &Handshake) -> BTreeMap<&str, &str> {
    let shown = |name: &str| {
        HEADERS.contains(&name) || name.starts_with("sec-ch-ua") || name.starts_with("sec-fetch-")
    };
    handshake.headers().map(|(name, value)| (name, if shown(name) { value } else { HIDDEN })).collect()
}

fn parameters(query: &str) -> BTreeMap<&str, &str> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (name, if PARAMETERS.contains(&name) { value } else { HIDDEN })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_values_are_hidden_unless_known() {
        let shown = parameters("EIO=4&transport=polling&t=ab1&token=abc&sid=s&flag");
        let hidden: Vec<_> =
            shown.iter().filter(|(_, value)| **value == HIDDEN).map(|(name, _)| *name).collect();
        assert_eq!(hidden, ["flag", "sid", "token"]);
        assert_eq!((shown["EIO"], shown["transport"], shown["t"]), ("4", "polling", "ab1"));
        assert!(parameters("").is_empty());
    }
}
