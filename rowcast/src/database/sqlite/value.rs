//! Conversion of values to and from SQLite.
//!
//! SQLite has integers, floating-point numbers, text and bytes. Values of other types are stored as text, in a format
//! that sorts correctly where that is possible.

use rusqlite::types::{ToSqlOutput, Value as Cell, ValueRef};
use sea_orm::{
    Value,
    prelude::{TimeDateTimeWithTimeZone, TimeTime},
    sea_query::OptionEnum,
};

/// Converts a value for SQLite.
pub(super) fn write(value: &Value) -> rusqlite::Result<ToSqlOutput<'_>> {
    if *value == value.as_null() {
        return Ok(ToSqlOutput::Owned(Cell::Null));
    }
    let cell = match value {
        Value::String(Some(text)) => return Ok(ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))),
        Value::Bytes(Some(bytes)) => return Ok(ToSqlOutput::Borrowed(ValueRef::Blob(bytes))),
        Value::Bool(Some(truth)) => Cell::Integer((*truth).into()),
        Value::TinyInt(Some(number)) => Cell::Integer((*number).into()),
        Value::SmallInt(Some(number)) => Cell::Integer((*number).into()),
        Value::Int(Some(number)) => Cell::Integer((*number).into()),
        Value::BigInt(Some(number)) => Cell::Integer(*number),
        Value::TinyUnsigned(Some(number)) => Cell::Integer((*number).into()),
        Value::SmallUnsigned(Some(number)) => Cell::Integer((*number).into()),
        Value::Unsigned(Some(number)) => Cell::Integer((*number).into()),
        Value::BigUnsigned(Some(number)) => {
            Cell::Integer(i64::try_from(*number).map_err(|_| unsupported("a number over 2^63"))?)
        }
        Value::Float(Some(number)) => Cell::Real((*number).into()),
        Value::Double(Some(number)) => Cell::Real(*number),
        other => Cell::Text(to_text(other).ok_or_else(|| unsupported(&format!("{other:?}")))?),
    };
    Ok(ToSqlOutput::Owned(cell))
}

/// The text of a value that SQLite stores as text.
fn to_text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Enum(OptionEnum::Some(name)) => name.value.to_string(),
        Value::Char(Some(letter)) => letter.to_string(),
        Value::Json(Some(value)) => value.to_string(),
        Value::Uuid(Some(id)) => id.to_string(),
        Value::Decimal(Some(number)) => number.to_string(),
        Value::ChronoDate(Some(date)) => date.to_string(),
        Value::ChronoTime(Some(time)) => time.to_string(),
        Value::ChronoDateTime(Some(at)) => at.to_string(),
        Value::ChronoDateTimeUtc(Some(at)) => at.to_rfc3339(),
        Value::ChronoDateTimeLocal(Some(at)) => at.to_utc().to_rfc3339(),
        Value::ChronoDateTimeWithTimeZone(Some(at)) => at.to_utc().to_rfc3339(),
        Value::TimeDate(Some(date)) => date.to_string(),
        Value::TimeTime(Some(time)) => clock(*time),
        Value::TimeDateTime(Some(at)) => format!("{} {}", at.date(), clock(at.time())),
        Value::TimeDateTimeWithTimeZone(Some(at)) => {
            let utc = TimeDateTimeWithTimeZone::from_unix_timestamp_nanos(at.unix_timestamp_nanos()).ok()?;
            format!("{}T{}+00:00", utc.date(), clock(utc.time()))
        }
        _ => return None,
    })
}

fn clock(time: TimeTime) -> String {
    let (hour, minute, second, nanosecond) = time.as_hms_nano();
    format!("{hour:02}:{minute:02}:{second:02}.{nanosecond:09}")
}

fn unsupported(what: &str) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(format!("no SQLite form for {what}").into())
}

/// Converts a value of SQLite. A null is valid for every optional field, whatever its type. Invalid UTF-8 of other
/// programs is converted lossily, so that one bad row does not hide others.
pub(super) fn read(cell: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match cell {
        ValueRef::Null => Value::String(None),
        ValueRef::Integer(number) => Value::BigInt(Some(number)),
        ValueRef::Real(number) => Value::Double(Some(number)),
        ValueRef::Text(text) => Value::String(Some(String::from_utf8_lossy(text).into_owned())),
        ValueRef::Blob(bytes) => Value::Bytes(Some(bytes.into())),
    })
}

#[cfg(test)]
mod tests {
    use sea_orm::prelude::{ChronoDate, ChronoDateTimeUtc, Decimal, TimeDate, Uuid};
    use serde_json::json;

    use super::*;

    /// Stores and reads a value.
    fn round_trip(value: &Value) -> Value {
        let connection = rusqlite::Connection::open_in_memory().expect("a database");
        let mut statement = connection.prepare("select ?").expect("a statement");
        statement.raw_bind_parameter(1, write(value).expect("a form in SQLite")).expect("to be bound");
        let mut rows = statement.raw_query();
        let row = rows.next().expect("no failure").expect("a row");
        read(row.get_ref(0).expect("a column")).expect("a value")
    }

    #[test]
    fn every_type_of_value_is_stored() {
        let id = Uuid::from_u128(7);
        let day = ChronoDate::from_ymd_opt(2026, 2, 3).expect("a date");
        let at = ChronoDateTimeUtc::from_timestamp(1_000_000_000, 5_000_000).expect("a time");
        let noon = TimeTime::from_hms_nano(9, 5, 0, 7).expect("a time");
        for (value, expected) in [
            (true.into(), 1_i64.into()),
            (Value::TinyInt(Some(-3)), (-3_i64).into()),
            (Value::SmallInt(Some(-300)), (-300_i64).into()),
            (Value::Int(Some(70_000)), 70_000_i64.into()),
            (i64::MIN.into(), i64::MIN.into()),
            (Value::TinyUnsigned(Some(200)), 200_i64.into()),
            (Value::SmallUnsigned(Some(60_000)), 60_000_i64.into()),
            (Value::Unsigned(Some(u32::MAX)), i64::from(u32::MAX).into()),
            (Value::BigUnsigned(Some(5)), 5_i64.into()),
            (Value::Float(Some(0.5)), 0.5_f64.into()),
            (5e-324_f64.into(), 5e-324_f64.into()),
            ("a\u{0}b".into(), "a\u{0}b".into()),
            ('é'.into(), "é".into()),
            (vec![0_u8, 255].into(), vec![0_u8, 255].into()),
            (id.into(), "00000000-0000-0000-0000-000000000007".into()),
            (json!({ "a": [1] }).into(), r#"{"a":[1]}"#.into()),
            (Decimal::new(150, 2).into(), "1.50".into()),
            (day.into(), "2026-02-03".into()),
            (at.into(), "2001-09-09T01:46:40.005+00:00".into()),
            (TimeDate::from_julian_day(2_461_075).expect("a date").into(), "2026-02-03".into()),
            (noon.into(), "09:05:00.000000007".into()),
            (Value::Uuid(None), Value::String(None)),
            (Value::Bytes(None), Value::String(None)),
        ] {
            assert_eq!(round_trip(&value), expected, "{value:?}");
        }
        assert!(write(&u64::MAX.into()).is_err(), "SQLite has no such number");
    }
}
