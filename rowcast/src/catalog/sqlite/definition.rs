//! The text of a table's definition.
//!
//! SQLite keeps the text of `create table`, with the columns that were added later. It is scanned for the clauses that
//! matter, not parsed: what is unknown is passed over, so that one odd clause does not hide the others.

mod scan;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::super::sql::{Dialect, closing, split, tokens};
use scan::Scan;

/// What a definition adds to the pragmas.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Definition {
    /// By name in lower case.
    columns: HashMap<String, ColumnDefinition>,
    pub(super) checks: Vec<CheckDefinition>,
    pub(super) unique_keys: Vec<UniqueDefinition>,
    /// In the order of the text.
    pub(super) foreign_keys: Vec<ForeignKeyDefinition>,
    /// The name of the primary key.
    pub(super) primary_key: Option<String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ColumnDefinition {
    pub(super) collation: Option<String>,
    pub(super) generated: Option<String>,
    pub(super) autoincrement: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct CheckDefinition {
    pub(super) name: Option<String>,
    pub(super) sql: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct UniqueDefinition {
    pub(super) name: Option<String>,
    pub(super) columns: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct ForeignKeyDefinition {
    pub(super) name: Option<String>,
    pub(super) deferrable: bool,
}

impl Definition {
    /// Scans `create table …`; any other text has no clauses.
    pub(super) fn of(sql: &str) -> Self {
        let mut definition = Self::default();
        let tokens = tokens(sql, Dialect::Sqlite);
        let is_table = tokens.iter().take(3).any(|token| token.is_word("table"));
        let open = tokens.iter().position(|token| token.is_symbol("(")).filter(|_| is_table);
        let body = open.and_then(|open| Some(&tokens[open + 1..closing(&tokens, open)?]));
        for part in split(body.unwrap_or_default()) {
            Scan::new(sql, part).run(&mut definition);
        }
        definition
    }

    pub(super) fn column(&self, name: &str) -> Option<&ColumnDefinition> {
        self.columns.get(&name.to_ascii_lowercase())
    }

    fn column_mut(&mut self, name: &str) -> &mut ColumnDefinition {
        self.columns.entry(name.to_ascii_lowercase()).or_default()
    }
}
