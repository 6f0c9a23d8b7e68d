//! Configuration of a server: limits, deadlines, transports and origins.

use std::time::Duration;

use crate::{origin::Origins, proxies::Proxies};

/// Transport of a session's packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// HTTP long-polling: GET requests receive packets, POST requests send them.
    Polling,
    /// A WebSocket.
    WebSocket,
}

impl Transport {
    /// Name on the wire and in metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }
}

/// Choice of the WebSocket subprotocol. Socket.IO does not use it, but browsers close a connection if the server
/// accepts none of the offered ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Subprotocols {
    /// The first offered, as the official server does.
    #[default]
    First,
    /// The first offered that is in this list; none if there is no match.
    Known(Vec<String>),
}

/// Settings of a server. Every field has a default:
///
/// ```
/// use std::time::Duration;
/// let config = socketio::Config { ping_interval: Duration::from_secs(10), ..Default::default() };
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    /// Path of the endpoint. Repeated slashes count as one, and the one at the end is optional, because clients build
    /// all these forms. Default `/socket.io/`.
    pub path: String,
    /// Enabled transports. Default both.
    pub transports: Vec<Transport>,
    /// Whether a polling session may upgrade to a WebSocket. Default `true`.
    pub allow_upgrades: bool,
    /// Subprotocol of a WebSocket whose client offers some. Default the first.
    pub subprotocols: Subprotocols,

    /// Time from the handshake or the last pong to the next ping. Default 25 s.
    pub ping_interval: Duration,
    /// Time for a pong, counted from when its ping has been sent. While earlier data delays the ping, a client that
    /// receives at least 1 kB a second gets this time again, at most 30 times. Default 20 s.
    pub ping_timeout: Duration,
    /// Time for a session without a socket to request a namespace. A connect hook may take longer. Default 10 s.
    pub connect_timeout: Duration,
    /// Time for an upgrade to a WebSocket; after that the WebSocket is closed. Default 10 s.
    pub upgrade_timeout: Duration,
    /// Time for a closing session to flush its outbox and to receive the peer's close. Default 5 s.
    pub close_timeout: Duration,

    /// Bytes of one message from a client with its attachments, and of one polling payload. A larger event is skipped
    /// while it streams in and handled with a [`LimitExceeded`](crate::LimitExceeded). The session is closed above 64
    /// times this limit, and when more than four times the limit of a polling payload would have to be kept. Default
    /// 1,000,000.
    pub max_payload: usize,
    /// `max_payload` for a session without an [owner](crate::Handshake::set_owner). It also bounds the bytes of its
    /// unhandled events and of its unread acks. A polling payload of which more than 16 times this limit would have to
    /// be kept closes the session. Default none.
    pub max_payload_without_owner: Option<usize>,
    /// Unhandled bytes of all sessions without an owner together, except the first 1,024 of each. A session that
    /// exceeds it is closed, and may try again later. Default none.
    pub max_memory_without_owner: Option<usize>,
    /// Packets in one polling payload; more closes the session. Default 10,000.
    pub max_packets: usize,
    /// Attachments a binary event or ack may announce; more closes the session. Default 10.
    pub max_attachments: usize,
    /// Nesting depth of an event's arguments. A deeper event is handled with a [`LimitExceeded`](crate::LimitExceeded)
    /// and without arguments. Default 128.
    pub max_depth: usize,
    /// Events per second of one session, with a burst of one second. Further events are handled with a
    /// [`LimitExceeded`](crate::LimitExceeded). Default 10,000.
    pub max_events: u32,
    /// Bytes of ordered frames that wait for one session; a client above it is evicted. A frame is always accepted
    /// while none is waiting. Slot frames do not count: there is at most one per slot, shared by all its recipients.
    /// Default 8 MiB.
    pub max_outbox: usize,
    /// Bytes of unread acks of one session. Above it further events wait, and finally the client's sends do. A client
    /// that requests acks without reading costs this much, and one ack more per namespace. Default 1 MiB.
    pub max_unread_acks: usize,
    /// A client is evicted if its events wait because of [`max_unread_acks`](Self::max_unread_acks), and it receives no
    /// data for this time. Default 20 s.
    pub unread_timeout: Duration,
    /// Received and unhandled events of one session. At this number, or at twice `max_payload` bytes, the session is
    /// not read until some are handled. While a handler waits for the client's ack, which may stand behind them, the
    /// limit is eight times as high. Default 256.
    pub max_inbox: usize,
    /// A session is closed if it is not read because of [`max_inbox`](Self::max_inbox), and completes none of its events
    /// for this time. It should exceed the duration of a handler. Default 60 s.
    pub pause_timeout: Duration,
    /// Namespaces of one session; a further one gets a `connect_error`. Default 16.
    pub max_sockets: usize,
    /// Rooms of one socket. A further join, or one with a name of more than 1024 bytes, is rejected and logged. Default
    /// 10,000.
    pub max_rooms: usize,
    /// Sessions of the server, all workers together. A new session evicts the oldest one that has not joined a
    /// namespace; if there is none, its handshake gets HTTP 503. Default 10,000.
    pub max_sessions: usize,
    /// Number of [`max_sessions`](Self::max_sessions) that are reserved for sessions with an [owner](crate::Handshake::set_owner). A session without
    /// one is closed when it joins a namespace and only reserved ones are left. Default none.
    pub reserved_sessions: usize,
    /// Sessions of one address, or of one [owner](crate::Handshake::set_owner); further handshakes get HTTP 429. A
    /// limit per address covers all of an IPv6 `/64`, and all clients of a proxy that is not
    /// [trusted](Self::trusted_proxies). Default 2,000.
    pub max_sessions_per_address: Option<usize>,
    /// Handshakes per second of one address, with a burst of ten seconds; further ones get HTTP 429. Default 200.
    pub max_handshakes_per_address: Option<u32>,
    /// Events per second of one address or of one owner, with a burst of two seconds. Further events are handled with a
    /// [`LimitExceeded`](crate::LimitExceeded). Default 20,000.
    pub max_events_per_address: Option<u32>,
    /// Bytes of events and acks per second of one address or of one owner, with the same burst. The two limits share
    /// one budget: half of one leaves half of the other. Default 32 MiB.
    pub max_bytes_per_address: Option<u64>,
    /// Limits of individual events. Default none.
    pub event_limits: Vec<EventLimit>,
    /// Rate limits of the service's own operations, per address and per owner: see
    /// [`Handshake::check_rate`](crate::Handshake::check_rate). Default none.
    pub rates: Vec<Rate>,
    /// Proxies whose `X-Forwarded-For` or `Forwarded` header is used. Default none.
    pub trusted_proxies: Proxies,

    /// Connection state recovery. Default off.
    pub recovery: Option<Recovery>,
    /// Origins that may connect. Default: pages of this machine.
    pub origins: Origins,
}

