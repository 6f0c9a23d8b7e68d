//! Values of payloads, as text that the database reads.
//!
//! Forms send text for numbers and numbers for text, which is accepted; nothing is rounded, trimmed or truncated.

use std::{borrow::Cow, cmp::Ordering, fmt::Write};

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use rowcast_schema::{Scalar, is_safe_integer};
use serde_json::value::RawValue;

use super::{
    decimal::{self, Decimal},
    temporal,
    value_type::ValueType,
};

/// A sentence that says what a value must be.
pub(super) type Refusal = Cow<'static, str>;

/// A payload's JSON, one level deep.
enum Shallow<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(String),
    List(Vec<&'a RawValue>),
    Object,
}

const UNREADABLE: &str = "cannot be read";
const NOT_TEXT: &str = "must be text";
const NUL: &str = "must not contain the character U+0000, which databases cannot store";

impl<'a> Shallow<'a> {
    fn of(json: &'a RawValue) -> Result<Self, Refusal> {
        let text = json.get().trim_ascii();
        let unreadable = |_| Refusal::from(UNREADABLE);
        Ok(match text.as_bytes().first() {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::List(serde_json::from_str(text).map_err(unreadable)?),
            Some(b'"') => Self::Text(serde_json::from_str(text).map_err(unreadable)?),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number(text),
        })
    }

    fn scalar(self) -> Option<Scalar> {
        Some(match self {
            Self::Null => Scalar::Null,
            Self::Bool(value) => Scalar::Bool(value),
            Self::Number(number) => Scalar::Number(number.to_owned()),
            Self::Text(text) => Scalar::Text(text),
            Self::List(_) | Self::Object => return None,
        })
    }
}

impl ValueType {
    /// Reads a value; null is `None`, and so is blank text for a type without blank text.
    pub(super) fn decode(&self, json: &RawValue, is_postgres: bool) -> Result<Option<String>, Refusal> {
        if let Self::Json { nullable } = self {
            return json_value(json, *nullable);
        }
        let value = match Shallow::of(json)? {
            Shallow::Null => return Ok(None),
            Shallow::Text(text) if text.trim().is_empty() && !self.has_blank_text() => return Ok(None),
            value => value,
        };
        self.decode_present(value, is_postgres).map(Some)
    }

    /// Reads a scalar of a condition.
    pub(super) fn decode_scalar(&self, scalar: &Scalar, is_postgres: bool) -> Result<String, Refusal> {
        let value = match scalar {
            Scalar::Null => return Err("cannot be compared with null this way".into()),
            Scalar::Bool(value) => Shallow::Bool(*value),
            Scalar::Number(number) => Shallow::Number(number),
            Scalar::Text(text) => Shallow::Text(text.clone()),
        };
        self.decode_present(value, is_postgres)
    }

    fn has_blank_text(&self) -> bool {
        matches!(self, Self::Text { .. } | Self::Bytes | Self::Enum(_) | Self::Literal)
    }

    fn decode_present(&self, value: Shallow<'_>, is_postgres: bool) -> Result<String, Refusal> {
        match self {
            Self::Integer { min, max } => integer(value, *min, *max),
            Self::Digits => digits(value),
            Self::Decimal { precision, scale } => decimal(value, *precision, *scale),
            Self::Money => money(value),
            Self::Float => float(value),
            Self::Text { max_length } => limited_text(value, *max_length),
            Self::Boolean => boolean(value),
            Self::Uuid => uuid(value),
            Self::Temporal(of) => {
                let text = plain_text(value)?;
                match is_postgres {
                    true => temporal::check(*of, text.trim())?,
                    false => temporal::check_sqlite(*of, text.trim())?,
                }
                Ok(text.trim().to_owned())
            }
            Self::Json { .. } => Err("cannot be compared".into()),
            Self::Bytes => bytes(value),
            Self::Enum(labels) => {
                let text = plain_text(value)?;
                match labels.contains(&text) {
                    true => Ok(text),
                    false => Err(format!("must be one of {}", listed(labels)).into()),
                }
            }
            Self::Array(element) => array(value, element),
            Self::Literal => plain_text(value),
        }
    }
}

/// `a, b, c`, of a long list the first.
pub(super) fn listed(labels: &[String]) -> String {
    const MOST: usize = 30;
    let first = labels.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    if labels.len() > MOST { format!("{first}, …") } else { first }
}

