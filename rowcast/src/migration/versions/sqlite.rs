//! Version triggers on SQLite. A trigger cannot change the values of a write, so it increments the version by another
//! update in the same statement.
//!
//! Text is compared by bytes: a collation may treat `Ada` and `ada` as equal, but clients do not.

/// Rows whose version the server has incremented while it writes their join rows; empty otherwise.
pub(super) fn holds(prefix: &str) -> String {
    format!(
        "create table {prefix}version_holds (
            collection text not null,
            row_id integer not null,
            primary key (collection, row_id)
        ) strict, without rowid"
    )
}

/// The names of the engine's tables begin with `prefix`.
pub(super) fn guard(prefix: &str, table: &str, columns: &[String]) -> Vec<String> {
    let changed = changed(columns, "version");
    vec![
        format!(
            "create trigger {table}_version_update after update on {table} for each row
            when new.version < old.version or (new.version = old.version and ({changed}))
            begin update {table} set version = old.version + 1 where id = new.id; end"
        ),
        reused_id(prefix, table),
    ]
}

/// Handles the insert of a row with a reused id, such as `insert or replace`. The new version is the number of changes
/// ever logged, which no earlier version exceeds. `sqlite_sequence` is updated at the end of a statement, so it
/// contains the largest earlier id.
fn reused_id(prefix: &str, table: &str) -> String {
    format!(
        "create trigger {table}_version_insert after insert on {table} for each row
        when new.id <= (select seq from sqlite_sequence where name = '{table}')
        begin
            update {table} set version = 1 + max(
                new.version,
                (select coalesce(max(seq), 0) from {prefix}change_log),
                (select coalesce(max(seq), 0) from sqlite_sequence where name = '{prefix}change_log')
            ) where id = new.id;
        end"
    )
}

pub(super) fn guard_join_table(
    prefix: &str,
    table: &str,
    parent: &str,
    column: &str,
    columns: &[String],
) -> Vec<String> {
    let trigger = |on: &str, when: &str, ids: &str| {
        format!(
            "create trigger {table}_version_{on} after {on} on {table} for each row {when}
            begin
                update {parent} set version = version + 1 where id in ({ids}) and not exists (
                    select 1 from {prefix}version_holds where collection = '{parent}' and row_id = {parent}.id
                );
            end"
        )
    };
    let (new, old) = (format!("new.{column}"), format!("old.{column}"));
    let changed = format!("when {}", changed(columns, ""));
    vec![
        trigger("insert", "", &new),
        trigger("update", &changed, &format!("{old}, {new}")),
        trigger("delete", "", &old),
    ]
}

pub(super) fn release(table: &str) -> Vec<String> {
    ["insert", "update", "delete"].map(|on| format!("drop trigger if exists {table}_version_{on}")).into()
}

/// A condition: any column except `but` has changed.
fn changed(columns: &[String], but: &str) -> String {
    let differs = |name: &String| format!("new.\"{name}\" collate binary is not old.\"{name}\"");
    columns.iter().filter(|name| *name != but).map(differs).collect::<Vec<_>>().join(" or ")
}
