//! Types of columns.

use serde::Serialize;

use super::{Check, QualifiedName};

/// The type of a column, independent of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ColumnType {
    /// A whole number that a double holds exactly, or should.
    Integer(IntegerWidth),
    /// A whole number of 64 bits: `bigint`.
    BigInt,
    /// An exact decimal: `numeric`.
    Decimal {
        /// The most digits.
        precision: Option<u32>,
        /// Digits after the point; before it, if negative.
        scale: Option<i32>,
    },
    /// PostgreSQL's `money`, whose text depends on the server's locale.
    Money,
    /// A floating-point number of 32 bits.
    Real,
    /// A floating-point number of 64 bits.
    Double,
    /// Text: `text`, `varchar(n)`, `char(n)`, `citext`.
    Text {
        /// The most characters. SQLite does not enforce it.
        max_length: Option<u32>,
    },
    /// True or false.
    Boolean,
    /// A UUID.
    Uuid,
    /// An instant: `timestamptz`.
    TimestampTz,
    /// A date with a time of day.
    Timestamp,
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// A time of day with an offset from UTC.
    TimeTz,
    /// A duration.
    Interval,
    /// JSON: `json`, `jsonb`.
    Json,
    /// Bytes: `bytea`, `blob`.
    Bytes,
    /// An array, of any number of dimensions.
    Array(Box<ColumnType>),
    /// One of a list of texts.
    Enum(EnumType),
    /// A type with further checks.
    Domain(Box<Domain>),
    /// A range, or several.
    Range {
        /// The type of its bounds.
        subtype: Box<ColumnType>,
        /// Whether it is a multirange.
        multiple: bool,
    },
    /// A type without a form of its own, such as `tsvector`, `geometry` or a row type. Its name in SQL; `any` for a
    /// column of SQLite without a type.
    Other(String),
}

impl ColumnType {
    /// The type without domains around it.
    #[must_use]
    pub fn base(&self) -> &Self {
        match self {
            Self::Domain(domain) => domain.base.base(),
            other => other,
        }
    }
}

/// The range of a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum IntegerWidth {
    /// From -2^15 to 2^15 - 1: `smallint`.
    Bits16,
    /// From -2^31 to 2^31 - 1: PostgreSQL's `integer`.
    Bits32,
    /// Without a declared range: SQLite's `integer`, which stores 64 bits.
    Undeclared,
}

/// An enumeration of PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnumType {
    /// Its name.
    pub name: QualifiedName,
    /// Its values, in its own order.
    pub values: Vec<String>,
    /// The comment on the type.
    pub comment: Option<String>,
}

/// A domain of PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Domain {
    /// Its name.
    pub name: QualifiedName,
    /// The type that it restricts, which may be a domain.
    pub base: ColumnType,
    /// Whether null is excluded.
    pub not_null: bool,
    /// The default of columns without one, in SQL.
    pub default: Option<String>,
    /// Its checks, ordered by name. Their rules are about the column [`VALUE`](Self::VALUE).
    pub checks: Vec<Check>,
    /// The comment on the type.
    pub comment: Option<String>,
}

impl Domain {
    /// The name of the checked value in [`checks`](Self::checks).
    pub const VALUE: &str = "VALUE";
}
