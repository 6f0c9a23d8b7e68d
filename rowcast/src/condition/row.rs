//! Rows as conditions see them.

use std::{borrow::Cow, cell::OnceCell};

use serde_json::value::RawValue;

use super::{Columns, SortValue, json};

/// A row. A value is read when it is needed, and once for all conditions.
pub struct Row<'r> {
    columns: &'r dyn Columns,
    fields: Vec<(Cow<'r, str>, &'r RawValue)>,
    values: Box<[OnceCell<SortValue>]>,
}

impl<'r> Row<'r> {
    pub(super) fn new(columns: &'r dyn Columns, json: &'r RawValue) -> Self {
        let values = std::iter::repeat_n(OnceCell::new(), columns.count()).collect();
        Self { columns, fields: json::fields(json), values }
    }

    /// A value; null if the row does not show the column.
    pub(super) fn value(&self, column: usize) -> &SortValue {
        self.values[column].get_or_init(|| match self.json(column) {
            Some(json) => self.columns.value(column, json),
            None => SortValue::Null,
        })
    }

    /// Whether a value of any type is null.
    pub(super) fn is_null(&self, column: usize) -> bool {
        self.json(column).is_none_or(|json| self.columns.is_null(column, json))
    }

    /// The text in which other text is looked for.
    pub(super) fn text(&self, column: usize) -> Option<Cow<'r, str>> {
        json::text(self.json(column)?)
    }

    pub(super) fn entries(&self, column: usize) -> Vec<SortValue> {
        self.json(column).map_or_else(Vec::new, |json| self.columns.entries(column, json))
    }

    fn json(&self, column: usize) -> Option<&'r RawValue> {
        let name = self.columns.field(column);
        let (_, json) = self.fields.iter().find(|(field, _)| field == name)?;
        self.columns.within(column, json)
    }
}
