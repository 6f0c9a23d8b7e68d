//! Constants, as far as they are comparable with values of a column.

use super::{
    super::{ColumnType, sql::Dialect},
    Literal, Subject,
    expression::{Expression, TypeName},
};

/// A constant that has the type of the column, or is converted to it without a change.
pub(super) fn literal(value: &Expression, subject: &Subject<'_>, dialect: Dialect) -> Option<Literal> {
    match value {
        Expression::Cast { to, .. } if to.modified || to.array => None,
        Expression::Cast { value, to } if matches!(**value, Expression::Cast { .. }) => {
            literal(value, subject, dialect).filter(|literal| keeps_value(literal, &to.name))
        }
        Expression::Cast { value, to } => constant(value, Some(&to.name), subject, dialect),
        value => constant(value, None, subject, dialect),
    }
}

/// Whether a further cast changes nothing.
fn keeps_value(literal: &Literal, to: &str) -> bool {
    match literal {
        Literal::Number(digits) => is_exact(digits, to),
        Literal::Text(_) => is_text(to),
        Literal::Boolean(_) | Literal::Time(_) => false,
    }
}

fn constant(
    value: &Expression,
    cast: Option<&str>,
    subject: &Subject<'_>,
    dialect: Dialect,
) -> Option<Literal> {
    match subject.column_type.base() {
        ColumnType::Integer(_) | ColumnType::BigInt | ColumnType::Decimal { .. } | ColumnType::Double => {
            number(value, cast).map(Literal::Number)
        }
        ColumnType::Text { .. } => text(value, cast.is_none_or(is_text)),
        ColumnType::Enum(of) => text(value, cast == Some(&*of.name.name)),
        ColumnType::Uuid => text(value, cast == Some("uuid")),
        ColumnType::Boolean => boolean(value, dialect),
        other => time(value, cast, other),
    }
}

/// Types of text without a padding.
pub(super) fn is_text(name: &str) -> bool {
    matches!(name, "text" | "character varying" | "varchar")
}

fn text(value: &Expression, comparable: bool) -> Option<Literal> {
    match value {
        Expression::Text(text) if comparable => Some(Literal::Text(text.clone())),
        _ => None,
    }
}

/// SQLite stores 0 and 1.
fn boolean(value: &Expression, dialect: Dialect) -> Option<Literal> {
    match value {
        Expression::Boolean(truth) => Some(Literal::Boolean(*truth)),
        Expression::Number(number) if dialect == Dialect::Sqlite && (number == "0" || number == "1") => {
            Some(Literal::Boolean(number == "1"))
        }
        _ => None,
    }
}

/// A decimal number. PostgreSQL prints `(5)::numeric`, and negative numbers as `'-5'::integer`.
fn number(value: &Expression, cast: Option<&str>) -> Option<String> {
    let digits = match (value, cast) {
        (Expression::Number(digits), _) | (Expression::Text(digits), Some(_)) => digits,
        _ => return None,
    };
    (is_decimal(digits) && cast.is_none_or(|to| is_exact(digits, to))).then(|| digits.clone())
}

/// Whether a type of numbers holds a decimal number.
fn is_exact(digits: &str, to: &str) -> bool {
    match to {
        "numeric" | "double precision" => true,
        "smallint" | "integer" | "bigint" => !digits.contains('.'),
        _ => false,
    }
}

/// Digits, and digits after a point, after a sign. SQLite's hexadecimal numbers, exponents and underscores are none.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A date or time of the column's own type, so that the comparison converts nothing.
fn time(value: &Expression, cast: Option<&str>, column_type: &ColumnType) -> Option<Literal> {
    let own = match column_type {
        ColumnType::Date => "date",
        ColumnType::Timestamp => "timestamp without time zone",
        ColumnType::TimestampTz => "timestamp with time zone",
        ColumnType::Time => "time without time zone",
        _ => return None,
    };
    match value {
        Expression::Text(text) if cast == Some(own) && is_iso(text, column_type) => {
            Some(Literal::Time(text.clone()))
        }
        _ => None,
    }
}

/// Whether PostgreSQL printed a time in the style ISO. The session may have another style; infinity and years before
/// 1 or after 9999 have other forms.
fn is_iso(text: &str, column_type: &ColumnType) -> bool {
    let shape: String =
        text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let (date, clock) = ("0000-00-00", "00:00:00");
    let is_clock = |shape: &str| shape == clock || shape.strip_prefix("00:00:00.").is_some_and(is_zeros);
    match column_type {
        ColumnType::Date => shape == date,
        ColumnType::Time => is_clock(&shape),
        ColumnType::Timestamp => shape.strip_prefix("0000-00-00 ").is_some_and(is_clock),
        _ => shape
            .strip_prefix("0000-00-00 ")
            .and_then(|rest| rest.strip_suffix("+00"))
            .is_some_and(|shape| text.ends_with("+00") && is_clock(shape)),
    }
}

fn is_zeros(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'0')
}

/// The constants of a list. An empty one differs from others: nothing is in it, not even unknown.
pub(super) fn literals(list: &[Expression], subject: &Subject<'_>, dialect: Dialect) -> Option<Vec<Literal>> {
    let literals = list.iter().map(|value| literal(value, subject, dialect)).collect::<Option<Vec<_>>>()?;
    (!literals.is_empty()).then_some(literals)
}

/// The elements of `ARRAY[…]`, which may be cast as a whole from text to text.
pub(super) fn elements(array: &Expression, subject: &Subject<'_>, dialect: Dialect) -> Option<Vec<Literal>> {
    match array {
        Expression::Array(list) => literals(list, subject, dialect),
        Expression::Cast { value, to } if is_text_array(to) => {
            elements(value, subject, dialect).filter(|list| matches!(list[..], [Literal::Text(_), ..]))
        }
        _ => None,
    }
}

fn is_text_array(to: &TypeName) -> bool {
    to.array && !to.modified && is_text(&to.name)
}
