//! Payloads of a table's events: JSON to values, with the errors of all fields.

use std::collections::BTreeMap;

use rowcast_schema::{DynamicForm, FieldErrors};
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

/// Names of fields live as long as the process.
type Form<'p> = DynamicForm<'p, 'static>;

/// Values by field, as the database reads them; null is `None`.
pub(super) type Values = BTreeMap<usize, Option<String>>;

/// A payload that was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Payload {
    /// The key of the row that it names.
    pub(super) key: Option<Key>,
    /// The version that the client last saw, as text.
    pub(super) version: Option<String>,
    pub(super) values: Values,
    /// The texts of the key, for the fingerprint.
    key_texts: Vec<String>,
}

/// What a repeated request must say again. Columns are named, because their places may have changed meanwhile.
#[derive(Serialize)]
pub(super) struct Meaning {
    version: Option<String>,
    values: BTreeMap<&'static str, Option<String>>,
    key: Vec<String>,
}

impl Definition {
    /// The meaning of a payload, for its fingerprint.
    pub(super) fn meaning(&self, payload: &Payload) -> Meaning {
        let named = |(at, value): (&usize, &Option<String>)| (self.fields[*at].name, value.clone());
        Meaning {
            version: payload.version.clone(),
            values: payload.values.iter().map(named).collect(),
            key: payload.key_texts.clone(),
        }
    }

    /// Reads a new row.
    pub(super) fn read_new(&self, payload: &RawValue) -> Result<(Payload, FieldErrors), Error> {
        let mut form = self.form(payload)?;
        let mut read = Payload::default();
        for (at, field) in self.fields.iter().enumerate() {
            let json = form.raw(field.name);
            if field.insert == Insert::Never {
                continue;
            }
            let value = match json.map(|json| field.value_type.decode(json, self.is_postgres)) {
                None if field.insert == Insert::Required => {
                    form.add_error(field.name, REQUIRED);
                    continue;
                }
                None => continue,
                Some(Ok(None)) if field.nullable => None,
                // A form's blank field stands for the default.
                Some(Ok(None)) if field.insert == Insert::Optional => continue,
                Some(Ok(None)) => {
                    form.add_error(field.name, REQUIRED);
                    continue;
                }
                Some(Ok(Some(value))) => Some(value),
                Some(Err(refusal)) => {
                    form.add_error(field.name, &refusal);
                    continue;
                }
            };
            self.check(field, value.as_deref(), &mut form);
            read.values.insert(at, value);
        }
        Ok((read, self.finish(form)))
    }

    /// Reads changes of a row.
    pub(super) fn read_update(&self, payload: &RawValue) -> Result<(Payload, FieldErrors), Error> {
        let mut form = self.form(payload)?;
        let mut read = Payload { version: version(&mut form, self.version_field), ..Payload::default() };
        read.key = self.read_key(&mut form, &mut read.key_texts);
        for (at, field) in self.fields.iter().enumerate().filter(|(at, _)| !self.key.contains(at)) {
            let json = form.raw(field.name).filter(|_| field.update);
            match json.map(|json| field.value_type.decode(json, self.is_postgres)) {
                None => {}
                Some(Ok(None)) if !field.nullable => form.add_error(field.name, REQUIRED),
                Some(Ok(value)) => {
                    self.check(field, value.as_deref(), &mut form);
                    read.values.insert(at, value);
                }
                Some(Err(refusal)) => form.add_error(field.name, &refusal),
            }
        }
        Ok((read, self.finish(form)))
    }

    /// Reads the key of a row; other fields are ignored, so a whole row is accepted.
    pub(super) fn read_key_alone(&self, payload: &RawValue) -> Result<(Key, Payload), Error> {
        let mut form = self.form(payload)?;
        let mut read = Payload::default();
        form.ignore_the_rest();
        let key = self.read_key(&mut form, &mut read.key_texts);
        let errors = self.finish(form);
        key.filter(|_| errors.is_empty()).map(|key| (key, read)).ok_or(Error::Invalid(errors))
    }

    fn read_key(&self, form: &mut Form<'_>, texts: &mut Vec<String>) -> Option<Key> {
        let mut parts = Vec::new();
        for field in self.key_fields() {
            let value =
                form.raw(field.name).map_or(Ok(None), |json| field.value_type.decode(json, self.is_postgres));
            match value {
                Ok(Some(text)) => {
                    parts.push(part(field, &text));
                    texts.push(text);
                }
                Ok(None) => form.add_error(field.name, REQUIRED),
                Err(refusal) => form.add_error(field.name, &refusal),
            }
        }
        (parts.len() == self.key.len()).then(|| stored_row::key(parts)).flatten()
    }

    /// Adds the errors of a value that a rule excludes.
    fn check(&self, field: &Field, value: Option<&str>, form: &mut Form<'_>) {
        for (rule, comment) in &field.rules {
            if rules::satisfies(rule, &field.value_type, value) == Some(false) {
                form.add_error(field.name, &comment.clone().unwrap_or_else(|| rules::sentence(rule)));
            }
        }
        if let Some(value) = value.filter(|_| !self.is_postgres)
            && let Err(refusal) = sqlite_value::check_exact(&field.value_type, value)
        {
            form.add_error(field.name, &refusal);
        }
    }

    fn form<'p>(&self, payload: &'p RawValue) -> Result<Form<'p>, Error> {
        Ok(DynamicForm::read(payload, &self.article())?)
    }

    /// All errors, those for unknown fields included.
    fn finish(&self, mut form: Form<'_>) -> FieldErrors {
        form.ignore([self.version_field]);
        form.ignore(self.embeds.iter().map(|embedding| embedding.field));
        form.finish(&self.article(), &[])
    }

    /// A noun with its article.
    pub(super) fn article(&self) -> String {
        let noun = self.noun();
        let is_vowel = noun.starts_with(|letter: char| "aeiouAEIOU".contains(letter));
        format!("{} {noun}", if is_vowel { "an" } else { "a" })
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

/// The version as text, whatever its type: forms send text.
fn version(form: &mut Form<'_>, name: &'static str) -> Option<String> {
    let json = form.raw(name)?.get().trim_ascii();
    match serde_json::from_str::<serde_json::Value>(json) {
        Ok(serde_json::Value::String(text)) if !text.is_empty() => Some(text),
        Ok(serde_json::Value::Number(_)) => Some(json.to_owned()),
        Ok(serde_json::Value::Null | serde_json::Value::String(_)) => None,
        _ => {
            form.add_error(name, "must be the version of a row");
            None
        }
    }
}
