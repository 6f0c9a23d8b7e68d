//! The triggers in SQLite, which has none before a write that could change what is written: a version moves by one more
//! update, in the same statement.
//!
//! Text is compared byte by byte: under another collation `Ada` and `ada` would be the same, and are not to a client.

/// Rows whose version the server counts itself while it writes their links; empty whenever it is not.
pub(super) const HOLDS: &str = "
create table version_holds (
    collection text not null,
    row_id integer not null,
    primary key (collection, row_id)
) strict, without rowid";

pub(super) fn guard(table: &str, columns: &[String]) -> Vec<String> {
    let changed = changed(columns, "version");
    vec![
        format!(
            "create trigger {table}_version_update after update on {table} for each row
            when new.version < old.version or (new.version = old.version and ({changed}))
            begin update {table} set version = old.version + 1 where id = new.id; end"
        ),
        again(table),
    ]
}

/// An id that has been given out before: `insert or replace`, or a row that is made again. No version that has been
/// counted is as large as the number of changes ever logged. `sqlite_sequence` is renewed when a statement ends, so
/// here it holds the largest id before it.
fn again(table: &str) -> String {
    format!(
        "create trigger {table}_version_insert after insert on {table} for each row
        when new.id <= (select seq from sqlite_sequence where name = '{table}')
        begin
            update {table} set version = 1 + max(
                new.version,
                (select coalesce(max(seq), 0) from change_log),
                (select coalesce(max(seq), 0) from sqlite_sequence where name = 'change_log')
            ) where id = new.id;
        end"
    )
}

pub(super) fn guard_links(table: &str, parent: &str, column: &str, columns: &[String]) -> Vec<String> {
    let trigger = |on: &str, when: &str, ids: &str| {
        format!(
            "create trigger {table}_version_{on} after {on} on {table} for each row {when}
            begin
                update {parent} set version = version + 1 where id in ({ids}) and not exists (
                    select 1 from version_holds where collection = '{parent}' and row_id = {parent}.id
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

/// Whether any column but one has another value.
fn changed(columns: &[String], but: &str) -> String {
    let differs = |name: &String| format!("new.\"{name}\" collate binary is not old.\"{name}\"");
    columns.iter().filter(|name| *name != but).map(differs).collect::<Vec<_>>().join(" or ")
}
