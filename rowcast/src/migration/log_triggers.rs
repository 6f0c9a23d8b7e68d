//! Triggers that write every change into `change_log`, as migrations from here on make them.
//!
//! ```text
//! insert, update, delete ─▶ trigger ─▶ (collection, row_id)         in the writer's own transaction
//! ```
//!
//! On PostgreSQL they fire under replication too (`enable always`), and their functions write with the rights of the log's
//! owner: a role that may write a table needs no right of its own on the log. On SQLite they are what [`change_log`] makes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

use super::change_log;

/// Logs changes to the rows of `table`, which is the collection's name too.
///
/// # Errors
/// [`DbErr`] when the triggers cannot be made.
pub async fn watch(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    change_log::watch(manager, table).await?;
    fire_always(manager).await
}

/// Logs changes to the rows of `table` as changes to the rows of `collection` that `column` refers to. For tables that
/// hold a part of another collection's rows.
///
/// # Errors
/// [`DbErr`] when the triggers cannot be made.
pub async fn watch_nested(
    manager: &SchemaManager<'_>,
    table: &str,
    collection: &str,
    column: &str,
) -> Result<(), DbErr> {
    change_log::watch_nested(manager, table, collection, column).await?;
    fire_always(manager).await
}

/// Lets the triggers that there are fire whatever `session_replication_role` says. One that was disabled stays so.
pub(crate) async fn fire_always(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        let sql = ALWAYS.replace("{schema}", &schema(manager).await?);
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// The schema in which the change log is, as SQL spells it.
pub(crate) async fn schema(manager: &SchemaManager<'_>) -> Result<String, DbErr> {
    let ask = "select quote_ident(nspname) as name from pg_namespace
        where oid = (select relnamespace from pg_class where oid = 'change_log'::regclass)";
    let row =
        manager.get_connection().query_one_raw(Statement::from_string(DbBackend::Postgres, ask)).await?;
    row.ok_or_else(|| DbErr::Migration("there is no change log".to_owned()))?.try_get("", "name")
}

const ALWAYS: &str = "
do $$ declare log record; begin
    for log in select tgrelid::regclass as at, tgname as name from pg_trigger
        join pg_proc on pg_proc.oid = tgfoid
        where pronamespace = '{schema}'::regnamespace and tgenabled = 'O'
        and proname in ('log_row', 'log_nested', 'log_truncate')
    loop
        execute format('alter table %s enable always trigger %I', log.at, log.name);
    end loop;
end $$";
