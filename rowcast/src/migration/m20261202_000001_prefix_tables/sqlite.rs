//! SQLite rewrites the triggers of other tables with the name of a table, but not the texts in them, and it renames no
//! index.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

use super::{TABLES, ddl};
use crate::migration::names::PREFIX;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    // Otherwise triggers would not be rewritten.
    db.execute_unprepared("pragma legacy_alter_table = off").await?;
    for table in TABLES.iter().chain(&["version_holds"]) {
        db.execute_unprepared(&format!("alter table {table} rename to {PREFIX}{table}")).await?;
    }
    ddl::execute(manager, &INDEXES).await?;
    ddl::execute(manager, &NEW_CHANGE_LOG).await?;
    ddl::execute(manager, &GUARDS).await?;
    rename_sequence_in_triggers(manager).await
}

const INDEXES: [&str; 8] = [
    "drop index if exists tokens_user_id",
    "drop index if exists tokens_expires_at",
    "drop index if exists requests_at",
    "drop index if exists requests_source",
    "create index rowcast_tokens_user_id on rowcast_tokens (user_id)",
    "create index rowcast_tokens_expires_at on rowcast_tokens (expires_at)",
    "create index rowcast_requests_at on rowcast_requests (at)",
    "create index rowcast_requests_source on rowcast_requests (source, size, at)",
];

// A column becomes nullable only in a new table. It is not renamed to the old one: SQLite would not do that while
// triggers of other tables refer to a table that is missing. Marks are kept, because cursors contain them, and so is
// the sequence, so that no number is used again.
const NEW_CHANGE_LOG: [&str; 9] = [
    "create table rowcast_change_log_before as select seq, collection, row_id, mark from rowcast_change_log",
    "create table rowcast_change_log_sequence as
        select seq from sqlite_sequence where name = 'rowcast_change_log'",
    "drop table rowcast_change_log",
    CHANGE_LOG,
    "insert into rowcast_change_log (seq, collection, row_id, mark)
        select seq, collection, row_id, mark from rowcast_change_log_before order by seq",
    "delete from sqlite_sequence where name = 'rowcast_change_log'",
    "insert into sqlite_sequence (name, seq) select 'rowcast_change_log', seq from rowcast_change_log_sequence",
    "drop table rowcast_change_log_before",
    "drop table rowcast_change_log_sequence",
];

// The check of an array uses no function for JSON: the SQLite of another program, whose write is logged, may lack them.
pub(in crate::migration) const CHANGE_LOG: &str = "
create table rowcast_change_log (
    seq integer primary key autoincrement,
    collection text not null,
    row_id integer,
    mark integer not null default (random()),
    row_key text check (row_key glob '[[]*]'),
    check ((row_id is null) <> (row_key is null))
) strict";

pub(in crate::migration) const GUARDS: [&str; 2] = [
    "create trigger rowcast_change_log_cut after delete on rowcast_change_log
        when old.seq >= (select floor from rowcast_change_log_state)
        begin update rowcast_change_log_state set floor = old.seq + 1; end",
    "create trigger rowcast_change_log_changed after update on rowcast_change_log
        when old.seq >= (select floor from rowcast_change_log_state)
        begin update rowcast_change_log_state set floor = old.seq + 1; end",
];

/// Version triggers look the log's sequence up by the table's name, which is a text.
async fn rename_sequence_in_triggers(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let (before, after) = ("name = 'change_log'", "name = 'rowcast_change_log'");
    let sql = "select name, sql from sqlite_schema where type = 'trigger' and instr(sql, $1) > 0";
    let ask = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [before.into()]);
    for row in db.query_all_raw(ask).await? {
        let (name, sql): (String, String) = (row.try_get("", "name")?, row.try_get("", "sql")?);
        db.execute_unprepared(&format!("drop trigger \"{}\"", name.replace('"', "\"\""))).await?;
        db.execute_unprepared(&sql.replace(before, after)).await?;
    }
    Ok(())
}