fn integer(value: Shallow<'_>, min: i64, max: i64) -> Result<String, Refusal> {
    let number = value.scalar().ok_or("must be a whole number")?.integer()?;
    match () {
        () if number < min => Err(format!("must be at least {min}").into()),
        () if number > max => Err(format!("must be at most {max}").into()),
        () => Ok(number.to_string()),
    }
}

/// A whole number of 64 bits, of which JavaScript writes large ones as text.
fn digits(value: Shallow<'_>) -> Result<String, Refusal> {
    const SENTENCE: &str = "must be a whole number, as text if it has more than 15 digits";
    let text = match value {
        Shallow::Number(text) => text.to_owned(),
        Shallow::Text(text) => text.trim().to_owned(),
        _ => return Err(SENTENCE.into()),
    };
    if let Ok(number) = text.parse::<i64>() {
        return Ok(number.to_string());
    }
    let decimal = Decimal::parse(&text).filter(|decimal| decimal.significant_scale() == 0).ok_or(SENTENCE)?;
    let whole = decimal.to_string();
    let whole = whole.split('.').next().unwrap_or_default();
    match whole.parse::<i64>() {
        Ok(number) if is_safe_integer(number) => Ok(number.to_string()),
        _ if whole.starts_with('-') => Err(format!("must be at least {}", i64::MIN).into()),
        _ => Err(format!("must be at most {}", i64::MAX).into()),
    }
}

fn decimal(value: Shallow<'_>, precision: Option<u32>, scale: Option<i32>) -> Result<String, Refusal> {
    const SENTENCE: &str = "must be a number, as text if it has more than 15 digits";
    let text = match value {
        Shallow::Number(text) => text.to_owned(),
        Shallow::Text(text) => text.trim().to_owned(),
        _ => return Err(SENTENCE.into()),
    };
    if matches!(&*text, "NaN" | "Infinity" | "-Infinity") {
        // A number with a precision may be no infinity, but may be none at all.
        return match precision.is_none() || text == "NaN" {
            true => Ok(text),
            false => Err("must be a finite number".into()),
        };
    }
    let number = Decimal::parse(&text).ok_or(SENTENCE)?;
    let scale_limit = scale.and_then(|scale| usize::try_from(scale).ok());
    if let Some(limit) = scale_limit.filter(|limit| number.significant_scale() > *limit) {
        return Err(match limit {
            0 => "must be a whole number".into(),
            1 => "has more than 1 digit after the point".into(),
            _ => format!("has more than {limit} digits after the point").into(),
        });
    }
    // A negative scale: digits before the point are zero.
    let zeros = scale.map_or(0, |scale| usize::try_from(-i64::from(scale)).unwrap_or(0));
    if zeros > 0 && !number.is_multiple_of_ten_to(zeros) {
        return Err(format!("must be a multiple of 1{}", "0".repeat(zeros)).into());
    }
    if let (Some(precision), Some(scale)) = (precision, scale) {
        let whole = i64::from(precision) - i64::from(scale);
        if number.whole_digits() as i64 > whole {
            return Err(format!("has more than {whole} digits before the point").into());
        }
    }
    Ok(number.to_string())
}

/// The range of PostgreSQL's type: cents in 64 bits.
fn money(value: Shallow<'_>) -> Result<String, Refusal> {
    const MOST: &str = "92233720368547758.07";
    const LEAST: &str = "-92233720368547758.08";
    let text = decimal(value, Some(19), Some(2))?;
    let Some(number) = Decimal::parse(&text) else { return Err("must be a finite number".into()) };
    let is_beyond = |limit: &str, side| {
        Decimal::parse(limit).is_some_and(|limit| decimal::compare(&number, &limit) == side)
    };
    match () {
        () if is_beyond(MOST, Ordering::Greater) => Err(format!("must be at most {MOST}").into()),
        () if is_beyond(LEAST, Ordering::Less) => Err(format!("must be at least {LEAST}").into()),
        () => Ok(text),
    }
}

fn float(value: Shallow<'_>) -> Result<String, Refusal> {
    if let Shallow::Text(text) = &value
        && let special @ ("NaN" | "Infinity" | "-Infinity") = text.trim()
    {
        return Ok(special.to_owned());
    }
    let number = value.scalar().ok_or("must be a number")?.number()?;
    Ok(format!("{number:?}"))
}

fn boolean(value: Shallow<'_>) -> Result<String, Refusal> {
    let value = value.scalar().ok_or("must be true or false")?.boolean()?;
    Ok(value.to_string())
}

