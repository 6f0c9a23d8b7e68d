//! Filters in SQL, over the columns of a table.
//!
//! A comparison with a null is null in SQL. Inside of `not` it counts as false, so that a filter and its negation select all
//! rows together.

use rowcast_schema::{FieldErrors, Filter, Op, Scalar};
use sea_orm::Value;

use super::{
    decode::Refusal,
    definition::Definition,
    field::Field,
    sql::{column, order},
    value_type::ValueType,
};

const NUL: &str = "must not contain the character U+0000";

impl Definition {
    /// The condition in SQL. Its values are appended to `values`, and mistakes to `errors`.
    pub(super) fn filter(
        &self,
        filter: &Filter,
        values: &mut Vec<Value>,
        errors: &mut FieldErrors,
    ) -> String {
        let mut joined = |parts: &[Filter], word: &str, none: &str| {
            let parts: Vec<String> = parts.iter().map(|part| self.filter(part, values, errors)).collect();
            if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(word)) }
        };
        match filter {
            Filter::All(parts) => joined(parts, " and ", "1 = 1"),
            Filter::Any(parts) => joined(parts, " or ", "1 = 0"),
            Filter::Not(inner) => format!("not coalesce({}, false)", self.filter(inner, values, errors)),
            Filter::Condition(condition) => {
                self.condition(&condition.column, &condition.op, values).unwrap_or_else(|refusal| {
                    errors.insert(condition.field(), refusal);
                    "1 = 1".to_owned()
                })
            }
        }
    }

    fn condition(&self, name: &str, op: &Op, values: &mut Vec<Value>) -> Result<String, Refusal> {
        let (_, field) = self.find_column(name)?;
        let own = column(field);
        match op {
            Op::Eq(Scalar::Null) | Op::IsNull(true) => return Ok(format!("{own} is null")),
            Op::Ne(Scalar::Null) | Op::IsNull(false) => return Ok(format!("{own} is not null")),
            Op::Has(scalar) => return has(field, scalar, values),
            _ => {}
        }
        let comparable = self.comparable(field).ok_or("can be compared with null only")?;
        let mut bind = |scalar: &Scalar| {
            let text = wide(&field.value_type).decode_scalar(scalar, self.is_postgres)?;
            values.push(self.bound(field, Some(&text)));
            Ok::<_, Refusal>(self.comparand(field, values.len()))
        };
        Ok(match op {
            Op::Eq(scalar) => format!("{comparable} = {}", bind(scalar)?),
            // A null is not equal to the value.
            Op::Ne(scalar) => format!("({comparable} <> {} or {own} is null)", bind(scalar)?),
            Op::Gt(scalar) => format!("{comparable} > {}", bind(scalar)?),
            Op::Gte(scalar) => format!("{comparable} >= {}", bind(scalar)?),
            Op::Lt(scalar) => format!("{comparable} < {}", bind(scalar)?),
            Op::Lte(scalar) => format!("{comparable} <= {}", bind(scalar)?),
            Op::In(scalars) if scalars.is_empty() => "1 = 0".to_owned(),
            Op::In(scalars) => {
                let list = scalars.iter().map(bind).collect::<Result<Vec<_>, _>>()?;
                format!("{comparable} in ({})", list.join(", "))
            }
            Op::Contains(text) => {
                let at = bind_text(field, text, values)?;
                match self.is_postgres {
                    true => format!("pg_catalog.strpos({comparable}, ${at}::pg_catalog.text) > 0"),
                    false => format!("instr({own}, ?{at}) > 0"),
                }
            }
            Op::StartsWith(text) => {
                let at = bind_text(field, text, values)?;
                match self.is_postgres {
                    true => format!("pg_catalog.starts_with({comparable}, ${at}::pg_catalog.text)"),
                    false => format!("substr({own}, 1, length(?{at})) = ?{at} collate binary"),
                }
            }
            Op::IsNull(_) | Op::Has(_) => return Err("cannot be compared".into()),
        })
    }

    /// The expression that is compared and sorted; none for types without an order on both databases.
    pub(super) fn comparable(&self, field: &Field) -> Option<String> {
        match &field.value_type {
            ValueType::Json { .. } | ValueType::Bytes | ValueType::Array(_) | ValueType::Literal => None,
            ValueType::Money if self.is_postgres => Some(format!("{}::pg_catalog.numeric", column(field))),
            _ => Some(order(field, self.is_postgres)),
        }
    }

    /// A bound value to compare with.
    pub(super) fn comparand(&self, field: &Field, at: usize) -> String {
        match field.value_type {
            // A number beyond the column's range is compared as well.
            ValueType::Integer { .. } if self.is_postgres => {
                format!("${at}::pg_catalog.text::pg_catalog.int8")
            }
            _ => self.placeholder(field, at),
        }
    }
}

/// Binds a text to look for in a column of text; returns its place.
fn bind_text(field: &Field, text: &str, values: &mut Vec<Value>) -> Result<usize, Refusal> {
    if !matches!(field.value_type, ValueType::Text { .. }) {
        return Err("holds no text".into());
    }
    if text.contains('\0') {
        return Err(NUL.into());
    }
    values.push(text.into());
    Ok(values.len())
}

/// PostgreSQL: the condition that a list has an entry.
fn has(field: &Field, scalar: &Scalar, values: &mut Vec<Value>) -> Result<String, Refusal> {
    let ValueType::Array(element) = &field.value_type else { return Err("holds no list".into()) };
    let text = wide(element).decode_scalar(scalar, true)?;
    values.push(text.into());
    let of_column = field.cast.strip_suffix("[]").unwrap_or(&field.cast);
    // A number beyond the range of the entries is compared as well.
    let cast = if matches!(**element, ValueType::Integer { .. }) { "pg_catalog.int8" } else { of_column };
    let at = values.len();
    Ok(format!("${at}::pg_catalog.text::{cast} = any({}::{cast}[])", column(field)))
}

/// The type without bounds, for values to compare with.
pub(super) fn wide(of: &ValueType) -> ValueType {
    match of {
        ValueType::Integer { .. } => ValueType::Integer { min: i64::MIN, max: i64::MAX },
        ValueType::Decimal { .. } | ValueType::Money => ValueType::Decimal { precision: None, scale: None },
        ValueType::Text { .. } => ValueType::Text { max_length: None },
        other => other.clone(),
    }
}
