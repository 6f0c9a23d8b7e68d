//! Values of payloads, as text that the database reads.
//!
//! Forms send text for numbers and numbers for text, which is accepted; nothing is rounded, trimmed or truncated.

mod array;
mod number;

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use rowcast_schema::Scalar;
use serde_json::value::RawValue;

use super::{temporal, value_type::ValueType};
use array::array;
pub(super) use array::array_literal;
use number::{decimal, digits, float, integer, money};

/// A sentence that says what a value must be.
pub(super) use crate::condition::{Refusal, listed};

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
                    true => temporal::check_postgres(*of, text.trim())?,
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

#[cfg(test)]
mod tests;