fn plain_text(value: Shallow<'_>) -> Result<String, Refusal> {
    let text = match value.scalar().ok_or(NOT_TEXT)? {
        Scalar::Text(text) => text,
        scalar => scalar.text()?.into_owned(),
    };
    if text.contains('\0') { Err(NUL.into()) } else { Ok(text) }
}

fn limited_text(value: Shallow<'_>, max_length: Option<u32>) -> Result<String, Refusal> {
    let text = plain_text(value)?;
    match max_length.filter(|max| text.chars().count() > *max as usize) {
        Some(1) => Err("must have at most 1 character".into()),
        Some(max) => Err(format!("must have at most {max} characters").into()),
        None => Ok(text),
    }
}

fn uuid(value: Shallow<'_>) -> Result<String, Refusal> {
    const SENTENCE: &str = "must be a UUID such as 0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60";
    let text = plain_text(value).map_err(|_| SENTENCE)?;
    let id: uuid::Uuid = text.trim().parse().map_err(|_| SENTENCE)?;
    Ok(id.hyphenated().to_string())
}

/// Base64 as browsers write it, with or without padding.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn bytes(value: Shallow<'_>) -> Result<String, Refusal> {
    const SENTENCE: &str = "must be bytes in Base64";
    let text = plain_text(value).map_err(|_| SENTENCE)?;
    let bytes = BASE64.decode(text).map_err(|_| SENTENCE)?;
    Ok(BASE64.encode(bytes))
}

/// The key of the object that stands for a JSON value which could be mistaken for another.
pub(super) const WRAPPER: &str = "$json";

/// JSON as it is written. In a nullable column null is that of SQL, and `{"$json": null}` that of JSON.
fn json_value(json: &RawValue, nullable: bool) -> Result<Option<String>, Refusal> {
    let text = json.get().trim_ascii();
    if has_nul(text) {
        return Err(NUL.into());
    }
    if serde_json::from_str::<serde_json::Value>(text).is_err() {
        return Err(UNREADABLE.into());
    }
    if !nullable {
        return Ok(Some(text.to_owned()));
    }
    if text == "null" {
        return Ok(None);
    }
    if text.starts_with('{') {
        let fields: std::collections::BTreeMap<String, &RawValue> =
            serde_json::from_str(text).map_err(|_| UNREADABLE)?;
        if let (1, Some(wrapped)) = (fields.len(), fields.get(WRAPPER)) {
            return Ok(Some(wrapped.get().to_owned()));
        }
    }
    Ok(Some(text.to_owned()))
}

/// Whether a text in the JSON contains U+0000.
fn has_nul(json: &str) -> bool {
    json.match_indices("\\u0000").any(|(at, _)| {
        let backslashes = json[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        backslashes % 2 == 0
    })
}

/// The list as a literal of PostgreSQL.
fn array(value: Shallow<'_>, element: &ValueType) -> Result<String, Refusal> {
    let mut literal = String::new();
    let mut lengths = Vec::new();
    write_array(value, element, 0, &mut lengths, &mut literal)?;
    // A list of empty lists is the empty list.
    Ok(if lengths.contains(&0) { "{}".to_owned() } else { literal })
}

const NOT_LIST: &str = "must be a list";
const UNEVEN: &str = "must have lists of equal lengths, at every level";
/// PostgreSQL's limit (`MAXDIM`).
const MAX_DIMENSIONS: usize = 6;

fn write_array(
    value: Shallow<'_>,
    element: &ValueType,
    level: usize,
    lengths: &mut Vec<usize>,
    literal: &mut String,
) -> Result<(), Refusal> {
    let Shallow::List(entries) = value else { return Err(NOT_LIST.into()) };
    if level == MAX_DIMENSIONS {
        return Err(format!("must be nested at most {MAX_DIMENSIONS} levels deep").into());
    }
    match lengths.get(level) {
        None => lengths.push(entries.len()),
        Some(length) if *length == entries.len() => {}
        Some(_) => return Err(UNEVEN.into()),
    }
    literal.push('{');
    for (at, entry) in entries.into_iter().enumerate() {
        if at > 0 {
            literal.push(',');
        }
        let is_list = entry.get().trim_ascii().starts_with('[') && !matches!(element, ValueType::Json { .. });
        match is_list {
            true => write_array(Shallow::of(entry)?, element, level + 1, lengths, literal)?,
            false if lengths.len() > level + 1 => return Err(UNEVEN.into()),
            false => {
                let decoded = element.decode(entry, true);
                let decoded = decoded.map_err(|refusal| format!("{refusal}, at position {}", at + 1))?;
                write_element(decoded.as_deref(), literal);
            }
        }
    }
    literal.push('}');
    Ok(())
}

fn write_element(text: Option<&str>, literal: &mut String) {
    let Some(text) = text else { return literal.push_str("NULL") };
    literal.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            literal.push('\\');
        }
        literal.push(letter);
    }
    literal.push('"');
}

