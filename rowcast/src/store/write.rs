//! Insert, update and delete.

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, ExprTrait, ModelTrait, QueryFilter, QuerySelect, Value,
    sea_query::{Expr, LockType},
};

use super::{
    ReferencingCollection, constraints::check, embedding::count_embedding, join_rows, json, not_found, row,
    target::write_target,
};
use crate::{
    accounts, bounds,
    collection::{ActiveModel, Changeset, Collection, Model, RowUpdate, id_of, version_of},
    context::Context,
    database::{Transaction, Verb, classify},
    error::Error,
    key::Key,
    version::Version,
};

/// The identity of a row that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The collection's name.
    pub collection: &'static str,
    /// The row's key.
    pub key: Key,
    /// The row's new version; none if it was deleted.
    pub version: Option<Version>,
}

/// Inserts a row and returns it as clients receive it.
///
/// # Errors
/// [`Error::Invalid`] for missing references, duplicate values, and a row that is too large.
pub async fn insert<C: Collection>(
    context: &Context<'_>,
    changeset: Changeset<ActiveModel<C>>,
) -> Result<C::Row, Error> {
    insert_row::<C>(context, changeset).await.map(|(row, _)| row)
}

/// As [`insert`]; returns the identity of the row as well.
pub(crate) async fn insert_row<C: Collection>(
    context: &Context<'_>,
    mut changeset: Changeset<ActiveModel<C>>,
) -> Result<(C::Row, Written), Error> {
    let db = context.db;
    check::<C>(context, None, &mut changeset).await?;
    db.set_write_target(Some(write_target::<C>(db, Verb::Insert, Some(&changeset.row))));
    let model = C::Entity::insert(changeset.row).exec_with_returning(db).await.map_err(written_or_skipped)?;
    if let Some(targets) = changeset.join_rows {
        let id = id_of::<C>(&model);
        join_rows::with_version_held(db, C::NAME, id, C::save_join_rows(db, id, targets)).await?;
    }
    accounts::record_change::<C>(context, None, Some(&model)).await?;
    written::<C>(db, model).await
}

/// Updates a row, increments its version, and returns it as clients receive it.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] if the row has another version than the client saw; as [`insert`].
pub async fn update<C: Collection>(
    context: &Context<'_>,
    update: RowUpdate<ActiveModel<C>>,
) -> Result<C::Row, Error> {
    update_row::<C>(context, update).await.map(|(row, _)| row)
}

/// As [`update`]; returns the identity of the row as well.
pub(crate) async fn update_row<C: Collection>(
    context: &Context<'_>,
    update: RowUpdate<ActiveModel<C>>,
) -> Result<(C::Row, Written), Error> {
    let db = context.db;
    let RowUpdate { id, version, mut changeset } = update;
    let before = lock::<C>(db, id).await?;
    if version.is_some_and(|version| before.get(C::VERSION) != Value::from(version)) {
        return Err(Error::Conflict(json(&row::<C>(db, before).await?)?));
    }
    check::<C>(context, Some(&before), &mut changeset).await?;
    db.set_write_target(Some(write_target::<C>(db, Verb::Update, Some(&changeset.row))));
    let after = C::Entity::update_many()
        .set(changeset.row)
        .col_expr(C::VERSION, Expr::col(C::VERSION).add(1))
        .filter(C::ID.eq(id))
        .exec_with_returning(db)
        .await?;
    let after = after.into_iter().next().ok_or_else(skipped)?;
    if let Some(targets) = changeset.join_rows {
        join_rows::with_version_held(db, C::NAME, id, C::save_join_rows(db, id, targets)).await?;
    }
    accounts::record_change::<C>(context, Some(&before), Some(&after)).await?;
    written::<C>(db, after).await
}

/// Deletes a row without references to it.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Forbidden`]; [`Error::InUse`].
pub async fn delete<C: Collection>(
    context: &Context<'_>,
    id: i64,
    referencing: &[ReferencingCollection],
) -> Result<Written, Error> {
    let db = context.db;
    let before = lock::<C>(db, id).await?;
    accounts::authorize_delete::<C>(context, &before).await?;
    let mut uses = Vec::new();
    for collection in referencing {
        match count_embedding(db, &collection.embed, id).await? {
            0 => {}
            1 => uses.push(format!("1 {}", collection.singular.replace('_', " "))),
            count => uses.push(format!("{count} {}", collection.name.replace('_', " "))),
        }
    }
    if !uses.is_empty() {
        let name = C::SINGULAR.replace('_', " ");
        return Err(Error::InUse(format!("this {name} is still used by {}", uses.join(" and "))));
    }
    db.set_write_target(Some(write_target::<C>(db, Verb::Delete(vec![("id", id.into())]), None)));
    match C::Entity::delete_many().filter(C::ID.eq(id)).exec(db).await?.rows_affected {
        0 => Err(skipped()),
        _ => {
            accounts::record_change::<C>(context, Some(&before), None).await?;
            Ok(Written { collection: C::NAME, key: id.into(), version: None })
        }
    }
}

/// Locks the row until the transaction ends. SQLite needs no lock: it has one writer.
async fn lock<C: Collection>(db: &Transaction, id: i64) -> Result<Model<C>, Error> {
    let found = C::Entity::find().filter(C::ID.eq(id)).lock(LockType::NoKeyUpdate).one(db).await;
    found.map_err(classify::classify_lock_error)?.ok_or_else(|| not_found::<C>(id))
}

/// Converts a row that has just been written, and checks its size.
async fn written<C: Collection>(db: &Transaction, model: Model<C>) -> Result<(C::Row, Written), Error> {
    let (key, version) = (id_of::<C>(&model).into(), version_of::<C>(&model).map(Version::Number));
    let written = Written { collection: C::NAME, key, version };
    let row = row::<C>(db, model).await?;
    bounds::row(C::SINGULAR, &row)?;
    Ok((row, written))
}

/// The error for a write that a trigger skipped without raising: `return null` in PostgreSQL, `raise(ignore)` in
/// SQLite.
fn skipped() -> Error {
    Error::Refused("the database has left this out, by a trigger or a rule of its own".into())
}

fn written_or_skipped(error: DbErr) -> Error {
    match error {
        DbErr::RecordNotInserted | DbErr::RecordNotFound(_) => skipped(),
        error => error.into(),
    }
}
