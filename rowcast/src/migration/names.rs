//! The names of the engine's tables, which have a prefix since [`prefix_tables`](super::m20261202_000001_prefix_tables).
//!
//! A product's migration may sort before or after that one, and may be applied to a database that has it already. So
//! the database is asked which name exists.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

/// The prefix.
pub(crate) const PREFIX: &str = "rowcast_";

/// Where the change log is.
pub(super) struct ChangeLog {
    /// The quoted name of its schema; empty on SQLite.
    pub(super) schema: String,
    /// What the names of the engine's tables begin with: [`PREFIX`], or nothing.
    pub(super) prefix: &'static str,
}

/// Finds the change log, the nearest one in the search path of PostgreSQL.
///
/// # Errors
/// [`DbErr`] of the database.
pub(super) async fn change_log(manager: &SchemaManager<'_>) -> Result<Option<ChangeLog>, DbErr> {
    let backend = manager.get_database_backend();
    let sql = if backend == DbBackend::Postgres { POSTGRES } else { SQLITE };
    let found = manager.get_connection().query_one_raw(Statement::from_string(backend, sql)).await?;
    let change_log = |row: sea_orm::QueryResult| {
        let (schema, name): (String, String) = (row.try_get("", "schema")?, row.try_get("", "name")?);
        Ok(ChangeLog { schema, prefix: if name.starts_with(PREFIX) { PREFIX } else { "" } })
    };
    found.map(change_log).transpose()
}

/// What the names of the engine's tables begin with.
///
/// # Errors
/// [`DbErr`] of the database.
pub(super) async fn prefix(manager: &SchemaManager<'_>) -> Result<&'static str, DbErr> {
    Ok(change_log(manager).await?.map_or("", |found| found.prefix))
}

/// A database with both names is another program's as well, whose table has the name without the prefix.
const SQLITE: &str = "
select '' as schema, name from sqlite_schema
where type = 'table' and name in ('rowcast_change_log', 'change_log') order by name desc limit 1";

const POSTGRES: &str = "
select quote_ident(nspname) as schema, relname::text as name
from pg_class join pg_namespace on pg_namespace.oid = relnamespace
where relname in ('rowcast_change_log', 'change_log') and relkind = 'r'
    and nspname = any (current_schemas(false))
order by array_position(current_schemas(false), nspname), relname desc limit 1";
