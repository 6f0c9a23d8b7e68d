//! A column as it is compared: what stands for it in SQL, and which values it is compared with.

use rowcast_schema::Scalar;
use sea_orm::{
    ColumnTrait, ExprTrait, Value,
    sea_query::{BinOper, ColumnType, Expr, Func, SimpleExpr},
};

use crate::collection::Comparison;

/// A column, and how its values are compared.
#[derive(Clone, Copy)]
pub(super) struct Compared<C> {
    column: C,
    by: Comparison,
}

/// What a column's values are, as far as comparing them goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Truth,
    Whole,
    Real,
    Text,
    /// Compared with values of its own only: a page may end there.
    Other,
}

impl<C: ColumnTrait> Compared<C> {
    pub(super) fn new(column: C, by: Comparison) -> Self {
        Self { column, by }
    }

    /// What is sorted by.
    pub(super) fn expression(self) -> SimpleExpr {
        let column = Expr::col(self.column.as_column_ref());
        match self.by {
            Comparison::AsStored => column,
            // Both databases know the name, and SQLite takes it for a whole number.
            Comparison::AsNumber => column.cast_as("bigint"),
        }
    }

    pub(super) fn is(self, operator: BinOper, value: Value) -> SimpleExpr {
        let value = match self.by {
            Comparison::AsStored => self.column.save_as(Expr::val(value)),
            Comparison::AsNumber => Expr::val(value),
        };
        self.expression().binary(operator, value)
    }

    pub(super) fn is_in(self, values: Vec<Value>) -> SimpleExpr {
        match self.by {
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

    /// Just as JavaScript's `includes`: case counts, and no character is special. `replace` is the one function that
    /// both databases have for it: taking the text out changes the value if it was there.
    pub(super) fn contains(self, text: &str) -> Result<SimpleExpr, String> {
        match kind(self.column.def().get_column_type()) {
            Kind::Text => {}
            Kind::Whole | Kind::Real => return Err("holds numbers, which contain no text".into()),
            Kind::Truth | Kind::Other => return Err("holds no text".into()),
        }
        if text.is_empty() {
            return Ok(self.is_not_null());
        }
        let column = || Expr::col(self.column.as_column_ref());
        let without = Func::cust("replace").arg(column()).arg(Expr::val(text)).arg(Expr::val(""));
        Ok(column().ne(without))
    }

    /// What a client sent as a value of the column, or a sentence for the form.
    pub(super) fn value(self, scalar: &Scalar) -> Result<Value, String> {
        let value = match self.kind() {
            Kind::Truth => scalar.boolean().map(Value::from),
            Kind::Whole => scalar.integer().map(Value::from),
            Kind::Real => scalar.number().map(Value::from),
            Kind::Text => scalar.text().map(|text| text.into_owned().into()),
            Kind::Other => Err("can be compared with null only"),
        };
        value.map_err(Into::into)
    }

    /// A value of a row as it is compared.
    pub(super) fn of(self, stored: Value) -> Option<Value> {
        match (self.by, stored) {
            (Comparison::AsNumber, Value::String(Some(text))) => {
                Some(text.trim().parse::<i64>().ok()?.into())
            }
            (_, stored) => Some(stored),
        }
    }

    /// Whether a value that came from outside may stand for one of the column's.
    pub(super) fn fits(self, value: &Value) -> bool {
        match value {
            null if *null == null.as_null() => self.column.def().is_null(),
            Value::Bool(_) => self.kind() == Kind::Truth,
            Value::BigInt(_) | Value::BigUnsigned(_) => self.kind() == Kind::Whole,
            Value::Double(_) => self.kind() == Kind::Real,
            // PostgreSQL takes no NUL, and no value of ours holds one.
            Value::String(Some(text)) => self.kind() == Kind::Text && !text.contains('\0'),
            other => fits(self.column.def().get_column_type(), other),
        }
    }

    fn kind(self) -> Kind {
        match self.by {
            Comparison::AsStored => kind(self.column.def().get_column_type()),
            Comparison::AsNumber => Kind::Whole,
        }
    }
}

fn kind(column: &ColumnType) -> Kind {
    use ColumnType as T;
    match column {
        T::Boolean => Kind::Truth,
        T::TinyInteger | T::SmallInteger | T::Integer | T::BigInteger => Kind::Whole,
        T::TinyUnsigned | T::SmallUnsigned | T::Unsigned | T::BigUnsigned | T::Year => Kind::Whole,
        T::Float | T::Double => Kind::Real,
        T::Char(_) | T::String(_) | T::Text | T::Custom(_) | T::Enum { .. } => Kind::Text,
        _ => Kind::Other,
    }
}

/// The columns that are compared with values of their own kind alone.
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
