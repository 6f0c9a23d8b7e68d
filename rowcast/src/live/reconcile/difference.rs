//! Rows that differ from the published state, and their repair.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;

use super::repair::{self, Sql};
use crate::{
    database::{Database, Transaction},
    error::Error,
    key::{Key, KeyColumn, KeyRef},
    live::{rows::CollectionReader, unlogged::Unlogged},
    registry::{Encoded, ErasedCollection},
};

/// The maximum number of keys in a log line.
const MAX_LOGGED_KEYS: usize = 5;

/// The table of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TableOf {
    /// The collection's name.
    name: &'static str,
    /// The table's name in the log.
    log_name: &'static str,
    /// The table in SQL.
    sql: String,
    key_columns: &'static [KeyColumn],
    /// Whether its rows have a version that is incremented.
    counts_versions: bool,
    /// The fields that show embedded rows beside the columns that refer to them.
    embedded_fields: Option<Vec<&'static str>>,
}

impl TableOf {
    pub(super) fn new(kind: &dyn ErasedCollection) -> Self {
        Self {
            name: kind.name(),
            log_name: kind.log_name(),
            sql: kind.table(),
            key_columns: kind.key_columns(),
            counts_versions: kind.counts_versions(),
            embedded_fields: kind.embedded_fields(),
        }
    }
}

/// Rows of one collection that differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    table: TableOf,
    keys: Vec<Key>,
    /// Keys and versions of rows that changed without a new version.
    same_version: Vec<(Key, i64)>,
}

impl Difference {
    /// Compares published rows with the current ones.
    pub(super) fn between<'a>(
        table: TableOf,
        shown: impl Iterator<Item = (KeyRef<'a>, &'a [u8])>,
        rows: &'a [Encoded],
    ) -> Option<Self> {
        let mut shown: BTreeMap<KeyRef<'_>, &[u8]> = shown.collect();
        let counts_versions = table.counts_versions;
        let mut found = Self { table, keys: Vec::new(), same_version: Vec::new() };
        for (key, row) in rows {
            let before = shown.remove(&key.as_key_ref());
            if before == Some(row.get().as_bytes()) {
                continue;
            }
            found.keys.push(key.clone());
            let version = before
                .filter(|_| counts_versions)
                .and_then(|before| same_version(before, row.get(), found.table.embedded_fields.as_deref()));
            found.same_version.extend(version.map(|version| (key.clone(), version)));
        }
        found.keys.extend(shown.into_keys().map(KeyRef::to_key));
        (!found.keys.is_empty()).then_some(found)
    }
}

/// The version, if it is unchanged although the row's own columns differ. An embedded row has a version of its own;
/// only its id belongs to the row, unless the row has columns that refer to it.
fn same_version(shown: &[u8], row: &str, embedded_fields: Option<&[&str]>) -> Option<i64> {
    let (shown, row) = (serde_json::from_slice(shown).ok()?, serde_json::from_str(row).ok()?);
    let (Value::Object(shown), Value::Object(row)) = (shown, row) else { return None };
    let version = row.get("version")?.as_i64()?;
    let is_same = shown.get("version")?.as_i64() == Some(version);
    let own_columns = |row: serde_json::Map<String, Value>| -> BTreeMap<String, Value> {
        let own = row.into_iter().filter_map(|(name, value)| match embedded_fields {
            Some(fields) => (!fields.contains(&&*name)).then_some((name, value)),
            None => Some((name, embedded_to_id(value))),
        });
        own.collect()
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
        let (collection, rows) = (difference.table.name, difference.keys.len());
        let first: Vec<Key> = difference.keys.iter().take(MAX_LOGGED_KEYS).cloned().collect();
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
    for (kind, rows) in reader.by_collection(unlogged) {
        let (plural, table) = (kind.name(), TableOf::new(kind));
        let keys: Vec<Key> = rows.iter().map(|(key, _)| key.clone()).collect();
        let (count, first) = (keys.len(), &keys[..keys.len().min(MAX_LOGGED_KEYS)]);
        tracing::warn!(
            collection = plural,
            rows = count,
            ?first,
            "rows were written while no server ran, and no trigger has logged the change: publishing them now"
        );
        // The published version is unknown.
        let same_version = rows.into_iter().filter_map(|(key, version)| Some((key, version?))).collect();
        if let Err(error) = repair(db, Difference { table, keys, same_version }).await {
            tracing::warn!(%error, collection = plural, "rows that were written while no server ran could not be published: reloading all data");
            return false;
        }
    }
    true
}

async fn repair(db: &Database, difference: Difference) -> Result<(), Error> {
    let Difference { table, keys, same_version } = difference;
    let plural = table.name;
    let entries = repair::entries(table.log_name, &keys);
    if same_version.is_empty() {
        return write(db, entries).await;
    }
    let versions = repair::versions(&table.sql, table.key_columns, &same_version);
    let whole = write(db, versions.into_iter().chain(entries.iter().cloned()).collect()).await;
    match whole {
        Ok(()) | Err(Error::Unavailable(_)) => whole,
        Err(error) => {
            tracing::warn!(collection = plural, %error, "rows could not be given new versions: publishing them with the versions that they had before");
            write(db, entries).await
        }
    }
}

async fn write(db: &Database, statements: Vec<Sql>) -> Result<(), Error> {
    let work = async move |db: &Transaction| {
        let backend = db.get_database_backend();
        for (sql, values) in &statements {
            db.execute_raw(Statement::from_sql_and_values(backend, sql, values.clone())).await?;
        }
        Ok(())
    };
    db.write(work).await.map(drop)
}

#[cfg(test)]
mod tests;
