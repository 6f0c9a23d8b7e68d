//! What is wrong, field by field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Maps a field, dotted where it is nested, to one sentence that a form can show beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldErrors(BTreeMap<String, String>);

impl FieldErrors {
    /// Nothing is wrong.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One thing is wrong.
    #[must_use]
    pub fn one(field: impl Into<String>, sentence: impl Into<String>) -> Self {
        let mut errors = Self::new();
        errors.insert(field, sentence);
        errors
    }

    /// Adds a sentence, unless the field has one: the first is the nearest to the cause.
    pub fn insert(&mut self, field: impl Into<String>, sentence: impl Into<String>) {
        self.0.entry(field.into()).or_insert_with(|| sentence.into());
    }

    /// Adds what `other` says of fields that have no sentence yet.
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

    /// True if nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many fields are wrong.
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
    fn the_first_sentence_of_a_field_stays() {
        let mut errors = FieldErrors::one("age", "must be a whole number");
        errors.insert("age", "must be at least 18");
        errors.merge([("age", "is required"), ("name", "is required")].into_iter().collect());

        let json = serde_json::to_string(&errors).unwrap();
        assert_eq!(json, r#"{"age":"must be a whole number","name":"is required"}"#);
    }
}
