//! `where`, `sort`, `limit` and `after` → one query over allow-listed columns.
//!
//! Pages follow each other by the values of their last row, not by counting, so rows that come and go meanwhile
//! neither repeat nor hide others. Null sorts before every value. Text compares by code point on both databases.

mod page;

use api_schema::{Condition as Asked, FieldErrors, ListRequest, Op, Scalar, Sort, nearest};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, ModelTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    Select, Value,
    sea_query::{ColumnType, Expr, Func, NullOrdering, SimpleExpr},
};

use crate::{
    collection::{Collection, Column, Model},
    database::Transaction,
    error::Error,
};
use page::Filling;
pub use page::Page;

/// A column to sort by.
struct Key<C> {
    name: &'static str,
    column: C,
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
            query = query.order_by_with_nulls(key.column, order, nulls);
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
    let (_, column) = find::<C>(&asked.column)?;
    let value = |scalar: &Scalar| value::<Column<C>>(column, scalar);
    Ok(match &asked.op {
        Op::Eq(Scalar::Null) => column.is_null(),
        Op::Ne(Scalar::Null) => column.is_not_null(),
        Op::Eq(scalar) => column.eq(value(scalar)?),
        // What is null is not the value either.
        Op::Ne(scalar) => column.ne(value(scalar)?).or(column.is_null()),
        Op::Gt(scalar) => column.gt(value(scalar)?),
        Op::Gte(scalar) => column.gte(value(scalar)?),
        Op::Lt(scalar) => column.lt(value(scalar)?),
        Op::Lte(scalar) => column.lte(value(scalar)?),
        Op::In(scalars) => column.is_in(scalars.iter().map(value).collect::<Result<Vec<_>, _>>()?),
        Op::Contains(text) if is_text(column) => contains(column, text),
        Op::Contains(_) => return Err("holds numbers, which contain no text".into()),
    })
}

/// Just as JavaScript's `includes`: case counts, and no character is special. `replace` is the one function that
/// both databases have for it: taking the text out changes the value if it was there.
fn contains(column: impl ColumnTrait, text: &str) -> SimpleExpr {
    if text.is_empty() {
        return column.is_not_null();
    }
    let without =
        Func::cust("replace").arg(Expr::col(column.as_column_ref())).arg(Expr::val(text)).arg(Expr::val(""));
    Expr::col(column.as_column_ref()).ne(without)
}

fn keys<C: Collection>(sort: &[Sort], errors: &mut FieldErrors) -> Vec<Key<Column<C>>> {
    let mut keys: Vec<Key<Column<C>>> = Vec::new();
    for sort in sort {
        match find::<C>(&sort.column) {
            // A column that is named again decides nothing.
            Ok((name, _)) if keys.iter().any(|key| key.name == name) => {}
            Ok((name, column)) => keys.push(Key { name, column, descending: sort.descending }),
            Err(sentence) => errors.insert("sort", format!("{}: {sentence}", sort.column)),
        }
    }
    if !keys.iter().any(|key| key.name == "id") {
        keys.push(Key { name: "id", column: C::ID, descending: false });
    }
    keys
}

/// Rows that come after the one with these values: greater in the first key, or equal in it and greater in the
/// second, and so on.
fn beyond<C: ColumnTrait>(keys: &[Key<C>], values: &[Value]) -> Condition {
    let mut any = Condition::any();
    for (at, key) in keys.iter().enumerate() {
        let equal = keys.iter().zip(values).take(at).map(|(key, value)| match is_null(value) {
            true => key.column.is_null(),
            false => key.column.eq(value.clone()),
        });
        let all = equal.fold(Condition::all(), Condition::add);
        let value = &values[at];
        let further = match (key.descending, is_null(value)) {
            (false, true) => key.column.is_not_null(),
            (false, false) => key.column.gt(value.clone()),
            // Null is the last of a descending order: nothing follows but what the next keys say.
            (true, true) => continue,
            (true, false) => key.column.lt(value.clone()).or(key.column.is_null()),
        };
        any = any.add(all.add(further));
    }
    any
}

/// The sort and the last row's values; opaque to clients, and refused with any other sort.
fn encode<C: Collection>(keys: &[Key<Column<C>>], last: &Model<C>) -> Result<String, Error> {
    let cell = |key: &Key<Column<C>>| match last.get(key.column) {
        Value::BigInt(number) => Ok(serde_json::json!(number)),
        Value::String(text) => Ok(serde_json::json!(text)),
        other => Err(Error::Internal(format!("a page cannot end at {other:?}"))),
    };
    let cells = keys.iter().map(cell).collect::<Result<Vec<_>, _>>()?;
    let token = serde_json::json!([names(keys), cells]).to_string();
    Ok(token.bytes().map(|byte| format!("{byte:02x}")).collect())
}

fn decode<C: Collection>(keys: &[Key<Column<C>>], after: &str) -> Option<Vec<Value>> {
    let nibble = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8]| u8::try_from(nibble(pair[0])? * 16 + nibble(*pair.get(1)?)?).ok();
    let bytes: Vec<u8> = after.as_bytes().chunks(2).map(byte).collect::<Option<_>>()?;
    let (sort, cells): (String, Vec<serde_json::Value>) = serde_json::from_slice(&bytes).ok()?;
    if sort != names(keys) || cells.len() != keys.len() {
        return None;
    }
    let value = |(key, cell): (&Key<Column<C>>, serde_json::Value)| match cell {
        serde_json::Value::Null if key.column.def().is_null() => Some(Value::String(None)),
        serde_json::Value::Number(number) if !is_text(key.column) => Some(number.as_i64()?.into()),
        // PostgreSQL takes no NUL, and no value of ours holds one.
        serde_json::Value::String(text) if is_text(key.column) && !text.contains('\0') => Some(text.into()),
        _ => None,
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

fn value<C: ColumnTrait>(column: C, scalar: &Scalar) -> Result<Value, String> {
    match is_text(column) {
        true => scalar.text().map(Value::from).map_err(Into::into),
        false => scalar.integer().map(Value::from).map_err(Into::into),
    }
}

fn is_text(column: impl ColumnTrait) -> bool {
    !matches!(column.def().get_column_type(), ColumnType::BigInteger | ColumnType::Integer)
}

fn is_null(value: &Value) -> bool {
    matches!(value, Value::String(None) | Value::BigInt(None))
}
