//! Columns in comparisons: the SQL expression, and the values that it accepts.

use rowcast_schema::Scalar;
use sea_orm::{
    ColumnTrait, ExprTrait, Value,
    sea_query::{BinOper, ColumnType, Expr, Func, SimpleExpr},
};

use crate::{
    collection::Comparison,
    condition::{Comparands, Refusal, SortValue, decimal_key::DecimalKey, listed, moment},
};

/// A column and the comparison of its values.
#[derive(Clone, Copy)]
pub(super) struct ComparableColumn<C> {
    column: C,
    comparison: Comparison,
}

/// The type of a column's values in comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValueType {
    Boolean,
    Integer,
    Real,
    Text,
    /// ComparableColumn with values of its own only: a page may end there.
    Other,
}

impl<C: ColumnTrait> ComparableColumn<C> {
    pub(super) fn new(column: C, comparison: Comparison) -> Self {
        Self { column, comparison }
    }

    /// The expression to sort by.
    pub(super) fn expression(self) -> SimpleExpr {
        let column = Expr::col(self.column.as_column_ref());
        match self.comparison {
            Comparison::AsStored => column,
            // Both databases know the name; SQLite takes it for an integer.
            Comparison::AsNumber => column.cast_as("bigint"),
        }
    }

    pub(super) fn compare(self, operator: BinOper, value: Value) -> SimpleExpr {
        let value = match self.comparison {
            Comparison::AsStored => self.column.save_as(Expr::val(value)),
            Comparison::AsNumber => Expr::val(value),
        };
        self.expression().binary(operator, value)
    }

    pub(super) fn is_in(self, values: Vec<Value>) -> SimpleExpr {
        match self.comparison {
            Comparison::AsStored => self.column.is_in(values),
            Comparison::AsNumber => self.expression().is_in(values),
        }
    }

    pub(super) fn is_null(self) -> SimpleExpr {
        self.column.is_null()
    }

    pub(super) fn is_not_null(self) -> SimpleExpr {
        self.column.is_not_null()
    }

    /// Like JavaScript's `includes`: case-sensitive, without special characters. It uses `replace`, which both
    /// databases have: removing the text changes a value that contains it.
    pub(super) fn contains(self, text: &str) -> SimpleExpr {
        if text.is_empty() {
            return self.is_not_null();
        }
        let column = || Expr::col(self.column.as_column_ref());
        let without = Func::cust("replace").arg(column()).arg(Expr::val(text)).arg(Expr::val(""));
        column().ne(without)
    }

    /// Like JavaScript's `startsWith`: case-sensitive, without special characters.
    pub(super) fn starts_with(self, text: &str) -> SimpleExpr {
        let column = Expr::col(self.column.as_column_ref());
        let length = Func::char_length(Expr::val(text));
        let start = Func::cust("substr").arg(column).arg(Expr::cust("1")).arg(length);
        Expr::expr(start).eq(Expr::val(text))
    }

    /// Converts a stored value to the form in which it is compared.
    pub(super) fn convert(self, stored: Value) -> Option<Value> {
        match (self.comparison, stored) {
            (Comparison::AsNumber, Value::String(Some(text))) => {
                Some(text.trim().parse::<i64>().ok()?.into())
            }
            (_, stored) => Some(stored),
        }
    }

    /// Whether a value from a client may be compared with the column.
    pub(super) fn accepts(self, value: &Value) -> bool {
        match value {
            null if *null == null.as_null() => self.column.def().is_null(),
            Value::Bool(_) => self.value_type() == ValueType::Boolean,
            Value::BigInt(_) | Value::BigUnsigned(_) => self.value_type() == ValueType::Integer,
            Value::Double(_) => self.value_type() == ValueType::Real,
            // PostgreSQL accepts no NUL.
            Value::String(Some(text)) => self.value_type() == ValueType::Text && !text.contains('\0'),
            other => fits(self.column.def().get_column_type(), other),
        }
    }

    pub(super) fn is_integer(self) -> bool {
        self.value_type() == ValueType::Integer
    }

    /// The value that a row shows as this text, in memory.
    pub(super) fn shown_value(self, text: &str, is_postgres: bool) -> SortValue {
        let column = self.column.def();
        let value = match (self.value_type(), column.get_column_type()) {
            (ValueType::Boolean, _) => Some(SortValue::Integer(i64::from(text == "true"))),
            (ValueType::Integer, _) => text.trim().parse().ok().map(SortValue::Integer),
            // The nearest number of 32 bits, which both databases compare with those of 64.
            (ValueType::Real, ColumnType::Float) => {
                text.parse::<f32>().ok().map(f64::from).map(SortValue::Float)
            }
            (ValueType::Real, _) => text.parse().ok().map(SortValue::Float),
            (ValueType::Text, column) if is_postgres => {
                let rank = labels(column).and_then(|labels| labels.iter().position(|label| label == text));
                rank.and_then(|rank| i64::try_from(rank).ok()).map(SortValue::Integer)
            }
            (ValueType::Text, _) => None,
            (ValueType::Other, column) if is_postgres => moment_or_decimal(column, text),
            // SQLite stores other values as text.
            (ValueType::Other, _) => None,
        };
        value.unwrap_or_else(|| SortValue::text(text))
    }

