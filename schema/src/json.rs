//! JSON taken apart one level at a time, and what forms may mean by it.
//!
//! Nothing here recurses: what is nested and not asked for is never built.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::{
    number::{NOT_WHOLE, spelled, whole},
    visible,
};

pub(crate) const REQUIRED: &str = "is required";
const NOT_READABLE: &str = "cannot be read";
pub(crate) const NOT_TEXT: &str = "must be text";
const CONTROL: &str = "must not contain control characters";

/// The most entries that are read of one list; the rules of a field may allow fewer.
const LONGEST_LIST: usize = 1_000;

/// One value. What it holds is still text.
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(String),
    List(Vec<&'a RawValue>),
    Object(BTreeMap<String, &'a RawValue>),
}

impl<'a> Json<'a> {
    pub(crate) fn of(raw: &'a RawValue) -> Result<Self, Refusal> {
        let text = raw.get().trim_ascii();
        // A raw value is sound JSON but for escapes that are no characters, such as half of a surrogate pair.
        let unreadable = |_| Refusal::here(NOT_READABLE);
        Ok(match text.as_bytes().first() {
            Some(b'{') => Self::Object(serde_json::from_str(text).map_err(unreadable)?),
            Some(b'[') => Self::List(serde_json::from_str(text).map_err(unreadable)?),
            Some(b'"') => Self::Text(serde_json::from_str(text).map_err(unreadable)?),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number(text),
        })
    }
}

/// Why a value was not taken, and where below its field.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    below: String,
    pub(crate) sentence: &'static str,
}

impl Refusal {
    pub(crate) fn here(sentence: &'static str) -> Self {
        Self { below: String::new(), sentence }
    }

    fn below(self, step: impl std::fmt::Display) -> Self {
        Self { below: format!(".{step}{}", self.below), ..self }
    }

    pub(crate) fn at(&self, field: &str) -> String {
        format!("{field}{}", self.below)
    }
}

/// Text, trimmed; a number counts by its value. Blank is none.
pub(crate) fn text(raw: &RawValue) -> Result<Option<String>, Refusal> {
    match Json::of(raw)? {
        Json::Null => Ok(None),
        Json::Number(number) => spelled(number).map(Some),
        Json::Text(text) => {
            let text = text.trim();
            check_text(text)?;
            Ok((!text.is_empty()).then(|| text.to_owned()))
        }
        _ => Err(Refusal::here(NOT_TEXT)),
    }
}

/// Text as it was typed, spaces and all: a password. Empty is none.
pub(crate) fn verbatim(raw: &RawValue) -> Result<Option<String>, Refusal> {
    match Json::of(raw)? {
        Json::Null => Ok(None),
        Json::Number(number) => spelled(number).map(Some),
        Json::Text(text) => Ok((!text.is_empty()).then_some(text)),
        _ => Err(Refusal::here(NOT_TEXT)),
    }
}

pub(crate) fn check_text(text: &str) -> Result<(), Refusal> {
    let control = |c: char| c.is_control() && c != '\n' && c != '\r';
    if text.contains(control) {
        return Err(Refusal::here(CONTROL));
    }
    visible::check(text).map_err(Refusal::here)
}

/// A whole number, or text that is one. Blank is none.
pub(crate) fn integer(raw: &RawValue) -> Result<Option<i64>, Refusal> {
    match Json::of(raw)? {
        Json::Null => Ok(None),
        Json::Number(number) => whole(number).map(Some),
        Json::Text(text) if text.trim().is_empty() => Ok(None),
        Json::Text(text) => whole(text.trim()).map(Some),
        _ => Err(Refusal::here(NOT_WHOLE)),
    }
}

/// The id of another row: bare, or in an object of which nothing else counts. Blank is none.
pub(crate) fn reference(raw: &RawValue) -> Result<Option<i64>, Refusal> {
    let Json::Object(fields) = Json::of(raw)? else {
        return integer(raw).map_err(|refusal| match refusal.sentence {
            NOT_WHOLE => Refusal::here("must be an id, or an object with one"),
            _ => refusal,
        });
    };
    let id = fields.get("id").map_or(Ok(None), |id| integer(id));
    match id {
        Ok(Some(id)) => Ok(Some(id)),
        Ok(None) => Err(Refusal::here(REQUIRED).below("id")),
        Err(refusal) => Err(refusal.below("id")),
    }
}

/// A list of references: those that could be read, in order, and why the others could not.
#[derive(Default)]
pub(crate) struct References {
    pub(crate) ids: Vec<i64>,
    pub(crate) refusals: Vec<Refusal>,
}

