//! Errors by field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::keys;

const MAX_FIELDS: usize = 100;
/// Characters of a field's name, and of a sentence.
const MAX_FIELD_LEN: usize = 120;
const MAX_SENTENCE_LEN: usize = 1000;

const AND_MORE: &str = "more is wrong than is listed here: mend this first";

/// The text with at most `max_len` characters; a truncated text ends with `…`.
#[must_use]
pub fn shortened(mut text: String, max_len: usize) -> String {
    // Bytes are counted faster, and are never fewer.
    if text.len() > max_len
        && let Some((end, _)) = text.char_indices().nth(max_len)
    {
        let start = text[..end].char_indices().next_back().map_or(0, |(start, _)| start);
        text.truncate(start);
        text.push('…');
    }
    text
}

/// One sentence for each invalid field. Names of nested fields are dotted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldErrors(BTreeMap<String, String>);

impl FieldErrors {
    /// No errors.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One error.
    #[must_use]
    pub fn one(field: impl Into<String>, sentence: impl Into<String>) -> Self {
        let mut errors = Self::new();
        errors.insert(field, sentence);
        errors
    }

    /// Adds a sentence, unless the field has one: the first is the nearest to the cause. Long names and sentences are
    /// truncated, and only the first 100 fields are kept, because a response must not outgrow its request.
    pub fn insert(&mut self, field: impl Into<String>, sentence: impl Into<String>) {
        let field = shortened(field.into(), MAX_FIELD_LEN);
        if self.0.len() >= MAX_FIELDS && !self.0.contains_key(&field) {
            self.0.insert(keys::MORE.to_owned(), AND_MORE.to_owned());
        } else {
            self.0.entry(field).or_insert_with(|| shortened(sentence.into(), MAX_SENTENCE_LEN));
        }
    }

    /// Adds the errors of `other` for fields that have none yet.
    pub fn merge(&mut self, other: Self) {
        for (field, sentence) in other.0 {
            self.insert(field, sentence);
        }
    }

    /// The sentence of a field.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// True if there are no errors.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of invalid fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Fields and their sentences, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(field, sentence)| (&**field, &**sentence))
    }
}

impl<F: Into<String>, S: Into<String>> FromIterator<(F, S)> for FieldErrors {
    fn from_iter<I: IntoIterator<Item = (F, S)>>(errors: I) -> Self {
        let mut all = Self::new();
        for (field, sentence) in errors {
            all.insert(field, sentence);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_and_many_fields_are_truncated() {
        let long = "é".repeat(5000);
        let errors = FieldErrors::one(long.clone(), long);
        let (field, sentence) = errors.iter().next().unwrap();
        assert_eq!((field.chars().count(), sentence.chars().count()), (120, 1000));
        assert!(field.ends_with("é…") && sentence.ends_with("é…"));
        assert_eq!(shortened("é".repeat(120), 120), "é".repeat(120));

        let mut errors: FieldErrors = (0..5000).map(|at| (format!("moves.{at}"), "is wrong")).collect();
        assert_eq!(errors.len(), 101);
        assert!(errors.get("$more").is_some() && errors.get("moves.99").is_some());
        errors.merge((0..5000).map(|at| (format!("{at}"), "is wrong")).collect());
        assert_eq!(errors.len(), 101);
    }

    #[test]
    fn first_sentence_of_field_is_kept() {
        let mut errors = FieldErrors::one("age", "must be a whole number");
        errors.insert("age", "must be at least 18");
        errors.merge([("age", "is required"), ("name", "is required")].into_iter().collect());

        let json = serde_json::to_string(&errors).unwrap();
        assert_eq!(json, r#"{"age":"must be a whole number","name":"is required"}"#);
    }
}
