//! The tables of a catalog whose changes are logged.

use super::{Options, SCHEMA};
use crate::catalog::{Catalog, Column, ColumnType, QualifiedName, SQLITE_SCHEMA, Table, TableKind};

/// A table with a primary key.
#[derive(Clone, Debug)]
pub(super) struct Tracked<'a> {
    pub(super) table: &'a Table,
    /// The columns of the primary key, in its order.
    pub(super) key: Vec<&'a Column>,
    /// All partitions of it, and theirs.
    pub(super) partitions: Vec<&'a Table>,
    pub(super) counts_versions: bool,
    /// The column of password hashes, if its rows sign in.
    pub(super) password: Option<String>,
}

/// The name of the column that counts updates.
const VERSION: &str = "version";

/// The prefix of Rowcast's own tables on SQLite.
pub(super) const PREFIX: &str = "rowcast_";

/// The tables of PostgreSQL, without those of Rowcast.
pub(super) fn postgres<'a>(catalog: &'a Catalog, options: &Options) -> Vec<Tracked<'a>> {
    tracked(catalog, options, |name| name.schema != SCHEMA)
}

/// The tables of SQLite, without those of Rowcast.
pub(super) fn sqlite<'a>(catalog: &'a Catalog, options: &Options) -> Vec<Tracked<'a>> {
    tracked(catalog, options, |name| !is_reserved(&name.name))
}

/// Whether a name of SQLite, which ignores the case of ASCII letters, is one of Rowcast's.
pub(super) fn is_reserved(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// Whether a table is Rowcast's.
pub(super) fn is_own(table: &QualifiedName) -> bool {
    table.schema == SCHEMA || (table.schema == SQLITE_SCHEMA && is_reserved(&table.name))
}

fn tracked<'a>(
    catalog: &'a Catalog,
    options: &Options,
    is_others: impl Fn(&QualifiedName) -> bool,
) -> Vec<Tracked<'a>> {
    let is_wanted = |name: &QualifiedName| options.tables.as_ref().is_none_or(|tables| tables.contains(name));
    let roots = catalog.tables.iter().filter(|table| {
        let has_rows = matches!(table.kind, TableKind::Table | TableKind::PartitionedTable);
        has_rows && table.partition_of.is_none() && is_others(&table.name) && is_wanted(&table.name)
    });
    let track = |table: &'a Table| {
        Some(Tracked {
            table,
            key: key(table)?,
            partitions: partitions(catalog, table),
            password: options
                .signs_in
                .as_ref()
                .filter(|users| users.table == table.name)
                .map(|users| users.password.clone()),
            counts_versions: options.count_versions.contains(&table.name) && has_version(table),
        })
    };
    roots.filter_map(track).collect()
}

/// The columns of the primary key, in its order.
pub(super) fn key(table: &Table) -> Option<Vec<&Column>> {
    let key = table.primary_key.as_ref()?;
    key.columns.iter().map(|name| table.column(name)).collect()
}

fn partitions<'a>(catalog: &'a Catalog, table: &Table) -> Vec<&'a Table> {
    if table.kind != TableKind::PartitionedTable {
        return Vec::new();
    }
    let own = catalog.tables.iter().filter(|other| other.partition_of.as_ref() == Some(&table.name));
    own.flat_map(|partition| [vec![partition], partitions(catalog, partition)].concat()).collect()
}

/// Whether a table has a column `version` that triggers can increment: an integer that is never null, is not computed,
/// and is no part of the key.
#[must_use]
pub fn has_version(table: &Table) -> bool {
    let in_key = key(table).is_some_and(|key| key.iter().any(|column| column.name == VERSION));
    !in_key
        && table.column(VERSION).is_some_and(|column| {
            is_integer(column) && !column.nullable && column.generated.is_none() && column.identity.is_none()
        })
}

/// Whether keys have the value as a number.
pub(super) fn is_integer(column: &Column) -> bool {
    matches!(column.column_type.base(), ColumnType::Integer(_) | ColumnType::BigInt)
}
