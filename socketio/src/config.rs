//! What a server can be told: limits, deadlines and who may connect.

use std::time::Duration;

use crate::{origin::Origins, proxies::Proxies};

/// How a session's packets travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// HTTP long-polling: a GET waits for packets, POSTs carry them here.
    Polling,
    /// A WebSocket.
    WebSocket,
}

impl Transport {
    /// The name on the wire, and as a metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }
}

/// Which of the WebSocket subprotocols that a client offers is answered. They mean nothing to Socket.IO, but a browser ends a connection
/// whose server answers none of those that its page has offered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Subprotocols {
    /// The first, as the official server does.
    #[default]
    First,
    /// The first that is one of these; none if none is.
    Known(Vec<String>),
}

/// Settings of a server. Every field has a default; change what you need:
///
/// ```
/// use std::time::Duration;
/// let config = socketio::Config { ping_interval: Duration::from_secs(10), ..Default::default() };
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the endpoint is mounted. Several slashes count as one, and at the end none as one: clients put addresses together in
    /// all of these ways. Default `/socket.io/`.
    pub path: String,
    /// The transports that are served. Default both.
    pub transports: Vec<Transport>,
    /// Whether a polling session may move to a WebSocket. Default `true`.
    pub allow_upgrades: bool,
    /// Which subprotocol a WebSocket is answered with, if its client offers any. Default the first.
    pub subprotocols: Subprotocols,

    /// How long after the last pong, or after the handshake, a ping is sent. Default 25 s.
    pub ping_interval: Duration,
    /// How long a pong may take before the session is closed, counted from when its ping has left. As long as something stands before
    /// the ping, a client that takes at least 1 kB a second of it gets this time again, 30 times at most. Default 20 s.
    pub ping_timeout: Duration,
    /// How long a session may stay without having asked for a namespace. A connect hook may take longer. Default 10 s.
    pub connect_timeout: Duration,
    /// How long a move to a WebSocket may take before that WebSocket is closed. Default 10 s.
    pub upgrade_timeout: Duration,
    /// How long a closing session may take to flush its outbox and to see the peer's close. Default 5 s.
    pub close_timeout: Duration,

    /// Bytes of one message from a client, its attachments included, and of one polling payload. An
    /// event that is larger is skipped as it streams in, never buffered, and handled with a [`LimitExceeded`](crate::LimitExceeded);
    /// past 64 times this the session is closed, and so it is past a polling payload of
    /// which more than four times this would have to be kept. Default 1,000,000.
    pub max_payload: usize,
    /// The same for a session without an [owner](crate::Handshake::set_owner): a message of more bytes than this is handled in the same
    /// way, and so much of what it sent waits to be handled, and so many bytes of acks to be read. A polling payload of which more
    /// than 16 times this would have to be kept closes it. Default none.
    pub max_payload_without_owner: Option<usize>,
    /// Bytes that all sessions without an owner may have sent and that are not handled yet, but for the first 1,024 of each. One that
    /// sends more is closed, and may try again later. Default none.
    pub max_memory_without_owner: Option<usize>,
    /// Packets in one polling payload; more closes the session. Default 10,000.
    pub max_packets: usize,
    /// Attachments a binary event or ack may announce; more closes the session. Default 10.
    pub max_attachments: usize,
    /// How deep an event's arguments may be nested; deeper ones are not taken, and the event is handled
    /// with a [`LimitExceeded`](crate::LimitExceeded). Default 128.
    pub max_depth: usize,
    /// Events a second that one session may send, and as many at once after a quiet second; those beyond are handled with
    /// a [`LimitExceeded`](crate::LimitExceeded). Default 10,000.
    pub max_events: u32,
    /// Bytes of ordered frames waiting to be written to one session; more and the client is evicted.
    /// A frame is always taken while none is waiting. Latest-wins frames do not count: there is
    /// one per slot at most, and it is shared by all who wait for it. Default 8 MiB.
    pub max_outbox: usize,
    /// Bytes of acks that one session may have to read before more of its events are handled: beyond that they wait, and with them
    /// in the end what it sends. So a client that asks and does not read costs this much and one ack more
    /// for each namespace that it is in. Default 1 MiB.
    pub max_unread_acks: usize,
    /// How long a client whose events wait for that may take nothing at all before it is evicted. Default 20 s.
    pub unread_timeout: Duration,
    /// Events of one session received and not yet handled. At this many, or at twice
    /// `max_payload` bytes of them, the session is no longer read until some are done. While the server waits for
    /// the client's ack, which may stand behind them, it takes eight times as many. Default 256.
    pub max_inbox: usize,
    /// How long a session may go unread for that without any of its events getting done. Longer than a handler may take,
    /// or the client is closed in the middle of its work. Default 60 s.
    pub pause_timeout: Duration,
    /// Namespaces one session may be in; for a further one the client gets a `connect_error`. Default 16.
    pub max_sockets: usize,
    /// Rooms a socket may be in; it is not let into a further one, nor into one whose name has more than 1024
    /// bytes, and the log says so. Default 10,000.
    pub max_rooms: usize,
    /// Sessions on this server, all workers together. Of those that have not joined a namespace the oldest goes for one that comes
    /// when all are taken; where there is none, further handshakes get HTTP 503. Default 10,000.
    pub max_sessions: usize,
    /// How many of those are kept for sessions with an [owner](crate::Handshake::set_owner). A session without one is closed as it
    /// joins a namespace where only these are left. Default none.
    pub reserved_sessions: usize,
    /// Sessions from one address, or of one [owner](crate::Handshake::set_owner); further handshakes get HTTP 429. What is said here
    /// of an address holds for all of an IPv6 `/64`; behind a proxy that is not [trusted](Self::trusted_proxies), for all of its
    /// clients. Default 2,000.
    pub max_sessions_per_address: Option<usize>,
    /// Handshakes a second from one address, and ten times as many at once after a quiet while; further ones get HTTP 429.
    /// Default 200.
    pub max_handshakes_per_address: Option<u32>,
    /// Events a second from one address or of one owner, and twice as many at once after a quiet while; those beyond are handled
    /// with a [`LimitExceeded`](crate::LimitExceeded). Default 20,000.
    pub max_events_per_address: Option<u32>,
    /// Bytes of events and acks a second from one address or of one owner, likewise. The two are counted together: half of one leaves
    /// half of the other. Default 32 MiB.
    pub max_bytes_per_address: Option<u64>,
    /// Limits of single events. Default none.
    pub event_limits: Vec<EventLimit>,
    /// What else is done only so often for one address or one owner: see [`Handshake::spend`](crate::Handshake::spend).
    /// Default nothing.
    pub rates: Vec<Rate>,
    /// The proxies whose word about their clients' addresses is taken. Default none.
    pub trusted_proxies: Proxies,

    /// Whether clients that come back get what they missed. Default not.
    pub recovery: Option<Recovery>,
    /// Which web pages may connect. Default: those served from this machine.
    pub origins: Origins,
}

/// The limit of one event, for one that costs far more than others. What is beyond is handled with a
/// [`LimitExceeded`](crate::LimitExceeded).
#[derive(Debug, Clone)]
pub struct EventLimit {
    /// The event's name, in every namespace.
    pub event: String,
    /// How many of them one session may have waiting.
    pub max_waiting: usize,
}

/// How often something may be done for one address, or for one owner.
#[derive(Debug, Clone)]
pub struct Rate {
    /// What a service calls it, and its metric.
    pub name: &'static str,
    /// So often in a minute, and as often at once after a quiet one.
    pub per_minute: u32,
}

/// Connection state recovery: what is kept for clients that lose their connection.
///
/// Events then carry one more argument, their offset: a string that listeners see as their last, as with the official
/// server. Listeners with a fixed number of arguments, as in Python, have to make room for it.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// How long a client may be away. Default two minutes.
    pub max_disconnection: Duration,
    /// Bytes of events kept for those who are away, all namespaces together; who missed more than that starts afresh.
    /// Default 16 MiB.
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
