//! Keys as JSON.

use std::fmt;

use rowcast_schema::is_safe_integer;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

use super::{Key, KeyColumn, KeyForm, KeyPart};

/// A key that is serialised as an object, however many columns it has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyObject<'a>(NamedKey<'a>);

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

    /// The key as an object of its columns, in the order of the primary key.
    pub(crate) fn as_object<'a>(&'a self, columns: &'a [KeyColumn]) -> KeyObject<'a> {
        KeyObject(self.named(columns))
    }

    /// Appends the key as JSON. `columns` are the key's, in the order of the primary key.
    pub fn write_json(&self, columns: &[KeyColumn], json: &mut Vec<u8>) {
        serde_json::to_writer(json, &self.named(columns)).expect("a vector takes all that is written to it");
    }
}

impl Key {
    /// The values in a JSON array, in the order of the primary key, as the change log has them.
    #[must_use]
    pub fn to_json_array(&self) -> String {
        let array = match self {
            Self::Number(number) => serde_json::to_string(&[number]),
            Self::Text(text) => serde_json::to_string(&[&***text]),
            Self::Columns(parts) => serde_json::to_string(&***parts),
        };
        array.expect("numbers and text have a JSON form")
    }

    /// The key of such an array; none if the text is no array of integers and text, or is empty.
    #[must_use]
    pub fn from_json_array(json: &str) -> Option<Self> {
        let parts: Vec<KeyPart> = serde_json::from_str(json).ok()?;
        match &*parts {
            [] => None,
            [KeyPart::Number(number)] => Some(Self::Number(*number)),
            [KeyPart::Text(text)] => Some((&**text).into()),
            _ => Some(parts.into()),
        }
    }
}

impl Serialize for KeyObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(named) = self;
        match (named.key, named.columns) {
            (Key::Columns(_), _) => named.serialize(serializer),
            (_, columns) => serializer.collect_map(columns.iter().map(|column| (column.name, named))),
        }
    }
}

impl<'de> Deserialize<'de> for KeyPart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Part;

        impl Visitor<'_> for Part {
            type Value = KeyPart;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer of 64 bits or a text")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<KeyPart, E> {
                Ok(KeyPart::Number(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<KeyPart, E> {
                i64::try_from(number).map(KeyPart::Number).map_err(E::custom)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<KeyPart, E> {
                Ok(text.into())
            }
        }

        deserializer.deserialize_any(Part)
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

/// As the change log has it.
impl Serialize for KeyPart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        NamedPart { part: self, form: KeyForm::Number }.serialize(serializer)
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
