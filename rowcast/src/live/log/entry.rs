//! An entry of the change log.

use sea_orm::{DbErr, QueryResult};

use super::number;
use crate::key::Key;

/// A created, updated or deleted row.
#[derive(Clone, Debug)]
pub(in crate::live) struct Entry {
    /// On SQLite the entry's own `seq`.
    pub(in crate::live) transaction: u64,
    pub(in crate::live) collection: String,
    pub(in crate::live) key: Key,
}

impl Entry {
    /// Reads a row with `tx`, `collection`, `row_id` and `row_key`. An entry with a key that cannot be read is one of no
    /// collection, so that it changes nothing.
    pub(super) fn read(row: &QueryResult) -> Result<Self, DbErr> {
        let (transaction, collection) = (number(row, "tx")?, row.try_get("", "collection")?);
        if let Some(id) = row.try_get("", "row_id")? {
            return Ok(Self { transaction, collection, key: Key::Number(id) });
        }
        let row_key: String = row.try_get("", "row_key")?;
        Ok(match Key::from_json_array(&row_key) {
            Some(key) => Self { transaction, collection, key },
            None => {
                tracing::warn!(
                    collection,
                    row_key,
                    "an entry of the change log has a key that is no array of integers and text: ignoring it"
                );
                Self { transaction, collection: String::new(), key: Key::Number(0) }
            }
        })
    }
}
