//! Values of SQLite: to and from the wire.
//!
//! A column of SQLite holds values of any type, whatever its declaration says. A value that does not fit its column is
//! sent in the form of its own type.

use std::{borrow::Cow, collections::BTreeMap};

use base64::Engine;
use sea_orm::Value;
use serde::de::IgnoredAny;

use super::{
    decimal::{self, Decimal},
    decode::{BASE64, Refusal, WRAPPER},
    field::Field,
    uuid_form::{self, UuidForm},
    value_type::ValueType,
};
use crate::key::KeyPart;
use rowcast_schema::is_safe_integer;

/// Appends a stored value as JSON.
pub(super) fn write_json(field: &Field, value: &Value, json: &mut String) {
    let of = &field.value_type;
    match value {
        Value::BigInt(Some(number)) => match of {
            ValueType::Boolean if matches!(number, 0 | 1) => {
                json.push_str(if *number == 1 { "true" } else { "false" })
            }
            ValueType::Json { .. } => json.push_str(&number.to_string()),
            ValueType::Integer { .. } | ValueType::Boolean | ValueType::Float if is_safe_integer(*number) => {
                json.push_str(&number.to_string());
            }
            _ => quote(&number.to_string(), json),
        },
        Value::Double(Some(number)) => match of {
            ValueType::Json { .. } | ValueType::Float | ValueType::Integer { .. } | ValueType::Boolean => {
                write_float(*number, json);
            }
            _ if number.is_infinite() => write_float(*number, json),
            _ => quote(&number.to_string(), json),
        },
        Value::String(Some(text)) => match of {
            ValueType::Json { nullable } => write_document(text, *nullable, json),
            ValueType::Bytes => quote(&BASE64.encode(text), json),
            ValueType::Uuid => quote(&uuid_text(field, text), json),
            ValueType::Temporal(_) => quote(field.time_form.shown(of, text).as_deref().unwrap_or(text), json),
            _ => quote(text, json),
        },
        Value::Bytes(Some(bytes)) => match uuid(field, bytes) {
            Some(id) => quote(&id, json),
            None => quote(&BASE64.encode(bytes), json),
        },
        _ => json.push_str("null"),
    }
}

/// The text of a UUID that is stored as bytes.
fn uuid(field: &Field, bytes: &[u8]) -> Option<String> {
    let id = uuid_form::from_bytes(bytes).filter(|_| field.value_type == ValueType::Uuid)?;
    field.uuid_form.set(UuidForm::Bytes);
    Some(id)
}

/// The text of a UUID that is stored as text.
fn uuid_text<'t>(field: &Field, text: &'t str) -> Cow<'t, str> {
    if uuid_form::has_lower_case(text) {
        field.uuid_form.set(UuidForm::LowerCase);
    }
    let Some(lower) = uuid_form::from_upper_case(text) else { return text.into() };
    field.uuid_form.set(UuidForm::UpperCase);
    lower.into()
}

