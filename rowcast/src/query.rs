//! `where`, `sort`, `limit` and `after` → one query over allow-listed columns.
//!
//! Pages follow each other by the values of their last row, not by counting, so rows that come and go meanwhile
//! neither repeat nor hide others. Null sorts before every value. Text compares by code point on both databases, unless
//! its collection says that it [stands for something else](crate::collection::Comparison).

mod cell;
mod compared;
mod page;

use rowcast_schema::{Condition as Asked, FieldErrors, ListRequest, Op, Scalar, Sort, nearest, shortened};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, ModelTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    Select, Value,
    sea_query::{BinOper, NullOrdering, SimpleExpr},
};

use crate::{
    collection::{Collection, Column, Model},
    database::Transaction,
    error::Error,
    store,
};
use compared::Compared;
use page::Filling;
pub use page::Page;

/// A column to sort by.
struct Key<C> {
    name: &'static str,
    column: C,
    compared: Compared<C>,
    descending: bool,
}

/// A request that fits a collection.
pub struct Query<C: Collection> {
    filter: Condition,
    keys: Vec<Key<Column<C>>>,
    /// The last row's values of the page before.
    after: Option<Vec<Value>>,
    limit: u64,
}

impl<C: Collection> Query<C> {
    /// Finds the columns that a request names.
    ///
    /// # Errors
    /// [`Error::Invalid`] for columns and values that do not fit, together with the `errors` that were found before.
    pub fn new(request: ListRequest, mut errors: FieldErrors) -> Result<Self, Error> {
        let filter = filter::<C>(&request.filter, &mut errors);
        let keys = keys::<C>(&request.sort, &mut errors);
        let after = request.after.map(|after| decode::<C>(&keys, &after));
        if after == Some(None) {
            errors.insert("after", "is not what a page with this sort gave as next");
        }
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        Ok(Self { filter, keys, after: after.flatten(), limit: request.limit })
    }

    /// The page.
    ///
    /// # Errors
    /// What the database says.
    pub async fn run(&self, db: &Transaction) -> Result<Page<C::Row>, Error> {
        let mut page = Filling::<C>::new(self.limit);
        let more = loop {
            let wanted = page.wanted();
            let after = page.last().map(|last| self.place(last)).transpose()?;
            let query = self.select(after.as_ref().or(self.after.as_ref())).limit(wanted as u64 + 1);
            let mut models = query.all(db).await?;
            let more = models.len() > wanted;
            models.truncate(wanted);
            store::inexact::warn::<C>(&models);
            if !page.take(db, models).await? {
                break true;
            }
            if !more || page.wanted() == 0 {
                break more;
            }
        };
        page.finish(more, |last| encode::<C>(&self.keys, last))
    }

    /// What follows a place, in order.
    fn select(&self, after: Option<&Vec<Value>>) -> Select<C::Entity> {
        let mut query = C::Entity::find().filter(self.filter.clone());
        if let Some(values) = after {
            query = query.filter(beyond(&self.keys, values));
        }
        for key in &self.keys {
            let (order, nulls) = match key.descending {
                false => (Order::Asc, NullOrdering::First),
                true => (Order::Desc, NullOrdering::Last),
            };
            query = query.order_by_with_nulls(key.compared.expression(), order, nulls);
        }
        query
    }

    /// Where a page goes on that has come to this row: there, too, where one begins that is asked for by `after`.
    fn place(&self, last: &Model<C>) -> Result<Vec<Value>, Error> {
        let place = decode::<C>(&self.keys, &encode::<C>(&self.keys, last)?);
        place.ok_or_else(|| Error::Internal("a page does not know where it ends".into()))
    }
}

fn filter<C: Collection>(asked: &[Asked], errors: &mut FieldErrors) -> Condition {
    asked.iter().fold(Condition::all(), |all, asked| match condition::<C>(asked) {
        Ok(condition) => all.add(condition),
        Err(sentence) => {
            errors.insert(asked.field(), sentence);
            all
        }
    })
}

fn condition<C: Collection>(asked: &Asked) -> Result<SimpleExpr, String> {
    let (name, column) = find::<C>(&asked.column)?;
    let column = Compared::new(column, C::comparison(name));
    let value = |scalar: &Scalar| column.value(scalar);
    Ok(match &asked.op {
        Op::Eq(Scalar::Null) => column.is_null(),
        Op::Ne(Scalar::Null) => column.is_not_null(),
        Op::Eq(scalar) => column.is(BinOper::Equal, value(scalar)?),
        // What is null is not the value either.
        Op::Ne(scalar) => column.is(BinOper::NotEqual, value(scalar)?).or(column.is_null()),
        Op::Gt(scalar) => column.is(BinOper::GreaterThan, value(scalar)?),
        Op::Gte(scalar) => column.is(BinOper::GreaterThanOrEqual, value(scalar)?),
        Op::Lt(scalar) => column.is(BinOper::SmallerThan, value(scalar)?),
        Op::Lte(scalar) => column.is(BinOper::SmallerThanOrEqual, value(scalar)?),
        Op::In(scalars) => column.is_in(scalars.iter().map(value).collect::<Result<Vec<_>, _>>()?),
        Op::Contains(text) => column.contains(text)?,
    })
}

