//! Filters over the columns of a table: how they are resolved, and their SQL.
//!
//! A comparison with a null is null in SQL. Inside of `not` it counts as false, so that a filter and its negation select all
//! rows together.

use rowcast_schema::{Condition, FieldErrors, Filter, Scalar};
use sea_orm::Value;

use super::{
    decode::Refusal,
    definition::Definition,
    field::Field,
    operand::Operand,
    sql::{column, comparable, order_of},
    uuid_form::in_all_forms,
    value_type::ValueType,
};
use crate::condition::{Comparands, Resolved, Test};

const NUL: &str = "must not contain the character U+0000";
const NULL_ONLY: &str = "can be compared with null only";

/// A filter over fields, whose values are texts that the database reads.
pub(super) type TableFilter = Resolved<usize, String>;

/// A column in a comparison.
struct ComparedField<'d> {
    definition: &'d Definition,
    field: &'d Field,
}

impl Comparands for ComparedField<'_> {
    type Value = String;

    fn check_comparable(&self) -> Result<(), Refusal> {
        self.definition.comparable(self.field).map(drop).ok_or_else(|| NULL_ONLY.into())
    }

    fn decode(&self, scalar: &Scalar) -> Result<String, Refusal> {
        wide(&self.field.value_type).decode_scalar(scalar, self.definition.is_postgres)
    }

    fn decode_entry(&self, scalar: &Scalar) -> Result<String, Refusal> {
        match &self.field.value_type {
            // Two texts may be the same range.
            ValueType::Array(element) if **element == ValueType::Literal => Err(NULL_ONLY.into()),
            ValueType::Array(element) => wide(element).decode_scalar(scalar, true),
            _ => Err("holds no list".into()),
        }
    }

    fn check_text(&self, text: &str) -> Result<(), Refusal> {
        match self.field.value_type {
            ValueType::Text { .. } if text.contains('\0') => Err(NUL.into()),
            ValueType::Text { .. } => Ok(()),
            _ => Err("holds no text".into()),
        }
    }
}

impl Definition {
    /// The filter with its columns and values. Mistakes are added to `errors`.
    pub(super) fn resolve(&self, filter: &Filter, errors: &mut FieldErrors) -> TableFilter {
        Resolved::of(filter, errors, &mut |condition| self.resolve_condition(condition))
    }

    /// The number of a condition's operand, and its test.
    pub(super) fn resolve_condition(&self, condition: &Condition) -> Result<(usize, Test<String>), Refusal> {
        let (at, operand) = self.find_operand(&condition.column)?;
        let field = ComparedField { definition: self, field: operand.field };
        Ok((at, Test::of(&condition.op, &field)?))
    }

