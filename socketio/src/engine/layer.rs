//! The interface between a session and the layer above it.

use std::task::{Context, Poll};

use tokio::time::Instant;

use crate::reason::Reason;

/// A message from a client.
#[derive(Debug)]
pub(crate) enum Message {
    /// The whole packet, with its leading `4`.
    Text(String),
    Binary(Vec<u8>),
    /// A skipped message over the limit; the prefix of a binary one is empty.
    TooLarge {
        prefix: Vec<u8>,
        bytes: u64,
    },
}

/// The end of a session: close code and sentence for the client, reason for its sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionError {
    pub(crate) code: u16,
    pub(crate) sentence: String,
    pub(crate) reason: Reason,
}

impl SessionError {
    /// A protocol violation.
    pub(crate) fn invalid(sentence: &str) -> Self {
        Self { code: 1002, sentence: sentence.to_owned(), reason: Reason::ProtocolError }
    }
}

/// The layer above a session; owned by the session's task.
pub(crate) trait SessionLayer {
    /// Takes a message. Called only while [`is_full`](Self::is_full) is false.
    fn message(&mut self, message: Message) -> Result<(), SessionError>;

    /// Makes progress. Ready once the session has ended and nothing is left to do.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Whether too much is waiting; the client is then not read.
    fn is_full(&self) -> bool;

    /// Whether no message waits and no handler runs.
    fn is_idle(&self) -> bool;

    /// Time at which [`overdue`](Self::overdue) is called.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// The error of a passed deadline; `None` if it has moved, or has been handled.
    fn overdue(&mut self) -> Option<SessionError> {
        Some(SessionError { code: 1008, sentence: "too late".to_owned(), reason: Reason::ConnectTimeout })
    }

    /// The server shuts down: handles everything received, and starts nothing new.
    fn drain(&mut self);

    /// The session has ended. If the client is `gone`, messages that are not being handled yet are dropped; after a
    /// deliberate close, or one by the server, all received ones are still handled.
    fn end(&mut self, reason: Reason, gone: bool);
}
