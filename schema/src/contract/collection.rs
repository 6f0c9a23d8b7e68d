//! A collection in a contract.

use super::{Embed, KeyColumn};

/// A collection; its types are definitions.
pub(super) struct Collection {
    pub(super) name: String,
    pub(super) plural: String,
    pub(super) sent: bool,
    pub(super) columns: Vec<String>,
    /// Text columns that are compared as the numbers they contain.
    pub(super) numbers: Vec<String>,
    /// Text columns that contain integers.
    pub(super) bigints: Vec<String>,
    /// Text columns that contain instants.
    pub(super) times: Vec<String>,
    /// The columns of the primary key; none if rows can only be listed.
    pub(super) key: Vec<KeyColumn>,
    /// The field with the row's version.
    pub(super) version: String,
    pub(super) row: String,
    pub(super) new: Option<String>,
    pub(super) update: Option<String>,
    pub(super) embeds: Vec<Embed>,
    /// Its place among the tables, if it is described by data.
    pub(super) table: Option<usize>,
}

/// The field with the version of a row in Rust.
pub(super) const VERSION: &str = "version";

impl Collection {
    /// A collection of Rust types.
    pub(super) fn of_types(
        (name, plural): (&str, &str),
        sent: bool,
        columns: &[&str],
        [row, new, update]: [String; 3],
    ) -> Self {
        Self {
            name: name.to_owned(),
            plural: plural.to_owned(),
            sent,
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            numbers: Vec::new(),
            bigints: Vec::new(),
            times: Vec::new(),
            key: vec![KeyColumn::id()],
            version: VERSION.to_owned(),
            row,
            new: Some(new),
            update: Some(update),
            embeds: Vec::new(),
            table: None,
        }
    }

    /// Whether rows have a key.
    pub(super) fn is_keyed(&self) -> bool {
        !self.key.is_empty()
    }

    /// The names of the types of its rows and payloads.
    pub(super) fn types(&self) -> impl Iterator<Item = &String> {
        [Some(&self.row), self.new.as_ref(), self.update.as_ref()].into_iter().flatten()
    }
}
