//! Sentences about tables that are not served in full, from the catalog alone.

use super::{name::qualified, tracked::is_own};
use crate::catalog::{Catalog, QualifiedName, TableKind};

/// A sentence about a table or view.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// The table.
    pub table: QualifiedName,
    /// What a person should know about it.
    pub sentence: String,
}

/// Tables and views that can be listed, and neither written nor followed, because their rows have no key.
#[must_use]
pub fn read_only(catalog: &Catalog) -> Vec<Remark> {
    remarks(catalog, |kind, name, has_key| match kind {
        TableKind::View => Some(format!(
            "The view {name} is listed only: its rows have no key, and no trigger sees their changes."
        )),
        TableKind::MaterializedView => Some(format!(
            "The materialized view {name} is listed only: its rows have no key, and no trigger sees a refresh."
        )),
        TableKind::Table | TableKind::PartitionedTable if !has_key => Some(format!(
            "The table {name} is listed only, because it has no primary key. Add one: alter table {name} add primary \
             key (…)."
        )),
        _ => None,
    })
}

/// Tables whose changes cannot be seen, and that are listed only for that reason.
#[must_use]
pub fn not_seen(catalog: &Catalog) -> Vec<Remark> {
    remarks(catalog, |kind, name, _| {
        (kind == TableKind::ForeignTable).then(|| {
            format!("The foreign table {name} is listed only: its rows are on another server, which changes them unseen.")
        })
    })
}

/// Partitions are a part of the table that they belong to.
fn remarks(catalog: &Catalog, sentence: impl Fn(TableKind, &str, bool) -> Option<String>) -> Vec<Remark> {
    let whole = catalog.tables.iter().filter(|table| table.partition_of.is_none() && !is_own(&table.name));
    whole
        .filter_map(|table| {
            let sentence = sentence(table.kind, &qualified(&table.name), table.primary_key.is_some())?;
            Some(Remark { table: table.name.clone(), sentence })
        })
        .collect()
}
