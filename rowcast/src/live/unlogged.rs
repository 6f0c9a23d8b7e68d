//! Rows that were written after a position without a log entry. PostgreSQL stores with each row the transaction that
//! last wrote it (`xmin`).
//!
//! A row is logged if it has an entry of that transaction or of a later one; a client that has missed the entry
//! receives the current row. Deleted rows have no `xmin`; the [digest](super::digest) detects those. A transaction
//! with savepoints writes rows under subtransaction numbers, so its rows may be found although they are logged; they
//! are published again.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

use super::{position::Position, rows::CollectionReader};
use crate::{database::Transaction, key::Key, registry::ErasedCollection};

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
        let values =
            [kind.name().into(), position.horizon().to_string().into(), (MAX_ROWS as i64 + 1).into()];
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql(kind.as_ref()), values);
        let rows = db.query_all_raw(statement).await?;
        let rows = rows.iter().map(key_and_version).collect::<Result<Vec<_>, DbErr>>()?;
        if !rows.is_empty() {
            found.insert(collection_index, rows);
        }
    }
    Ok(found)
}

fn key_and_version(row: &QueryResult) -> Result<(Key, i64), DbErr> {
    let id: i64 = row.try_get("", "id")?;
    Ok((Key::Number(id), row.try_get("", "version")?))
}

/// `age` is the number of transactions since; a row without an age in the window is older.
fn sql(kind: &dyn ErasedCollection) -> String {
    let table = kind.name();
    let mut written = format!("select id, xmin from \"{table}\"");
    for nested in kind.embeds().iter().filter(|nested| nested.table != table) {
        let (joins, row) = (nested.table, nested.row);
        written.push_str(&format!(" union all select \"{row}\", xmin from \"{joins}\""));
    }
    format!(
        "with logged as (
            select row_id, min(age(txid::xid)) as age from change_log
            where collection = $1 and txid >= $2::text::xid8 group by row_id
        ), written as (
            select id, min(age(xmin)) as age from ({written}) as rows
            where age(xmin) between 0 and age($2::text::xid8::xid) group by id
        )
        select row.id, row.version::bigint as version from written join \"{table}\" as row on row.id = written.id
        left join logged on logged.row_id = written.id
        where logged.age is null or logged.age > written.age order by row.id limit $3"
    )
}
