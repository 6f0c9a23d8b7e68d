//! Values of SQLite: to and from the wire.
//!
//! A column of SQLite holds values of any type, whatever its declaration says. A value that does not fit its column is
//! sent in the form of its own type.

use base64::Engine;
use sea_orm::Value;

use super::{
    decimal::{self, Decimal},
    decode::{BASE64, Refusal, WRAPPER},
    field::Field,
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
            _ => quote(&number.to_string(), json),
        },
        Value::String(Some(text)) => match of {
            ValueType::Json { nullable } => write_document(text, *nullable, json),
            ValueType::Bytes => quote(&BASE64.encode(text), json),
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
    let id = uuid::Uuid::from_slice(bytes).ok().filter(|_| field.value_type == ValueType::Uuid)?;
    field.found_binary_uuid();
    Some(id.hyphenated().to_string())
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
    let is_wrapped = document.strip_prefix('{').is_some_and(|rest| {
        let rest = rest.trim_ascii_start().strip_prefix('"').and_then(|rest| rest.strip_prefix(WRAPPER));
        rest.and_then(|rest| rest.strip_prefix('"')).is_some()
    });
    match nullable && (document == "null" || is_wrapped) {
        true => *json += &format!("{{\"{WRAPPER}\":{document}}}"),
        false => json.push_str(document),
    }
}

pub(super) fn quote(text: &str, json: &mut String) {
    json.push_str(&serde_json::Value::from(text).to_string());
}

/// The value as a part of a key; none for null and for values that are not identified by text.
pub(super) fn key_part(field: &Field, value: &Value) -> Option<KeyPart> {
    Some(match value {
        Value::BigInt(Some(number)) if field.value_type.is_integer() => (*number).into(),
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
        ValueType::Uuid if field.has_binary_uuids() => match text.parse::<uuid::Uuid>() {
            Ok(id) => id.as_bytes().to_vec().into(),
            Err(_) => text.into(),
        },
        _ => text.into(),
    }
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
            let Some(given) = Decimal::parse(text) else {
                return Err("must be a finite number".into());
            };
            let stored = text.parse::<i64>().ok().map(|number| number.to_string());
            let stored = stored.or_else(|| Some(text.parse::<f64>().ok()?.to_string()));
            let is_same = stored.and_then(|stored| Decimal::parse(&stored));
            match is_same.is_some_and(|stored| decimal::compare(&stored, &given).is_eq()) {
                true => Ok(()),
                false => Err("has more digits than SQLite stores in a column of this type, about 15".into()),
            }
        }
        _ => Ok(()),
    }
}
