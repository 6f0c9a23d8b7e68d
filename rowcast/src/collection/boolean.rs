//! Boolean columns: of type `boolean` on PostgreSQL, an integer on SQLite, which is read through a proxy.

use sea_orm::{
    ColIdx, ColumnType, QueryResult, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, Nullable, ValueType, ValueTypeErr},
};

/// The value of a boolean column in a model. A strict table of SQLite has no boolean type and stores 1 or 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Boolean(pub bool);

impl From<bool> for Boolean {
    fn from(value: bool) -> Self {
        Self(value)
    }
}

impl From<Boolean> for bool {
    fn from(value: Boolean) -> Self {
        value.0
    }
}

impl From<Boolean> for Value {
    fn from(value: Boolean) -> Self {
        value.0.into()
    }
}

impl TryGetable for Boolean {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        match row.try_as_proxy_row() {
            Some(_) => i64::try_get_by(row, index).map(|number| Self(number != 0)),
            None => bool::try_get_by(row, index).map(Self),
        }
    }
}

impl ValueType for Boolean {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        match value {
            Value::Bool(Some(value)) => Ok(Self(value)),
            Value::BigInt(Some(number)) => Ok(Self(number != 0)),
            _ => Err(ValueTypeErr),
        }
    }

    fn type_name() -> String {
        "Boolean".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::Bool
    }

    fn column_type() -> ColumnType {
        ColumnType::Boolean
    }
}

impl Nullable for Boolean {
    fn null() -> Value {
        Value::Bool(None)
    }
}
