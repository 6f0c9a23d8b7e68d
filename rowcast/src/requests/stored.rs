//! An ack as it is kept: whole if it is small, and otherwise only how it ended and which row it showed.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use rowcast_schema::FieldErrors;

use crate::{database::Transaction, error::Error, registry::Registry};

/// Bytes of an ack that is kept whole.
const WHOLE: usize = 4096;
/// Bytes of errors that are kept of one that is not.
const SENTENCES: usize = 3072;

/// What is kept of an ack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The ack, as JSON.
    pub(super) ack: String,
    /// The row that stands in the place of its data: the collection, and the id.
    pub(super) row: Option<(String, i64)>,
}

#[derive(Serialize, Deserialize)]
struct Ack<'a> {
    ok: bool,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    errors: FieldErrors,
}

#[derive(Serialize, Deserialize)]
struct Row {
    id: i64,
}

impl Stored {
    /// What is to be kept of the ack of a write to a row of this collection.
    ///
    /// # Errors
    /// [`Error::Internal`] for what is no ack.
    pub fn of(ack: &str, collection: Option<&str>) -> Result<Self, Error> {
        if ack.len() <= WHOLE {
            return Ok(Self { ack: ack.to_owned(), row: None });
        }
        let Ack { ok, data, errors } = serde_json::from_str(ack).map_err(unfit)?;
        let shown = data.and_then(|data| serde_json::from_str::<Row>(data.get()).ok());
        let row = collection.map(str::to_owned).zip(shown.map(|row| row.id));
        let outline = Ack { ok, data: None, errors: first(&errors) };
        Ok(Self { ack: serde_json::to_string(&outline).map_err(unfit)?, row })
    }

    /// The ack of a repeat. In the place of data that were not kept stands the row as it is in this transaction: just its id
    /// if it was written and is gone, and nothing if it was not written and is gone.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ack(self, db: &Transaction, registry: &Registry) -> Result<String, Error> {
        let Some((collection, id)) = self.row else { return Ok(self.ack) };
        let Ack { ok, errors, .. } = serde_json::from_str(&self.ack).map_err(unfit)?;
        let found = match registry.kinds().iter().find(|kind| kind.plural() == collection) {
            Some(kind) => kind.by_ids(db, &[id]).await?.into_iter().next().map(|(_, row)| row),
            None => None,
        };
        let gone = serde_json::value::to_raw_value(&Row { id }).map_err(unfit)?;
        let data = found.or(ok.then_some(gone));
        serde_json::to_string(&Ack { ok, data: data.as_deref(), errors }).map_err(unfit)
    }
}

/// As many of the errors as are kept.
fn first(errors: &FieldErrors) -> FieldErrors {
    let mut left = SENTENCES;
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
    fn a_small_one_is_kept_whole() {
        let whole = ack(true, WHOLE - ack(true, 0, "").len(), "");
        assert_eq!(whole.len(), WHOLE);
        assert_eq!(Stored::of(&whole, Some("members")).unwrap(), Stored { ack: whole, row: None });
    }

    #[test]
    fn of_a_large_one_the_outcome_and_the_row() {
        let row = Some(("members".to_owned(), 7));
        let done = Stored { ack: r#"{"ok":true,"data":null,"errors":{}}"#.into(), row: row.clone() };
        assert_eq!(Stored::of(&ack(true, WHOLE, ""), Some("members")).unwrap(), done);
        assert_eq!(Stored::of(&ack(true, WHOLE, ""), None).unwrap(), Stored { row: None, ..done });
        let refused = Stored::of(&ack(false, WHOLE, r#""$conflict":"x""#), Some("members")).unwrap();
        assert_eq!(
            refused,
            Stored { ack: r#"{"ok":false,"data":null,"errors":{"$conflict":"x"}}"#.into(), row }
        );
    }

    #[test]
    fn of_many_sentences_the_first() {
        let many: Vec<String> = (0..1000).map(|n| format!(r#""moves.{n:03}":"is required""#)).collect();
        let ack = format!(r#"{{"ok":false,"data":null,"errors":{{{}}}}}"#, many.join(","));
        let kept = Stored::of(&ack, Some("plans")).unwrap().ack;
        assert!(kept.len() <= WHOLE && kept.contains("moves.000") && kept.contains("moves.080"), "{kept}");
    }
}
