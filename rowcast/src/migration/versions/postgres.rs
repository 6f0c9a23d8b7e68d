//! Version triggers on PostgreSQL. They also fire under `session_replication_role = replica`.
//!
//! Rows are compared by their binary images (`*<>`): `is distinct from` ignores changes of case under a
//! case-insensitive collation, and cannot compare `json`. The names sort last, so that other triggers fire first. All
//! are row triggers, because replication fires no others.
//!
//! The setting `rowcast.moved` contains the row whose version the transaction has incremented last, for join rows
//! written after it. It is reset with the transaction, or with a rolled-back savepoint. A mere write of the row would
//! not suffice: it may have changed nothing.

/// Functions that all tables share.
pub(super) fn functions(schema: &str) -> Vec<String> {
    [MOVE, NOTE].map(|body| body.replace("{schema}", schema)).into()
}

const MOVE: &str = "
create function {schema}.move_version() returns trigger language plpgsql as $$
begin
    new.version := old.version + 1;
    return new;
end
$$";

const NOTE: &str = "
create function {schema}.note_version() returns trigger language plpgsql as $$
begin
    perform pg_catalog.set_config('rowcast.moved', pg_catalog.concat(tg_table_name, ' ', new.id), true);
    return null;
end
$$";

/// Runs with its owner's privileges: a role that writes join rows need not have the privilege to write the owning rows.
const JOIN_TABLE: &str = "
create or replace function {schema}.{table}_version() returns trigger language plpgsql
security definer set search_path = pg_catalog, pg_temp as $$
declare
    was bigint;
    became bigint;
begin
    if tg_op = 'TRUNCATE' then
        update {schema}.{parent} set version = version + 1 where id in (select {column} from {schema}.{table});
        return null;
    end if;
    if tg_op <> 'INSERT' then was := old.{column}; end if;
    if tg_op <> 'DELETE' then became := new.{column}; end if;
    if was is not null and current_setting('rowcast.moved', true) is distinct from concat('{parent} ', was) then
        update {schema}.{parent} set version = version + 1 where id = was;
    end if;
    if became is distinct from was and became is not null
        and current_setting('rowcast.moved', true) is distinct from concat('{parent} ', became) then
        update {schema}.{parent} set version = version + 1 where id = became;
    end if;
    return null;
end
$$";

/// Handles the insert of a row with a reused id. A sequence generates each id once: an id that is not above its last
/// value and was not just generated, or was generated for another row before (recorded in the session), was set
/// explicitly. The new version is the number of changes ever logged, which no earlier version exceeds.
const REUSED_ID: &str = "
create or replace function {schema}.{table}_again() returns trigger language plpgsql
security definer set search_path = pg_catalog, pg_temp as $$
declare
    given text := concat('rowcast.given_', tg_relid);
begin
    begin
        if currval('{sequence}') = new.id and current_setting(given, true) is distinct from new.id::text then
            perform set_config(given, new.id::text, false);
            return new;
        end if;
    exception
        when object_not_in_prerequisite_state then null;
        when undefined_table then return new;
    end;
    if new.id <= (select last_value from {sequence} where is_called) then
        new.version := 1 + greatest(new.version, (select last_value from {schema}.{prefix}change_log_seq_seq));
    end if;
    return new;
end
$$";

/// `sequence` generates the table's ids, if there is one. The names of the engine's tables begin with `prefix`.
pub(super) fn guard(schema: &str, prefix: &str, table: &str, sequence: Option<&str>) -> Vec<String> {
    let mut statements = moved(schema, table).to_vec();
    if let Some(sequence) = sequence {
        let again = REUSED_ID.replace("{sequence}", sequence).replace("{table}", table);
        let again = again.replace("{prefix}", prefix).replace("{schema}", schema);
        let function = format!("{schema}.{table}_again()");
        statements.push(again);
        statements.extend(trigger(table, "again", "before insert", "for each row", &function));
    }
    statements
}

// The table's own check refuses versions below 1.
fn moved(schema: &str, table: &str) -> [String; 2] {
    let when = "when (new.version between 1 and old.version and new *<> old)";
    let function = format!("{schema}.move_version()");
    trigger(table, "version", "before update", &format!("for each row {when}"), &function)
}

pub(super) fn guard_join_table(schema: &str, table: &str, parent: &str, column: &str) -> Vec<String> {
    let join_table =
        JOIN_TABLE.replace("{table}", table).replace("{parent}", parent).replace("{column}", column);
    let (join_table, own) = (join_table.replace("{schema}", schema), format!("{schema}.{table}_version()"));
    let note = format!("{schema}.note_version()");
    let each = "for each row";
    let moved = "for each row when (new.version is distinct from old.version)";
    let changed = "for each row when (new *<> old)";
    let mut statements = vec![join_table];
    for name in ["made", "moved"] {
        statements.push(drop_trigger(parent, name));
    }
    statements.extend(trigger(parent, "made", "after insert", each, &note));
    statements.extend(trigger(parent, "moved", "after update", moved, &note));
    statements.extend(trigger(table, "version", "after insert or delete", each, &own));
    statements.extend(trigger(table, "version_update", "after update", changed, &own));
    statements.extend(trigger(table, "version_truncate", "before truncate", "for each statement", &own));
    statements
}

pub(super) fn release(table: &str) -> Vec<String> {
    ["version", "version_update", "version_truncate", "again"].map(|name| drop_trigger(table, name)).into()
}

fn drop_trigger(table: &str, name: &str) -> String {
    format!("drop trigger if exists zz_{table}_{name} on {table}")
}

fn trigger(table: &str, name: &str, when: &str, each: &str, function: &str) -> [String; 2] {
    [
        format!("create trigger zz_{table}_{name} {when} on {table} {each} execute function {function}"),
        format!("alter table {table} enable always trigger zz_{table}_{name}"),
    ]
}
