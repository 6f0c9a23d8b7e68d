//! Why a socket is gone.

use std::fmt;

/// Why a socket is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The client left the namespace.
    ClientDisconnect,
    /// [`Socket::disconnect`](crate::Socket::disconnect) was called, or that of a [`Broadcast`](crate::Broadcast).
    ServerDisconnect,
    /// The client closed the session, or its connection ended.
    TransportClose,
    /// No pong came in time.
    PingTimeout,
    /// The client broke the protocol.
    ProtocolError,
    /// The client read too slowly, and too much was waiting for it.
    OutboxFull,
    /// The client closed the session because it was sent a message larger than it takes: see
    /// [`Socket::largest_sent`](crate::Socket::largest_sent).
    MessageTooBig,
    /// The session had no socket for too long.
    ConnectTimeout,
    /// All places are taken, and this one was the first to be given to somebody else.
    Full,
    /// Its events waited for too long without any of them getting done.
    PauseTimeout,
    /// The client came back over another connection while this one still seemed to live.
    Replaced,
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
            Self::MessageTooBig => "message too big",
            Self::ConnectTimeout => "connect timeout",
            Self::Full => "server full",
            Self::PauseTimeout => "pause timeout",
            Self::Replaced => "replaced",
            Self::Shutdown => "server shutdown",
            Self::Panic => "handler panicked",
        }
    }

    /// Whether the client did not mean to go, unless it said goodbye: it may find its place again.
    pub(crate) fn is_recoverable(self) -> bool {
        matches!(
            self,
            Self::TransportClose
                | Self::PingTimeout
                | Self::PauseTimeout
                | Self::OutboxFull
                | Self::Replaced
                | Self::Shutdown
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
