//! What a session carries, seen from below: the layer that is handed messages and handles them.

use std::task::{Context, Poll};

use tokio::time::Instant;

use crate::reason::Reason;

/// A message from a client.
#[derive(Debug)]
pub(crate) enum Message {
    /// The whole packet; it begins with `4`.
    Text(String),
    Binary(Vec<u8>),
    /// Over the limit and skipped: all that is known of it. Nothing is kept of a binary one.
    TooLarge {
        prefix: Vec<u8>,
        bytes: u64,
    },
}

/// Why a session is to end: what its client is told, by code and sentence, and what its sockets are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionError {
    pub(crate) code: u16,
    pub(crate) sentence: String,
    pub(crate) reason: Reason,
}

impl SessionError {
    /// A broken rule.
    pub(crate) fn invalid(sentence: &str) -> Self {
        Self { code: 1002, sentence: sentence.to_owned(), reason: Reason::ProtocolError }
    }
}

/// One per session, owned by its task.
pub(crate) trait SessionLayer {
    /// Takes a message. It is only called while [`is_full`](Self::is_full) is false.
    fn message(&mut self, message: Message) -> Result<(), SessionError>;

    /// Gets on with what was taken. Ready once the session has ended and nothing is left to do.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Too much is waiting: the client is not read until this changes.
    fn is_full(&self) -> bool;

    /// Nothing waits and nothing runs.
    fn is_idle(&self) -> bool;

    /// When the session ends by itself, and how, unless that changes before.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// What happens at the deadline; nothing if it has moved, or has been seen to.
    fn overdue(&mut self) -> Option<SessionError> {
        Some(SessionError { code: 1008, sentence: "too late".to_owned(), reason: Reason::ConnectTimeout })
    }

    /// The server goes away: what was taken is still done, and nothing new is begun.
    fn drain(&mut self);

    /// Nothing more will come. If the client is `gone`, so that it can be told nothing any more, then of what it has sent only
    /// what was begun is done; if it said goodbye, or was closed, then all that was taken before.
    fn end(&mut self, reason: Reason, gone: bool);
}
