//! Rows as they are read.

use sea_orm::{DbErr, QueryResult, Value};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{
    definition::{Definition, VersionSource},
    field::Field,
    sqlite_value,
    value_type::ValueType,
};
use crate::{
    error::Error,
    key::{Key, KeyPart},
    version::Version,
};

/// A row in the form that clients receive.
#[derive(Debug)]
pub(super) struct StoredRow {
    /// None if rows are not identified, or, on SQLite, if this one has no key.
    pub(super) key: Option<Key>,
    pub(super) version: Option<Version>,
    pub(super) json: Box<RawValue>,
}

impl Definition {
    /// Reads a row of [`selection`](Self::selection).
    pub(super) fn stored_row(&self, row: &QueryResult) -> Result<StoredRow, Error> {
        match self.is_postgres {
            true => self.postgres_row(row),
            false => self.sqlite_row(row),
        }
    }

    /// The key of a row of PostgreSQL.
    pub(super) fn postgres_key(&self, row: &QueryResult) -> Result<Option<Key>, DbErr> {
        let mut parts = Vec::with_capacity(self.key.len());
        for (at, field) in self.key_fields().enumerate() {
            let name = format!("k{at}");
            parts.push(match field.value_type.is_integer() {
                true => KeyPart::Number(row.try_get("", &name)?),
                false => KeyPart::Text(row.try_get::<String>("", &name)?.into()),
            });
        }
        Ok(key(parts))
    }

    fn postgres_row(&self, row: &QueryResult) -> Result<StoredRow, Error> {
        let key = self.postgres_key(row)?;
        let version = match self.key.is_empty() {
            true => None,
            false => row.try_get::<Option<String>>("", "v")?.map(|text| self.parse_version(text)),
        };
        let json: String = row.try_get("", "row")?;
        Ok(StoredRow { key, version, json: raw(json)? })
    }

    fn parse_version(&self, text: String) -> Version {
        match (self.version, text.parse()) {
            (VersionSource::Column, Ok(number)) => Version::Number(number),
            _ => Version::Text(text.into()),
        }
    }

    /// The key of a row of SQLite, from the columns of [`selection`](Self::selection).
    pub(super) fn sqlite_key<'v>(&self, value: impl Fn(usize) -> &'v Value) -> Option<Key> {
        let part = |at: &usize| sqlite_value::key_part(&self.fields[*at], value(*at));
        self.key.iter().map(part).collect::<Option<Vec<KeyPart>>>().and_then(key)
    }

    fn sqlite_row(&self, row: &QueryResult) -> Result<StoredRow, Error> {
        let named = values(row)?;
        let value = |at: usize| named(&format!("c{at}"));
        let mut json = String::from("{");
        for (at, field) in self.fields.iter().enumerate().filter(|(_, field)| field.shown) {
            write_name(field.name, &mut json);
            sqlite_value::write_json(field, value(at), &mut json);
        }
        let version = match self.version {
            _ if self.key.is_empty() => None,
            VersionSource::Column => self.own_version(value),
            _ => Some(Version::Text(content_hash(&json).into())),
        };
        for (at, embedding) in self.embeds.iter().enumerate() {
            write_name(embedding.field, &mut json);
            embedding.write_json(at, &named, &mut json);
        }
        if let Some(Version::Text(hash)) = &version {
            write_name(self.version_field, &mut json);
            sqlite_value::quote(hash, &mut json);
        }
        json.push('}');
        Ok(StoredRow { key: self.sqlite_key(value), version, json: raw(json)? })
    }

    fn own_version<'a>(&self, value: impl Fn(usize) -> &'a Value) -> Option<Version> {
        let (at, _) = self.field("version")?;
        match value(at) {
            Value::BigInt(Some(number)) => Some(Version::Number(*number)),
            _ => None,
        }
    }

    /// A row's key as values of the fields of the key; as text, for the conditions of statements.
    pub(super) fn key_texts(&self, key: &Key) -> Vec<String> {
        let text = |part: &KeyPart| part.to_string();
        match key {
            Key::Number(number) => vec![number.to_string()],
            Key::Text(text) => vec![text.to_string()],
            Key::Columns(parts) => parts.iter().map(text).collect(),
        }
    }

    /// The values of statements for decoded texts.
    pub(super) fn bound(&self, field: &Field, text: Option<&str>) -> Value {
        match self.is_postgres {
            true => Value::String(text.map(ToOwned::to_owned)),
            false => sqlite_value::bind(field, text),
        }
    }

    /// The value to compare a column with, for a decoded text.
    pub(super) fn compared(&self, field: &Field, text: &str) -> Value {
        match self.is_postgres {
            true => text.into(),
            false => sqlite_value::compared(field, text),
        }
    }

    /// The values that identify a row in statements. On SQLite a UUID is its text, whose bytes are compared as well.
    pub(super) fn bound_key(&self, key: &Key) -> Vec<Value> {
        let value = |(field, text): (&Field, &String)| match field.value_type {
            ValueType::Uuid => text.as_str().into(),
            _ => self.bound(field, Some(text)),
        };
        self.key_fields().zip(&self.key_texts(key)).map(value).collect()
    }

    /// The values to compare with [`key_order`](Self::key_order).
    pub(super) fn ordered_key(&self, key: &Key) -> Vec<Value> {
        let value = |(field, text): (&Field, &String)| match field.value_type {
            ValueType::Uuid if field.uuid_form.is_mixed() => text.as_str().into(),
            _ => self.bound(field, Some(text)),
        };
        self.key_fields().zip(&self.key_texts(key)).map(value).collect()
    }

    /// The same as rows are stored, in the form of new ones.
    pub(super) fn stored_key(&self, key: &Key) -> Vec<Value> {
        let texts = self.key_texts(key);
        self.key_fields().zip(&texts).map(|(field, text)| self.bound(field, Some(text))).collect()
    }
}

/// The values of a row of SQLite by their names in the selection. One that is not selected is null.
pub(super) fn values<'r>(row: &'r QueryResult) -> Result<impl Fn(&str) -> &'r Value, DbErr> {
    let row = row.try_as_proxy_row().ok_or_else(|| DbErr::Type("not a row of SQLite".into()))?;
    Ok(|name: &str| row.values.get(name).unwrap_or(&Value::String(None)))
}

/// A key of one part, or of several.
pub(super) fn key(parts: Vec<KeyPart>) -> Option<Key> {
    match parts.len() {
        0 => None,
        1 => parts.into_iter().next().map(|part| match part {
            KeyPart::Number(number) => Key::Number(number),
            KeyPart::Text(text) => Key::from(&*text),
        }),
        _ => Some(Key::from(parts)),
    }
}

pub(super) fn write_name(name: &str, json: &mut String) {
    if !json.ends_with('{') {
        json.push(',');
    }
    sqlite_value::quote(name, json);
    json.push(':');
}

/// Twelve bytes of a hash, in hexadecimal digits: two versions of one row are never equal by chance.
fn content_hash(json: &str) -> String {
    hex::encode(&Sha256::digest(json)[..12])
}

fn raw(json: String) -> Result<Box<RawValue>, Error> {
    RawValue::from_string(json).map_err(|error| Error::Internal(format!("a row is no JSON: {error}")))
}
