//! Stored acks: whole if small, otherwise the outcome and the row's key.

use std::slice;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use rowcast_schema::FieldErrors;

use crate::{
    database::Transaction,
    error::Error,
    key::{Key, KeyColumn},
    registry::Registry,
};

/// The largest ack that is stored whole, in bytes.
const MAX_WHOLE: usize = 4096;
/// The most bytes of errors that are stored of a larger ack.
const MAX_ERRORS: usize = 3072;

/// The stored part of an ack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAck {
    /// The ack, as JSON.
    pub(super) ack: String,
    /// The row that replaces the ack's data: the collection, and the key.
    pub(super) row: Option<(String, Key)>,
}

#[derive(Serialize, Deserialize)]
struct Ack<'a> {
    ok: bool,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    errors: FieldErrors,
}

impl StoredAck {
    /// The part to store of an ack. `row` is the row that its data shows, if any: the collection, and the key.
    ///
    /// # Errors
    /// [`Error::Internal`] if the JSON is no ack.
    pub fn of(ack: &str, row: Option<(&str, &Key)>) -> Result<Self, Error> {
        if ack.len() <= MAX_WHOLE {
            return Ok(Self { ack: ack.to_owned(), row: None });
        }
        let Ack { ok, errors, .. } = serde_json::from_str(ack).map_err(unfit)?;
        let outline = Ack { ok, data: None, errors: truncated(&errors) };
        let row = row.map(|(collection, key)| (collection.to_owned(), key.clone()));
        Ok(Self { ack: serde_json::to_string(&outline).map_err(unfit)?, row })
    }

    /// The part to store of a batch's ack; `outline` is the ack with the keys of its rows alone.
    ///
    /// # Errors
    /// Those of `outline`.
    pub(crate) fn of_batch(
        ack: &str,
        outline: impl FnOnce() -> Result<String, Error>,
    ) -> Result<Self, Error> {
        let ack = if ack.len() <= MAX_WHOLE { ack.to_owned() } else { outline()? };
        Ok(Self { ack, row: None })
    }

    /// The ack of a retry. Data that were not stored are replaced by the row as read in this transaction. If the row
    /// does not exist, the data of a success are the columns of its key, and those of a failure null.
    ///
    /// # Errors
    /// [`Error`] of the database.
    pub async fn ack(self, db: &Transaction, registry: &Registry) -> Result<String, Error> {
        let Some((collection, key)) = self.row else { return Ok(self.ack) };
        let Ack { ok, errors, .. } = serde_json::from_str(&self.ack).map_err(unfit)?;
        let collection = registry.collection(&collection);
        let found = match collection {
            Some(collection) => collection.by_keys(db, slice::from_ref(&key)).await?.into_iter().next(),
            None => None,
        };
        let id = [KeyColumn::number("id")];
        let columns = collection.map_or(&id[..], |collection| collection.key_columns());
        let gone = serde_json::value::to_raw_value(&key.as_object(columns)).map_err(unfit)?;
        let data = found.map(|(_, row)| row).or(ok.then_some(gone));
        serde_json::to_string(&Ack { ok, data: data.as_deref(), errors }).map_err(unfit)
    }
}

/// The errors that are stored.
fn truncated(errors: &FieldErrors) -> FieldErrors {
    let mut left = MAX_ERRORS;
    let fits = |(field, sentence): &(&str, &str)| {
        left = left.saturating_sub(field.len() + sentence.len() + 6);
        left > 0
    };
    errors.iter().take_while(fits).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err gives")]
fn unfit(error: serde_json::Error) -> Error {
    Error::Internal(format!("an ack cannot be kept: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ack(ok: bool, text: usize, errors: &str) -> String {
        format!(r#"{{"ok":{ok},"data":{{"id":7,"name":"{}"}},"errors":{{{errors}}}}}"#, "x".repeat(text))
    }

    #[test]
    fn small_ack_is_stored_whole() {
        let seven = Key::from(7);
        let whole = ack(true, MAX_WHOLE - ack(true, 0, "").len(), "");
        assert_eq!(whole.len(), MAX_WHOLE);
        assert_eq!(
            StoredAck::of(&whole, Some(("members", &seven))).unwrap(),
            StoredAck { ack: whole, row: None }
        );
    }

    #[test]
    fn large_ack_is_stored_as_outcome_and_row() {
        let key = Key::from(vec![7.into(), "north".into()]);
        let (of, row) = (Some(("members", &key)), Some(("members".to_owned(), key.clone())));
        let done = StoredAck { ack: r#"{"ok":true,"data":null,"errors":{}}"#.into(), row: row.clone() };
        assert_eq!(StoredAck::of(&ack(true, MAX_WHOLE, ""), of).unwrap(), done);
        assert_eq!(StoredAck::of(&ack(true, MAX_WHOLE, ""), None).unwrap(), StoredAck { row: None, ..done });
        let conflict = ack(false, MAX_WHOLE, r#""$conflict":"x""#);
        let refused = StoredAck::of(&conflict, of).unwrap();
        assert_eq!(
            refused,
            StoredAck { ack: r#"{"ok":false,"data":null,"errors":{"$conflict":"x"}}"#.into(), row }
        );
    }

    #[test]
    fn many_errors_are_truncated() {
        let many: Vec<String> = (0..1000).map(|n| format!(r#""moves.{n:03}":"is required""#)).collect();
        let ack = format!(r#"{{"ok":false,"data":null,"errors":{{{}}}}}"#, many.join(","));
        let kept = StoredAck::of(&ack, None).unwrap().ack;
        assert!(
            kept.len() <= MAX_WHOLE && kept.contains("moves.000") && kept.contains("moves.080"),
            "{kept}"
        );
    }
}
