//! The query for rows without a log entry.

use std::fmt::Write;

use crate::{
    collection::Embed,
    key::{KeyColumn, KeyForm},
};

/// Selects `key`, a JSON array, and `version`, of the rows of a table that were written after a position, and that the
/// log of `$1` does not have since; at most `$5`. The position has the horizon `$2`, the first transaction after it
/// `$3`, and the open transactions `$4`, with commas between them.
///
/// What the position includes needs no entry: an epoch may have begun since, which empties the log.
///
/// `age` is the number of transactions since; a row without an age in the window is older.
pub(super) fn written_without_entry(
    table: &str,
    key: &[KeyColumn],
    embeds: &[Embed],
    counts_versions: bool,
) -> String {
    let (logged, json) = match is_number(key) {
        true => (
            // The key may have been of another type.
            "coalesce(row_id, case when jsonb_typeof(row_key::jsonb -> 0) = 'number' then (row_key::jsonb ->> 0)::bigint end)",
            "jsonb_build_array(written.key)::text",
        ),
        false => ("coalesce(row_key::jsonb, jsonb_build_array(row_id))", "written.key::text"),
    };
    let own: Vec<String> = key.iter().map(|column| quoted(column.name)).collect();
    let mut written = format!("select {} as key, xmin from {table}", compared(key, &own));
    // A join table refers to a row by one column.
    for nested in embeds.iter().filter(|nested| quoted(nested.table) != table && key.len() == 1) {
        let (joins, row) = (quoted(nested.table), quoted(nested.row));
        let _ = write!(written, " union all select {}, xmin from {joins}", compared(key, &[row]));
    }
    let version = if counts_versions { "row.version::bigint" } else { "null::bigint" };
    let row: Vec<String> = own.iter().map(|column| format!("row.{column}")).collect();
    format!(
        "with logged as (
            select {logged} as key, min(age(txid::xid)) as age from rowcast_change_log
            where collection = $1 and txid >= $2::text::xid8 group by 1
        ), written as (
            select key, min(age(xmin)) as age from ({written}) as rows
            where age(xmin) between 0 and age($2::text::xid8::xid)
                and (age(xmin) <= age($3::text::xid8::xid) or xmin = any(string_to_array($4, ',')::xid[]))
            group by key
        )
        select {json} as key, {version} as version
        from written join {table} as row on {} = written.key
        left join logged on logged.key = written.key
        where logged.age is null or logged.age > written.age order by written.key limit $5",
        compared(key, &row)
    )
}

fn is_integer(column: &KeyColumn) -> bool {
    column.form != KeyForm::Text
}

/// Whether the key is one integer.
fn is_number(key: &[KeyColumn]) -> bool {
    key.len() == 1 && key.iter().all(is_integer)
}

/// The form in which the key in these columns is compared: an integer as it is, so that indexes are used; any other key
/// as a JSON array, because programs may write the same array with other spaces.
fn compared(key: &[KeyColumn], columns: &[String]) -> String {
    if is_number(key) {
        return columns.join(", ");
    }
    let value = |(key, column): (&KeyColumn, &String)| {
        if is_integer(key) { column.clone() } else { format!("{column}::text") }
    };
    let values: Vec<String> = key.iter().zip(columns).map(value).collect();
    format!("jsonb_build_array({})", values.join(", "))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
