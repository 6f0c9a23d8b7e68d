//! Columns of type `bigint` whose values number rows: clients receive them as numbers, not as text.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, Column, ColumnType, QualifiedName};

/// Columns that number rows, and those that refer to them, directly or over other references.
pub(super) struct Numbering<'a>(BTreeSet<(&'a QualifiedName, &'a str)>);

impl<'a> Numbering<'a> {
    pub(super) fn of(catalog: &'a Catalog) -> Self {
        let mut numbers = BTreeSet::new();
        for table in &catalog.tables {
            let own = table.columns.iter().filter(|column| is_numbered(column));
            numbers.extend(own.map(|column| (&table.name, &*column.name)));
        }
        // Each pass follows the references by one step; there are at most as many steps as columns.
        loop {
            let mut more = Vec::new();
            for table in &catalog.tables {
                for reference in &table.foreign_keys {
                    let pairs = reference.columns.iter().zip(&reference.referenced_columns);
                    let found = pairs.filter(|(own, to)| {
                        numbers.contains(&(&reference.table, to.as_str()))
                            && !numbers.contains(&(&table.name, own.as_str()))
                    });
                    more.extend(found.map(|(own, _)| (&table.name, &**own)));
                }
            }
            if more.is_empty() {
                return Self(numbers);
            }
            numbers.extend(more);
        }
    }

    pub(super) fn contains(&self, table: &QualifiedName, column: &str) -> bool {
        self.0.contains(&(table, column))
    }
}

/// Whether the database numbers rows by the column.
fn is_numbered(column: &Column) -> bool {
    column.identity.is_some() || matches!(column.column_type, ColumnType::Integer(_))
}
