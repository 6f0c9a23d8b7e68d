//! Rows that were written after a position without a log entry. PostgreSQL stores with each row the transaction that
//! last wrote it (`xmin`).
//!
//! A row is logged if it has an entry of that transaction or of a later one; a client that has missed the entry
//! receives the current row. Deleted rows have no `xmin`; the [digest](super::digest) detects those. A transaction
//! with savepoints writes rows under subtransaction numbers, so its rows may be found although they are logged; they
//! are published again.

mod sql;

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

use super::{position::Position, rows::CollectionReader};
use crate::{collection::Embed, database::Transaction, key::Key};
use sql::KeyColumn;

/// With more rows, all nodes reload.
pub(super) const MAX_ROWS: usize = 2000;

/// Keys and versions by collection index; at most one more than [`MAX_ROWS`] of each.
pub(super) type Unlogged = BTreeMap<u16, Vec<(Key, i64)>>;

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
    for (collection_index, kind) in (0..).zip(reader.iter()).filter(|(_, kind)| kind.is_live()) {
        let rows = of_table(db, kind.name(), kind.key_columns(), kind.embeds(), position).await?;
        if !rows.is_empty() {
            found.insert(collection_index, rows);
        }
    }
    Ok(found)
}

/// The rows of a table, which is also the collection's name.
async fn of_table(
    db: &Transaction,
    table: &str,
    key: &'static [&'static str],
    embeds: &[Embed],
    position: &Position,
) -> Result<Vec<(Key, i64)>, DbErr> {
    let key = key_columns(db, table, key).await?;
    let sql = sql::written_without_entry(table, &key, embeds);
    let values = [table.into(), position.horizon().to_string().into(), (MAX_ROWS as i64 + 1).into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    rows.iter().map(key_and_version).collect()
}

fn key_and_version(row: &QueryResult) -> Result<(Key, i64), DbErr> {
    let json: String = row.try_get("", "key")?;
    let key = Key::from_json_array(&json).ok_or_else(|| DbErr::Type(format!("{json} is no key")))?;
    Ok((key, row.try_get("", "version")?))
}

/// The columns of the key, with their types: an integer may have a domain.
async fn key_columns(
    db: &Transaction,
    table: &str,
    names: &'static [&'static str],
) -> Result<Vec<KeyColumn>, DbErr> {
    let ask = Statement::from_sql_and_values(DbBackend::Postgres, INTEGERS, [table.into()]);
    let integers = db.query_all_raw(ask).await?;
    let integers: Vec<String> =
        integers.iter().map(|row| row.try_get("", "name")).collect::<Result<_, DbErr>>()?;
    let column = |name: &&'static str| KeyColumn { name, is_integer: integers.iter().any(|of| of == name) };
    Ok(names.iter().map(column).collect())
}

const INTEGERS: &str = "
with recursive of (name, type) as (
    select attname::text, atttypid from pg_attribute
    where attrelid = to_regclass(quote_ident($1)) and attnum > 0 and not attisdropped
    union all
    select name, typbasetype from of join pg_type on pg_type.oid = type where typtype = 'd'
)
select name from of where type in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)";

#[cfg(test)]
mod tests;
