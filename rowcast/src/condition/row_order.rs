//! Sorts of rows in memory.

use std::cmp::Ordering;

use super::{Row, SortValue};

/// A column to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SortColumn {
    pub(crate) column: usize,
    pub(crate) descending: bool,
}

/// A compiled sort. The columns of the key are its last ones, so no two rows have the same place.
#[derive(Clone, Debug)]
pub struct RowOrder(Box<[SortColumn]>);

/// The values by which a row is sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position(Box<[SortValue]>);

impl RowOrder {
    pub(super) fn new(columns: Vec<SortColumn>) -> Self {
        Self(columns.into())
    }

    /// The position of a row.
    #[must_use]
    pub fn position(&self, row: &Row<'_>) -> Position {
        Position(self.0.iter().map(|key| row.value(key.column).clone()).collect())
    }

    /// Compares the positions of two rows: the lesser one comes first in lists.
    #[must_use]
    pub fn compare(&self, one: &Position, other: &Position) -> Ordering {
        let values = one.0.iter().zip(&other.0);
        self.0.iter().zip(values).fold(Ordering::Equal, |order, (key, (one, other))| {
            order.then_with(|| match key.descending {
                false => one.cmp(other),
                true => other.cmp(one),
            })
        })
    }
}