/// References in order, repeats kept. Blank is none.
pub(crate) fn references(raw: &RawValue) -> Result<Option<References>, Refusal> {
    let entries = match Json::of(raw)? {
        Json::List(entries) if entries.len() > LONGEST_LIST => {
            return Err(Refusal::here("has more than 1000 entries"));
        }
        Json::List(entries) => entries,
        Json::Null => return Ok(None),
        Json::Text(text) if text.trim().is_empty() => return Ok(None),
        _ => return Err(Refusal::here("must be a list")),
    };
    let mut all = References::default();
    for (place, entry) in entries.into_iter().enumerate() {
        match reference(entry) {
            Ok(Some(id)) => all.ids.push(id),
            Ok(None) => all.refusals.push(Refusal::here(REQUIRED).below(place)),
            Err(refusal) => all.refusals.push(refusal.below(place)),
        }
    }
    Ok(Some(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(
        reader: fn(&RawValue) -> Result<Option<T>, Refusal>,
        json: &str,
    ) -> Result<Option<T>, (String, &'static str)> {
        reader(&RawValue::from_string(json.to_owned()).unwrap())
            .map_err(|refusal| (refusal.at("x"), refusal.sentence))
    }

    fn refused<T>(sentence: &'static str) -> Result<Option<T>, (String, &'static str)> {
        Err(("x".into(), sentence))
    }

    #[test]
    fn integers_come_in_many_spellings() {
        let cases = [
            ("44", Ok(Some(44))),
            (r#""44""#, Ok(Some(44))),
            (r#"" 44 ""#, Ok(Some(44))),
            ("44.0", Ok(Some(44))),
            ("4.4e1", Ok(Some(44))),
            ("-0", Ok(Some(0))),
            ("null", Ok(None)),
            (r#"" ""#, Ok(None)),
            ("9007199254740991", Ok(Some(9_007_199_254_740_991))),
            (r#""9007199254740992""#, refused("must be at most 9007199254740991")),
            ("-1e999", refused("must be at least -9007199254740991")),
            ("44.5", refused(NOT_WHOLE)),
            (r#""abc""#, refused(NOT_WHOLE)),
            (r#""inf""#, refused(NOT_WHOLE)),
            (r#""0x10""#, refused(NOT_WHOLE)),
            (r#""٤٤""#, refused(NOT_WHOLE)),
            ("true", refused(NOT_WHOLE)),
            ("[44]", refused(NOT_WHOLE)),
            ("{}", refused(NOT_WHOLE)),
            (r#""\ud800""#, refused(NOT_READABLE)),
        ];
        for (json, expected) in cases {
            assert_eq!(read(integer, json), expected, "{json}");
        }
    }

    #[test]
    fn text_is_trimmed_and_free_of_control_characters() {
        let some = |text: &str| Ok(Some(text.to_owned()));
        let cases = [
            (r#"" Ada ""#, some("Ada")),
            (r#""\t\u00a0Ada\n""#, some("Ada")),
            (r#""one\r\ntwo""#, some("one\r\ntwo")),
            (r#""👩‍🏫""#, some("👩‍🏫")),
            ("800", some("800")),
            ("800.0", some("800")),
            ("1e400", refused("is too large a number")),
            (r#""""#, Ok(None)),
            ("null", Ok(None)),
            (r#""a\tb""#, refused(CONTROL)),
            (r#""a\u0000""#, refused(CONTROL)),
            (r#""a\u0085b""#, refused(CONTROL)),
            ("false", refused(NOT_TEXT)),
            (r#"["a"]"#, refused(NOT_TEXT)),
            (r#""\udc00""#, refused(NOT_READABLE)),
            (r#""a\u202eb""#, refused(visible::TURNED)),
            (r#""\u200b\u3164""#, refused(visible::UNSEEN)),
        ];
        for (json, expected) in cases {
            assert_eq!(read(text, json), expected, "{json}");
        }
        assert_eq!(read(verbatim, r#"" s\t ""#), some(" s\t "));
        assert_eq!(read(verbatim, "9e2"), some("900"));
    }

    #[test]
    fn of_a_reference_only_the_id_counts() {
        let id_refused = |sentence| Err(("x.id".to_owned(), sentence));
        let cases = [
            ("2", Ok(Some(2))),
            (r#""2""#, Ok(Some(2))),
            (r#"{"id":"2","name":"stale","x":{"y":[1e999]}}"#, Ok(Some(2))),
            (r#"{"id":1,"id":2}"#, Ok(Some(2))),
            ("null", Ok(None)),
            (r#"{"id":""}"#, id_refused(REQUIRED)),
            ("{}", id_refused(REQUIRED)),
            (r#"{"id":{"id":2}}"#, id_refused(NOT_WHOLE)),
            ("[2]", refused("must be an id, or an object with one")),
            (r#""Ada""#, refused("must be an id, or an object with one")),
        ];
        for (json, expected) in cases {
            assert_eq!(read(reference, json), expected, "{json}");
        }
    }
}
