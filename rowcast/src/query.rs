//! `where`, `sort`, `limit` and `after` → one query over allow-listed columns.
//!
//! Keyset pagination: a page starts after the values of the last row of the previous one, so concurrent inserts and
//! deletes neither repeat nor skip rows. Nulls sort first. Text is compared by code point on both databases, unless its
//! collection declares [another comparison](crate::collection::Comparison).

mod comparable;
mod count;
mod evaluate;
mod filter;
mod page;
pub(crate) mod position_value;

use rowcast_schema::{FieldErrors, ListRequest, Sort, shortened, suggest};
use sea_orm::{
    ColumnTrait, Condition as SqlCondition, EntityTrait, ExprTrait, ModelTrait, Order, QueryFilter,
    QueryOrder, QuerySelect, Select, Value,
    sea_query::{BinOper, NullOrdering},
};

use crate::{
    collection::{Collection, Column, Model, id_of},
    database::Transaction,
    error::Error,
    store,
};
use comparable::ComparableColumn;
pub use count::{Count, Counted};
pub(crate) use evaluate::CollectionColumns;
pub use page::Page;
pub(crate) use page::{Listed, PageBuilder};

/// A column to sort by.
struct SortKey<C> {
    name: &'static str,
    column: C,
    comparable: ComparableColumn<C>,
    descending: bool,
}

/// A valid list request of a collection.
pub struct Query<C: Collection> {
    filter: SqlCondition,
    keys: Vec<SortKey<Column<C>>>,
    /// The sort values of the previous page's last row.
    after: Option<Vec<Value>>,
    limit: u64,
}

impl<C: Collection> Query<C> {
    /// Resolves and validates the columns of a request.
    ///
    /// # Errors
    /// [`Error::Invalid`] for unknown columns and unsuitable values, together with `errors`.
    pub fn new(request: ListRequest, mut errors: FieldErrors) -> Result<Self, Error> {
        let filter = filter::condition::<C>(&request.filter, &mut errors);
        let keys = sort_keys::<C>(&request.sort, &mut errors);
        let after = request.after.map(|after| decode::<C>(&keys, &after));
        if after == Some(None) {
            errors.insert("after", "is not what a page with this sort gave as next");
        }
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        Ok(Self { filter, keys, after: after.flatten(), limit: request.limit })
    }

    /// Reads the page.
    ///
    /// # Errors
    /// [`Error`] of the database.
    pub async fn run(&self, db: &Transaction) -> Result<Page<C::Row>, Error> {
        let mut page = PageBuilder::<Model<C>>::new(C::NAME, self.limit);
        let more = loop {
            let wanted = page.wanted();
            let after = page.last().map(|last| self.position(last)).transpose()?;
            let query = self.select(after.as_ref().or(self.after.as_ref())).limit(wanted as u64 + 1);
            let mut models = query.all(db).await?;
            let more = models.len() > wanted;
            models.truncate(wanted);
            store::unsafe_ids::warn::<C>(&models);
            if !page.add(listed::<C>(db, models).await?) {
                break true;
            }
            if !more || page.wanted() == 0 {
                break more;
            }
        };
        page.finish(more, |last| encode::<C>(&self.keys, last))
    }

    /// The rows after a position, in order.
    fn select(&self, after: Option<&Vec<Value>>) -> Select<C::Entity> {
        let mut query = C::Entity::find().filter(self.filter.clone());
        if let Some(values) = after {
            query = query.filter(after_position(&self.keys, values));
        }
        for key in &self.keys {
            let (order, nulls) = match key.descending {
                false => (Order::Asc, NullOrdering::First),
                true => (Order::Desc, NullOrdering::Last),
            };
            query = query.order_by_with_nulls(key.comparable.expression(), order, nulls);
        }
        query
    }

    /// The position of a row, converted as for `after`, so that both continue at the same row.
    fn position(&self, last: &Model<C>) -> Result<Vec<Value>, Error> {
        let position = decode::<C>(&self.keys, &encode::<C>(&self.keys, last)?);
        position.ok_or_else(|| Error::Internal("a page does not know where it ends".into()))
    }
}

/// Rows of a page, encoded.
async fn listed<C: Collection>(
    db: &Transaction,
    models: Vec<Model<C>>,
) -> Result<Vec<Listed<Model<C>>>, Error> {
    let rows = C::rows(db, models.clone()).await?;
    let listed = |(model, row): (Model<C>, C::Row)| {
        let (key, json) = (store::json(&id_of::<C>(&model))?, store::json(&row)?);
        Ok(Listed { position: model, key, json })
    };
    models.into_iter().zip(rows).map(listed).collect()
}

