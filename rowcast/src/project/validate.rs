//! Settings compared with the tables of a database.

mod accounts;
mod collection;
mod events;

use crate::catalog::{Catalog, Table};

use super::{
    Mistake, Settings,
    mistake::{did_you_mean, list, no_column},
    settings::{FILE, LeftOut, is_meant},
};

/// Finds everything in the settings that does not fit the database, ordered by line: tables and columns that do not
/// exist, embedded rows without a clear foreign key, and collections with equal or reserved names.
#[must_use]
pub fn validate(settings: &Settings, catalog: &Catalog) -> Vec<Mistake> {
    let mut validation = Validation { settings, catalog, mistakes: Vec::new() };
    validation.include();
    let tables = validation.tables();
    validation.events(&tables);
    validation.accounts();
    let mut mistakes = validation.mistakes;
    mistakes.sort_by(|one, other| (one.line, &one.sentence).cmp(&(other.line, &other.sentence)));
    mistakes.dedup();
    mistakes
}

struct Validation<'v> {
    settings: &'v Settings,
    catalog: &'v Catalog,
    mistakes: Vec<Mistake>,
}

/// A table and its settings, if it has some.
type Configured<'v> = (Option<&'v super::CollectionSettings>, &'v Table);

impl<'v> Validation<'v> {
    fn mistake(&mut self, path: &[&str], sentence: impl Into<String>) {
        self.mistakes.push(Mistake::new(FILE, self.settings.lines.of(path), sentence));
    }

    /// The tables that are collections. Validates the section of each.
    fn tables(&mut self) -> Vec<Configured<'v>> {
        let (settings, catalog) = (self.settings, self.catalog);
        for collection in &settings.collections {
            let path = ["collections", &collection.table];
            let table = match find(catalog, &collection.table) {
                Ok(table) => table,
                Err(sentence) => {
                    self.mistake(&path, sentence);
                    continue;
                }
            };
            let (schema, name) = (&table.name.schema, &table.name.name);
            match settings.left_out(schema, name) {
                // A file may be for several databases.
                Some(LeftOut::NotChosen) => continue,
                Some(left_out) => {
                    let (reason, remedy) = (left_out.reason(), left_out.remedy());
                    self.mistake(&path, format!("`{name}` {reason}: remove this section, or {remedy}"));
                }
                None => {}
            }
            self.collection(collection, table);
            let other = settings.collection(schema, name).filter(|other| other.table != collection.table);
            if let Some(other) = other {
                let sentence =
                    format!("[collections.{:?}] is the same table: write one section for both", other.table);
                self.mistake(&path, sentence);
            }
        }
        let is_included = |table: &&Table| settings.left_out(&table.name.schema, &table.name.name).is_none();
        let included = catalog.tables.iter().filter(is_included);
        included.map(|table| (settings.collection(&table.name.schema, &table.name.name), table)).collect()
    }

    /// Reports names in `include` that no table has. A pattern with `*` is for tables that may come.
    fn include(&mut self) {
        for name in self.settings.include.iter().filter(|pattern| !pattern.contains('*')) {
            let is_named = |table: &Table| is_meant(name, &table.name.schema, &table.name.name);
            if !self.catalog.tables.iter().any(is_named) {
                self.mistake(&["collections", "include", name], no_table(self.catalog, name));
            }
        }
    }

    /// Reports that a table has no such column.
    fn no_column(&mut self, path: &[&str], table: &Table, column: &str) {
        self.mistake(path, no_column(table, column));
    }
}

/// The table of a name, or of `schema.table`.
fn find<'c>(catalog: &'c Catalog, name: &str) -> Result<&'c Table, String> {
    let named: Vec<&Table> = catalog.tables.iter().filter(|table| table.name.name == name).collect();
    match named.as_slice() {
        [table] => return Ok(table),
        [] => {}
        several => {
            let names: Vec<String> = several.iter().map(|table| qualified(table)).collect();
            return Err(format!("several schemas have a table `{name}`: write {} in quotes", list(&names)));
        }
    }
    // Names may contain dots.
    let dots = name.match_indices('.').map(|(at, _)| (&name[..at], &name[at + 1..]));
    if let Some(table) = dots.into_iter().find_map(|(schema, name)| catalog.table(schema, name)) {
        return Ok(table);
    }
    Err(no_table(catalog, name))
}

/// That there is no such table, and the one that is most likely meant.
pub(crate) fn no_table(catalog: &Catalog, name: &str) -> String {
    let all: Vec<String> =
        catalog.tables.iter().flat_map(|table| [table.name.name.clone(), qualified(table)]).collect();
    format!("the database has no table `{name}`{}", did_you_mean(name, all.iter().map(String::as_str)))
}

fn qualified(table: &Table) -> String {
    format!("{}.{}", table.name.schema, table.name.name)
}
