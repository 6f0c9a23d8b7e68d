//! Errors of requests.
//!
//! Use [`Error::Invalid`] for input that the client can correct, the variants with a `$…` key for errors about the
//! whole request, and [`Error::Internal`] for bugs. [`crate::gateway::reply`] defines the sentences on the wire.

use rowcast_schema::{FieldErrors, PayloadError};
use sea_orm::DbErr;
use serde_json::value::RawValue;

use crate::{
    auth::SIGNED_OUT_MESSAGE,
    database::{Violation, classify},
    key::Key,
};

/// The error of a request. Each variant has one stable key on the wire.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Invalid fields, all of them.
    #[error("{}", list(.0))]
    Invalid(FieldErrors),
    /// The request is unreadable; the sentence says what was expected.
    #[error("bad payload: {0}")]
    BadPayload(String),
    /// The event does not exist; the sentence may suggest one.
    #[error("unknown event: {0}")]
    UnknownEvent(String),
    /// The request needs a signed-in user; the sentence says for what.
    #[error("unauthorized: {0}")]
    Unauthorized(&'static str),
    /// The request was made with a token that is no longer valid: its socket is to be signed out.
    #[error("unauthorized: {SIGNED_OUT_MESSAGE}")]
    Revoked,
    /// The user is not authorised; the sentence gives the reason.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// No row of this collection has the key.
    #[error("no {collection} has id {key}")]
    NotFound {
        /// The collection's singular name.
        collection: &'static str,
        /// The requested key.
        key: Key,
    },
    /// Other rows still refer to the row; the sentence says which and how many.
    #[error("in use: {0}")]
    InUse(String),
    /// The row has changed since the version that the client saw; contains the current row.
    #[error("version conflict")]
    Conflict(Box<RawValue>),
    /// The ack would be too large.
    #[error("too large: {bytes} bytes")]
    TooLarge {
        /// The size of the ack.
        bytes: usize,
        /// The largest size.
        limit: usize,
    },
    /// The rate limit was exceeded.
    #[error("rate limited for {seconds} s")]
    RateLimited {
        /// Whole seconds until a retry may succeed.
        seconds: u64,
    },
    /// The client disconnected before the request was started.
    #[error("the client has gone")]
    ClientGone,
    /// The client's quota of stored acks is exhausted.
    #[error("the quota of stored acks is exhausted for {seconds} s")]
    QuotaExceeded {
        /// Whole seconds until a retry may succeed.
        seconds: u64,
    },
    /// The lock timeout for a row or table passed; nothing was written.
    #[error("locked: {0}")]
    Locked(String),
    /// A trigger or constraint of the database rejected the write; the sentence is the database's.
    #[error("refused: {0}")]
    Refused(String),
    /// The database is unavailable; nothing was written.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// Another program locks the database file; nothing was written.
    #[error("database busy: {0}")]
    Busy(String),
    /// The connection was lost during the commit, and the outcome is not known yet.
    #[error("commit outcome unknown: {0}")]
    CommitOutcomeUnknown(String),
    /// A conflict with a concurrent transaction, such as a serialization failure or a deadlock. The database layer
    /// retries the work.
    #[error("conflict with another transaction: {0}")]
    Retryable(DbErr),
    /// The table has changed since the connection prepared the statement. The database layer retries the work on a new
    /// connection.
    #[error("stale prepared statement: {0}")]
    StaleStatement(DbErr),
    /// A violated constraint, before the database layer has found the fields that it covers.
    #[error("{}", .0.sentence)]
    Violation(Box<Violation>),
    /// An unexpected error of the database. The client receives an incident id; the log has the error.
    #[error("database: {0}")]
    Database(DbErr),
    /// A bug; the sentence is for the log alone.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// A copy of a failure that several writes share.
    pub(crate) fn duplicate(&self) -> Self {
        match self {
            Self::Unavailable(reason) => Self::Unavailable(reason.clone()),
            Self::Busy(reason) => Self::Busy(reason.clone()),
            Self::Locked(reason) => Self::Locked(reason.clone()),
            Self::CommitOutcomeUnknown(reason) => Self::CommitOutcomeUnknown(reason.clone()),
            other => Self::Internal(other.to_string()),
        }
    }

    /// Whether the error is the result of validation: a retry gives the same result, unless the data has changed.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Invalid(_)
                | Self::NotFound { .. }
                | Self::InUse(_)
                | Self::Conflict(_)
                | Self::TooLarge { .. }
                | Self::Refused(_)
                | Self::Violation(_)
        )
    }
}

fn list(errors: &FieldErrors) -> String {
    errors.iter().map(|(field, sentence)| format!("{field}: {sentence}")).collect::<Vec<_>>().join("; ")
}

impl From<PayloadError> for Error {
    fn from(error: PayloadError) -> Self {
        match error {
            PayloadError::Payload(sentence) => Self::BadPayload(sentence),
            PayloadError::Fields(errors) => Self::Invalid(errors),
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        classify::classify(error)
    }
}