/// Limit of a costly event. Events above it are handled with a [`LimitExceeded`](crate::LimitExceeded).
#[derive(Debug, Clone)]
pub struct EventLimit {
    /// Name of the event, in every namespace.
    pub event: String,
    /// Number of waiting events of this name on one session.
    pub max_waiting: usize,
}

/// Rate limit of an operation, per address and per owner.
#[derive(Debug, Clone)]
pub struct Rate {
    /// Name for [`Handshake::check_rate`](crate::Handshake::check_rate) and for the metric's label.
    pub name: &'static str,
    /// Operations per minute, with a burst of one minute.
    pub per_minute: u32,
}

/// Connection state recovery for clients that lose their connection.
///
/// Every event then has one more argument, its offset: a string that listeners receive as their last argument, as with
/// the official server. Listeners with a fixed number of arguments, as in Python, have to accept it.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// Time in which a client may reconnect. Default two minutes.
    pub max_disconnection: Duration,
    /// Bytes of events kept for disconnected clients, all namespaces together. A client that has missed more starts
    /// afresh. Default 16 MiB.
    pub max_bytes: usize,
}

impl Default for Recovery {
    fn default() -> Self {
        Self { max_disconnection: Duration::from_secs(120), max_bytes: 16 * 1024 * 1024 }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "/socket.io/".to_owned(),
            transports: vec![Transport::Polling, Transport::WebSocket],
            allow_upgrades: true,
            subprotocols: Subprotocols::First,
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(10),
            upgrade_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
            max_payload: 1_000_000,
            max_payload_without_owner: None,
            max_memory_without_owner: None,
            max_packets: 10_000,
            max_attachments: 10,
            max_depth: 128,
            max_events: 10_000,
            max_outbox: 8 * 1024 * 1024,
            max_unread_acks: 1024 * 1024,
            unread_timeout: Duration::from_secs(20),
            max_inbox: 256,
            pause_timeout: Duration::from_secs(60),
            max_sockets: 16,
            max_rooms: 10_000,
            max_sessions: 10_000,
            reserved_sessions: 0,
            max_sessions_per_address: Some(2_000),
            max_handshakes_per_address: Some(200),
            max_events_per_address: Some(20_000),
            max_bytes_per_address: Some(32 * 1024 * 1024),
            event_limits: Vec::new(),
            rates: Vec::new(),
            trusted_proxies: Proxies::default(),
            recovery: None,
            origins: Origins::default(),
        }
    }
}
