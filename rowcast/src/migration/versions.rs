//! Triggers by which a row's `version` moves whenever the row does, whichever program writes.
//!
//! ```text
//! update of a row          ─▶ the row changed, its version did not grow?            ─▶ version + 1
//! write to a row of links  ─▶ the row it belongs to has not moved by itself already? ─▶ version + 1 there
//! ```
//!
//! So a client that sends the version which it saw is refused if anything has changed since. A version never goes back:
//! a program that writes a whole row as it read it long ago writes an old version, too. What changes nothing moves
//! nothing. The server's own updates count by themselves, and pass these triggers by.
//!
//! Both may be called again for a table that has them: a migration that adds a column to a table calls [`guard`] (and
//! [`guard_links`] for a table of links) once more, because SQLite's triggers name each column. One that takes a column
//! away calls [`release`] first.

mod postgres;
mod sqlite;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

/// Makes what the triggers share. Once, by the migration that brought them.
pub(crate) async fn prepare(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    match manager.get_database_backend() {
        DbBackend::Sqlite => execute(manager, &[sqlite::HOLDS.to_owned()]).await,
        _ => execute(manager, &postgres::functions(&schema(manager).await?)).await,
    }
}

/// Lets the versions of `table` move with its rows. The table has the columns `id` and `version`.
///
/// # Errors
/// [`DbErr`] when the triggers cannot be made.
pub async fn guard(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    release(manager, table).await?;
    let statements = match manager.get_database_backend() {
        DbBackend::Sqlite => sqlite::guard(table, &columns(manager, table).await?),
        _ => postgres::guard(&schema(manager).await?, table, sequence(manager, table).await?.as_deref()),
    };
    execute(manager, &statements).await
}

/// Lets the versions of `parent` move with the rows of `table` that refer to it by `column`: they are a part of it.
///
/// # Errors
/// [`DbErr`] when the triggers cannot be made.
pub async fn guard_links(
    manager: &SchemaManager<'_>,
    table: &str,
    parent: &str,
    column: &str,
) -> Result<(), DbErr> {
    release(manager, table).await?;
    let statements = match manager.get_database_backend() {
        DbBackend::Sqlite => sqlite::guard_links(table, parent, column, &columns(manager, table).await?),
        _ => postgres::guard_links(&schema(manager).await?, table, parent, column),
    };
    execute(manager, &statements).await
}

/// Takes the triggers of `table` away, for as long as its columns change.
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

/// The schema that tables are made in, quoted: functions name it, because a writer may have another `search_path`.
async fn schema(manager: &SchemaManager<'_>) -> Result<String, DbErr> {
    let found = one(manager, "select quote_ident(current_schema()) as name").await?;
    found.into_iter().next().ok_or_else(|| DbErr::Migration("no schema to create in".to_owned()))
}

/// What counts the ids of a table in PostgreSQL.
async fn sequence(manager: &SchemaManager<'_>, table: &str) -> Result<Option<String>, DbErr> {
    let ask =
        format!("select name from pg_get_serial_sequence('{table}', 'id') as name where name is not null");
    Ok(one(manager, &ask).await?.into_iter().next())
}

/// The columns of a table in SQLite.
async fn columns(manager: &SchemaManager<'_>, table: &str) -> Result<Vec<String>, DbErr> {
    one(manager, &format!("select name from pragma_table_info('{table}')")).await
}

async fn one(manager: &SchemaManager<'_>, sql: &str) -> Result<Vec<String>, DbErr> {
    let ask = Statement::from_string(manager.get_database_backend(), sql);
    let rows = manager.get_connection().query_all_raw(ask).await?;
    rows.iter().map(|row| row.try_get("", "name")).collect()
}
