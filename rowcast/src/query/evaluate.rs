//! The columns of a collection in Rust for conditions in memory, which agree with the SQL.
//!
//! A row shows a column in a field of the same name. A column that refers to another row may show that row, of which the id
//! counts. A number that JSON does not have, such as NaN, is null in a row.

use std::marker::PhantomData;

use rowcast_schema::{Condition, FieldErrors, Sort};
use sea_orm::Value;
use serde_json::value::RawValue;

use super::{comparable::ComparableColumn, filter, sort_keys};
use crate::{
    collection::{Collection, Column},
    condition::{Columns, Refusal, SortColumn, SortValue, Test, json},
};

/// The columns that lists of a collection filter and sort by.
pub(crate) struct CollectionColumns<C: Collection> {
    columns: Vec<(&'static str, ComparableColumn<Column<C>>)>,
    is_postgres: bool,
    of: PhantomData<fn() -> C>,
}

impl<C: Collection> CollectionColumns<C> {
    pub(crate) fn new(is_postgres: bool) -> Self {
        let comparable = |(name, column)| (name, ComparableColumn::new(column, C::comparison(name)));
        Self { columns: C::columns().map(comparable).collect(), is_postgres, of: PhantomData }
    }

    fn position(&self, name: &str) -> usize {
        let found = self.columns.iter().position(|(known, _)| *known == name);
        found.expect("a column that was found is one of the collection's")
    }
}

impl<C: Collection> Columns for CollectionColumns<C> {
    fn count(&self) -> usize {
        self.columns.len()
    }

    fn field(&self, column: usize) -> &str {
        self.columns[column].0
    }

    fn within<'j>(&self, column: usize, field: &'j RawValue) -> Option<&'j RawValue> {
        let referenced = self.columns[column].1.is_integer().then(|| json::field(field, "id")).flatten();
        Some(referenced.unwrap_or(field))
    }

    fn value(&self, column: usize, json: &RawValue) -> SortValue {
        match json::text(json) {
            None => SortValue::Null,
            Some(text) => self.columns[column].1.shown_value(&text, self.is_postgres),
        }
    }

    /// No column has lists.
    fn entries(&self, _column: usize, _json: &RawValue) -> Vec<SortValue> {
        Vec::new()
    }

    fn test(&self, condition: &Condition) -> Result<(usize, Test<SortValue>), Refusal> {
        let ((name, column), test) = filter::resolve_condition::<C>(condition)?;
        let value = |value: Value| column.compared_value(&value, self.is_postgres);
        Ok((self.position(name), test.map(value)))
    }

    fn sort(&self, sort: &[Sort], errors: &mut FieldErrors) -> Vec<SortColumn> {
        let keys = sort_keys::<C>(sort, errors);
        let column = |name| self.position(name);
        keys.iter().map(|key| SortColumn { column: column(key.name), descending: key.descending }).collect()
    }
}

#[cfg(test)]
mod tests;
