//! Keys of the change log, whose triggers write values as the database prints them.

use super::{definition::Definition, field::Field, temporal, uuid_form, value_type::ValueType};
use crate::key::{Key, KeyPart};

impl Definition {
    /// The key of an entry of the change log: PostgreSQL prints instants there in a form of its own, and SQLite has UUIDs as
    /// they are stored.
    pub(super) fn logged_key(&self, key: Key) -> Key {
        let differs = |field: &Field| match self.is_postgres {
            true => field.value_type.is_instant(),
            false => field.value_type == ValueType::Uuid,
        };
        if !self.key_fields().any(differs) {
            return key;
        }
        let of = |field: &Field, text: &str| match (differs(field), self.is_postgres) {
            (true, true) => temporal::from_postgres(text),
            (true, false) => uuid_form::from_upper_case(text).unwrap_or_else(|| text.to_owned()),
            (false, _) => text.to_owned(),
        };
        match &key {
            Key::Number(_) => key,
            Key::Text(text) => match self.key_fields().next() {
                Some(field) => Key::from(&*of(field, text)),
                None => key,
            },
            Key::Columns(parts) => {
                let part = |(field, part): (&Field, &KeyPart)| match part {
                    KeyPart::Number(number) => KeyPart::Number(*number),
                    KeyPart::Text(text) => of(field, text).as_str().into(),
                };
                Key::from(self.key_fields().zip(parts.iter()).map(part).collect::<Vec<_>>())
            }
        }
    }
}
