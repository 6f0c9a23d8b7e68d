//! Rows that differ from the published state, and their repair.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;
use serde_json::Value;

use crate::{
    database::{Database, Transaction},
    error::Error,
    live::{rows::CollectionReader, unlogged::Unlogged},
    registry::Encoded,
};

/// The maximum number of ids in a log line.
const MAX_LOGGED_IDS: usize = 5;

/// Rows of one collection that differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    plural: &'static str,
    ids: Vec<i64>,
    /// Ids and versions of rows that changed without a new version.
    same_version: Vec<(i64, i64)>,
}

impl Difference {
    /// Compares published rows with the current ones.
    pub(super) fn between<'a>(
        plural: &'static str,
        shown: impl Iterator<Item = (i64, &'a [u8])>,
        rows: &[Encoded],
    ) -> Option<Self> {
        let mut shown: BTreeMap<i64, &[u8]> = shown.collect();
        let mut found = Self { plural, ids: Vec::new(), same_version: Vec::new() };
        for (id, row) in rows {
            let before = shown.remove(id);
            if before == Some(row.get().as_bytes()) {
                continue;
            }
            found.ids.push(*id);
            found.same_version.extend(
                before.and_then(|before| same_version(before, row.get())).map(|version| (*id, version)),
            );
        }
        found.ids.extend(shown.into_keys());
        (!found.ids.is_empty()).then_some(found)
    }

    fn entries(&self) -> String {
        let values: Vec<String> = self.ids.iter().map(|id| format!("('{}', {id})", self.plural)).collect();
        format!("insert into change_log (collection, row_id) values {}", values.join(", "))
    }

    fn versions(&self) -> String {
        let values: Vec<String> =
            self.same_version.iter().map(|(id, version)| format!("({id}, {version})")).collect();
        let (table, values) = (self.plural, values.join(", "));
        format!("update \"{table}\" set version = version + 1 where (id, version) in (values {values})")
    }
}

/// The version, if it is unchanged although the row's own columns differ. An embedded row has a version of its own;
/// only its id belongs to the row.
fn same_version(shown: &[u8], row: &str) -> Option<i64> {
    let (shown, row) = (serde_json::from_slice(shown).ok()?, serde_json::from_str(row).ok()?);
    let (Value::Object(shown), Value::Object(row)) = (shown, row) else { return None };
    let version = row.get("version")?.as_i64()?;
    let is_same = shown.get("version")?.as_i64() == Some(version);
    let own_columns = |row: serde_json::Map<String, Value>| -> BTreeMap<String, Value> {
        row.into_iter().map(|(name, value)| (name, embedded_to_id(value))).collect()
    };
    (is_same && own_columns(shown) != own_columns(row)).then_some(version)
}

fn embedded_to_id(value: Value) -> Value {
    match value {
        Value::Object(mut nested) => nested.remove("id").unwrap_or(Value::Object(nested)),
        Value::Array(all) => all.into_iter().map(embedded_to_id).collect(),
        value => value,
    }
}

/// Writes differences into the change log, from which all nodes publish them.
pub(super) async fn publish(db: Database, differences: Vec<Difference>) {
    for difference in differences {
        let (collection, rows) = (difference.plural, difference.ids.len());
        let first: Vec<i64> = difference.ids.iter().copied().take(MAX_LOGGED_IDS).collect();
        tracing::warn!(
            collection,
            rows,
            ?first,
            "rows differ from the published state, and no trigger has logged the change: publishing them now"
        );
        match repair(&db, difference).await {
            Ok(()) => {
                let count = metrics::counter!("rowcast_reconciled_rows_total", "collection" => collection);
                count.increment(rows as u64);
            }
            Err(error) => {
                tracing::warn!(%error, collection, "rows that differ could not be published; trying again")
            }
        }
    }
}

/// Logs rows that were written while no server ran, with new versions. Returns whether it succeeded.
pub(in crate::live) async fn log(db: &Database, reader: &CollectionReader, unlogged: Unlogged) -> bool {
    for (plural, rows) in reader.named(unlogged) {
        let rows: Vec<(i64, i64)> =
            rows.iter().filter_map(|(key, version)| Some((key.as_number()?, *version))).collect();
        let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
        let (count, first) = (ids.len(), &ids[..ids.len().min(MAX_LOGGED_IDS)]);
        tracing::warn!(
            collection = plural,
            rows = count,
            ?first,
            "rows were written while no server ran, and no trigger has logged the change: publishing them now"
        );
        // The published version is unknown.
        if let Err(error) = repair(db, Difference { plural, ids, same_version: rows }).await {
            tracing::warn!(%error, collection = plural, "rows that were written while no server ran could not be published: reloading all data");
            return false;
        }
    }
    true
}

async fn repair(db: &Database, difference: Difference) -> Result<(), Error> {
    let (plural, entries) = (difference.plural, difference.entries());
    if difference.same_version.is_empty() {
        return write(db, vec![entries]).await;
    }
    let whole = write(db, vec![difference.versions(), entries.clone()]).await;
    match whole {
        Ok(()) | Err(Error::Unavailable(_)) => whole,
        Err(error) => {
            tracing::warn!(collection = plural, %error, "rows could not be given new versions: publishing them with the versions that they had before");
            write(db, vec![entries]).await
        }
    }
}

async fn write(db: &Database, statements: Vec<String>) -> Result<(), Error> {
    let work = async move |db: &Transaction| {
        for statement in &statements {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    };
    db.write(work).await.map(drop)
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn row(id: i64, json: &str) -> Encoded {
        (id, RawValue::from_string(json.to_owned()).unwrap())
    }

    #[test]
    fn unversioned_change_is_distinguished_from_embedded_change() {
        let shown = [
            r#"{"id":1,"name":"Ada","version":1}"#,
            r#"{"id":2,"member":{"id":1,"name":"Ada"},"version":4}"#,
            r#"{"id":3,"member":{"id":1,"name":"Ada"},"version":4}"#,
            r#"{"id":4,"moves":[{"id":1},{"id":2}],"version":7}"#,
            r#"{"id":5,"name":"Ada","version":1}"#,
            r#"{"id":6,"name":"Ada","version":1}"#,
            r#"{"id":8,"name":"Ada","version":1}"#,
        ];
        let rows = [
            row(1, r#"{"id":1,"name":"Grace","version":1}"#),
            row(2, r#"{"id":2,"member":{"id":1,"name":"Grace"},"version":4}"#),
            row(3, r#"{"id":3,"member":{"id":2,"name":"Grace"},"version":4}"#),
            row(4, r#"{"id":4,"moves":[{"id":2},{"id":1}],"version":7}"#),
            row(5, r#"{"id":5,"name":"Grace","version":2}"#),
            row(6, r#"{"id":6,"name":"Ada","version":1}"#),
            row(7, r#"{"id":7,"name":"Ada","version":1}"#),
        ];
        let shown = [1, 2, 3, 4, 5, 6, 8].into_iter().zip(shown.map(str::as_bytes));
        let found = Difference::between("members", shown, &rows).unwrap();
        assert_eq!(found.ids, [1, 2, 3, 4, 5, 7, 8]);
        assert_eq!(found.same_version, [(1, 1), (3, 4), (4, 7)]);
    }
}