fn keys<C: Collection>(sort: &[Sort], errors: &mut FieldErrors) -> Vec<Key<Column<C>>> {
    let mut keys: Vec<Key<Column<C>>> = Vec::new();
    for sort in sort {
        match find::<C>(&sort.column) {
            // A column that is named again decides nothing.
            Ok((name, _)) if keys.iter().any(|key| key.name == name) => {}
            Ok((name, column)) => keys.push(key::<C>(name, column, sort.descending)),
            Err(sentence) => {
                errors.insert("sort", format!("{}: {sentence}", shortened(sort.column.clone(), 120)))
            }
        }
    }
    if !keys.iter().any(|key| key.name == "id") {
        keys.push(key::<C>("id", C::ID, false));
    }
    keys
}

fn key<C: Collection>(name: &'static str, column: Column<C>, descending: bool) -> Key<Column<C>> {
    Key { name, column, compared: Compared::new(column, C::comparison(name)), descending }
}

/// Rows that come after the one with these values: greater in the first key, or equal in it and greater in the
/// second, and so on.
fn beyond<C: ColumnTrait>(keys: &[Key<C>], values: &[Value]) -> Condition {
    let mut any = Condition::any();
    for (at, key) in keys.iter().enumerate() {
        let equal = keys.iter().zip(values).take(at).map(|(key, value)| match is_null(value) {
            true => key.compared.is_null(),
            false => key.compared.is(BinOper::Equal, value.clone()),
        });
        let all = equal.fold(Condition::all(), Condition::add);
        let (column, value) = (key.compared, &values[at]);
        let further = match (key.descending, is_null(value)) {
            (false, true) => column.is_not_null(),
            (false, false) => column.is(BinOper::GreaterThan, value.clone()),
            // Null is the last of a descending order: nothing follows but what the next keys say.
            (true, true) => continue,
            (true, false) => column.is(BinOper::SmallerThan, value.clone()).or(column.is_null()),
        };
        any = any.add(all.add(further));
    }
    any
}

/// The sort and the last row's values; opaque to clients, and refused with any other sort.
fn encode<C: Collection>(keys: &[Key<Column<C>>], last: &Model<C>) -> Result<String, Error> {
    let cell = |key: &Key<Column<C>>| {
        let value = key.compared.of(last.get(key.column));
        value
            .as_ref()
            .and_then(cell::encode)
            .ok_or_else(|| Error::Internal(format!("a page of {} cannot end at its {}", C::PLURAL, key.name)))
    };
    let cells = keys.iter().map(cell).collect::<Result<Vec<_>, _>>()?;
    Ok(cell::hex(serde_json::json!([names(keys), cells]).to_string().as_bytes()))
}

fn decode<C: Collection>(keys: &[Key<Column<C>>], after: &str) -> Option<Vec<Value>> {
    let (sort, cells): (String, Vec<serde_json::Value>) =
        serde_json::from_slice(&cell::unhex(after)?).ok()?;
    if sort != names(keys) || cells.len() != keys.len() {
        return None;
    }
    let value = |(key, cell): (&Key<Column<C>>, serde_json::Value)| {
        cell::decode(&cell).filter(|value| key.compared.fits(value))
    };
    keys.iter().zip(cells).map(value).collect()
}

fn names<C>(keys: &[Key<C>]) -> String {
    let name = |key: &Key<C>| format!("{}{}", if key.descending { "-" } else { "" }, key.name);
    keys.iter().map(name).collect::<Vec<_>>().join(",")
}

fn find<C: Collection>(name: &str) -> Result<(&'static str, Column<C>), String> {
    let found = C::columns().find(|(known, _)| *known == name);
    found.ok_or_else(|| {
        let known = C::columns().map(|(known, _)| known);
        let noun = C::NAME.replace('_', " ");
        match nearest(name, known) {
            Some(near) => format!("is not a column of a {noun}; did you mean {near}?"),
            None => format!("is not a column of a {noun}"),
        }
    })
}

fn is_null(value: &Value) -> bool {
    *value == value.as_null()
}
