//! Rows that were written after a position without a log entry. PostgreSQL stores with each row the transaction that
//! last wrote it (`xmin`).
//!
//! A row is logged if it has an entry of that transaction or of a later one; a client that has missed the entry
//! receives the current row. Deleted rows have no `xmin`; the [digest](super::digest) detects those. A transaction
//! with savepoints writes rows under subtransaction numbers, so its rows may be found although they are logged; they
//! are published again.

mod sql;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

use super::{position::Position, rows::CollectionReader};
use crate::{
    collection::Embed,
    database::Transaction,
    key::{Key, KeyColumn},
    registry::ErasedCollection,
};

/// With more rows, all nodes reload.
pub(super) const MAX_ROWS: usize = 2000;

/// Keys and versions by collection index; at most one more than [`MAX_ROWS`] of each.
pub(super) type Unlogged = BTreeMap<u16, Vec<(Key, Option<i64>)>>;

/// The rows written after a position; none on SQLite.
pub(super) async fn since(
    db: &Transaction,
    reader: &CollectionReader,
    position: &Position,
) -> Result<Unlogged, DbErr> {
    let mut found = Unlogged::new();
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(found);
    }
    // Rows that are only listed matter if live rows show them. Collections in Rust refer to live ones.
    let tables = || reader.iter().filter(|kind| kind.is_live() && kind.is_from_catalog());
    let embedded: BTreeSet<&str> = tables().flat_map(|kind| kind.embedded()).collect();
    let matters = |kind: &dyn ErasedCollection| kind.is_live() || embedded.contains(kind.log_name());
    for (collection_index, kind) in (0..).zip(reader.iter()).filter(|(_, kind)| matters(&***kind)) {
        let table = Table {
            sql: &kind.table(),
            log_name: kind.log_name(),
            key: kind.key_columns(),
            embeds: kind.embeds(),
            counts_versions: kind.counts_versions(),
        };
        let rows = of_table(db, &table, position).await?;
        let rows: Vec<_> = rows.into_iter().map(|(key, version)| (kind.logged_key(key), version)).collect();
        if !rows.is_empty() {
            found.insert(collection_index, rows);
        }
    }
    Ok(found)
}

/// A table of rows, and how it is logged.
struct Table<'a> {
    sql: &'a str,
    log_name: &'a str,
    key: &'a [KeyColumn],
    embeds: &'a [Embed],
    counts_versions: bool,
}

async fn of_table(
    db: &Transaction,
    table: &Table<'_>,
    position: &Position,
) -> Result<Vec<(Key, Option<i64>)>, DbErr> {
    let Table { sql, log_name, key, embeds, counts_versions } = table;
    let sql = sql::written_without_entry(sql, key, embeds, *counts_versions);
    // Rows contain the lower half of a transaction's number.
    let open: Vec<String> =
        position.open().iter().map(|open| (open & u64::from(u32::MAX)).to_string()).collect();
    let values = [
        (*log_name).into(),
        position.horizon().to_string().into(),
        position.next().to_string().into(),
        open.join(",").into(),
        (MAX_ROWS as i64 + 1).into(),
    ];
    let rows = db.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    rows.iter().map(key_and_version).collect()
}

fn key_and_version(row: &QueryResult) -> Result<(Key, Option<i64>), DbErr> {
    let json: String = row.try_get("", "key")?;
    let key = Key::from_json_array(&json).ok_or_else(|| DbErr::Type(format!("{json} is no key")))?;
    Ok((key, row.try_get("", "version")?))
}

#[cfg(test)]
mod tests;
