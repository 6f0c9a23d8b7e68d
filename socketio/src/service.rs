//! What a product plugs in: who may connect, and what an event does.

use std::{fmt, future::Future, net::SocketAddr, rc::Rc};

use serde_json::value::RawValue;

use crate::{engine::Request, socket::Socket};

/// A product, as the main namespace sees it.
///
/// A session lives on one worker thread, so futures need not be `Send`. They are never cancelled: what has
/// begun runs to its end, also when the client has gone.
pub trait Service: Send + Sync + 'static {
    /// Kept with each socket.
    type State: 'static;

    /// Decides who may connect, and makes what is kept with the socket.
    ///
    /// # Errors
    /// A [`Refusal`] reaches the client as its `connect_error`.
    fn connect(&self, handshake: &Handshake) -> impl Future<Output = Result<Self::State, Refusal>>;

    /// A socket is there. `40{"sid"}` is already in its outbox, and what is emitted here follows at once:
    /// broadcasts reach the socket from this moment on, behind it.
    fn connected(&self, socket: &Socket<Self::State>);

    /// Handles an event: one at a time per socket, in the order they were sent.
    ///
    /// What is returned is JSON, sent unchecked as the one argument of the ack. Without it a client that
    /// asked gets an empty ack; a client that did not ask gets nothing.
    fn event(&self, socket: &Socket<Self::State>, event: Event) -> impl Future<Output = Option<String>>;

    /// A socket that was given to `connected` has gone, and its last event is done.
    fn disconnected(&self, socket: &Socket<Self::State>, reason: Reason) -> impl Future<Output = ()>;
}

/// How a client came: the HTTP request that opened its session, and the namespace's `auth`.
#[derive(Debug)]
pub struct Handshake {
    pub(crate) auth: Option<Box<RawValue>>,
    pub(crate) request: Rc<Request>,
}

impl Handshake {
    /// The `auth` object, if the client sent one.
    pub fn auth(&self) -> Option<&RawValue> {
        self.auth.as_deref()
    }

    /// The first header of that name (any case) whose value is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All headers whose values are text, names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.request.headers()
    }

    /// The query string, still percent-encoded: `EIO=4&transport=websocket…`.
    pub fn query(&self) -> &str {
        &self.request.query
    }

    /// Who is at the other end of the connection; a proxy, if there is one.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.request.peer
    }
}

/// Why a client may not connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// A sentence for the client's `connect_error`.
    pub message: String,
    /// JSON for its `data`, not checked to be.
    pub data: Option<String>,
}

impl Refusal {
    /// A refusal in one sentence.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), data: None }
    }
}

/// What a client emitted.
#[derive(Debug)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// Its arguments, each JSON of any depth. Empty if there is a `fault`.
    pub args: Vec<Box<RawValue>>,
    /// Whether the client asked for an ack.
    pub wants_ack: bool,
    /// Why the arguments were not taken, although the event could be recognised.
    pub fault: Option<Fault>,
}

/// Why an event's arguments were not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The message is over [`Config::max_payload`](crate::Config::max_payload).
    TooLarge {
        /// Bytes the client sent.
        bytes: u64,
        /// Bytes allowed.
        limit: usize,
    },
    /// The arguments hold binary attachments.
    Binary,
}

/// Why a socket is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The client left the namespace.
    ClientDisconnect,
    /// [`Socket::disconnect`] was called.
    ServerDisconnect,
    /// The client closed the session, or its connection ended.
    TransportClose,
    /// No pong came in time.
    PingTimeout,
    /// The client broke the protocol.
    ProtocolError,
    /// The client read too slowly, and too much was waiting for it.
    OutboxFull,
    /// The session had no socket for too long.
    ConnectTimeout,
    /// The server is shutting down.
    Shutdown,
    /// A handler panicked.
    Panic,
}

impl Reason {
    /// A stable, lower-case phrase, for logs and metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientDisconnect => "client disconnect",
            Self::ServerDisconnect => "server disconnect",
            Self::TransportClose => "transport close",
            Self::PingTimeout => "ping timeout",
            Self::ProtocolError => "protocol error",
            Self::OutboxFull => "outbox full",
            Self::ConnectTimeout => "connect timeout",
            Self::Shutdown => "server shutdown",
            Self::Panic => "handler panicked",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