/// Texts as a literal of a list, for `= any(…)`.
pub(super) fn array_literal<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut literal = String::from("{");
    for (at, text) in texts.enumerate() {
        if at > 0 {
            literal.push(',');
        }
        write_element(Some(text), &mut literal);
    }
    let _ = literal.write_char('}');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(of: &ValueType, json: &str) -> Result<Option<String>, String> {
        let json = RawValue::from_string(json.to_owned()).unwrap();
        of.decode(&json, true).map_err(Into::into)
    }

    fn text(text: &str) -> Result<Option<String>, String> {
        Ok(Some(text.to_owned()))
    }

    fn refused(sentence: &str) -> Result<Option<String>, String> {
        Err(sentence.to_owned())
    }

    const INT2: ValueType = ValueType::Integer { min: -32768, max: 32767 };
    const MONEY: ValueType = ValueType::Decimal { precision: Some(10), scale: Some(2) };
    const HUNDREDS: ValueType = ValueType::Decimal { precision: Some(5), scale: Some(-2) };
    const ANY_DECIMAL: ValueType = ValueType::Decimal { precision: None, scale: None };
    const ANY_TEXT: ValueType = ValueType::Text { max_length: None };

    #[test]
    fn number_keeps_every_digit() {
        for (of, json, expected) in [
            (INT2, "44", text("44")),
            (INT2, r#"" 44 ""#, text("44")),
            (INT2, "32768", refused("must be at most 32767")),
            (INT2, "4.5", refused("must be a whole number")),
            (INT2, r#""""#, Ok(None)),
            (INT2, "null", Ok(None)),
            (INT2, "{}", refused("must be a whole number")),
            (ValueType::Digits, r#""9223372036854775807""#, text("9223372036854775807")),
            (ValueType::Digits, "-9223372036854775808", text("-9223372036854775808")),
            (ValueType::Digits, r#""9223372036854775808""#, refused("must be at most 9223372036854775807")),
            (ValueType::Digits, "1e3", text("1000")),
            (ValueType::Digits, r#""7.0""#, text("7")),
            (
                ValueType::Digits,
                r#""7.5""#,
                refused("must be a whole number, as text if it has more than 15 digits"),
            ),
            (MONEY, r#""12.50""#, text("12.50")),
            (MONEY, "12.5", text("12.5")),
            (MONEY, r#""12.500""#, text("12.500")),
            (MONEY, r#""12.505""#, refused("has more than 2 digits after the point")),
            (MONEY, r#""123456789.00""#, refused("has more than 8 digits before the point")),
            (MONEY, r#""Infinity""#, refused("must be a finite number")),
            (MONEY, r#""NaN""#, text("NaN")),
            (HUNDREDS, "12300", text("12300")),
            (HUNDREDS, r#""0""#, text("0")),
            (HUNDREDS, "12345", refused("must be a multiple of 100")),
            (HUNDREDS, "100.5", refused("must be a multiple of 100")),
            (HUNDREDS, "12345600", refused("has more than 7 digits before the point")),
            (ValueType::Money, r#""92233720368547758.07""#, text("92233720368547758.07")),
            (ValueType::Money, r#""-92233720368547758.08""#, text("-92233720368547758.08")),
            (ValueType::Money, r#""92233720368547758.08""#, refused("must be at most 92233720368547758.07")),
            (
                ValueType::Money,
                r#""-92233720368547758.09""#,
                refused("must be at least -92233720368547758.08"),
            ),
            (ValueType::Money, r#""1.005""#, refused("has more than 2 digits after the point")),
            (ValueType::Money, r#""NaN""#, refused("must be a finite number")),
            (ANY_DECIMAL, "0.10000000000000000000000000000001", text("0.10000000000000000000000000000001")),
            (ANY_DECIMAL, r#""-Infinity""#, text("-Infinity")),
            (ANY_DECIMAL, r#""1,5""#, refused("must be a number, as text if it has more than 15 digits")),
            (ValueType::Float, "0.1", text("0.1")),
            (ValueType::Float, r#""NaN""#, text("NaN")),
            (ValueType::Float, "5e-324", text("5e-324")),
            (ValueType::Float, "1e400", refused("is too large a number")),
        ] {
            assert_eq!(decode(&of, json), expected, "{of:?} {json}");
        }
    }

    #[test]
    fn text_is_neither_trimmed_nor_truncated() {
        let short = ValueType::Text { max_length: Some(3) };
        for (of, json, expected) in [
            (&ANY_TEXT, r#""  a\t""#, text("  a\t")),
            (&ANY_TEXT, r#""""#, text("")),
            (&ANY_TEXT, "800", text("800")),
            (&ANY_TEXT, "true", refused(NOT_TEXT)),
            (&ANY_TEXT, r#""a\u0000""#, refused(NUL)),
            (&ANY_TEXT, r#""\ud800""#, refused(UNREADABLE)),
            (&short, r#""äöü""#, text("äöü")),
            (&short, r#""äöüß""#, refused("must have at most 3 characters")),
        ] {
            assert_eq!(decode(of, json), expected, "{of:?} {json}");
        }
    }

    #[test]
    fn other_values_have_one_form() {
        let moods = ValueType::Enum(vec!["sad".into(), "ok".into()]);
        for (of, json, expected) in [
            (&ValueType::Boolean, r#""on""#, text("true")),
            (&ValueType::Boolean, "2", refused("must be true or false")),
            (
                &ValueType::Uuid,
                r#""0B7E0D4E-7C0A-4F6E-9D0A-1C2B3D4E5F60""#,
                text("0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60"),
            ),
            (&ValueType::Uuid, "7", refused("must be a UUID such as 0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60")),
            (&moods, r#""ok""#, text("ok")),
            (&moods, r#""glad""#, refused("must be one of sad, ok")),
            (&ValueType::Bytes, r#""AP8=""#, text("AP8=")),
            (&ValueType::Bytes, r#""AP8""#, text("AP8=")),
            (&ValueType::Bytes, r#""""#, text("")),
            (&ValueType::Bytes, r#""?""#, refused("must be bytes in Base64")),
        ] {
            assert_eq!(decode(of, json), expected, "{of:?} {json}");
        }
    }

    #[test]
    fn null_of_json_differs_from_null_of_sql() {
        let (nullable, required) = (ValueType::Json { nullable: true }, ValueType::Json { nullable: false });
        for (of, json, expected) in [
            (&nullable, "null", Ok(None)),
            (&nullable, r#"{"$json": null}"#, text("null")),
            (&nullable, r#"{"$json": {"$json": 1}}"#, text(r#"{"$json": 1}"#)),
            (&nullable, r#"{"$json": 1, "b": 2}"#, text(r#"{"$json": 1, "b": 2}"#)),
            (&required, "null", text("null")),
            (&required, r#"{"$json": 1}"#, text(r#"{"$json": 1}"#)),
            (&required, r#"[1.50, "a"]"#, text(r#"[1.50, "a"]"#)),
            (&required, r#"["\u0000"]"#, refused(NUL)),
            (&required, r#"["\\u0000"]"#, text(r#"["\\u0000"]"#)),
        ] {
            assert_eq!(decode(of, json), expected, "{of:?} {json}");
        }
    }

    #[test]
    fn list_is_a_literal_of_postgres() {
        let numbers = ValueType::Array(Box::new(INT2));
        let texts = ValueType::Array(Box::new(ANY_TEXT));
        let documents = ValueType::Array(Box::new(ValueType::Json { nullable: false }));
        for (of, json, expected) in [
            (&numbers, "[1, null, 3]", text(r#"{"1",NULL,"3"}"#)),
            (&numbers, "[[1, 2], [3, 4]]", text(r#"{{"1","2"},{"3","4"}}"#)),
            (&numbers, "[[1, 2], [3]]", refused(UNEVEN)),
            (&numbers, "[[1], 2]", refused(UNEVEN)),
            (&numbers, "[]", text("{}")),
            (&numbers, "[[]]", text("{}")),
            (&numbers, r#"[1, "x"]"#, refused("must be a whole number, at position 2")),
            (&numbers, "7", refused(NOT_LIST)),
            (&numbers, "[[[[[[[1]]]]]]]", refused("must be nested at most 6 levels deep")),
            (&texts, r#"["a\"b\\c", "", "NULL"]"#, text(r#"{"a\"b\\c","","NULL"}"#)),
            (&documents, r#"[[1], {"a": "x"}]"#, text(r#"{"[1]","{\"a\": \"x\"}"}"#)),
        ] {
            assert_eq!(decode(of, json), expected, "{of:?} {json}");
        }
    }
}
