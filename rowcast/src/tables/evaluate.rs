//! The columns of a table for conditions in memory, which agree with the SQL.
//!
//! PostgreSQL compares values of one type, and the JSON of a row has all of their digits. SQLite compares whatever is stored:
//! numbers come before text. A text that looks like a number is one there, because such columns store it as a number.
//!
//! A row does not show everything that SQLite compares: whether a UUID or a moment has another form than the rest of its column,
//! and whether a text is stored as bytes. Such a value is taken for one in the form of the column.

use rowcast_schema::{Condition, FieldErrors, Sort};
use sea_orm::Value;
use serde_json::value::RawValue;

use super::{
    decode::Refusal,
    definition::Definition,
    field::Field,
    filter::fits_single,
    sqlite_value::{compared, number},
    value_type::{Temporal, ValueType},
};
use crate::condition::{Columns, SortColumn, SortValue, Test, decimal_key::DecimalKey, json, moment};

impl Columns for Definition {
    fn count(&self) -> usize {
        self.operands().count()
    }

    fn field(&self, column: usize) -> &str {
        let operand = self.operand(column);
        operand.embedded.map_or(operand.field.name, |(_, embedding)| embedding.field)
    }

    fn within<'j>(&self, column: usize, field: &'j RawValue) -> Option<&'j RawValue> {
        let operand = self.operand(column);
        match operand.embedded {
            None => Some(field),
            Some(_) => json::field(field, operand.field.name),
        }
    }

    /// A column of JSON that is never null in SQL shows the null of JSON as it is.
    fn is_null(&self, column: usize, json: &RawValue) -> bool {
        json.get() == "null" && self.operand(column).field.value_type != ValueType::Json { nullable: false }
    }

    fn value(&self, column: usize, json: &RawValue) -> SortValue {
        let field = self.operand(column).field;
        match json::text(json) {
            None => SortValue::Null,
            Some(text) if self.is_postgres => of_postgres(field, &field.value_type, &text),
            Some(text) => of_sqlite(field, &text, json::is_string(json)),
        }
    }

    fn entries(&self, column: usize, json: &RawValue) -> Vec<SortValue> {
        let field = self.operand(column).field;
        let ValueType::Array(element) = &field.value_type else { return Vec::new() };
        let mut entries = Vec::new();
        json::for_each_entry(json, &mut |entry| {
            entries.extend(json::text(entry).map(|text| of_postgres(field, element, &text)));
        });
        entries
    }

    fn test(&self, condition: &Condition) -> Result<(usize, Test<SortValue>), Refusal> {
        let (column, test) = self.resolve_condition(condition)?;
        let field = self.operand(column).field;
        let of = match &field.value_type {
            ValueType::Array(element) => element,
            of => of,
        };
        let value = |text: String| match self.is_postgres {
            true => of_postgres(field, of, &text),
            false => compared_with(field, &text),
        };
        Ok((column, test.map(value)))
    }

    fn sort(&self, sort: &[Sort], errors: &mut FieldErrors) -> Vec<SortColumn> {
        self.sort_keys(sort, errors)
    }
}

/// The value of a text of PostgreSQL, or of a client's text that was decoded for it.
fn of_postgres(field: &Field, of: &ValueType, text: &str) -> SortValue {
    let value = match of {
        ValueType::Integer { .. } | ValueType::Digits => text.parse().ok().map(SortValue::Integer),
        ValueType::Decimal { .. } | ValueType::Money => DecimalKey::of(text).map(SortValue::Decimal),
        ValueType::Float => float(field, text).map(SortValue::Float),
        ValueType::Boolean => Some(SortValue::Integer(i64::from(text == "true"))),
        // A label that was added meanwhile is the last one.
        ValueType::Enum(labels) => {
            let rank = labels.iter().position(|label| label == text).unwrap_or(labels.len());
            i64::try_from(rank).ok().map(SortValue::Integer)
        }
        ValueType::Temporal(of) => match of {
            Temporal::TimestampTz => moment::zoned_timestamp(text).map(SortValue::Integer),
            Temporal::Timestamp => moment::timestamp(text).map(SortValue::Integer),
            Temporal::Date => moment::date(text).map(SortValue::Integer),
            Temporal::Time => moment::time(text).map(SortValue::Integer),
            Temporal::TimeTz => moment::zoned_time(text).map(|(utc, west)| SortValue::Pair(utc, west)),
            Temporal::Interval => moment::interval(text).map(|(days, micros)| SortValue::Pair(days, micros)),
        },
        _ => None,
    };
    value.unwrap_or_else(|| SortValue::text(text))
}

/// A number of 32 bits is the nearest one to its text, not to that of 64 bits.
fn float(field: &Field, text: &str) -> Option<f64> {
    let is_single = field.cast.starts_with("pg_catalog.float4");
    match is_single && fits_single(text) {
        true => text.parse::<f32>().ok().map(f64::from),
        false => text.parse().ok(),
    }
}

/// The stored value that a row of SQLite shows.
fn of_sqlite(field: &Field, text: &str, is_string: bool) -> SortValue {
    let stored = field.time_form.shown_from(&field.value_type, text);
    let text = stored.as_deref().unwrap_or(text);
    match &field.value_type {
        ValueType::Text { .. } => SortValue::text(text),
        ValueType::Boolean if !is_string && matches!(text, "true" | "false") => {
            SortValue::Integer(i64::from(text == "true"))
        }
        _ => number(text).map_or_else(|| SortValue::text(text), of_stored),
    }
}

/// The value that SQLite compares a column with. UUIDs of all forms are compared in lower case.
fn compared_with(field: &Field, text: &str) -> SortValue {
    match field.value_type {
        ValueType::Uuid => SortValue::text(text),
        _ => of_stored(compared(field, text)),
    }
}

fn of_stored(value: Value) -> SortValue {
    match value {
        Value::BigInt(Some(number)) => SortValue::Integer(number),
        Value::Double(Some(number)) => SortValue::Float(number),
        Value::String(Some(text)) => SortValue::Text(text.into()),
        _ => SortValue::Null,
    }
}

#[cfg(test)]
mod tests;
