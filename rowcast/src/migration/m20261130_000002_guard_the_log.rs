//! A change log that any role can write, and that detects deleted entries.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use super::{ddl, log_triggers};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            ddl::execute(manager, &SQLITE).await?;
            return ddl::execute(manager, &[DIGEST]).await;
        }
        for sql in postgres(&log_triggers::schema(manager).await?) {
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        ddl::execute(manager, &[DIGEST]).await?;
        log_triggers::fire_always(manager).await
    }
}

/// The functions and triggers of PostgreSQL, for a log in this schema.
pub(super) fn postgres(schema: &str) -> [String; 9] {
    POSTGRES.map(|statement| statement.replace("{rights}", RIGHTS).replace("{schema}", schema))
}

// A digest of the published rows at a position of the log, by which the next server detects unlogged changes.
const DIGEST: &str = "
create table change_log_digest (
    id {i64} primary key check (id = 1),
    epoch {text} not null,
    position {text} not null,
    digest {text} not null
) {strict}";

// SQLite cannot add a column with a non-constant default, so the table is recreated. The triggers of other tables refer
// to it by name. The sequence is copied, so that numbers are not reused.
const SQLITE: [&str; 9] = [
    "create table change_log_before as select seq, collection, row_id from change_log",
    "insert into change_log_before (seq) select seq from sqlite_sequence where name = 'change_log'
        and seq > (select coalesce(max(seq), 0) from change_log)",
    "drop table change_log",
    "create table change_log (
        seq integer primary key autoincrement,
        collection text not null,
        row_id integer not null,
        mark integer not null default (random())
    ) strict",
    "insert into change_log (seq, collection, row_id)
        select seq, coalesce(collection, ''), coalesce(row_id, 0) from change_log_before order by seq",
    "delete from change_log where seq in (select seq from change_log_before where collection is null)",
    "drop table change_log_before",
    // Pruning raises the floor first, so that this trigger does nothing then.
    "create trigger change_log_cut after delete on change_log
        when old.seq >= (select floor from change_log_state)
        begin update change_log_state set floor = old.seq + 1; end",
    "create trigger change_log_changed after update on change_log
        when old.seq >= (select floor from change_log_state)
        begin update change_log_state set floor = old.seq + 1; end",
];

/// A fixed `search_path`, because the function runs with its owner's privileges.
const RIGHTS: &str = "security definer set search_path = pg_catalog, {schema}, pg_temp";

// A trigger executes its function without a privilege of the writer, so that privilege is revoked.
const POSTGRES: [&str; 9] = [
    "create or replace function {schema}.log_row() returns trigger language plpgsql {rights} as $$
begin
    if tg_op <> 'INSERT' and (tg_op = 'DELETE' or old.id <> new.id) then
        insert into {schema}.change_log (collection, row_id) values (tg_argv[0], old.id);
    end if;
    if tg_op <> 'DELETE' then
        insert into {schema}.change_log (collection, row_id) values (tg_argv[0], new.id);
    end if;
    return null;
end
$$",
    "create or replace function {schema}.log_nested() returns trigger language plpgsql {rights} as $$
declare
    was bigint := case when tg_op <> 'INSERT' then to_jsonb(old) ->> tg_argv[1] end;
    became bigint := case when tg_op <> 'DELETE' then to_jsonb(new) ->> tg_argv[1] end;
begin
    if was is not null and was is distinct from became then
        insert into {schema}.change_log (collection, row_id) values (tg_argv[0], was);
    end if;
    if became is not null then
        insert into {schema}.change_log (collection, row_id) values (tg_argv[0], became);
    end if;
    return null;
end
$$",
    "create or replace function {schema}.log_truncate() returns trigger language plpgsql {rights} as $$
begin
    execute format(
        'insert into {schema}.change_log (collection, row_id) select distinct %L, %I from %I.%I',
        tg_argv[0], tg_argv[1], tg_table_schema, tg_table_name);
    return null;
end
$$",
    // Deleted entries were committed, or belong to the deleting transaction. Readers detect a truncated log by its
    // file.
    "create function {schema}.guard_log() returns trigger language plpgsql {rights} as $$
begin
    update {schema}.change_log_state set floor = cut.past
        from (select max(txid::text::bigint) + 1 as past from gone) as cut where floor < cut.past;
    return null;
end
$$",
    "create trigger change_log_cut after delete on {schema}.change_log referencing old table as gone
        for each statement execute function {schema}.guard_log()",
    "create trigger change_log_changed after update on {schema}.change_log referencing old table as gone
        for each statement execute function {schema}.guard_log()",
    "alter table {schema}.change_log enable always trigger change_log_cut",
    "alter table {schema}.change_log enable always trigger change_log_changed",
    "revoke execute on function {schema}.log_row(), {schema}.log_nested(), {schema}.log_truncate(), \
        {schema}.guard_log() from public",
];
