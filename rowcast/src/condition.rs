//! Conditions and sorts in memory, over single rows: they agree with the SQL of lists.
//!
//! ```text
//!  Filter ──▶ Resolved<column, value> ─┬─▶ SQL                        tables, query
//!                                      └─▶ Predicate ─▶ matches(row)
//!  Sort ────▶ columns and directions ──┬─▶ order by                   tables, query
//!                                      └─▶ RowOrder ──▶ compare(position, position)
//! ```
//!
//! Both ways start from the same resolved condition, so a request is refused with the same sentence. A row is the JSON that
//! clients receive. A collection describes its columns by `Columns`, which reads their values as `SortValue`s.
//!
//! A comparison with a null is false, inside of `not` as well, but for `ne` and the tests for null.

#[cfg(test)]
pub(crate) mod agreement;
pub(crate) mod decimal_key;
pub(crate) mod json;
pub(crate) mod moment;
mod predicate;
mod resolved;
mod row;
mod row_order;
mod sort_value;

use std::sync::Arc;

use rowcast_schema::{Condition, FieldErrors, Filter, Sort};
use serde_json::value::RawValue;

pub use predicate::Predicate;
pub(crate) use resolved::{Comparands, Refusal, Resolved, Test, listed};
pub use row::Row;
pub(crate) use row_order::SortColumn;
pub use row_order::{Position, RowOrder};
pub(crate) use sort_value::SortValue;

/// The columns of a collection, by number.
pub(crate) trait Columns: Send + Sync {
    /// The number of columns.
    fn count(&self) -> usize;

    /// The field of rows that shows a column.
    fn field(&self, column: usize) -> &str;

    /// The JSON of a column's value in that field; none if the field shows no value of it.
    fn within<'j>(&self, _column: usize, field: &'j RawValue) -> Option<&'j RawValue> {
        Some(field)
    }

    /// Whether a value of any type is null, from its JSON.
    fn is_null(&self, _column: usize, json: &RawValue) -> bool {
        json.get() == "null"
    }

    /// A value of a column, from its JSON.
    fn value(&self, column: usize, json: &RawValue) -> SortValue;

    /// The entries of a list, of a column that has lists.
    fn entries(&self, column: usize, json: &RawValue) -> Vec<SortValue>;

    /// The column of a condition, and its test.
    ///
    /// # Errors
    /// The sentence with which lists refuse the condition.
    fn test(&self, condition: &Condition) -> Result<(usize, Test<SortValue>), Refusal>;

    /// The columns of a sort, with those that sort ties. Mistakes are added to `errors`.
    fn sort(&self, sort: &[Sort], errors: &mut FieldErrors) -> Vec<SortColumn>;
}

/// Compiles the conditions and sorts of one collection. What it compiles is for its own rows.
#[derive(Clone)]
pub struct Evaluator(Arc<dyn Columns>);

impl Evaluator {
    pub(crate) fn new(columns: Arc<dyn Columns>) -> Self {
        Self(columns)
    }

    /// The condition. Mistakes are added to `errors`, as by a list.
    pub fn predicate(&self, filter: &Filter, errors: &mut FieldErrors) -> Predicate {
        Predicate::new(Resolved::of(filter, errors, &mut |condition| self.0.test(condition)))
    }

    /// The sort. Mistakes are added to `errors`, as by a list.
    pub fn order(&self, sort: &[Sort], errors: &mut FieldErrors) -> RowOrder {
        RowOrder::new(self.0.sort(sort, errors))
    }

    /// A row, as clients receive it.
    #[must_use]
    pub fn row<'r>(&'r self, json: &'r RawValue) -> Row<'r> {
        Row::new(&*self.0, json)
    }
}
