//! How many bytes of JSON a row, an ack and a page may have, and what is said when there would be more.
//!
//! | | at most | beyond |
//! | --- | --- | --- |
//! | a row that is written here | [`ROW`] | the write is refused, by the field that carries most of it |
//! | an ack | [`ACK`] | a page ends early; any other answer is `$too_large` |
//! | a collection that is sent | a setting | it is withheld: see [`crate::live`] |

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

/// Bytes of a row with all that it shows.
pub const ROW: usize = 256 * 1024;
/// Bytes of an ack.
pub const ACK: usize = 1024 * 1024;
/// Bytes of an ack's data: what stands around them has room beside.
pub(crate) const DATA: usize = ACK - 256;

/// How often the log says that one bound was met, in seconds; the metric counts each time.
const PAUSE: u64 = 60;

/// A bound, and when the log last said that it was met.
pub(crate) struct Bound {
    name: &'static str,
    /// In seconds of the process, counted from 1.
    said: AtomicU64,
}

pub(crate) static ROWS: Bound = Bound::new("row");
pub(crate) static ACKS: Bound = Bound::new("ack");
pub(crate) static PAGES: Bound = Bound::new("page");
pub(crate) static MESSAGES: Bound = Bound::new("client_message");
pub(crate) static COLLECTIONS: Bound = Bound::new("collection");

impl Bound {
    const fn new(name: &'static str) -> Self {
        Self { name, said: AtomicU64::new(0) }
    }

    /// Counts that it was met; true if the log is to say so now.
    pub(crate) fn met(&self) -> bool {
        static BEGAN: OnceLock<Instant> = OnceLock::new();
        metrics::counter!("rowcast_bounds_met_total", "bound" => self.name).increment(1);
        self.may_say(BEGAN.get_or_init(Instant::now).elapsed().as_secs() + 1)
    }

    fn may_say(&self, now: u64) -> bool {
        let said = self.said.load(Ordering::Relaxed);
        let due = said == 0 || now >= said + PAUSE;
        due && self.said.compare_exchange(said, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Passes if a row that is about to be written is not too large.
///
/// # Errors
/// [`Error::Invalid`], by the field that carries most of it.
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

/// The field with most bytes.
fn largest(row: &impl Serialize) -> Result<String, Error> {
    let Value::Object(fields) = serde_json::to_value(row).map_err(no_json)? else {
        return Err(Error::Internal("a row is an object".into()));
    };
    let sizes = fields.iter().map(|(field, value)| (length(value).unwrap_or_default(), field));
    Ok(sizes.max().map(|(_, field)| field.clone()).unwrap_or_default())
}

/// Bytes that a value has as JSON, which is not kept.
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

/// Passes if an ack with that many bytes of data may be sent.
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
    fn a_row_has_the_bytes_of_its_json() {
        let value = json!({ "name": "Ä\n\"", "moves": [{ "id": 1 }, { "id": 2 }], "none": null });
        assert_eq!(length(&value).unwrap(), value.to_string().len());
    }

    #[test]
    fn the_last_byte_is_taken_and_one_more_is_refused_by_its_field() {
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
    fn an_ack_of_just_the_bound_may_be_sent() {
        assert!(ack(DATA).is_ok());
        assert!(matches!(ack(DATA + 1), Err(Error::TooLarge { .. })));
        let envelope = r#"{"ok":true,"data":,"errors":{}}"#;
        assert!(DATA + envelope.len() + r#"430123456789[]"#.len() <= ACK);
    }

    #[test]
    fn the_log_says_it_once_a_minute() {
        let bound = Bound::new("test");
        let said: Vec<u64> = (1..200).filter(|second| bound.may_say(*second)).collect();
        assert_eq!(said, [1, 61, 121, 181]);
    }
}
