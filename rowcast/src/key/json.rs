//! Keys as JSON.

use serde::{Serialize, Serializer};

use super::{Key, KeyPart};

/// A key that is serialised: a number, a text, or an object with the values of several columns by name.
#[derive(Clone, Copy, Debug)]
pub struct NamedKey<'a> {
    key: &'a Key,
    columns: &'a [&'a str],
}

impl Key {
    /// Adds the names of the key's columns, in the order of the primary key.
    #[must_use]
    pub fn named<'a>(&'a self, columns: &'a [&'a str]) -> NamedKey<'a> {
        NamedKey { key: self, columns }
    }

    /// Appends the key as JSON. `columns` are the names of the key's columns, in the order of the primary key.
    pub fn write_json(&self, columns: &[&str], json: &mut Vec<u8>) {
        serde_json::to_writer(json, &self.named(columns)).expect("a vector takes all that is written to it");
    }
}

impl Serialize for NamedKey<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.key {
            Key::Number(number) => serializer.serialize_i64(*number),
            Key::Text(text) => serializer.serialize_str(text),
            Key::Columns(parts) => {
                debug_assert_eq!(parts.len(), self.columns.len(), "{:?} has other columns", self.key);
                serializer.collect_map(self.columns.iter().zip(parts.iter()))
            }
        }
    }
}

impl Serialize for KeyPart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}