fn write_float(number: f64, json: &mut String) {
    match number.is_finite() {
        // As short as possible, and read as the same number.
        true => json
            .push_str(&serde_json::Number::from_f64(number).map_or_else(|| "0".into(), |it| it.to_string())),
        false => json.push_str(if number > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" }),
    }
}

/// JSON as it is stored; text that is no JSON as a text.
fn write_document(text: &str, nullable: bool, json: &mut String) {
    let Ok(document) = serde_json::from_str::<&serde_json::value::RawValue>(text) else {
        return quote(text, json);
    };
    let document = document.get().trim_ascii();
    match nullable && (document == "null" || is_wrapper(document)) {
        true => *json += &format!("{{\"{WRAPPER}\":{document}}}"),
        false => json.push_str(document),
    }
}

/// Whether a document is an object with the one key by which others are wrapped.
fn is_wrapper(document: &str) -> bool {
    let rest = document.strip_prefix('{').map(str::trim_ascii_start);
    let rest = rest.and_then(|rest| rest.strip_prefix('"')?.strip_prefix(WRAPPER)?.strip_prefix('"'));
    let keys = || serde_json::from_str::<BTreeMap<Cow<'_, str>, IgnoredAny>>(document);
    rest.is_some() && keys().is_ok_and(|keys| keys.len() == 1)
}

pub(super) fn quote(text: &str, json: &mut String) {
    json.push_str(&serde_json::Value::from(text).to_string());
}

/// The value as a part of a key; none for null and for values that are not identified by text.
pub(super) fn key_part(field: &Field, value: &Value) -> Option<KeyPart> {
    Some(match value {
        Value::BigInt(Some(number)) if field.value_type.is_integer() => (*number).into(),
        Value::String(Some(text)) if field.value_type == ValueType::Uuid => (&*uuid_text(field, text)).into(),
        Value::String(Some(text)) if !field.value_type.is_integer() => text.as_str().into(),
        Value::Bytes(Some(bytes)) => uuid(field, bytes)?.as_str().into(),
        _ => return None,
    })
}

/// The value to bind for a decoded text.
pub(super) fn bind(field: &Field, text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::String(None) };
    let number = |parsed: Option<Value>| parsed.unwrap_or_else(|| text.into());
    match &field.value_type {
        of if of.is_integer() => number(text.parse::<i64>().ok().map(Value::from)),
        ValueType::Boolean => i64::from(text == "true").into(),
        ValueType::Float => number(float(text).map(Value::from)),
        ValueType::Bytes => BASE64.decode(text).unwrap_or_default().into(),
        ValueType::Uuid => field.uuid_form.bind(text),
        of @ ValueType::Temporal(_) => {
            field.time_form.stored(of, text).unwrap_or_else(|| text.to_owned()).into()
        }
        _ => text.into(),
    }
}

/// The value to compare a column with, for a decoded text. Numbers are bound as numbers: SQLite would read their texts less
/// exactly. NaN is a text, which comes after all numbers; no column has it as a number.
pub(super) fn compared(field: &Field, text: &str) -> Value {
    match (&field.value_type, bind(field, Some(text))) {
        (ValueType::Float, _) if text == "NaN" => text.into(),
        (ValueType::Decimal { .. } | ValueType::Temporal(_), Value::String(Some(text))) => {
            number(&text).unwrap_or(Value::String(Some(text)))
        }
        (_, value) => value,
    }
}

/// The number that a text is in a column of numbers or of times. None for any other text, which stays one.
pub(super) fn number(text: &str) -> Option<Value> {
    if matches!(text, "Infinity" | "-Infinity") {
        return float(text).map(Value::from);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = unsigned.starts_with(|first: char| first == '.' || first.is_ascii_digit());
    let whole = text.parse::<i64>().ok().map(Value::from);
    whole.or_else(|| text.parse::<f64>().ok().map(Value::from)).filter(|_| is_number)
}

fn float(text: &str) -> Option<f64> {
    match text {
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        text => text.parse().ok(),
    }
}

/// Refuses a value that SQLite would change: it stores decimals as floating-point numbers, and NaN as null.
pub(super) fn check_exact(of: &ValueType, text: &str) -> Result<(), Refusal> {
    match of {
        ValueType::Float if text == "NaN" => Err("must be a number: SQLite stores NaN as null".into()),
        ValueType::Decimal { .. } | ValueType::Money => {
            let given = Decimal::parse(text).ok_or("must be a finite number")?;
            if is_kept(text, &given) { Ok(()) } else { Err(TOO_LONG.into()) }
        }
        // A document that is a number becomes one of SQLite.
        ValueType::Json { .. } if text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
            let is_kept = Decimal::parse(text).is_some_and(|given| is_kept(text, &given));
            if is_kept { Ok(()) } else { Err(TOO_LONG.into()) }
        }
        _ => Ok(()),
    }
}

const TOO_LONG: &str = "has more digits than SQLite stores in a column of this type, about 15";

/// Whether SQLite's number for a text is the same.
fn is_kept(text: &str, given: &Decimal) -> bool {
    let stored = text.parse::<i64>().ok().map(|number| number.to_string());
    let stored = stored.or_else(|| Some(text.parse::<f64>().ok()?.to_string()));
    let stored = stored.and_then(|stored| Decimal::parse(&stored));
    stored.is_some_and(|stored| decimal::compare(&stored, given).is_eq())
}
