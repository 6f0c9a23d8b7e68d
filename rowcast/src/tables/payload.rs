//! Payloads of a table's events: JSON to values, with the errors of all fields.

use std::collections::{BTreeMap, BTreeSet};

use rowcast_schema::{FieldErrors, keys, shortened, suggest};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    definition::Definition,
    field::{Field, Insert},
    rules, sqlite_value, stored_row,
};
use crate::{
    error::Error,
    key::{Key, KeyPart},
};

/// A response must not outgrow its request.
const MAX_UNKNOWN_FIELDS: usize = 20;

/// Values by field, as the database reads them; null is `None`.
pub(super) type Values = BTreeMap<usize, Option<String>>;

/// A payload that was read.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Payload {
    /// The key of the row that it names.
    #[serde(skip)]
    pub(super) key: Option<Key>,
    /// The version that the client last saw, as text.
    pub(super) version: Option<String>,
    pub(super) values: Values,
    /// The texts of the key, for the fingerprint.
    key_texts: Vec<String>,
}

impl Definition {
    /// Reads a new row.
    pub(super) fn read_new(&self, payload: &RawValue) -> Result<(Payload, FieldErrors), Error> {
        let mut form = self.form(payload)?;
        let mut read = Payload::default();
        for (at, field) in self.fields.iter().enumerate() {
            let json = form.take(field);
            if field.insert == Insert::Never {
                continue;
            }
            let value = match json.map(|json| field.value_type.decode(json)) {
                None if field.insert == Insert::Required => {
                    form.errors.insert(field.name, REQUIRED);
                    continue;
                }
                None => continue,
                Some(Ok(None)) if field.nullable => None,
                // A form's blank field stands for the default.
                Some(Ok(None)) if field.insert == Insert::Optional => continue,
                Some(Ok(None)) => {
                    form.errors.insert(field.name, REQUIRED);
                    continue;
                }
                Some(Ok(Some(value))) => Some(value),
                Some(Err(refusal)) => {
                    form.errors.insert(field.name, refusal);
                    continue;
                }
            };
            self.check(field, value.as_deref(), &mut form.errors);
            read.values.insert(at, value);
        }
        Ok((read, form.finish(self)))
    }

    /// Reads changes of a row.
    pub(super) fn read_update(&self, payload: &RawValue) -> Result<(Payload, FieldErrors), Error> {
        let mut form = self.form(payload)?;
        let mut read = Payload { version: form.version(self.version_field), ..Payload::default() };
        read.key = self.read_key(&mut form, &mut read.key_texts);
        for (at, field) in self.fields.iter().enumerate().filter(|(at, _)| !self.key.contains(at)) {
            let json = form.take(field).filter(|_| field.update);
            match json.map(|json| field.value_type.decode(json)) {
                None => {}
                Some(Ok(None)) if !field.nullable => form.errors.insert(field.name, REQUIRED),
                Some(Ok(value)) => {
                    self.check(field, value.as_deref(), &mut form.errors);
                    read.values.insert(at, value);
                }
                Some(Err(refusal)) => form.errors.insert(field.name, refusal),
            }
        }
        Ok((read, form.finish(self)))
    }

    /// Reads the key of a row; other fields are ignored, so a whole row is accepted.
    pub(super) fn read_key_alone(&self, payload: &RawValue) -> Result<(Key, Payload), Error> {
        let mut form = self.form(payload)?;
        let mut read = Payload::default();
        let key = self.read_key(&mut form, &mut read.key_texts);
        match key {
            Some(key) if form.errors.is_empty() => Ok((key, read)),
            _ => Err(Error::Invalid(form.errors)),
        }
    }

    fn read_key(&self, form: &mut Form<'_>, texts: &mut Vec<String>) -> Option<Key> {
        let mut parts = Vec::new();
        for field in self.key_fields() {
            let value = form.take(field).map_or(Ok(None), |json| field.value_type.decode(json));
            match value {
                Ok(Some(text)) => {
                    parts.push(part(field, &text));
                    texts.push(text);
                }
                Ok(None) => form.errors.insert(field.name, REQUIRED),
                Err(refusal) => form.errors.insert(field.name, refusal),
            }
        }
        (parts.len() == self.key.len()).then(|| stored_row::key(parts)).flatten()
    }

    /// Adds the errors of a value that a rule excludes.
    fn check(&self, field: &Field, value: Option<&str>, errors: &mut FieldErrors) {
        for (rule, comment) in &field.rules {
            if rules::satisfies(rule, &field.value_type, value) == Some(false) {
                errors.insert(field.name, comment.clone().unwrap_or_else(|| rules::sentence(rule)));
            }
        }
        if let Some(value) = value.filter(|_| !self.is_postgres)
            && let Err(refusal) = sqlite_value::check_exact(&field.value_type, value)
        {
            errors.insert(field.name, refusal);
        }
    }

    fn form<'a>(&self, payload: &'a RawValue) -> Result<Form<'a>, Error> {
        let fields = serde_json::from_str(payload.get()).map_err(|_| {
            Error::BadPayload(format!("expected an object with the fields of a {}", self.noun()))
        })?;
        Ok(Form { fields, known: BTreeSet::new(), errors: FieldErrors::new() })
    }
}

const REQUIRED: &str = "is required";

/// The value of a column as a part of a key.
pub(super) fn part(field: &Field, text: &str) -> KeyPart {
    match text.parse() {
        Ok(number) if field.value_type.is_integer() => KeyPart::Number(number),
        _ => text.into(),
    }
}

struct Form<'a> {
    fields: BTreeMap<String, &'a RawValue>,
    known: BTreeSet<&'static str>,
    errors: FieldErrors,
}

impl<'a> Form<'a> {
    fn take(&mut self, field: &Field) -> Option<&'a RawValue> {
        self.known.insert(field.name);
        self.fields.get(field.name).copied()
    }

    /// The version as text, whatever its type: forms send text.
    fn version(&mut self, name: &'static str) -> Option<String> {
        let json = self.fields.get(name)?.get().trim_ascii();
        match serde_json::from_str::<serde_json::Value>(json) {
            Ok(serde_json::Value::String(text)) if !text.is_empty() => Some(text),
            Ok(serde_json::Value::Number(_)) => Some(json.to_owned()),
            Ok(serde_json::Value::Null | serde_json::Value::String(_)) => None,
            _ => {
                self.errors.insert(name, "must be the version of a row");
                None
            }
        }
    }

    /// All errors, those for unknown fields included.
    fn finish(mut self, definition: &Definition) -> FieldErrors {
        self.known.insert(definition.version_field);
        let noun = definition.noun();
        let unknown = self.fields.keys().filter(|field| !self.known.contains(field.as_str()));
        for field in unknown.take(MAX_UNKNOWN_FIELDS) {
            let near = suggest(field, definition.shown().map(|field| field.name));
            let hint = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
            match field.starts_with('$') {
                // Keys with `$` are reserved for errors about the whole request.
                true => self.errors.insert(
                    keys::BAD_PAYLOAD,
                    format!("{} is not a field of a {noun}", shortened(field.clone(), 120)),
                ),
                false => self.errors.insert(field, format!("is not a field of a {noun}{hint}")),
            }
        }
        self.errors
    }
}
