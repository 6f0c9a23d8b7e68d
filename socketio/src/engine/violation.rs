//! Violations of the protocol by a client.

use crate::metrics::Metrics;

/// Close code of a busy server; the client may try again later.
pub(crate) const BUSY: u16 = 1013;
pub(crate) const EXHAUSTED: &str =
    "too much is being sent by clients that are not signed in: try again later";

/// A protocol violation: its close code, and a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ProtocolViolation {
    pub(crate) code: u16,
    pub(crate) sentence: String,
}

impl ProtocolViolation {
    /// The budget of unowned memory is exhausted; no rule of the protocol is violated.
    pub(super) fn exhausted() -> Self {
        Metrics::count_limit("max_memory_without_owner");
        Self { code: BUSY, sentence: EXHAUSTED.to_owned() }
    }

    pub(super) fn protocol(sentence: &str) -> Self {
        Self { code: 1002, sentence: sentence.to_owned() }
    }
}
