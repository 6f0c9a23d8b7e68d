//! A payload whose fields are known at run time, such as the columns of a table.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use crate::{
    FieldErrors, PayloadError, keys,
    lenient::{FieldError, REQUIRED},
    payload, shortened, suggest,
};

/// A response must not outgrow its request.
const MAX_UNKNOWN_FIELDS: usize = 20;

/// The fields of a payload, and the errors found so far. The payload lives for `'p`, the names of known fields for `'n`.
///
/// ```
/// use rowcast_schema::{DynamicForm, lenient};
/// use serde_json::value::RawValue;
///
/// let payload: &RawValue = serde_json::from_str(r#"{"name": " Ada ", "agee": 36}"#)?;
/// let Ok(mut form) = DynamicForm::read(payload, "a member") else { panic!() };
/// assert_eq!(form.required("name", lenient::text), Some("Ada".to_owned()));
/// assert_eq!(form.optional("age", lenient::integer), None);
/// let errors = form.finish("a member", &[]);
/// assert_eq!(errors.get("agee"), Some("is not a field of a member; did you mean age?"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct DynamicForm<'p, 'n> {
    fields: BTreeMap<String, &'p RawValue>,
    known: Vec<&'n str>,
    allow_unknown: bool,
    pub(crate) errors: FieldErrors,
}

impl<'p, 'n> DynamicForm<'p, 'n> {
    /// Reads a payload one level deep. Of duplicate keys, the last one wins. `noun` is a row with its article:
    /// `a member`.
    ///
    /// # Errors
    /// [`PayloadError::Payload`] if the payload is no object, or nested too deeply.
    pub fn read(payload: &'p RawValue, noun: &str) -> Result<Self, PayloadError> {
        payload::fields(payload, noun, false).map(Self::new).map_err(PayloadError::Payload)
    }

    pub(crate) fn new(fields: BTreeMap<String, &'p RawValue>) -> Self {
        Self { fields, known: Vec::new(), allow_unknown: false, errors: FieldErrors::new() }
    }

    /// All fields of the payload by name, known or not.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &'p RawValue)> {
        self.fields.iter().map(|(name, raw)| (&**name, *raw))
    }

    /// Whether the field is present. It counts as known from now on.
    pub fn contains(&mut self, field: &'n str) -> bool {
        self.raw(field).is_some()
    }

    /// The field's JSON, if the field is present. It counts as known from now on.
    pub fn raw(&mut self, field: &'n str) -> Option<&'p RawValue> {
        self.known.push(field);
        self.fields.get(field).copied()
    }

    /// A value that must be present and not blank. `None` if there is none, with an error.
    pub fn required<T>(
        &mut self,
        field: &'n str,
        read: impl FnOnce(&RawValue) -> Result<Option<T>, FieldError>,
    ) -> Option<T> {
        let value = self.raw(field).map_or(Ok(None), read);
        let value = value.and_then(|value| value.ok_or(FieldError::new(REQUIRED)));
        value.map_err(|error| self.add_field_error(field, &error)).ok()
    }

    /// A value that may be absent or blank. `None` if it is, or if it is unreadable, with an error.
    pub fn optional<T>(
        &mut self,
        field: &'n str,
        read: impl FnOnce(&RawValue) -> Result<Option<T>, FieldError>,
    ) -> Option<T> {
        let value = self.raw(field).map_or(Ok(None), read);
        value.unwrap_or_else(|error| {
            self.add_field_error(field, &error);
            None
        })
    }

    /// Accepts fields that rows have and payloads do not set, and ignores them.
    pub fn ignore(&mut self, fields: impl IntoIterator<Item = &'n str>) {
        self.known.extend(fields);
    }

    /// Accepts any other field, and ignores it.
    pub fn ignore_the_rest(&mut self) {
        self.allow_unknown = true;
    }

    /// Adds an error, unless the field has one. Keys with `$` are reserved for errors about the whole request, so an
    /// error of a column whose name starts so is one of these.
    pub fn add_error(&mut self, field: &str, sentence: &str) {
        if field.starts_with('$') {
            let sentence = format!("{} {sentence}", shortened(field.to_owned(), 120));
            self.errors.insert(keys::BAD_PAYLOAD, sentence);
        } else {
            self.errors.insert(field, sentence);
        }
    }

    /// Adds the error of an unreadable value.
    pub fn add_field_error(&mut self, field: &str, error: &FieldError) {
        self.add_error(&error.at(field), error.sentence);
    }

    /// All errors, those for unknown fields included; `other_names` are those that clients use for a field.
    #[must_use]
    pub fn finish(mut self, noun: &str, other_names: &[(&str, &str)]) -> FieldErrors {
        if self.allow_unknown {
            return self.errors;
        }
        let known: BTreeSet<&str> = self.known.iter().copied().collect();
        let unknown: Vec<String> = self
            .fields
            .keys()
            .filter(|field| !known.contains(&***field))
            .take(MAX_UNKNOWN_FIELDS)
            .cloned()
            .collect();
        for field in unknown {
            if field.starts_with('$') {
                self.add_error(&field, &format!("is not a field of {noun}"));
                continue;
            }
            let meant = other_names.iter().find(|(other, _)| *other == field).map(|(_, field)| *field);
            let near = meant.or_else(|| suggest(&field, self.known.iter().copied()));
            let hint = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
            self.errors.insert(field, format!("is not a field of {noun}{hint}"));
        }
        self.errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lenient;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn last_of_duplicate_fields_counts() {
        let payload = raw(r#"{"b": 1, "a": {"x": [1]}, "b": 2}"#);
        let mut form = DynamicForm::read(&payload, "a row").unwrap();
        let fields: Vec<_> = form.fields().map(|(name, raw)| (name.to_owned(), raw.get())).collect();
        assert_eq!(fields, [("a".to_owned(), r#"{"x": [1]}"#), ("b".to_owned(), "2")]);
        assert_eq!(form.required("b", lenient::integer), Some(2));
        assert!(form.contains("a") && !form.contains("c"));
        assert!(form.finish("a row", &[]).is_empty());
    }

    #[test]
    fn payload_that_is_no_object_is_refused() {
        let deep = "[".repeat(40) + &"]".repeat(40);
        for payload in ["null", "[]", "1", r#""{}""#, &format!(r#"{{"a": {deep}}}"#)] {
            let payload = raw(payload);
            assert!(
                matches!(DynamicForm::read(&payload, "a row"), Err(PayloadError::Payload(_))),
                "{payload}"
            );
        }
    }

    #[test]
    fn error_of_field_with_dollar_concerns_the_request() {
        let payload = raw(r#"{"$version": [], "$": 1, "__proto__": 1, "nmae": 1, "first": 2}"#);
        let names = ["name".to_owned(), "$version".to_owned()];
        let mut form = DynamicForm::read(&payload, "a row").unwrap();
        assert_eq!(form.required(&names[0], lenient::text), None);
        form.optional(&names[1], lenient::text);
        let errors = form.finish("a row", &[("first", "limit")]);
        let expected = [
            ("$bad_payload", "$version must be text"),
            ("__proto__", "is not a field of a row"),
            ("first", "is not a field of a row; did you mean limit?"),
            ("name", "is required"),
            ("nmae", "is not a field of a row; did you mean name?"),
        ];
        assert_eq!(errors.iter().collect::<Vec<_>>(), expected);
    }
}
