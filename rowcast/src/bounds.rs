//! Limits of the JSON size of rows, acks and pages.
//!
//! | | limit | beyond |
//! | --- | --- | --- |
//! | a written row | [`ROW`] | the write is refused, with an error at the largest field |
//! | an ack | [`ACK`] | a page ends early; any other ack is `$too_large` |
//! | a live collection | a setting | it is withheld: see [`crate::live`] |

use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use rowcast_schema::FieldErrors;
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;

/// The most bytes of a row with its embedded rows.
pub const ROW: usize = 256 * 1024;
/// The most bytes of an ack.
pub const ACK: usize = 1024 * 1024;
/// The most bytes of an ack's data, which leaves space for its other fields.
pub(crate) const DATA: usize = ACK - 256;

/// Seconds between log entries of one limit; the metric counts each time.
const LOG_INTERVAL: u64 = 60;

/// A limit, with the time of its last log entry.
pub(crate) struct Bound {
    name: &'static str,
    /// Seconds since the start of the process, counted from 1.
    last_logged: AtomicU64,
}

pub(crate) static ROWS: Bound = Bound::new("row");
pub(crate) static ACKS: Bound = Bound::new("ack");
pub(crate) static PAGES: Bound = Bound::new("page");
pub(crate) static MESSAGES: Bound = Bound::new("client_message");
pub(crate) static COLLECTIONS: Bound = Bound::new("collection");
pub(crate) static UNUSABLE_HASHES: Bound = Bound::new("password_hash");

impl Bound {
    const fn new(name: &'static str) -> Self {
        Self { name, last_logged: AtomicU64::new(0) }
    }

    /// Counts an excess; true if it must be logged now.
    pub(crate) fn met(&self) -> bool {
        static START: OnceLock<Instant> = OnceLock::new();
        metrics::counter!("rowcast_bounds_met_total", "bound" => self.name).increment(1);
        self.may_log(START.get_or_init(Instant::now).elapsed().as_secs() + 1)
    }

    fn may_log(&self, now: u64) -> bool {
        let last = self.last_logged.load(Ordering::Relaxed);
        let due = last == 0 || now >= last + LOG_INTERVAL;
        due && self.last_logged.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Checks the size of a written row.
///
/// # Errors
/// [`Error::Invalid`] at the largest field.
pub(crate) fn row(name: &'static str, row: &impl Serialize) -> Result<(), Error> {
    let bytes = length(row)?;
    if bytes <= ROW {
        return Ok(());
    }
    if ROWS.met() {
        tracing::warn!(collection = name, bytes, limit = ROW, "a row was refused: it would be too large");
    }
    let noun = name.replace('_', " ");
    let sentence =
        format!("would make the {noun} {bytes} bytes large, with all that it shows: at most {ROW} are taken");
    Err(Error::Invalid(FieldErrors::one(largest(row)?, sentence)))
}

/// The field with the most bytes.
fn largest(row: &impl Serialize) -> Result<String, Error> {
    let Value::Object(fields) = serde_json::to_value(row).map_err(no_json)? else {
        return Err(Error::Internal("a row is an object".into()));
    };
    let sizes = fields.iter().map(|(field, value)| (length(value).unwrap_or_default(), field));
    Ok(sizes.max().map(|(_, field)| field.clone()).unwrap_or_default())
}

/// The bytes of a value's JSON, which is not stored.
fn length(value: &impl Serialize) -> Result<usize, Error> {
    struct Counted(usize);
    impl io::Write for Counted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counted = Counted(0);
    serde_json::to_writer(&mut counted, value).map_err(no_json)?;
    Ok(counted.0)
}

#[allow(clippy::needless_pass_by_value, reason = "what map_err hands over")]
fn no_json(error: serde_json::Error) -> Error {
    Error::Internal(error.to_string())
}

/// Checks the size of an ack's data.
///
/// # Errors
/// [`Error::TooLarge`].
pub(crate) fn ack(bytes: usize) -> Result<(), Error> {
    if bytes <= DATA {
        return Ok(());
    }
    if ACKS.met() {
        tracing::warn!(bytes, limit = DATA, "an answer was refused: it would be too large");
    }
    Err(Error::TooLarge { bytes, limit: DATA })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn length_is_that_of_json() {
        let value = json!({ "name": "Ä\n\"", "moves": [{ "id": 1 }, { "id": 2 }], "none": null });
        assert_eq!(length(&value).unwrap(), value.to_string().len());
    }

    #[test]
    fn row_one_byte_beyond_limit_is_refused_at_largest_field() {
        let of =
            |more: usize| json!({ "id": 1, "name": "x".repeat(20), "text": "y".repeat(ROW - 48 + more) });
        assert_eq!(length(&of(0)).unwrap(), ROW);
        assert!(row("member", &of(0)).is_ok());
        let Err(Error::Invalid(errors)) = row("plan", &of(1)) else { panic!("it was taken") };
        let sentence =
            "would make the plan 262145 bytes large, with all that it shows: at most 262144 are taken";
        assert_eq!(errors, FieldErrors::one("text", sentence));
    }

    #[test]
    fn ack_at_limit_is_accepted() {
        assert!(ack(DATA).is_ok());
        assert!(matches!(ack(DATA + 1), Err(Error::TooLarge { .. })));
        let envelope = r#"{"ok":true,"data":,"errors":{}}"#;
        assert!(DATA + envelope.len() + r#"430123456789[]"#.len() <= ACK);
    }

    #[test]
    fn excess_is_logged_once_a_minute() {
        let bound = Bound::new("test");
        let logged: Vec<u64> = (1..200).filter(|second| bound.may_log(*second)).collect();
        assert_eq!(logged, [1, 61, 121, 181]);
    }
}
