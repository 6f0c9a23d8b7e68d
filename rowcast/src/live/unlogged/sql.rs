//! The query for rows without a log entry.

use std::fmt::Write;

use crate::{
    collection::Embed,
    key::{KeyColumn, KeyForm},
};

/// Selects `key`, a JSON array, and `version`, of the rows of a table that were written in the transaction `$2` or
/// later, and that the log of `$1` does not have since; at most `$3`.
///
/// `age` is the number of transactions since; a row without an age in the window is older.
pub(super) fn written_without_entry(
    table: &str,
    key: &[KeyColumn],
    embeds: &[Embed],
    counts_versions: bool,
) -> String {
    let Form { logged, of, json } = form(key);
    let own: Vec<String> = key.iter().map(|column| quoted(column.name)).collect();
    let mut written = format!("select {} as key, xmin from {table}", of(&own));
    // A join table refers to a row by one column.
    for nested in embeds.iter().filter(|nested| quoted(nested.table) != table && key.len() == 1) {
        let (joins, row) = (quoted(nested.table), quoted(nested.row));
        let _ = write!(written, " union all select {}, xmin from {joins}", of(&[row]));
    }
    let version = if counts_versions { "row.version::bigint" } else { "null::bigint" };
    let row: Vec<String> = own.iter().map(|column| format!("row.{column}")).collect();
    format!(
        "with logged as (
            select {logged} as key, min(age(txid::xid)) as age from rowcast_change_log
            where collection = $1 and txid >= $2::text::xid8 group by 1
        ), written as (
            select key, min(age(xmin)) as age from ({written}) as rows
            where age(xmin) between 0 and age($2::text::xid8::xid) group by key
        )
        select {json} as key, {version} as version
        from written join {table} as row on {} = written.key
        left join logged on logged.key = written.key
        where logged.age is null or logged.age > written.age order by written.key limit $3",
        of(&row)
    )
}

/// The SQL of a key of these columns.
type Columns = dyn Fn(&[String]) -> String;

/// How keys are compared.
struct Form {
    /// That of an entry.
    logged: &'static str,
    /// That of a row, of these columns.
    of: Box<Columns>,
    /// As a JSON array.
    json: &'static str,
}

/// An integer is compared as it is, so that indexes are used. Any other key is compared as a JSON array, because
/// programs may write the same array with other spaces.
fn form(key: &[KeyColumn]) -> Form {
    let is_integer = |column: &KeyColumn| column.form != KeyForm::Text;
    if key.len() == 1 && key.iter().all(is_integer) {
        return Form {
            logged: "coalesce(row_id, (row_key::jsonb ->> 0)::bigint)",
            of: Box::new(|columns| columns.join(", ")),
            json: "jsonb_build_array(written.key)::text",
        };
    }
    let integers: Vec<bool> = key.iter().map(is_integer).collect();
    Form {
        logged: "coalesce(row_key::jsonb, jsonb_build_array(row_id))",
        of: Box::new(move |columns| {
            let value = |(column, is_integer): (&String, &bool)| {
                if *is_integer { column.clone() } else { format!("{column}::text") }
            };
            let values: Vec<String> = columns.iter().zip(&integers).map(value).collect();
            format!("jsonb_build_array({})", values.join(", "))
        }),
        json: "written.key::text",
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
