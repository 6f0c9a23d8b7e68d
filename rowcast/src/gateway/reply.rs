//! Encoding of results as acks: `{ ok, data, errors }`.
//!
//! Errors that the client can correct are described to it. For all others it receives an incident id, which the log
//! has beside the cause.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use rand::Rng;
use rowcast_schema::{Ack, FieldErrors, keys};
use serde::Serialize;

use super::suggestion::nearest_event;
use crate::{auth::SIGNED_OUT_MESSAGE, bounds::DATA, error::Error, registry::Registry};

/// The ack of a successful request.
///
/// # Errors
/// [`Error::Internal`] if the data has no JSON form.
pub fn ok(data: impl Serialize) -> Result<String, Error> {
    json(&Ack::ok(data))
}

/// Encodes an ack.
///
/// # Errors
/// [`Error::Internal`] if the data has no JSON form.
pub fn json<T: Serialize, U: Serialize>(ack: &Ack<T, U>) -> Result<String, Error> {
    ack.to_json().map_err(|error| Error::Internal(error.to_string()))
}

/// The ack of a failed request, and its outcome for logs and metrics.
#[must_use]
pub fn failed(error: Error) -> (String, &'static str) {
    let outcome = outcome(&error);
    let refused = match error {
        Error::Invalid(errors) => json(&Ack::failed(errors)),
        Error::Conflict(row) if row.get().len() > DATA => {
            json(&Ack::failed(FieldErrors::one(keys::CONFLICT, CONFLICT)))
        }
        Error::Conflict(row) => json(&Ack::failed_with(row, FieldErrors::one(keys::CONFLICT, CONFLICT))),
        error => {
            let (key, message) = key_and_message(error);
            json(&Ack::failed(FieldErrors::one(key, message)))
        }
    };
    // Maps of strings always have a JSON form.
    (refused.unwrap_or_default(), outcome)
}

pub(super) const CONFLICT: &str =
    "somebody else has changed this meanwhile: look at it as it stands, then decide";
const UNAVAILABLE: &str =
    "the database cannot be reached just now; nothing was written: try again in a few seconds";
const FILE_BUSY: &str =
    "another program holds the database file just now; nothing was written: try again in a few seconds";
const LOCKED: &str =
    "another transaction holds this row just now; nothing was written: try again in a few seconds";
const UNKNOWN_OUTCOME: &str = "it is not known yet whether this was written: send it again with the same request_id to be answered, \
    or look first if it had none";

/// The error for an unknown event; it suggests the nearest known name. `others` are events without a route.
pub(super) fn unknown_event(registry: &Registry, others: &[&'static str], event: &str) -> Error {
    Error::UnknownEvent(match nearest_event(registry, others, event) {
        Some(known) => format!("no such event; did you mean {known}?"),
        None => "no such event".into(),
    })
}

fn outcome(error: &Error) -> &'static str {
    match error {
        Error::Invalid(_) => "invalid",
        Error::Conflict(_) => "conflict",
        Error::BadPayload(_) => "bad_payload",
        Error::UnknownEvent(_) => "unknown_event",
        Error::Unauthorized(_) | Error::Revoked => "unauthorized",
        Error::Forbidden(_) => "forbidden",
        Error::NotFound { .. } => "not_found",
        Error::InUse(_) => "in_use",
        Error::RateLimited { .. } | Error::QuotaExceeded { .. } => "rate_limited",
        Error::ClientGone => "gone",
        Error::TooLarge { .. } => "too_large",
        Error::Locked(_) => "locked",
        Error::Refused(_) | Error::Violation(_) => "refused",
        Error::CommitOutcomeUnknown(_) => "unknown_outcome",
        Error::Unavailable(_) | Error::Busy(_) => "unavailable",
        _ => "internal",
    }
}

/// The key and the sentence of an error without fields.
pub(super) fn key_and_message(error: Error) -> (&'static str, String) {
    match error {
        Error::BadPayload(message) => (keys::BAD_PAYLOAD, message),
        Error::UnknownEvent(message) => (keys::UNKNOWN_EVENT, message),
        Error::Unauthorized(message) => (keys::UNAUTHORIZED, message.into()),
        Error::Revoked => (keys::UNAUTHORIZED, SIGNED_OUT_MESSAGE.into()),
        Error::Forbidden(message) => (keys::FORBIDDEN, message.into()),
        Error::NotFound { collection, key } => {
            (keys::NOT_FOUND, format!("no {} has id {key}", collection.replace('_', " ")))
        }
        Error::InUse(message) => (keys::IN_USE, message),
        Error::TooLarge { bytes, limit } => {
            (keys::TOO_LARGE, format!("the answer would have {bytes} bytes, and at most {limit} are sent"))
        }
        Error::RateLimited { seconds } => {
            (keys::RATE_LIMITED, format!("too many tries: try again in {seconds} s"))
        }
        // The socket is gone, so the text is never sent.
        Error::ClientGone => (keys::RATE_LIMITED, "nothing was begun".into()),
        Error::QuotaExceeded { seconds } => (
            keys::RATE_LIMITED,
            format!("too many writes with a request_id are remembered for you: try again in {seconds} s"),
        ),
        Error::Refused(message) => (keys::REFUSED, message),
        Error::Violation(violation) => (keys::REFUSED, violation.sentence),
        Error::Locked(cause) => {
            tracing::debug!(cause, "another transaction locks the row or table of a write");
            (keys::LOCKED, LOCKED.into())
        }
        Error::CommitOutcomeUnknown(cause) => {
            tracing::warn!(cause, "the outcome of a commit is unknown");
            (keys::UNKNOWN_OUTCOME, UNKNOWN_OUTCOME.into())
        }
        Error::Busy(cause) => {
            log_cause(&cause, "another program holds the database file");
            (keys::UNAVAILABLE, FILE_BUSY.into())
        }
        Error::Unavailable(cause) => {
            log_cause(&cause, "the database was not available");
            (keys::UNAVAILABLE, UNAVAILABLE.into())
        }
        error => {
            let incident = incident();
            tracing::error!(incident, %error, "a request failed with an internal error");
            (keys::INTERNAL, format!("this is our fault, incident {incident}: tell whoever runs this server"))
        }
    }
}

/// How often the same cause is logged; the outcome metric counts every request.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Logs a cause that many requests share: when it differs from the last one, and once a minute while it persists.
fn log_cause(cause: &str, message: &'static str) {
    static LAST: Mutex<Option<(String, Instant)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.as_ref().is_none_or(|(known, at)| known != cause || at.elapsed() >= LOG_INTERVAL) {
        *last = Some((cause.to_owned(), Instant::now()));
        tracing::warn!(cause, "{message}");
    }
}

/// A random id, short enough to be read out over the telephone.
fn incident() -> String {
    format!("{:08x}", rand::rng().next_u32())
}
