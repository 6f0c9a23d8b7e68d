//! Lenient conversion of JSON values that forms send, one level at a time.
//!
//! Nothing here recurses: nested values that are not needed are never parsed.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::{
    number::{NOT_NUMBER, NOT_WHOLE, real, to_text, whole},
    visible,
};

pub(crate) const REQUIRED: &str = "is required";
const UNREADABLE: &str = "cannot be read";
pub(crate) const NOT_TEXT: &str = "must be text";
pub(crate) const NOT_BOOLEAN: &str = "must be true or false";
const CONTROL: &str = "must not contain control characters";

/// The rules of a field may allow fewer entries.
const MAX_LIST_LEN: usize = 1_000;

/// One value, whose nested values are not parsed.
pub enum Json<'a> {
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number as it is written.
    Number(&'a str),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<&'a RawValue>),
    /// An object; of duplicate keys, the last one counts.
    Object(BTreeMap<String, &'a RawValue>),
}

impl<'a> Json<'a> {
    /// Reads one level.
    ///
    /// # Errors
    /// For text with escapes that are no characters, such as half of a surrogate pair.
    pub fn of(raw: &'a RawValue) -> Result<Self, FieldError> {
        let text = raw.get().trim_ascii();
        // A raw value is valid JSON except for escapes that are no characters, such as half of a surrogate pair.
        let unreadable = |_| FieldError::new(UNREADABLE);
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

/// An invalid value, and its path below the field.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldError {
    path: String,
    pub(crate) sentence: &'static str,
}

impl FieldError {
    /// An error of the value itself.
    #[must_use]
    pub fn new(sentence: &'static str) -> Self {
        Self { path: String::new(), sentence }
    }

    /// The sentence.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        self.sentence
    }

    /// The same below a field or a place in a list.
    #[must_use]
    pub fn nested_under(self, step: impl std::fmt::Display) -> Self {
        Self { path: format!(".{step}{}", self.path), ..self }
    }

    /// The name of the invalid value below a field, such as `moves.0.id`.
    #[must_use]
    pub fn at(&self, field: &str) -> String {
        format!("{field}{}", self.path)
    }
}

/// Text, trimmed; a number is converted by value. Blank text is `None`.
///
/// # Errors
/// [`FieldError`] for any other value.
pub fn text(raw: &RawValue) -> Result<Option<String>, FieldError> {
    match Json::of(raw)? {
        Json::Null => Ok(None),
        Json::Number(number) => to_text(number).map(Some),
        Json::Text(text) => {
            let text = text.trim();
            check_text(text)?;
            Ok((!text.is_empty()).then(|| text.to_owned()))
        }
        _ => Err(FieldError::new(NOT_TEXT)),
    }
}

/// Text, not trimmed, such as a password. Empty text is `None`.
///
/// # Errors
/// [`FieldError`] for any other value.
pub fn raw_text(raw: &RawValue) -> Result<Option<String>, FieldError> {
    match Json::of(raw)? {
        Json::Null => Ok(None),
        Json::Number(number) => to_text(number).map(Some),
        Json::Text(text) => Ok((!text.is_empty()).then_some(text)),
        _ => Err(FieldError::new(NOT_TEXT)),
    }
}

pub(crate) fn check_text(text: &str) -> Result<(), FieldError> {
    let control = |c: char| c.is_control() && c != '\n' && c != '\r';
    if text.contains(control) {
        return Err(FieldError::new(CONTROL));
    }
    visible::check(text).map_err(FieldError::new)
}

/// A whole number, or text that contains one. Blank text is `None`.
///
/// # Errors
/// [`FieldError`] for any other value.
pub fn integer(raw: &RawValue) -> Result<Option<i64>, FieldError> {
    numeric(raw, whole, NOT_WHOLE)
}

/// A number, or text that contains one. Blank text is `None`.
///
/// # Errors
/// [`FieldError`] for any other value.
pub fn number(raw: &RawValue) -> Result<Option<f64>, FieldError> {
    numeric(raw, real, NOT_NUMBER)
}

fn numeric<T>(
    raw: &RawValue,
    parse: fn(&str) -> Result<T, FieldError>,
    otherwise: &'static str,
) -> Result<Option<T>, FieldError> {
    match Json::of(raw)? {
        Json::Null => Ok(None),
        Json::Number(number) => parse(number).map(Some),
        Json::Text(text) if text.trim().is_empty() => Ok(None),
        Json::Text(text) => parse(text.trim()).map(Some),
        _ => Err(FieldError::new(otherwise)),
    }
}

/// A boolean, or text or a number that represents one. Blank text is `None`.
///
/// # Errors
/// [`FieldError`] for any other value.
pub fn boolean(raw: &RawValue) -> Result<Option<bool>, FieldError> {
    let found = match Json::of(raw)? {
        Json::Null => return Ok(None),
        Json::Text(text) if text.trim().is_empty() => return Ok(None),
        Json::Bool(value) => Some(value),
        Json::Number(text) => to_boolean(text),
        Json::Text(text) => to_boolean(text.trim()),
        _ => None,
    };
    found.map(Some).ok_or(FieldError::new(NOT_BOOLEAN))
}

