//! Names of collections and their events, which must differ from each other and from the engine's. Only names in the settings
//! are mistakes: a table whose own name has another meaning is [left out](crate::project::naming).

use std::collections::BTreeMap;

use super::{Configured, Validation, find, qualified};
use crate::{
    catalog::Table,
    project::{
        names,
        naming::{is_given, is_reserved},
    },
};

impl Validation<'_> {
    pub(super) fn events(&mut self, tables: &[Configured<'_>]) {
        let (mut collections, mut singulars) = (BTreeMap::new(), BTreeMap::new());
        for &(settings, table) in tables {
            let (name, singular) = names(&table.name.name, settings);
            if is_given(settings) {
                self.usable(table, &name, &singular);
            }
            singulars.entry(singular).or_insert_with(Vec::new).push((name.clone(), table));
            collections.entry(name).or_insert_with(Vec::new).push(table);
        }
        for (name, tables) in &collections {
            let is_mistake = self.are_given(tables);
            if let ([first, .., last], true) = (tables.as_slice(), is_mistake) {
                let sentence = format!(
                    "the tables {} and {} would both be the collection `{name}`: write name = \"…\" in {}",
                    qualified(first),
                    qualified(last),
                    self.section(last)
                );
                self.mistake_of(last, "name", sentence);
            }
        }
        for (singular, tables) in &singulars {
            let given = self.are_given(&tables.iter().map(|(_, table)| *table).collect::<Vec<_>>());
            match tables.as_slice() {
                // Equal names have been reported.
                [(one, first), .., (other, last)] if one != other && given => {
                    let sentence = format!(
                        "the tables `{}` and `{}` would both have the event `new_{singular}`: write singular = \"…\" in {}",
                        first.name.name,
                        last.name.name,
                        self.section(last)
                    );
                    self.mistake_of(last, "singular", sentence);
                }
                _ => {}
            }
        }
    }

    /// Whether the settings name one of the tables.
    fn are_given(&self, tables: &[&Table]) -> bool {
        let settings = |table: &&Table| self.settings.collection(&table.name.schema, &table.name.name);
        tables.iter().any(|table| is_given(settings(table)))
    }

    fn usable(&mut self, table: &Table, name: &str, singular: &str) {
        let section = self.section(table);
        if is_reserved(name) {
            let sentence = format!(
                "`{name}` cannot be the name of a collection, because it has a meaning of its own among events: write \
                 name = \"…\" in {section}"
            );
            self.mistake_of(table, "name", sentence);
        }
        for (key, name) in [("name", name), ("singular", singular)] {
            if name.chars().any(char::is_control) {
                let sentence =
                    format!("{name:?} contains a control character: write {key} = \"…\" in {section}");
                self.mistake_of(table, key, sentence);
            }
        }
    }

    /// The section of a table's settings, as it is or would be written.
    fn section(&self, table: &Table) -> String {
        let name = self.settings_name(table);
        let is_bare = |name: &str| {
            !name.is_empty()
                && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
        };
        if is_bare(&name) { format!("[collections.{name}]") } else { format!("[collections.{name:?}]") }
    }

    fn settings_name(&self, table: &Table) -> String {
        let own = self.settings.collection(&table.name.schema, &table.name.name);
        match own {
            Some(own) => own.table.clone(),
            None if find(self.catalog, &table.name.name).is_ok() => table.name.name.clone(),
            None => qualified(table),
        }
    }

    /// A mistake at a table's setting, if it is in the file.
    fn mistake_of(&mut self, table: &Table, key: &str, sentence: String) {
        let settings = self.settings;
        match settings.collection(&table.name.schema, &table.name.name) {
            Some(own) => self.mistake(&["collections", &own.table, key], sentence),
            None => self.mistake(&[], sentence),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rowcast;

    #[test]
    fn every_event_of_the_server_is_reserved() {
        let types = Rowcast::new("nothing").build().registry.contract().typescript();
        let (_, events) = types.split_once("interface ServerToClientEvents {").unwrap();
        let (events, _) = events.split_once("\n}").unwrap();
        let names: Vec<_> =
            events.lines().filter_map(|line| Some(line.split_once(": (")?.0.trim())).collect();
        assert!(names.contains(&"connected"), "{names:?}");
        assert!(names.iter().all(|name| is_reserved(name)), "{names:?}");
    }
}
