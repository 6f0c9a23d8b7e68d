//! Why a request was not carried out.
//!
//! Which to use when: [`Error::Invalid`] for what the client can mend in a form; the variants with a `$…` key
//! for what is wrong with the request as a whole; [`Error::Internal`] for what should not happen. How each is
//! worded on the wire is decided in one place, [`crate::gateway::reply`].

use rowcast_schema::{FieldErrors, Invalid};
use sea_orm::DbErr;
use serde_json::value::RawValue;

use crate::database::{Violation, refusal};

/// Why a request was not carried out. Each variant has one stable key on the wire.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the client sent breaks rules that it can mend; every field that does is listed.
    #[error("{}", list(.0))]
    Invalid(FieldErrors),
    /// The request cannot be read at all; the sentence says what was expected.
    #[error("bad payload: {0}")]
    BadPayload(String),
    /// Nobody handles this event; the sentence may name the nearest that exists.
    #[error("unknown event: {0}")]
    UnknownEvent(String),
    /// Not signed in, where one has to be; the sentence says for what.
    #[error("unauthorized: {0}")]
    Unauthorized(&'static str),
    /// Signed in, but not allowed; the sentence says who is.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// No row of this collection has the id.
    #[error("no {collection} has id {id}")]
    NotFound {
        /// The collection's singular name.
        collection: &'static str,
        /// What was asked for.
        id: i64,
    },
    /// Other rows still refer to the row; the sentence says which and how many.
    #[error("in use: {0}")]
    InUse(String),
    /// The row has moved on since the version the client saw; carries the row as it stands.
    #[error("version conflict")]
    Conflict(Box<RawValue>),
    /// The answer would be larger than acks may be.
    #[error("too large: {bytes} bytes")]
    TooLarge {
        /// How large.
        bytes: usize,
        /// How large one may be.
        limit: usize,
    },
    /// Too many requests of a kind; says when to try again.
    #[error("rate limited for {seconds} s")]
    RateLimited {
        /// Whole seconds until another try may succeed.
        seconds: u64,
    },
    /// The client has gone while it waited, so nothing was begun.
    #[error("the client has gone")]
    Gone,
    /// As much is remembered for this client as may be; says when there is room again.
    #[error("too much is remembered for {seconds} s")]
    Full {
        /// Whole seconds until another try may succeed.
        seconds: u64,
    },
    /// Another transaction holds the row, or its table, for longer than anything is waited for; nothing was written.
    #[error("locked: {0}")]
    Locked(String),
    /// The database refuses it for a reason of its own; the sentence is the database's.
    #[error("refused: {0}")]
    Refused(String),
    /// The database could not be reached in time, and nothing was written.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// Another program holds the whole file, and nothing was written.
    #[error("database busy: {0}")]
    Busy(String),
    /// The connection was lost while committing, and the database cannot say yet how it ended.
    #[error("commit outcome unknown: {0}")]
    Unknown(String),
    /// Another transaction came between two steps of this one. The database layer runs the work again.
    #[error("raced: {0}")]
    Raced(DbErr),
    /// The table has changed since its connection prepared the statement. The database layer takes a new connection, and
    /// runs the work again.
    #[error("prepared for another table: {0}")]
    Stale(DbErr),
    /// A constraint refused. The database layer finds out which fields it is about.
    #[error("{}", .0.sentence)]
    Violation(Box<Violation>),
    /// The database refused in a way nobody foresaw. The client learns an incident id; the log keeps the source.
    #[error("database: {0}")]
    Database(DbErr),
    /// Our fault in some other way; the sentence is for the log alone.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// The same failure once more, for another of those whom it concerns.
    pub(crate) fn repeated(&self) -> Self {
        match self {
            Self::Unavailable(reason) => Self::Unavailable(reason.clone()),
            Self::Busy(reason) => Self::Busy(reason.clone()),
            Self::Locked(reason) => Self::Locked(reason.clone()),
            Self::Unknown(reason) => Self::Unknown(reason.clone()),
            other => Self::Internal(other.to_string()),
        }
    }

    /// Whether the request was judged and found wanting: asking again would change nothing, unless somebody else does.
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

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        match invalid {
            Invalid::Payload(sentence) => Self::BadPayload(sentence),
            Invalid::Fields(errors) => Self::Invalid(errors),
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        refusal::judge(error)
    }
}
