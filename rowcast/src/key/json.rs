//! Keys as JSON.

use rowcast_schema::is_safe_integer;
use serde::{Serialize, Serializer};

use super::{Key, KeyColumn, KeyForm, KeyPart};

/// A key that is serialised: a number, a text, or an object with the values of several columns by name.
#[derive(Clone, Copy, Debug)]
pub struct NamedKey<'a> {
    key: &'a Key,
    columns: &'a [KeyColumn],
}

impl Key {
    /// Adds the key's columns, in the order of the primary key.
    #[must_use]
    pub fn named<'a>(&'a self, columns: &'a [KeyColumn]) -> NamedKey<'a> {
        NamedKey { key: self, columns }
    }

    /// Appends the key as JSON. `columns` are the key's, in the order of the primary key.
    pub fn write_json(&self, columns: &[KeyColumn], json: &mut Vec<u8>) {
        serde_json::to_writer(json, &self.named(columns)).expect("a vector takes all that is written to it");
    }
}

impl Serialize for NamedKey<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = self.columns.first().map_or(KeyForm::Number, |column| column.form);
        match self.key {
            Key::Number(number) => write_number(*number, form, serializer),
            Key::Text(text) => serializer.serialize_str(text),
            Key::Columns(parts) => {
                debug_assert_eq!(parts.len(), self.columns.len(), "{:?} has other columns", self.key);
                let part = |(column, part)| {
                    let KeyColumn { name, form } = column;
                    (name, NamedPart { part, form })
                };
                serializer.collect_map(self.columns.iter().copied().zip(parts.iter()).map(part))
            }
        }
    }
}

struct NamedPart<'a> {
    part: &'a KeyPart,
    form: KeyForm,
}

impl Serialize for NamedPart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.part {
            KeyPart::Number(number) => write_number(*number, self.form, serializer),
            KeyPart::Text(text) => serializer.serialize_str(text),
        }
    }
}

fn write_number<S: Serializer>(number: i64, form: KeyForm, serializer: S) -> Result<S::Ok, S::Error> {
    match form {
        KeyForm::Digits => serializer.collect_str(&number),
        KeyForm::SafeNumber if !is_safe_integer(number) => serializer.collect_str(&number),
        KeyForm::Number | KeyForm::SafeNumber | KeyForm::Text => serializer.serialize_i64(number),
    }
}
