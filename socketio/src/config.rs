//! What a server can be told: limits, deadlines and who may connect.

use std::time::Duration;

use crate::origin::Origins;

/// Settings of a server. Every field has a default; change what you need:
///
/// ```
/// use std::time::Duration;
/// let config = socketio::Config { ping_interval: Duration::from_secs(10), ..Default::default() };
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the endpoint is mounted; with or without a slash at the end is the same. Default `/socket.io/`.
    pub path: String,
    /// How long after the last pong, or after the handshake, a ping is sent. Default 25 s.
    pub ping_interval: Duration,
    /// How long a pong may take before the session is closed. Default 20 s.
    pub ping_timeout: Duration,
    /// How long a session may stay without a socket in the namespace. Default 45 s.
    pub connect_timeout: Duration,
    /// How long a closing session may take to flush its outbox and to see the peer's close. Default 5 s.
    pub close_timeout: Duration,
    /// Bytes of one message from a client. A larger one is skipped as it streams in and never
    /// buffered; past 64 times this the session is closed. Default 1,000,000.
    pub max_payload: usize,
    /// Bytes of ordered frames waiting to be written to one session; more and the client is evicted.
    /// A frame is always taken while none is waiting. Latest-wins frames do not count: there is
    /// one per slot at most, and it is shared by all who wait for it. Default 8 MiB.
    pub max_outbox: usize,
    /// Events of one session received and not yet handled. At this many, or at twice
    /// `max_payload` bytes of them, the session is no longer read until some are done. Default 256.
    pub max_inbox: usize,
    /// Attachments a binary event may announce; more closes the session. Default 10.
    pub max_attachments: usize,
    /// Sessions on this server, all workers together; further handshakes get HTTP 503. Default 10,000.
    pub max_sessions: usize,
    /// Which web pages may connect. Default: those served from this machine.
    pub origins: Origins,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "/socket.io/".to_owned(),
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(45),
            close_timeout: Duration::from_secs(5),
            max_payload: 1_000_000,
            max_outbox: 8 * 1024 * 1024,
            max_inbox: 256,
            max_attachments: 10,
            max_sessions: 10_000,
            origins: Origins::default(),
        }
    }
}
