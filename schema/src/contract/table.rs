//! Descriptions of collections by data.

use serde_json::{Value, json};

use super::{Embed, collection::VERSION, definitions::refer, key_type::ID};

/// A collection whose types are data: a table of a database.
///
/// Rows and payloads are JSON Schemas of objects: `properties`, `required`, descriptions, bounds, `examples`. A column
/// of JSON is [`any_json`] or [`named_json`]; an enumeration has `enum`; a field that names a row of another collection
/// has `x-collection`. A `pattern` must be one of JavaScript, see [`javascript_pattern`](super::javascript_pattern). Payloads
/// have no other fields than these, unless `additionalProperties` allows them.
#[derive(Clone, Debug)]
pub struct TableDescription {
    /// The singular name, as in `new_customer`.
    pub name: String,
    /// The collection's name, as in `list_customers`; not [reserved](super::is_reserved).
    pub plural: String,
    /// The name of the type of its rows. Default: the singular in Pascal case. A name that is taken gets a number.
    pub type_name: Option<String>,
    /// Whether it is kept live on clients; otherwise it must be listed. False for rows without a key.
    pub sent: bool,
    /// The columns that `list_…` filters and sorts by.
    pub columns: Vec<String>,
    /// Columns of embedded rows that `list_…` filters by as well, as in `customer.plan`.
    pub embedded_columns: Vec<String>,
    /// Columns of text that are compared and sorted as numbers.
    pub numbers: Vec<String>,
    /// Columns of text that contain integers.
    pub bigints: Vec<String>,
    /// Columns of text that contain instants.
    pub times: Vec<String>,
    /// The columns of the primary key, in its order. Without any, rows can only be listed.
    pub key: Vec<KeyColumn>,
    /// The field with the row's version: `version`, or `$version` for a table with another column of that name.
    pub version_field: String,
    /// A row as clients see it.
    pub row: Value,
    /// The payload that creates a row, if clients may.
    pub new: Option<Value>,
    /// The payload that changes a row, with the key's columns, if clients may.
    pub update: Option<Value>,
    /// Fields that show rows of other collections.
    pub embeds: Vec<Embed>,
}

impl TableDescription {
    /// A table that can only be listed; the other fields are to be set.
    #[must_use]
    pub fn new(name: impl Into<String>, plural: impl Into<String>, row: Value) -> Self {
        Self {
            name: name.into(),
            plural: plural.into(),
            type_name: None,
            sent: false,
            columns: Vec::new(),
            embedded_columns: Vec::new(),
            numbers: Vec::new(),
            bigints: Vec::new(),
            times: Vec::new(),
            key: Vec::new(),
            version_field: VERSION.to_owned(),
            row,
            new: None,
            update: None,
            embeds: Vec::new(),
        }
    }
}

/// A column of a primary key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyColumn {
    /// Its name.
    pub name: String,
    /// The type of its values, as a JSON Schema.
    pub schema: Value,
}

impl KeyColumn {
    /// A column of a key.
    #[must_use]
    pub fn new(name: impl Into<String>, schema: Value) -> Self {
        Self { name: name.into(), schema }
    }

    /// The key of every collection in Rust.
    pub(super) fn id() -> Self {
        Self::new(ID, json!({ "type": "integer", "format": "int64" }))
    }
}

/// The keyword with the name of the type of a JSON column.
pub(super) const TYPE_NAME: &str = "x-type-name";

/// Refers to the type `Json` until all names are known.
pub(super) const JSON: &str = ".json";

/// The schema of any JSON value: the type `Json`.
#[must_use]
pub fn any_json() -> Value {
    refer(JSON)
}

/// The schema of a JSON value whose type is declared [in a module](super::Builder::types_module) of the product. It
/// is `Json` if there is no module, or if the name [is none](super::is_type_name).
#[must_use]
pub fn named_json(name: &str) -> Value {
    let mut schema = any_json();
    schema[TYPE_NAME] = name.into();
    schema
}
