//! Conditions on one row in memory.

use super::{Resolved, Row, SortValue, Test};

/// A compiled condition.
#[derive(Clone, Debug)]
pub struct Predicate(Resolved<usize, SortValue>);

impl Predicate {
    pub(super) fn new(resolved: Resolved<usize, SortValue>) -> Self {
        Self(resolved)
    }

    /// Whether a list with this condition would have the row.
    #[must_use]
    pub fn matches(&self, row: &Row<'_>) -> bool {
        holds(&self.0, row)
    }
}

/// A filter has a limited depth.
fn holds(resolved: &Resolved<usize, SortValue>, row: &Row<'_>) -> bool {
    match resolved {
        Resolved::All(parts) => parts.iter().all(|part| holds(part, row)),
        Resolved::Any(parts) => parts.iter().any(|part| holds(part, row)),
        Resolved::Not(inner) => !holds(inner, row),
        Resolved::Test(column, test) => passes(*column, test, row),
    }
}

fn passes(column: usize, test: &Test<SortValue>, row: &Row<'_>) -> bool {
    let contains = |matches: fn(&str, &str) -> bool, part: &str| {
        row.text(column).is_some_and(|text| matches(&text, part))
    };
    let compared = |passes: &dyn Fn(&SortValue) -> bool| {
        let value = row.value(column);
        !value.is_null() && passes(value)
    };
    match test {
        Test::IsNull => row.is_null(column),
        Test::IsNotNull => !row.is_null(column),
        Test::Eq(to) => compared(&|value| value == to),
        Test::Ne(to) => row.value(column) != to,
        Test::Gt(than) => compared(&|value| value > than),
        Test::Gte(than) => compared(&|value| value >= than),
        Test::Lt(than) => compared(&|value| value < than),
        Test::Lte(than) => compared(&|value| value <= than),
        Test::In(values) => compared(&|value| values.contains(value)),
        Test::Contains(part) => contains(|text, part| text.contains(part), part),
        Test::StartsWith(start) => contains(|text, start| text.starts_with(start), start),
        Test::Has(entry) => row.entries(column).contains(entry),
    }
}
