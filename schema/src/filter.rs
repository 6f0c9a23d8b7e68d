//! Conditions on rows, as clients write them.
//!
//! ```text
//! {"age": {"gte": 18}, "or": [{"city": "Bern"}, {"not": {"name": {"starts_with": "A"}}}]}
//! ```
//!
//! Only their form is validated here. The names and types of columns are validated by the server's query.

mod read;
mod schema;

use crate::Scalar;
pub(crate) use schema::FilterSchema;

/// Comparisons and combinations in one filter.
pub(crate) const MAX_CONDITIONS: usize = 64;
/// Levels of `and`, `or` and `not`.
pub(crate) const MAX_DEPTH: usize = 8;
/// Values of one `in`.
pub(crate) const MAX_IN_VALUES: usize = 100;

/// Conditions on a row. Each is true or false: a comparison with a null is false, but for `Ne` and `IsNull`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of these hold; none of them is true.
    All(Vec<Filter>),
    /// One of these holds; none of them is false.
    Any(Vec<Filter>),
    /// This does not hold.
    Not(Box<Filter>),
    /// A comparison of one column.
    Condition(Condition),
}

impl Default for Filter {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

/// A condition on one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The column's name, not yet validated.
    pub column: String,
    /// The comparison.
    pub op: Op,
    /// The place of the object that contains it, such as `where` or `where.or.0`.
    pub(crate) place: String,
}

impl Condition {
    /// The field for an error about this condition.
    #[must_use]
    pub fn field(&self) -> String {
        format!("{}.{}", self.place, self.column)
    }
}

/// A comparison. Only `Eq` and `Ne` accept null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Equal.
    Eq(Scalar),
    /// Not equal. A null is not equal to any value.
    Ne(Scalar),
    /// Greater.
    Gt(Scalar),
    /// Greater or equal.
    Gte(Scalar),
    /// Less.
    Lt(Scalar),
    /// Less or equal.
    Lte(Scalar),
    /// Equal to one of these, 100 at most; false for an empty list.
    In(Vec<Scalar>),
    /// Contains this text.
    Contains(String),
    /// Begins with this text.
    StartsWith(String),
    /// Whether it is null.
    IsNull(bool),
    /// A list that has this entry.
    Has(Scalar),
}
