//! Foreign keys that embedded rows follow.
//!
//! ```text
//! embed = { customer = ["id", "name"] }
//!           └─ the column customer_id, or the only reference to the table customers
//! ```

mod shown;

use super::{Settings, mistake::list, names};
use crate::catalog::{Catalog, ForeignKey, Table};
pub(crate) use shown::{Refused, resolve};

/// Endings of columns that refer to a row.
const ENDINGS: [&str; 6] = ["_id", "_key", "_code", "_fk", "Id", "ID"];

/// The foreign key of `table` that the embedded row `name` follows: that of a column such as `<name>_id`, or the only one
/// to a table that is called so, in the singular or plural.
///
/// # Errors
/// A sentence that lists the possible names, if no foreign key or several are meant.
pub fn foreign_key<'t>(
    table: &'t Table,
    name: &str,
    catalog: &Catalog,
    settings: &Settings,
) -> Result<&'t ForeignKey, String> {
    let by_column: Vec<_> = table
        .foreign_keys
        .iter()
        .filter(|key| column_name(key).is_some_and(|short| short.eq_ignore_ascii_case(name)))
        .collect();
    let by_table =
        || table.foreign_keys.iter().filter(|key| is_called(key, name, catalog, settings)).collect();
    let meant: Vec<&ForeignKey> = if by_column.is_empty() { by_table() } else { by_column };
    // Two constraints over the same columns are one reference.
    let is_one = |other: &&ForeignKey| other.table == meant[0].table && other.columns == meant[0].columns;
    match meant.as_slice() {
        [] => Err(not_found(table, name, catalog, settings)),
        [key, ..] if meant.iter().all(is_one) => Ok(key),
        _ => Err(ambiguous(table, name, &meant, catalog, settings)),
    }
}

/// The name of a foreign key of one column: the column without its ending.
fn column_name(key: &ForeignKey) -> Option<&str> {
    let [column] = key.columns.as_slice() else { return None };
    let short = ENDINGS.iter().find_map(|ending| column.strip_suffix(ending));
    short.filter(|short| !short.is_empty())
}

/// Whether the referenced table has this name: its own, that of its collection, or the singular.
fn is_called(key: &ForeignKey, name: &str, catalog: &Catalog, settings: &Settings) -> bool {
    let Some(table) = catalog.table(&key.table.schema, &key.table.name) else { return false };
    let own = settings.collection(&table.name.schema, &table.name.name);
    let (plural, singular) = names(&table.name.name, own);
    [&plural, &singular, &table.name.name].iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The names under which a table's references can be embedded.
fn possible(table: &Table, keys: &[&ForeignKey], catalog: &Catalog, settings: &Settings) -> Vec<String> {
    let name = |key: &&ForeignKey| {
        let own = settings.collection(&key.table.schema, &key.table.name);
        let found = column_name(key).map_or_else(|| names(&key.table.name, own).1, str::to_owned);
        // Only names that work, and that no column has.
        let works = table.column(&found).is_none() && foreign_key_is(table, &found, key, catalog, settings);
        works.then_some(found)
    };
    let mut all: Vec<String> = keys.iter().filter_map(name).collect();
    all.sort();
    all.dedup();
    all
}

fn foreign_key_is(
    table: &Table,
    name: &str,
    key: &ForeignKey,
    catalog: &Catalog,
    settings: &Settings,
) -> bool {
    let by_column =
        |other: &&ForeignKey| column_name(other).is_some_and(|short| short.eq_ignore_ascii_case(name));
    let mut meant: Vec<_> = table.foreign_keys.iter().filter(by_column).collect();
    if meant.is_empty() {
        meant = table.foreign_keys.iter().filter(|other| is_called(other, name, catalog, settings)).collect();
    }
    !meant.is_empty() && meant.iter().all(|other| other.table == key.table && other.columns == key.columns)
}

fn not_found(table: &Table, name: &str, catalog: &Catalog, settings: &Settings) -> String {
    let all: Vec<_> = table.foreign_keys.iter().collect();
    let possible = possible(table, &all, catalog, settings);
    let this = &table.name.name;
    match possible.as_slice() {
        [] if table.foreign_keys.is_empty() => {
            format!(
                "`{this}` has no foreign keys, so it embeds no `{name}`: remove it, or add a foreign key to the table"
            )
        }
        [] => format!("no foreign key of `{this}` is meant by `{name}`: remove it"),
        some => format!("no foreign key of `{this}` is meant by `{name}`: it can embed {}", list(some)),
    }
}

fn ambiguous(
    table: &Table,
    name: &str,
    meant: &[&ForeignKey],
    catalog: &Catalog,
    settings: &Settings,
) -> String {
    let columns: Vec<String> = meant.iter().map(|key| key.columns.join(", ")).collect();
    let possible = possible(table, meant, catalog, settings);
    let remedy = match possible.as_slice() {
        [] => "rename a column, so that it is <name>_id".into(),
        some => format!("write {} instead", list(some)),
    };
    format!("`{}` refers by {} to what `{name}` may be: {remedy}", table.name.name, list(&columns))
}
