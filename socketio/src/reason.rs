//! Disconnect reasons.

use std::fmt;

/// The reason why a socket was disconnected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The client left the namespace.
    ClientDisconnect,
    /// The server called [`Socket::disconnect`](crate::Socket::disconnect) or
    /// [`Broadcast::disconnect`](crate::Broadcast::disconnect).
    ServerDisconnect,
    /// The client closed the session, or the connection was lost.
    TransportClose,
    /// No pong arrived in time.
    PingTimeout,
    /// The client violated the protocol.
    ProtocolError,
    /// The client read too slowly, and its outbox exceeded the limit.
    OutboxFull,
    /// The client closed the session because a message exceeded its own limit: see
    /// [`Socket::largest_sent`](crate::Socket::largest_sent).
    MessageTooBig,
    /// The session had no socket for too long.
    ConnectTimeout,
    /// The server had no capacity for the session.
    Full,
    /// None of the session's waiting events was completed in time.
    PauseTimeout,
    /// The client reconnected while this socket was still connected.
    Replaced,
    /// The server is shutting down.
    Shutdown,
    /// A handler panicked.
    Panic,
}

impl Reason {
    /// A stable lower-case phrase for logs and metric labels.
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

    /// Whether the socket may be recovered, unless the client closed deliberately.
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
