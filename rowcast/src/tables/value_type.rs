//! The form of a column's values on the wire.
//!
//! | column | JSON |
//! | --- | --- |
//! | `smallint`, `integer`; `bigint` that numbers rows, or refers to such a column | number |
//! | any other `bigint`; `numeric`, `money` | text with all digits |
//! | `real`, `double precision` | number; `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | `text`, `varchar`, `uuid`, enumerations, ranges | text |
//! | `boolean` | boolean |
//! | dates and times | text in ISO 8601 |
//! | `json` | as it is |
//! | `bytea` | text in Base64 |
//! | arrays | list |

use rowcast_schema::MAX_SAFE_INTEGER;

use crate::catalog::{ColumnType, IntegerWidth};

/// The form of a column's values on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ValueType {
    /// A whole number in this range, which JavaScript represents exactly.
    Integer {
        min: i64,
        max: i64,
    },
    /// A whole number of 64 bits, as text.
    Digits,
    /// An exact decimal, as text.
    Decimal {
        precision: Option<u32>,
        scale: Option<i32>,
    },
    /// An amount of money, as the text of a decimal.
    Money,
    /// A floating-point number.
    Float,
    /// Text of at most this many characters.
    Text {
        max_length: Option<u32>,
    },
    Boolean,
    Uuid,
    Temporal(Temporal),
    /// JSON. A nullable column distinguishes SQL's null from that of JSON.
    Json {
        nullable: bool,
    },
    /// Bytes in Base64.
    Bytes,
    /// One of these texts, in their own order.
    Enum(Vec<String>),
    Array(Box<ValueType>),
    /// Text as the database prints and reads it.
    Literal,
}

/// Dates and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Temporal {
    TimestampTz,
    Timestamp,
    Date,
    Time,
    TimeTz,
    Interval,
}

impl ValueType {
    /// The form for a type. `is_number` selects it for a `bigint`: text with digits, or a number. None for a type that
    /// has no form of its own.
    pub(super) fn of(column_type: &ColumnType, is_number: bool, nullable: bool) -> Option<Self> {
        let safe = Self::Integer { min: -MAX_SAFE_INTEGER, max: MAX_SAFE_INTEGER };
        Some(match column_type {
            ColumnType::Integer(IntegerWidth::Bits16) => {
                Self::Integer { min: i16::MIN.into(), max: i16::MAX.into() }
            }
            ColumnType::Integer(IntegerWidth::Bits32) => {
                Self::Integer { min: i32::MIN.into(), max: i32::MAX.into() }
            }
            ColumnType::Integer(IntegerWidth::Undeclared) => safe,
            ColumnType::BigInt if is_number => safe,
            ColumnType::BigInt => Self::Digits,
            ColumnType::Decimal { precision, scale } => {
                Self::Decimal { precision: *precision, scale: *scale }
            }
            ColumnType::Money => Self::Money,
            ColumnType::Real | ColumnType::Double => Self::Float,
            ColumnType::Text { max_length } => Self::Text { max_length: *max_length },
            ColumnType::Boolean => Self::Boolean,
            ColumnType::Uuid => Self::Uuid,
            ColumnType::TimestampTz => Self::Temporal(Temporal::TimestampTz),
            ColumnType::Timestamp => Self::Temporal(Temporal::Timestamp),
            ColumnType::Date => Self::Temporal(Temporal::Date),
            ColumnType::Time => Self::Temporal(Temporal::Time),
            ColumnType::TimeTz => Self::Temporal(Temporal::TimeTz),
            ColumnType::Interval => Self::Temporal(Temporal::Interval),
            ColumnType::Json => Self::Json { nullable },
            ColumnType::Bytes => Self::Bytes,
            ColumnType::Array(element) => match Self::of(element, false, false)? {
                // PostgreSQL has no exact JSON for lists of these.
                Self::Bytes | Self::Money | Self::Array(_) => return None,
                element => Self::Array(Box::new(element)),
            },
            ColumnType::Enum(of) => Self::Enum(of.values.clone()),
            ColumnType::Domain(domain) => Self::of(&domain.base, is_number, nullable)?,
            ColumnType::Range { .. } => Self::Literal,
            ColumnType::Other(_) => return None,
        })
    }

    /// Whether rows may be identified by such a value: its text is the same wherever it is printed.
    pub(super) fn is_key(&self) -> bool {
        match self {
            Self::Integer { .. } | Self::Digits | Self::Text { .. } | Self::Uuid | Self::Enum(_) => true,
            Self::Temporal(temporal) => !matches!(temporal, Temporal::Interval | Temporal::TimeTz),
            _ => false,
        }
    }

    /// Whether clients may have text that sorts as a number.
    pub(super) fn sorts_as_number(&self) -> bool {
        matches!(self, Self::Digits | Self::Decimal { .. } | Self::Money | Self::Float)
    }

    /// Whether values are a date and a time of day together.
    pub(super) fn is_instant(&self) -> bool {
        matches!(self, Self::Temporal(Temporal::TimestampTz | Temporal::Timestamp))
    }

    /// Whether values are numbers inside the engine.
    pub(super) fn is_integer(&self) -> bool {
        matches!(self, Self::Integer { .. } | Self::Digits)
    }
}
