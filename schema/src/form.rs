//! A payload as forms send it, read field by field.
//!
//! Forms send text for numbers, numbers for text, `""` for nothing and whole rows for references; all of that is
//! taken. What cannot be taken is noted at its field, and reading goes on with a stand-in, so that everything that
//! is wrong is found at once.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::{
    FieldErrors,
    json::{self, REQUIRED, References, Refusal},
    keys, nearest, shortened,
};

/// How many unknown fields are named; an answer must not outgrow its question.
const UNKNOWN_NAMED: usize = 20;

/// The fields of a payload and what is wrong with them so far.
pub struct Form<'a> {
    fields: BTreeMap<String, &'a RawValue>,
    known: Vec<&'static str>,
    open: bool,
    errors: FieldErrors,
}

impl<'a> Form<'a> {
    pub(crate) fn new(fields: BTreeMap<String, &'a RawValue>) -> Self {
        Self { fields, known: Vec::new(), open: false, errors: FieldErrors::new() }
    }

    /// Text that must be there. It is trimmed; a number counts by its value: `900.0` is `"900"`.
    pub fn text(&mut self, field: &'static str) -> String {
        self.required(field, json::text)
    }

    /// Text that may be missing or blank.
    pub fn nullable_text(&mut self, field: &'static str) -> Option<String> {
        self.optional(field, json::text)
    }

    /// Text that must be there, just as it was typed: a password.
    pub fn verbatim(&mut self, field: &'static str) -> String {
        self.required(field, json::verbatim)
    }

    /// A whole number that must be there; `"44"` and `44.0` will do.
    pub fn integer(&mut self, field: &'static str) -> i64 {
        self.required(field, json::integer)
    }

    /// A whole number that may be missing or blank.
    pub fn nullable_integer(&mut self, field: &'static str) -> Option<i64> {
        self.optional(field, json::integer)
    }

    /// Another row: its id, or an object of which only `id` counts.
    pub fn reference(&mut self, field: &'static str) -> i64 {
        self.required(field, json::reference)
    }

    /// Another row, or none: missing or blank.
    pub fn nullable_reference(&mut self, field: &'static str) -> Option<i64> {
        self.optional(field, json::reference)
    }

    /// Other rows in order, repeats kept.
    pub fn references(&mut self, field: &'static str) -> Vec<i64> {
        let References { ids, refusals } = self.required(field, json::references);
        let wrong = !refusals.is_empty();
        for refusal in refusals {
            self.note(field, &refusal);
        }
        // An empty stand-in would look like an empty list to the rules.
        if wrong && ids.is_empty() { vec![0] } else { ids }
    }

    /// The row's own id.
    pub fn id(&mut self) -> i64 {
        self.integer("id")
    }

    /// The version of the row that the client saw, if it wants that checked.
    pub fn version(&mut self) -> Option<i64> {
        self.nullable_integer("version")
    }

    /// What an update says of a field: nothing when it is absent, else what `read` makes of it, as in
    /// `form.changed("name", Form::text)`.
    pub fn changed<T>(&mut self, field: &'static str, read: fn(&mut Self, &'static str) -> T) -> Option<T> {
        self.known.push(field);
        self.fields.contains_key(field).then(|| read(self, field))
    }

    /// Fields that rows carry and nobody sets; they are accepted back unread.
    pub fn ignore(&mut self, fields: &[&'static str]) {
        self.known.extend(fields);
    }

    /// Lets any other field pass unread.
    pub fn ignore_the_rest(&mut self) {
        self.open = true;
    }

    /// Notes what is wrong with a field, unless something is already.
    pub fn refuse(&mut self, field: impl Into<String>, sentence: impl Into<String>) {
        self.errors.insert(field, sentence);
    }

    /// The field as it was sent, if it was.
    pub(crate) fn raw(&mut self, field: &'static str) -> Option<&'a RawValue> {
        self.known.push(field);
        self.fields.get(field).copied()
    }

    pub(crate) fn note(&mut self, field: &str, refusal: &Refusal) {
        self.errors.insert(refusal.at(field), refusal.sentence);
    }

    fn required<T: Default>(
        &mut self,
        field: &'static str,
        read: fn(&RawValue) -> Result<Option<T>, Refusal>,
    ) -> T {
        let value = self.raw(field).map_or(Ok(None), read);
        let value = value.and_then(|value| value.ok_or(Refusal::here(REQUIRED)));
        value.unwrap_or_else(|refusal| {
            self.note(field, &refusal);
            T::default()
        })
    }

    fn optional<T>(
        &mut self,
        field: &'static str,
        read: fn(&RawValue) -> Result<Option<T>, Refusal>,
    ) -> Option<T> {
        self.raw(field).map_or(Ok(None), read).unwrap_or_else(|refusal| {
            self.note(field, &refusal);
            None
        })
    }

    /// All that reading found wrong, fields that nobody knows included.
    pub(crate) fn finish(mut self, noun: &str) -> FieldErrors {
        if self.open {
            return self.errors;
        }
        let unknown = self.fields.keys().filter(|field| !self.known.contains(&&***field));
        for field in unknown.take(UNKNOWN_NAMED) {
            let near = nearest(field, self.known.iter().copied());
            let hint = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
            if field.starts_with('$') {
                // Such keys are ours to give, not the client's.
                let sentence = format!("{} is not a field of {noun}", shortened(field.clone(), 120));
                self.errors.insert(keys::BAD_PAYLOAD, sentence);
            } else {
                self.errors.insert(field, format!("is not a field of {noun}{hint}"));
            }
        }
        self.errors
    }
}
