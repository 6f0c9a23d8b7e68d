//! Reads and writes of rows of any collection, within the caller's transaction.
//!
//! Constraints are checked before the write, so that one response reports all errors. The constraints of the database
//! catch the effects of concurrent transactions.

mod constraints;
mod embedding;
pub mod join_rows;
mod target;
pub(crate) mod unsafe_ids;
mod write;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::SelectStatement,
};
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    collection::{Collection, Model, id_of},
    database::Transaction,
    error::Error,
};
pub use constraints::reject_invalid;
pub use embedding::{ReferencingCollection, rows_embedding};
pub use write::{Written, delete, insert, update};
pub(crate) use write::{insert_row, update_row};

/// The row with this id, as clients receive it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get<C: Collection>(db: &Transaction, id: i64) -> Result<C::Row, Error> {
    let model = C::Entity::find().filter(C::ID.eq(id)).one(db).await?;
    row::<C>(db, model.ok_or_else(|| not_found::<C>(id))?).await
}

/// Rows by id, in id order, as clients receive them; ids without a row are omitted.
///
/// # Errors
/// [`DbErr`] of the database.
pub async fn by_ids<C: Collection>(db: &Transaction, ids: &[i64]) -> Result<Vec<(i64, C::Row)>, DbErr> {
    find_by_ids::<C>(db, ids.iter().copied()).await
}

/// As [`by_ids`], for ids that are not in a list.
pub(crate) async fn find_by_ids<C: Collection>(
    db: &Transaction,
    ids: impl Iterator<Item = i64>,
) -> Result<Vec<(i64, C::Row)>, DbErr> {
    let models = C::Entity::find().filter(C::ID.is_in(ids)).order_by_asc(C::ID).all(db).await?;
    with_ids::<C>(db, models).await
}

/// The next `limit` rows after the id `after`, or the first ones, in id order, as clients receive them.
///
/// # Errors
/// [`DbErr`] of the database.
pub async fn page<C: Collection>(
    db: &Transaction,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<(i64, C::Row)>, DbErr> {
    let rest = after.map(|after| C::ID.gt(after));
    let page = C::Entity::find().filter(Condition::all().add_option(rest)).order_by_asc(C::ID).limit(limit);
    with_ids::<C>(db, page.all(db).await?).await
}

/// Serialises a value to raw JSON.
///
/// # Errors
/// [`Error::Internal`] for a value without a JSON form.
pub fn json(value: &impl serde::Serialize) -> Result<Box<RawValue>, Error> {
    to_raw_value(value).map_err(|error| Error::Internal(error.to_string()))
}

fn not_found<C: Collection>(id: i64) -> Error {
    Error::NotFound { collection: C::SINGULAR, key: id.into() }
}

async fn row<C: Collection>(db: &Transaction, model: Model<C>) -> Result<C::Row, Error> {
    let rows = C::rows(db, vec![model]).await?;
    rows.into_iter().next().ok_or_else(|| Error::Internal("one model makes one row".into()))
}

async fn with_ids<C: Collection>(
    db: &Transaction,
    models: Vec<Model<C>>,
) -> Result<Vec<(i64, C::Row)>, DbErr> {
    unsafe_ids::warn::<C>(&models);
    let ids: Vec<i64> = models.iter().map(id_of::<C>).collect();
    Ok(ids.into_iter().zip(C::rows(db, models).await?).collect())
}

async fn ids(db: &Transaction, query: &SelectStatement, column: &str) -> Result<Vec<i64>, DbErr> {
    let found = db.query_all(query).await?;
    found.iter().map(|row| row.try_get("", column)).collect()
}
