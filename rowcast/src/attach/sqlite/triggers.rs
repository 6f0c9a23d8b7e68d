//! The definitions of triggers.
//!
//! They work with the SQLite of any program that writes: keys of integers need none of its functions, and others need
//! `json_quote`.

use sea_orm::DbBackend;

use crate::{
    attach::{
        Statement, collection,
        name::{hash, quoted, sqlite_text},
        tracked::{Tracked, is_integer},
    },
    catalog::{Column, ColumnType, Identity, QualifiedName},
};

/// A trigger of a table.
pub(super) struct Trigger {
    pub(super) name: String,
    table: QualifiedName,
    /// Event, condition and statements.
    body: String,
}

impl Trigger {
    /// The text after `create trigger`, which SQLite keeps as it is.
    pub(super) fn definition(&self) -> String {
        format!("{} {}", quoted(&self.name), self.body)
    }

    pub(super) fn create(&self) -> Statement {
        Statement::of(&self.table, format!("create trigger {}", self.definition()))
    }
}

/// The triggers of a table.
pub(super) fn wanted(tracked: &Tracked<'_>) -> Vec<Trigger> {
    let mut triggers = log(tracked);
    triggers.extend(tracked.counts_versions.then(|| version(tracked)));
    triggers
}

fn log(tracked: &Tracked<'_>) -> Vec<Trigger> {
    let name = &tracked.table.name;
    let collection = sqlite_text(&collection(name, DbBackend::Sqlite));
    let (old, new) = (key_expression(&tracked.key, "old"), key_expression(&tracked.key, "new"));
    let log = |key: &str, condition: &str| {
        format!(
            "insert into rowcast_change_log (collection, row_key) select {collection}, {key} where {condition};"
        )
    };
    let (created, deleted) = (log(&new, &has_key(tracked, "new")), log(&old, &has_key(tracked, "old")));
    let renamed = log(&old, &format!("{} and {old} is not {new}", has_key(tracked, "old")));
    let trigger = |event: &str, statements: &str| Trigger {
        name: format!("rowcast_log_{}_{event}", hash(name)),
        table: name.clone(),
        body: format!("after {event} on {} for each row begin {statements} end", quoted(&name.name)),
    };
    let (ended, moved) = (sign_ins(tracked, false), sign_ins(tracked, true));
    vec![
        trigger("insert", &created),
        trigger("update", &format!("{moved}{renamed} {created}")),
        trigger("delete", &format!("{ended}{deleted}")),
    ]
}

/// The statements that end the sign-ins of a user who is deleted, or gets another key or password.
fn sign_ins(tracked: &Tracked<'_>, is_update: bool) -> String {
    let Some(password) = &tracked.password else { return String::new() };
    let password = quoted(password);
    let differs = |column: &str| format!("old.{column} is not new.{column}");
    let moved: Vec<String> = tracked.key.iter().map(|column| differs(&quoted(&column.name))).collect();
    let moved = moved.join(" or ");
    let (in_tokens, in_others) = match is_update {
        true => (format!(" and ({moved} or {})", differs(&password)), format!(" and ({moved})")),
        false => (String::new(), String::new()),
    };
    let end = |table: &str, user: &str, condition: &str| {
        format!("delete from {table} where user_id = {user}{condition}; ")
    };
    let (user, forget) = match &tracked.key[..] {
        [key] if is_integer(key) => (format!("old.{}", quoted(&key.name)), String::new()),
        key => {
            let was = format!("user_key = {}", key_expression(key, "old"));
            (
                format!("(select id from rowcast_user_keys where {was})"),
                format!("delete from rowcast_user_keys where {was}{in_others}; "),
            )
        }
    };
    end("rowcast_tokens", &user, &in_tokens) + &end("rowcast_user_addresses", &user, &in_others) + &forget
}

/// Increments the version by another update, because a trigger cannot change the values of a write. Text is compared by
/// bytes: a collation may treat `Ada` and `ada` as equal, but clients do not.
fn version(tracked: &Tracked<'_>) -> Trigger {
    let name = &tracked.table.name;
    let columns = tracked.table.columns.iter().filter(|column| column.generated.is_none());
    let others = columns.map(|column| quoted(&column.name)).filter(|column| column != "\"version\"");
    let changed = others.map(|column| format!("new.{column} collate binary is not old.{column}"));
    let changed = changed.collect::<Vec<_>>().join(" or ");
    let this = tracked.key.iter().map(|column| quoted(&column.name));
    let this = this.map(|column| format!("{column} = new.{column}")).collect::<Vec<_>>().join(" and ");
    let table = quoted(&name.name);
    Trigger {
        name: format!("rowcast_version_{}_update", hash(name)),
        table: name.clone(),
        body: format!(
            "after update on {table} for each row when new.\"version\" < old.\"version\" or \
             (new.\"version\" = old.\"version\" and ({changed})) \
             begin update {table} set \"version\" = old.\"version\" + 1 where {this}; end"
        ),
    }
}

/// A condition: no value of the key is null, which SQLite permits. `true` is a name to its early versions.
fn has_key(tracked: &Tracked<'_>, row: &str) -> String {
    let nullable = tracked.key.iter().filter(|column| column.nullable);
    let conditions: Vec<_> =
        nullable.map(|column| format!("{row}.{} is not null", quoted(&column.name))).collect();
    if conditions.is_empty() { "1".to_owned() } else { conditions.join(" and ") }
}

/// The key of a row as a JSON array, or null if a value of it is.
pub(in crate::attach) fn key_expression(key: &[&Column], row: &str) -> String {
    let values: Vec<String> = key.iter().map(|column| value(column, row)).collect();
    format!("('[' || {} || ']')", values.join(" || ', ' || "))
}

/// A value of a key as JSON, or null. A column that is not strict may contain a value of any type.
fn value(column: &Column, row: &str) -> String {
    let value = format!("{row}.{}", quoted(&column.name));
    if matches!(column.identity, Some(Identity::RowId { .. })) {
        return value;
    }
    let (integer, text) =
        (format!("when 'integer' then {value}"), format!("json_quote(cast({value} as text))"));
    let hex = format!("lower(hex({value}))");
    let bytes = match column.column_type.base() {
        ColumnType::Uuid => {
            format!("case length({value}) when 16 then {} else '\\x' || {hex} end", uuid(&hex))
        }
        _ => format!("'\\x' || {hex}"),
    };
    let integer = if is_integer(column) { integer } else { String::new() };
    format!(
        "case typeof({value}) when 'null' then null {integer} when 'blob' then json_quote({bytes}) else {text} end"
    )
}

/// The hyphenated form of 32 hexadecimal digits.
fn uuid(hex: &str) -> String {
    let parts = [(1, 8), (9, 4), (13, 4), (17, 4), (21, 12)];
    let parts = parts.map(|(start, length)| format!("substr({hex}, {start}, {length})"));
    parts.join(" || '-' || ")
}
