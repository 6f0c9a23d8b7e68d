//! A payload as HTML forms send it, read field by field.
//!
//! Forms send text for numbers, numbers for text, `""` for null and whole rows for references; all of that is
//! accepted. An unreadable value becomes an error of its field, and reading continues with a placeholder, so that one
//! pass finds all errors.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::{
    DynamicForm, FieldErrors,
    lenient::{self, FieldError, References},
};

/// The fields of a payload, and the errors found so far.
pub struct Form<'a>(DynamicForm<'a, 'static>);

impl<'a> Form<'a> {
    pub(crate) fn new(fields: BTreeMap<String, &'a RawValue>) -> Self {
        Self(DynamicForm::new(fields))
    }

    /// Required text. It is trimmed; a number is converted by value: `900.0` is `"900"`.
    pub fn text(&mut self, field: &'static str) -> String {
        self.required(field, lenient::text)
    }

    /// Text that may be absent or blank.
    pub fn nullable_text(&mut self, field: &'static str) -> Option<String> {
        self.optional(field, lenient::text)
    }

    /// Required text, not trimmed, such as a password.
    pub fn raw_text(&mut self, field: &'static str) -> String {
        self.required(field, lenient::raw_text)
    }

    /// A required whole number; `"44"` and `44.0` are accepted.
    pub fn integer(&mut self, field: &'static str) -> i64 {
        self.required(field, lenient::integer)
    }

    /// A whole number that may be absent or blank.
    pub fn nullable_integer(&mut self, field: &'static str) -> Option<i64> {
        self.optional(field, lenient::integer)
    }

    /// A required number; `"1.5"` is accepted.
    pub fn number(&mut self, field: &'static str) -> f64 {
        self.required(field, lenient::number)
    }

    /// A number that may be absent or blank.
    pub fn nullable_number(&mut self, field: &'static str) -> Option<f64> {
        self.optional(field, lenient::number)
    }

    /// A required boolean; `"true"`, `"on"` and `1` are accepted.
    pub fn boolean(&mut self, field: &'static str) -> bool {
        self.required(field, lenient::boolean)
    }

    /// A boolean that may be absent or blank.
    pub fn nullable_boolean(&mut self, field: &'static str) -> Option<bool> {
        self.optional(field, lenient::boolean)
    }

    /// A required reference to a row: its id, or an object with an `id`.
    pub fn reference(&mut self, field: &'static str) -> i64 {
        self.required(field, lenient::reference)
    }

    /// An optional reference: missing, null or blank.
    pub fn nullable_reference(&mut self, field: &'static str) -> Option<i64> {
        self.optional(field, lenient::reference)
    }

    /// Required references in order; duplicates are kept.
    pub fn references(&mut self, field: &'static str) -> Vec<i64> {
        let References { ids, errors } = self.required(field, lenient::references);
        let failed = !errors.is_empty();
        for error in errors {
            self.add_field_error(field, &error);
        }
        // The rules would take an empty placeholder for an empty list.
        if failed && ids.is_empty() { vec![0] } else { ids }
    }

    /// The row's own id.
    pub fn id(&mut self) -> i64 {
        self.integer("id")
    }

    /// The version of the row that the client saw, if the write depends on it.
    pub fn version(&mut self) -> Option<i64> {
        self.nullable_integer("version")
    }

    /// A field of an update: `None` if absent, otherwise read by `read`, as in `form.patch("name", Form::text)`.
    pub fn patch<T>(&mut self, field: &'static str, read: fn(&mut Self, &'static str) -> T) -> Option<T> {
        self.0.contains(field).then(|| read(self, field))
    }

    /// A field of a new row that has a default: `None` if absent, null or blank, otherwise read by `read`.
    pub fn defaulted<T>(&mut self, field: &'static str, read: fn(&mut Self, &'static str) -> T) -> Option<T> {
        let blank = self.raw(field).is_none_or(|raw| matches!(lenient::text(raw), Ok(None)));
        (!blank).then(|| read(self, field))
    }

    /// Accepts fields of rows that no payload sets, and ignores them.
    pub fn ignore(&mut self, fields: &[&'static str]) {
        self.0.ignore(fields.iter().copied());
    }

    /// Accepts any other field, and ignores it.
    pub fn ignore_the_rest(&mut self) {
        self.0.ignore_the_rest();
    }

    /// Adds an error, unless the field has one.
    pub fn add_error(&mut self, field: impl Into<String>, sentence: impl Into<String>) {
        self.0.errors.insert(field, sentence);
    }

    /// The field's JSON, if the field is present.
    pub(crate) fn raw(&mut self, field: &'static str) -> Option<&'a RawValue> {
        self.0.raw(field)
    }

    pub(crate) fn add_field_error(&mut self, field: &str, error: &FieldError) {
        self.0.add_field_error(field, error);
    }

    fn required<T: Default>(
        &mut self,
        field: &'static str,
        read: fn(&RawValue) -> Result<Option<T>, FieldError>,
    ) -> T {
        self.0.required(field, read).unwrap_or_default()
    }

    fn optional<T>(
        &mut self,
        field: &'static str,
        read: fn(&RawValue) -> Result<Option<T>, FieldError>,
    ) -> Option<T> {
        self.0.optional(field, read)
    }

    /// All errors, those for unknown fields included; `other_names` are those that clients use for a field.
    pub(crate) fn finish(self, noun: &str, other_names: &[(&str, &str)]) -> FieldErrors {
        self.0.finish(noun, other_names)
    }
}