    /// A client's value in memory.
    pub(super) fn compared_value(self, value: &Value, is_postgres: bool) -> SortValue {
        match value {
            Value::Bool(Some(value)) => SortValue::Integer((*value).into()),
            Value::BigInt(Some(number)) => SortValue::Integer(*number),
            Value::Double(Some(number)) => SortValue::Float(*number),
            Value::String(Some(text)) => self.shown_value(text, is_postgres),
            _ => SortValue::Null,
        }
    }

    /// A label of an enumeration, or any text.
    fn decode_text(self, scalar: &Scalar) -> Result<String, Refusal> {
        let text = scalar.text()?.into_owned();
        match labels(self.column.def().get_column_type()) {
            Some(labels) if !labels.contains(&text) => {
                Err(format!("must be one of {}", listed(&labels)).into())
            }
            _ => Ok(text),
        }
    }

    fn value_type(self) -> ValueType {
        match self.comparison {
            Comparison::AsStored => value_type(self.column.def().get_column_type()),
            Comparison::AsNumber => ValueType::Integer,
        }
    }
}

impl<C: ColumnTrait> Comparands for ComparableColumn<C> {
    type Value = Value;

    /// Each value is refused by itself.
    fn check_comparable(&self) -> Result<(), Refusal> {
        Ok(())
    }

    fn decode(&self, scalar: &Scalar) -> Result<Value, Refusal> {
        let value = match self.value_type() {
            ValueType::Boolean => scalar.boolean().map(Value::from),
            ValueType::Integer => scalar.integer().map(Value::from),
            ValueType::Real => scalar.number().map(Value::from),
            ValueType::Text => return self.decode_text(scalar).map(Value::from),
            ValueType::Other => Err("can be compared with null only"),
        };
        value.map_err(Into::into)
    }

    fn decode_entry(&self, _scalar: &Scalar) -> Result<Value, Refusal> {
        Err("holds no list".into())
    }

    fn check_text(&self, _text: &str) -> Result<(), Refusal> {
        let column = self.column.def();
        match value_type(column.get_column_type()) {
            ValueType::Text if labels(column.get_column_type()).is_some() => Err("holds no text".into()),
            ValueType::Text => Ok(()),
            ValueType::Integer | ValueType::Real => Err("holds numbers, which contain no text".into()),
            ValueType::Boolean | ValueType::Other => Err("holds no text".into()),
        }
    }
}

/// The labels of an enumeration, in their order.
fn labels(column: &ColumnType) -> Option<Vec<String>> {
    let ColumnType::Enum { variants, .. } = column else { return None };
    Some(variants.iter().map(ToString::to_string).collect())
}

/// PostgreSQL's value of a type that is compared with its own values only.
fn moment_or_decimal(column: &ColumnType, text: &str) -> Option<SortValue> {
    use ColumnType as T;
    match column {
        T::Decimal(_) | T::Money(_) => DecimalKey::of(text).map(SortValue::Decimal),
        T::Date => moment::date(text).map(SortValue::Integer),
        T::Time => moment::time(text).map(SortValue::Integer),
        T::DateTime | T::Timestamp => moment::timestamp(text).map(SortValue::Integer),
        T::TimestampWithTimeZone => moment::zoned_timestamp(text).map(SortValue::Integer),
        _ => None,
    }
}

fn value_type(column: &ColumnType) -> ValueType {
    use ColumnType as T;
    match column {
        T::Boolean => ValueType::Boolean,
        T::TinyInteger | T::SmallInteger | T::Integer | T::BigInteger => ValueType::Integer,
        T::TinyUnsigned | T::SmallUnsigned | T::Unsigned | T::BigUnsigned | T::Year => ValueType::Integer,
        T::Float | T::Double => ValueType::Real,
        T::Char(_) | T::String(_) | T::Text | T::Custom(_) | T::Enum { .. } => ValueType::Text,
        _ => ValueType::Other,
    }
}

/// For types that are compared only with their own values.
fn fits(column: &ColumnType, value: &Value) -> bool {
    use ColumnType as T;
    let moment = || matches!(column, T::DateTime | T::Timestamp | T::TimestampWithTimeZone);
    match value {
        Value::Bytes(_) => matches!(column, T::Blob | T::Binary(_) | T::VarBinary(_)),
        Value::Decimal(_) => matches!(column, T::Decimal(_) | T::Money(_)),
        Value::Uuid(_) => *column == T::Uuid,
        Value::Json(_) => matches!(column, T::Json | T::JsonBinary),
        Value::ChronoDate(_) | Value::TimeDate(_) => *column == T::Date,
        Value::ChronoTime(_) | Value::TimeTime(_) => *column == T::Time,
        Value::ChronoDateTime(_) | Value::ChronoDateTimeUtc(_) => moment(),
        Value::TimeDateTime(_) | Value::TimeDateTimeWithTimeZone(_) => moment(),
        _ => false,
    }
}
