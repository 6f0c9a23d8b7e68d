//! Reading of TOML that collects all mistakes, and the lines of keys.

use std::{ops::Range, str::FromStr};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{FILE, Lines, Mistake};
use crate::project::mistake::{did_you_mean, line_of, list};

pub(super) type Value<'t> = Spanned<DeValue<'t>>;

pub(super) struct Reader<'t> {
    text: &'t str,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) lines: Lines,
}

/// A table, and the path of keys to it.
#[derive(Clone, Copy)]
pub(super) struct Section<'s> {
    pub(super) path: &'s [&'s str],
    pub(super) table: &'s DeTable<'s>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, mistakes: Vec::new(), lines: Lines::default() }
    }

    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        line_of(self.text, span.start)
    }

    pub(super) fn mistake(&mut self, span: &Range<usize>, sentence: impl Into<String>) {
        let line = self.line(span);
        self.mistakes.push(Mistake::new(FILE, line, sentence));
    }

    /// Records the line of each key, and reports those that are not known.
    pub(super) fn keys(&mut self, section: Section<'_>, known: &[&str]) {
        for key in section.table.keys() {
            self.record(section, key);
            if known.contains(&&**key.get_ref()) {
                continue;
            }
            let name = key.get_ref();
            let near = match did_you_mean(name, known.iter().copied()) {
                near if near.is_empty() => format!("; the keys here are {}", list(known)),
                near => near,
            };
            self.mistake(&key.span(), format!("there is no key `{name}`{near}"));
        }
    }

    /// Records the line of a key.
    pub(super) fn record(&mut self, section: Section<'_>, key: &Spanned<std::borrow::Cow<'_, str>>) {
        let line = self.line(&key.span());
        self.lines.insert(&[section.path, &[&**key.get_ref()]].concat(), line);
    }

    /// The table of a key.
    pub(super) fn table<'s>(&mut self, section: Section<'s>, key: &str) -> Option<&'s DeTable<'s>> {
        let value = section.table.get(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.expected("a table", value);
        }
        table
    }

    /// The text of a key. It is not empty.
    pub(super) fn text<'s>(&mut self, section: Section<'s>, key: &str) -> Option<&'s str> {
        section.table.get(key).and_then(|value| self.not_empty(value))
    }

    /// The text of a key in the form of a type.
    pub(super) fn parsed<T: FromStr<Err = String>>(&mut self, section: Section<'_>, key: &str) -> Option<T> {
        let text = self.text(section, key)?;
        let read = text.parse();
        read.map_err(|reason| self.mistake(&section.table[key].span(), format!("`{key}`: {reason}"))).ok()
    }

    pub(super) fn boolean(&mut self, section: Section<'_>, key: &str) -> Option<bool> {
        let value = section.table.get(key)?;
        let boolean = value.get_ref().as_bool();
        if boolean.is_none() {
            self.expected("`true` or `false`", value);
        }
        boolean
    }

    /// The list of texts of a key; empty without the key.
    pub(super) fn texts(&mut self, section: Section<'_>, key: &str) -> Vec<String> {
        section.table.get(key).map_or_else(Vec::new, |value| self.texts_of(section.path, key, value))
    }

    /// The list of texts of a value. Their lines are recorded.
    pub(super) fn texts_of(&mut self, path: &[&str], key: &str, value: &Value<'_>) -> Vec<String> {
        let Some(array) = value.get_ref().as_array() else {
            self.expected("a list of texts, as in [\"a\", \"b\"]", value);
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in array.iter() {
            let Some(text) = self.not_empty(item) else { continue };
            if texts.iter().any(|other| other == text) {
                self.mistake(&item.span(), format!("`{text}` is listed twice: remove one of them"));
                continue;
            }
            let line = self.line(&item.span());
            self.lines.insert(&[path, &[key, text]].concat(), line);
            texts.push(text.to_owned());
        }
        texts
    }

    pub(super) fn not_empty<'s>(&mut self, value: &'s Value<'_>) -> Option<&'s str> {
        match value.get_ref().as_str() {
            None => self.expected("a text in quotes", value),
            Some(text) if text.trim().is_empty() => {
                self.mistake(&value.span(), "this text is empty: write a value, or remove the key");
            }
            text => return text,
        }
        None
    }

    fn expected(&mut self, what: &str, value: &Value<'_>) {
        let found = match value.get_ref().type_str() {
            "string" => "text",
            "array" => "list",
            other => other,
        };
        self.mistake(&value.span(), format!("expected {what}, and this is of the type {found}"));
    }
}
