//! The triggers in PostgreSQL. They fire under `session_replication_role = replica` as well.
//!
//! Rows are compared by their images (`*<>`): by `is distinct from` text under a collation that ignores case would be
//! the same, and `json` could not be compared at all. The names sort last, so that other triggers have had their say.
//! They are row triggers throughout, because replication fires no others.
//!
//! A transaction notes in `rowcast.moved` which row's version has moved last, for the links that are written after it;
//! the note goes with the transaction, or with the savepoint that is taken back. Whether the transaction has written
//! the row would not do: it may have written it as it was.

/// What all tables share.
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

/// Runs with its owner's rights: a role that may write links need not be allowed to write what they belong to.
const LINKS: &str = "
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

/// An id that has been given out before, of a row that is made again. The table's own counter gives out an id only
/// once: what is not above it and has not just come from it was written by hand, and so was what has come from it for
/// another row before, which the session notes. No version that has been counted is as large as the number of changes
/// ever logged.
const AGAIN: &str = "
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
        new.version := 1 + greatest(new.version, (select last_value from {schema}.change_log_seq_seq));
    end if;
    return new;
end
$$";

/// `sequence` counts the ids of the table, if they are counted.
pub(super) fn guard(schema: &str, table: &str, sequence: Option<&str>) -> Vec<String> {
    let mut statements = moved(schema, table).to_vec();
    if let Some(sequence) = sequence {
        let again =
            AGAIN.replace("{sequence}", sequence).replace("{table}", table).replace("{schema}", schema);
        let function = format!("{schema}.{table}_again()");
        statements.push(again);
        statements.extend(trigger(table, "again", "before insert", "for each row", &function));
    }
    statements
}

// A version below 1 is left to the table's own check, which refuses it.
fn moved(schema: &str, table: &str) -> [String; 2] {
    let when = "when (new.version between 1 and old.version and new *<> old)";
    let function = format!("{schema}.move_version()");
    trigger(table, "version", "before update", &format!("for each row {when}"), &function)
}

pub(super) fn guard_links(schema: &str, table: &str, parent: &str, column: &str) -> Vec<String> {
    let links = LINKS.replace("{table}", table).replace("{parent}", parent).replace("{column}", column);
    let (links, own) = (links.replace("{schema}", schema), format!("{schema}.{table}_version()"));
    let note = format!("{schema}.note_version()");
    let each = "for each row";
    let moved = "for each row when (new.version is distinct from old.version)";
    let changed = "for each row when (new *<> old)";
    let mut statements = vec![links];
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
