//! A fingerprint of a page of rows that is cheap to compute: it does not read the rows' columns.
//!
//! - On PostgreSQL, the row count and a sum of hashes of ids and `xmin`, the last writing transaction, for the rows,
//!   the join rows and the embedded rows.
//! - On SQLite, `pragma data_version`, which changes when another connection writes to the file.

use std::fmt::Write;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use crate::{database::Transaction, registry::ErasedCollection};

/// Equal fingerprints of a page mean equal rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(String);

/// The fingerprint of the rows from `start` to `end`, of a collection whose keys are numbers.
pub(super) async fn of(
    db: &Transaction,
    kind: &dyn ErasedCollection,
    start: i64,
    end: i64,
) -> Result<Fingerprint, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        let statement = Statement::from_string(DbBackend::Sqlite, "pragma data_version");
        let version = db.query_one_raw(statement).await?.map_or(Ok(0), |row| row.try_get("", "data_version"));
        return version.map(|version: i64| Fingerprint(version.to_string()));
    }
    let values = [start.into(), end.into()];
    let row =
        db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql(kind), values)).await?;
    row.map_or_else(|| Ok(String::new()), |row| row.try_get("", "stamp")).map(Fingerprint)
}

fn sql(kind: &dyn ErasedCollection) -> String {
    let (table, key) = (kind.table(), kind.key_columns().first().map_or("id", |column| column.name));
    let key = format!("\"{}\"", key.replace('"', "\"\""));
    let mut stamp = format!(
        "(select count(*) || ' ' || coalesce(sum(hashint8extended(xmin::text::bigint, {key}::bigint)), 0)
          from {table} where {key} between $1 and $2)"
    );
    for nested in kind.embeds() {
        let (shown, joins, row, shows) = (nested.collection, nested.table, nested.row, nested.embedded);
        let _ = write!(
            stamp,
            " || ' ' || (select count(*) || ' ' ||
                coalesce(sum(hashint8extended(joins.xmin::text::bigint, joins.\"{row}\")), 0) || ' ' ||
                coalesce(sum(hashint8extended(shown.xmin::text::bigint, shown.id)), 0)
              from \"{joins}\" as joins left join \"{shown}\" as shown on shown.id = joins.\"{shows}\"
              where joins.\"{row}\" between $1 and $2)"
        );
    }
    for embedded in kind.embedded_stamps() {
        let _ = write!(stamp, " || ' ' || ({embedded})");
    }
    format!("select {stamp} as stamp")
}
