//! Which tables are collections by their names, and which are left out.
//!
//! A name that the settings do not give is the database's. Another program may make a table at any time whose name has another
//! meaning, or is taken: that table is left out, and the others are served.

use std::collections::BTreeMap;

use rowcast_schema::contract;

use super::{
    CollectionSettings, Settings,
    names::{names, singular},
};
use crate::catalog::{Catalog, QualifiedName, Table};

/// Beside the names reserved on the wire: one with a meaning in JavaScript, and one kept for an event.
const RESERVED: [&str; 2] = ["__proto__", "watch"];

/// A table with the names of its collection and of one row, or with the reason why it is none.
pub(crate) struct Named<'c> {
    pub(crate) table: &'c Table,
    pub(crate) names: Result<(String, String), String>,
}

/// Whether no collection can have the name.
pub(super) fn is_reserved(name: &str) -> bool {
    contract::is_reserved(name) || RESERVED.contains(&name)
}

/// Whether the settings name the collection or its rows.
pub(super) fn is_given(own: Option<&CollectionSettings>) -> bool {
    own.is_some_and(|own| own.name.is_some() || own.singular.is_some())
}

/// The tables that the settings do not leave out, in the order of the catalog. Names in the settings come first, then plurals:
/// a new table `item` takes no event from `items`.
pub(crate) fn named<'c>(catalog: &'c Catalog, settings: &Settings) -> Vec<Named<'c>> {
    let own = |name: &QualifiedName| settings.collection(&name.schema, &name.name);
    let is_included = |table: &&Table| settings.left_out(&table.name.schema, &table.name.name).is_none();
    let tables = catalog.tables.iter().filter(|table| table.partition_of.is_none()).filter(is_included);
    let mut ordered: Vec<(usize, &Table)> = tables.enumerate().collect();
    let is_plural = |table: &Table| singular(&table.name.name) != table.name.name;
    ordered.sort_by_key(|(at, table)| (!is_given(own(&table.name)), !is_plural(table), *at));
    let (mut collections, mut singulars): (BTreeMap<_, &Table>, BTreeMap<_, &Table>) = Default::default();
    let mut all = BTreeMap::new();
    for (at, table) in ordered {
        let (name, singular) = names(&table.name.name, own(&table.name));
        let has_control = |name: &str| name.chars().any(char::is_control);
        let reason = if is_reserved(&name) {
            Some(format!("clients know an event called {name}"))
        } else if has_control(&name) || has_control(&singular) {
            Some("its name contains a control character".to_owned())
        } else if let Some(other) = collections.get(&name) {
            Some(format!("the collection {name} is the table {}", told_apart(other, table)))
        } else {
            let other = singulars.get(&singular).map(|other| told_apart(other, table));
            other.map(|other| format!("new_{singular} is an event of the table {other}"))
        };
        let names = match reason {
            None => {
                collections.insert(name.clone(), table);
                singulars.insert(singular.clone(), table);
                Ok((name, singular))
            }
            Some(reason) => Err(format!("left out, because {reason}: give it a name in rowcast.toml")),
        };
        all.insert(at, Named { table, names });
    }
    all.into_values().collect()
}

/// The name of a table, with its schema if that is what differs.
fn told_apart(other: &Table, table: &Table) -> String {
    let QualifiedName { schema, name } = &other.name;
    if *name == table.name.name { format!("{schema}.{name}") } else { name.clone() }
}
