//! Triggers that increment a row's `version` whenever the row changes, whatever program writes.
//!
//! ```text
//! update of a row      ─▶ changed without a higher version?                          ─▶ version + 1
//! write of a join row  ─▶ version of the owning row not incremented in this write?   ─▶ version + 1 of that row
//! ```
//!
//! An update with the version that a client saw is refused if the row has changed since. A version never decreases,
//! even if a program writes an outdated row with its old version. An update without changes does not increment it. The
//! server's own updates increment the version themselves, and the triggers ignore them.
//!
//! SQLite's triggers name each column. A migration that adds a column must call [`guard`] again ([`guard_join_table`]
//! for a join table), and one that drops a column must call [`release`] first.

mod postgres;
mod sqlite;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

use super::names;

/// Creates the shared functions and tables, once.
pub(crate) async fn prepare(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    prepare_in(manager, "").await
}

/// The same, with tables whose names begin with `prefix`.
pub(super) async fn prepare_in(manager: &SchemaManager<'_>, prefix: &str) -> Result<(), DbErr> {
    match manager.get_database_backend() {
        DbBackend::Sqlite => execute(manager, &[sqlite::holds(prefix)]).await,
        _ => execute(manager, &postgres::functions(&schema(manager).await?)).await,
    }
}

/// Creates the triggers of `table`, which has the columns `id` and `version`.
///
/// # Errors
/// [`DbErr`] if the triggers cannot be created.
pub async fn guard(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    release(manager, table).await?;
    let prefix = names::prefix(manager).await?;
    let statements = match manager.get_database_backend() {
        DbBackend::Sqlite => sqlite::guard(prefix, table, &columns(manager, table).await?),
        _ => {
            let sequence = sequence(manager, table).await?;
            postgres::guard(&schema(manager).await?, prefix, table, sequence.as_deref())
        }
    };
    execute(manager, &statements).await
}

/// Creates triggers of the join table `table` that increment the versions of `parent`, which `column` references.
///
/// # Errors
/// [`DbErr`] if the triggers cannot be created.
pub async fn guard_join_table(
    manager: &SchemaManager<'_>,
    table: &str,
    parent: &str,
    column: &str,
) -> Result<(), DbErr> {
    release(manager, table).await?;
    let statements = match manager.get_database_backend() {
        DbBackend::Sqlite => {
            let (prefix, columns) = (names::prefix(manager).await?, columns(manager, table).await?);
            sqlite::guard_join_table(prefix, table, parent, column, &columns)
        }
        _ => postgres::guard_join_table(&schema(manager).await?, table, parent, column),
    };
    execute(manager, &statements).await
}

/// Drops the triggers of `table`.
///
/// # Errors
/// [`DbErr`] of the database.
pub async fn release(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let statements = match manager.get_database_backend() {
        DbBackend::Sqlite => sqlite::release(table),
        _ => postgres::release(table),
    };
    execute(manager, &statements).await
}

async fn execute(manager: &SchemaManager<'_>, statements: &[String]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// The quoted name of the current schema, for functions, because writers may have another `search_path`.
async fn schema(manager: &SchemaManager<'_>) -> Result<String, DbErr> {
    let found = one(manager, "select quote_ident(current_schema()) as name").await?;
    found.into_iter().next().ok_or_else(|| DbErr::Migration("no schema to create in".to_owned()))
}

/// The sequence of a table's ids on PostgreSQL.
async fn sequence(manager: &SchemaManager<'_>, table: &str) -> Result<Option<String>, DbErr> {
    let ask =
        format!("select name from pg_get_serial_sequence('{table}', 'id') as name where name is not null");
    Ok(one(manager, &ask).await?.into_iter().next())
}

/// The columns of a table on SQLite.
async fn columns(manager: &SchemaManager<'_>, table: &str) -> Result<Vec<String>, DbErr> {
    one(manager, &format!("select name from pragma_table_info('{table}')")).await
}

async fn one(manager: &SchemaManager<'_>, sql: &str) -> Result<Vec<String>, DbErr> {
    let ask = Statement::from_string(manager.get_database_backend(), sql);
    let rows = manager.get_connection().query_all_raw(ask).await?;
    rows.iter().map(|row| row.try_get("", "name")).collect()
}