    /// The filter in SQL. Its values are appended to `values`.
    pub(super) fn filter_sql(&self, filter: &TableFilter, values: &mut Vec<Value>) -> String {
        let mut joined = |parts: &[TableFilter], word: &str, none: &str| {
            let parts: Vec<String> = parts.iter().map(|part| self.filter_sql(part, values)).collect();
            if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(word)) }
        };
        match filter {
            Resolved::All(parts) => joined(parts, " and ", "1 = 1"),
            Resolved::Any(parts) => joined(parts, " or ", "1 = 0"),
            Resolved::Not(inner) => format!("not coalesce({}, false)", self.filter_sql(inner, values)),
            Resolved::Test(at, test) => self.test_sql(self.operand(*at), test, values),
        }
    }

    fn test_sql(&self, operand: Operand<'_>, test: &Test<String>, values: &mut Vec<Value>) -> String {
        let mut column_sql = |test: &Test<String>| {
            self.column_sql(operand.field, operand.column(self.is_postgres), test, values)
        };
        let Some((_, embedding)) = operand.embedded.filter(|_| self.is_postgres) else {
            return column_sql(test);
        };
        match test {
            // True also without an embedded row.
            Test::IsNull => format!("not {}", embedding.exists(&column_sql(&Test::IsNotNull))),
            Test::Ne(text) => format!("not {}", embedding.exists(&column_sql(&Test::Eq(text.clone())))),
            test => embedding.exists(&column_sql(test)),
        }
    }

    /// The test of a column, itself in SQL.
    fn column_sql(&self, field: &Field, own: String, test: &Test<String>, values: &mut Vec<Value>) -> String {
        let comparable = self.comparable_of(field, own.clone()).unwrap_or_else(|| own.clone());
        let is_stored_uuid = !self.is_postgres && field.value_type == ValueType::Uuid;
        let mut bind = |text: &String| {
            values.push(self.compared(field, text));
            self.comparand_for(field, text, values.len())
        };
        match test {
            Test::IsNull => format!("{own} is null"),
            Test::IsNotNull => format!("{own} is not null"),
            Test::Eq(id) if is_stored_uuid => format!("{own} in ({})", uuids([id], values)),
            Test::Ne(id) if is_stored_uuid => {
                format!("({own} not in ({}) or {own} is null)", uuids([id], values))
            }
            Test::Eq(text) => format!("{comparable} = {}", bind(text)),
            // A null is not equal to the value.
            Test::Ne(text) => format!("({comparable} <> {} or {own} is null)", bind(text)),
            Test::Gt(text) => format!("{comparable} > {}", bind(text)),
            Test::Gte(text) => format!("{comparable} >= {}", bind(text)),
            Test::Lt(text) => format!("{comparable} < {}", bind(text)),
            Test::Lte(text) => format!("{comparable} <= {}", bind(text)),
            Test::In(texts) if texts.is_empty() => "1 = 0".to_owned(),
            Test::In(ids) if is_stored_uuid => format!("{own} in ({})", uuids(ids, values)),
            Test::In(texts) => {
                let list: Vec<String> = texts.iter().map(bind).collect();
                format!("{comparable} in ({})", list.join(", "))
            }
            Test::Contains(text) => {
                values.push(text.as_str().into());
                self.contains(&own, &comparable, values.len())
            }
            Test::StartsWith(text) => {
                values.push(text.as_str().into());
                self.starts_with(&own, &comparable, values.len())
            }
            Test::Has(entry) => has(field, &own, entry, values),
        }
    }

    fn contains(&self, own: &str, comparable: &str, at: usize) -> String {
        match self.is_postgres {
            true => format!("pg_catalog.strpos({comparable}, ${at}::pg_catalog.text) > 0"),
            false => format!("instr({own}, ?{at}) > 0"),
        }
    }

    fn starts_with(&self, own: &str, comparable: &str, at: usize) -> String {
        match self.is_postgres {
            true => format!("pg_catalog.starts_with({comparable}, ${at}::pg_catalog.text)"),
            false => format!("substr({own}, 1, length(?{at})) = ?{at} collate binary"),
        }
    }

    /// The expression that is compared and sorted; none for types without an order on both databases.
    pub(super) fn comparable(&self, field: &Field) -> Option<String> {
        self.comparable_of(field, column(field))
    }

    fn comparable_of(&self, field: &Field, column: String) -> Option<String> {
        match &field.value_type {
            ValueType::Json { .. } | ValueType::Bytes | ValueType::Array(_) | ValueType::Literal => None,
            ValueType::Money if self.is_postgres => Some(format!("{column}::pg_catalog.numeric")),
            ValueType::Enum(_) => Some(comparable(field, column)),
            _ => Some(order_of(field, column, self.is_postgres)),
        }
    }

    /// A bound value to compare with, which the database has printed.
    pub(super) fn comparand(&self, field: &Field, at: usize) -> String {
        match field.value_type {
            // A number beyond the column's range is compared as well.
            ValueType::Integer { .. } if self.is_postgres => {
                format!("${at}::pg_catalog.text::pg_catalog.int8")
            }
            _ => self.placeholder(field, at),
        }
    }

    /// A bound value to compare with, which a client has written.
    fn comparand_for(&self, field: &Field, text: &str, at: usize) -> String {
        match field.value_type {
            ValueType::Float if self.is_postgres && !fits_single(text) => {
                format!("${at}::pg_catalog.text::pg_catalog.float8")
            }
            _ => self.comparand(field, at),
        }
    }
}

/// SQLite: the list of these UUIDs in all forms.
fn uuids<'t>(ids: impl IntoIterator<Item = &'t String>, values: &mut Vec<Value>) -> String {
    let forms = |id: &String| {
        values.push(id.as_str().into());
        in_all_forms(&format!("?{}", values.len())).join(", ")
    };
    ids.into_iter().map(forms).collect::<Vec<_>>().join(", ")
}

/// PostgreSQL: the condition that a list has an entry.
fn has(field: &Field, column: &str, text: &str, values: &mut Vec<Value>) -> String {
    let of_column = field.cast.strip_suffix("[]").unwrap_or(&field.cast);
    let cast = match &field.value_type {
        // A number beyond the range of the entries is compared as well.
        ValueType::Array(element) if matches!(**element, ValueType::Integer { .. }) => "pg_catalog.int8",
        ValueType::Array(element) if **element == ValueType::Float && !fits_single(text) => {
            "pg_catalog.float8"
        }
        _ => of_column,
    };
    values.push(text.into());
    // Texts are equal by code point, whatever the collation.
    let collation = if of_column == "pg_catalog.text" { " collate pg_catalog.\"C\"" } else { "" };
    let at = values.len();
    format!("${at}::pg_catalog.text::{cast}{collation} = any({column}::{cast}[])")
}

/// Whether a number of 64 bits is one of 32 bits as well, perhaps with fewer digits. PostgreSQL does not convert others.
pub(super) fn fits_single(text: &str) -> bool {
    let (single, double) = (text.parse::<f32>(), text.parse::<f64>());
    match (single, double) {
        (Ok(single), Ok(double)) => {
            single.is_infinite() == double.is_infinite() && (single == 0.0) == (double == 0.0)
        }
        _ => true,
    }
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