/// The boolean that text represents. A checkbox of an HTML form sends `on`; SQLite stores 1 and 0.
pub(crate) fn to_boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "on" | "1" => Some(true),
        "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The id of another row, or an object with an `id`. Blank text is `None`.
pub(crate) fn reference(raw: &RawValue) -> Result<Option<i64>, FieldError> {
    let Json::Object(fields) = Json::of(raw)? else {
        return integer(raw).map_err(|error| match error.sentence {
            NOT_WHOLE => FieldError::new("must be an id, or an object with one"),
            _ => error,
        });
    };
    let id = fields.get("id").map_or(Ok(None), |id| integer(id));
    match id {
        Ok(Some(id)) => Ok(Some(id)),
        Ok(None) => Err(FieldError::new(REQUIRED).nested_under("id")),
        Err(error) => Err(error.nested_under("id")),
    }
}

/// A list of references: the valid ones in order, and the errors of the others.
#[derive(Default)]
pub(crate) struct References {
    pub(crate) ids: Vec<i64>,
    pub(crate) errors: Vec<FieldError>,
}

/// References in order; duplicates are kept. Blank text is `None`.
pub(crate) fn references(raw: &RawValue) -> Result<Option<References>, FieldError> {
    let entries = match Json::of(raw)? {
        Json::List(entries) if entries.len() > MAX_LIST_LEN => {
            return Err(FieldError::new("has more than 1000 entries"));
        }
        Json::List(entries) => entries,
        Json::Null => return Ok(None),
        Json::Text(text) if text.trim().is_empty() => return Ok(None),
        _ => return Err(FieldError::new("must be a list")),
    };
    let mut all = References::default();
    for (place, entry) in entries.into_iter().enumerate() {
        match reference(entry) {
            Ok(Some(id)) => all.ids.push(id),
            Ok(None) => all.errors.push(FieldError::new(REQUIRED).nested_under(place)),
            Err(error) => all.errors.push(error.nested_under(place)),
        }
    }
    Ok(Some(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(
        reader: fn(&RawValue) -> Result<Option<T>, FieldError>,
        json: &str,
    ) -> Result<Option<T>, (String, &'static str)> {
        reader(&RawValue::from_string(json.to_owned()).unwrap())
            .map_err(|error| (error.at("x"), error.sentence))
    }

    fn refused<T>(sentence: &'static str) -> Result<Option<T>, (String, &'static str)> {
        Err(("x".into(), sentence))
    }

    #[test]
    fn integer_accepts_text_and_equal_numbers() {
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
            (r#""\ud800""#, refused(UNREADABLE)),
        ];
        for (json, expected) in cases {
            assert_eq!(read(integer, json), expected, "{json}");
        }
    }

    #[test]
    fn number_accepts_text_and_drops_the_sign_of_zero() {
        let cases = [
            ("1.5", Ok(Some(1.5))),
            (r#"" 1.5e3 ""#, Ok(Some(1500.0))),
            ("44", Ok(Some(44.0))),
            ("null", Ok(None)),
            (r#"" ""#, Ok(None)),
            ("1e400", refused("is too large a number")),
            (r#""inf""#, refused(NOT_NUMBER)),
            (r#""1,5""#, refused(NOT_NUMBER)),
            ("true", refused(NOT_NUMBER)),
            ("[1.5]", refused(NOT_NUMBER)),
        ];
        for (json, expected) in cases {
            assert_eq!(read(number, json), expected, "{json}");
        }
        let zero = read(number, "-0.0").unwrap().unwrap();
        assert!(zero.is_sign_positive(), "JavaScript would show -0");
    }

    #[test]
    fn boolean_accepts_checkboxes_and_numbers() {
        let cases = [
            ("true", Ok(Some(true))),
            ("false", Ok(Some(false))),
            (r#""on""#, Ok(Some(true))),
            (r#"" false ""#, Ok(Some(false))),
            ("1", Ok(Some(true))),
            (r#""0""#, Ok(Some(false))),
            ("null", Ok(None)),
            (r#""""#, Ok(None)),
            ("2", refused(NOT_BOOLEAN)),
            (r#""yes""#, refused(NOT_BOOLEAN)),
            ("[true]", refused(NOT_BOOLEAN)),
            ("{}", refused(NOT_BOOLEAN)),
        ];
        for (json, expected) in cases {
            assert_eq!(read(boolean, json), expected, "{json}");
        }
    }

    #[test]
    fn text_is_trimmed_and_rejects_control_characters() {
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
            (r#""\udc00""#, refused(UNREADABLE)),
            (r#""a\u202eb""#, refused(visible::REORDERED)),
            (r#""\u200b\u3164""#, refused(visible::INVISIBLE)),
        ];
        for (json, expected) in cases {
            assert_eq!(read(text, json), expected, "{json}");
        }
        assert_eq!(read(raw_text, r#"" s\t ""#), some(" s\t "));
        assert_eq!(read(raw_text, "9e2"), some("900"));
    }

    #[test]
    fn reference_reads_only_the_id() {
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
