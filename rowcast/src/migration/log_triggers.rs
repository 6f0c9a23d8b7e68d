//! Triggers that write every change to the change log, for new migrations.
//!
//! ```text
//! insert, update, delete ─▶ trigger ─▶ (collection, row_id)         in the transaction of the change
//! ```
//!
//! On PostgreSQL they also fire under replication (`enable always`), and their functions run with the privileges of the
//! log's owner, so that writers need no privilege on the log. On SQLite they are those of [`change_log`].

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use super::{change_log, names};

/// Logs changes of `table`, which is also the collection's name.
///
/// # Errors
/// [`DbErr`] if the triggers cannot be created.
pub async fn track_changes(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    change_log::track_changes(manager, table).await?;
    fire_always(manager).await
}

/// Logs changes of `table` as changes of the rows of `collection` that `column` references, for join tables.
///
/// # Errors
/// [`DbErr`] if the triggers cannot be created.
pub async fn track_changes_of(
    manager: &SchemaManager<'_>,
    table: &str,
    collection: &str,
    column: &str,
) -> Result<(), DbErr> {
    change_log::track_changes_of(manager, table, collection, column).await?;
    fire_always(manager).await
}

/// Makes existing triggers fire for any `session_replication_role`. Disabled ones stay disabled.
pub(crate) async fn fire_always(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        let sql = ALWAYS.replace("{schema}", &schema(manager).await?);
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// The quoted name of the change log's schema.
pub(crate) async fn schema(manager: &SchemaManager<'_>) -> Result<String, DbErr> {
    let found = names::change_log(manager).await?;
    Ok(found.ok_or_else(|| DbErr::Migration("there is no change log".to_owned()))?.schema)
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