fn sort_keys<C: Collection>(sort: &[Sort], errors: &mut FieldErrors) -> Vec<SortKey<Column<C>>> {
    let mut keys: Vec<SortKey<Column<C>>> = Vec::new();
    for sort in sort {
        match find::<C>(&sort.column) {
            // A repeated column has no effect.
            Ok((name, _)) if keys.iter().any(|key| key.name == name) => {}
            Ok((name, column)) => keys.push(sort_key::<C>(name, column, sort.descending)),
            Err(sentence) => {
                errors.insert("sort", format!("{}: {sentence}", shortened(sort.column.clone(), 120)))
            }
        }
    }
    if !keys.iter().any(|key| key.name == "id") {
        keys.push(sort_key::<C>("id", C::ID, false));
    }
    keys
}

fn sort_key<C: Collection>(name: &'static str, column: Column<C>, descending: bool) -> SortKey<Column<C>> {
    SortKey { name, column, comparable: ComparableColumn::new(column, C::comparison(name)), descending }
}

/// Rows after the position with these values: greater in the first key, or equal in it and greater in the second, and
/// so on.
fn after_position<C: ColumnTrait>(keys: &[SortKey<C>], values: &[Value]) -> SqlCondition {
    let mut any = SqlCondition::any();
    for (at, key) in keys.iter().enumerate() {
        let equal = keys.iter().zip(values).take(at).map(|(key, value)| match is_null(value) {
            true => key.comparable.is_null(),
            false => key.comparable.compare(BinOper::Equal, value.clone()),
        });
        let all = equal.fold(SqlCondition::all(), SqlCondition::add);
        let (column, value) = (key.comparable, &values[at]);
        let further = match (key.descending, is_null(value)) {
            (false, true) => column.is_not_null(),
            (false, false) => column.compare(BinOper::GreaterThan, value.clone()),
            // Null is the last in descending order: only the next keys can be greater.
            (true, true) => continue,
            (true, false) => column.compare(BinOper::SmallerThan, value.clone()).or(column.is_null()),
        };
        any = any.add(all.add(further));
    }
    any
}

/// Encodes the sort order and the last row's values; opaque to clients, and invalid for any other sort order.
fn encode<C: Collection>(keys: &[SortKey<Column<C>>], last: &Model<C>) -> Result<String, Error> {
    let cell = |key: &SortKey<Column<C>>| {
        let value = key.comparable.convert(last.get(key.column));
        value
            .as_ref()
            .and_then(position_value::encode)
            .ok_or_else(|| Error::Internal(format!("a page of {} cannot end at its {}", C::NAME, key.name)))
    };
    let cells = keys.iter().map(cell).collect::<Result<Vec<_>, _>>()?;
    Ok(hex::encode(serde_json::json!([describe(keys), cells]).to_string().as_bytes()))
}

fn decode<C: Collection>(keys: &[SortKey<Column<C>>], after: &str) -> Option<Vec<Value>> {
    let (sort, cells): (String, Vec<serde_json::Value>) =
        serde_json::from_slice(&hex::decode(after).ok()?).ok()?;
    if sort != describe(keys) || cells.len() != keys.len() {
        return None;
    }
    let value = |(key, cell): (&SortKey<Column<C>>, serde_json::Value)| {
        position_value::decode(&cell).filter(|value| key.comparable.accepts(value))
    };
    keys.iter().zip(cells).map(value).collect()
}

fn describe<C>(keys: &[SortKey<C>]) -> String {
    let name = |key: &SortKey<C>| format!("{}{}", if key.descending { "-" } else { "" }, key.name);
    keys.iter().map(name).collect::<Vec<_>>().join(",")
}

fn find<C: Collection>(name: &str) -> Result<(&'static str, Column<C>), String> {
    let found = C::columns().find(|(known, _)| *known == name);
    found.ok_or_else(|| {
        let known = C::columns().map(|(known, _)| known);
        let noun = C::SINGULAR.replace('_', " ");
        match suggest(name, known) {
            Some(near) => format!("is not a column of a {noun}; did you mean {near}?"),
            None => format!("is not a column of a {noun}"),
        }
    })
}

fn is_null(value: &Value) -> bool {
    *value == value.as_null()
}
