//! Reads and writes of rows of any collection, within the caller's transaction.
//!
//! Constraints are checked before the write, so that one response reports all errors. The constraints of the database
//! catch the effects of concurrent transactions.

pub mod join_rows;
pub(crate) mod unsafe_ids;

use rowcast_schema::FieldErrors;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait,
    IdenStatic, Iterable, ModelTrait, QueryFilter, QueryOrder, QuerySelect, Value,
    sea_query::{Alias, Expr, Func, LockType, Query, SelectStatement},
};
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    accounts, bounds,
    collection::{
        ActiveModel, Changeset, Collection, Column, Embed, Model, RowUpdate, Unique, id_of, version_of,
    },
    context::Context,
    database::{Transaction, Verb, WriteTarget, classify},
    error::Error,
};

/// The identity of a row that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The collection's name.
    pub collection: &'static str,
    /// The row's id.
    pub id: i64,
    /// The row's new version; none if it was deleted.
    pub version: Option<i64>,
}

/// The row with this id, as clients receive it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get<C: Collection>(db: &Transaction, id: i64) -> Result<C::Row, Error> {
    let model = C::Entity::find().filter(C::ID.eq(id)).one(db).await?;
    row::<C>(db, model.ok_or(Error::NotFound { collection: C::SINGULAR, id })?).await
}

/// Returns an error if the payload has `errors`, with those of constraints added, so that one response reports all of
/// them.
///
/// # Errors
/// [`Error::Invalid`].
pub async fn reject_invalid<C: Collection>(
    context: &Context<'_>,
    own: Option<i64>,
    changeset: &mut Changeset<ActiveModel<C>>,
    errors: &FieldErrors,
) -> Result<(), Error> {
    if errors.is_empty() {
        return Ok(());
    }
    let mut errors = errors.clone();
    let before = match own {
        Some(id) => C::Entity::find().filter(C::ID.eq(id)).one(context.db).await?,
        None => None,
    };
    constraint_errors::<C>(context, before.as_ref(), changeset, false, &mut errors).await?;
    Err(Error::Invalid(errors))
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

/// A collection whose rows embed rows of another.
#[derive(Clone, Copy, Debug)]
pub struct ReferencingCollection {
    /// The singular name.
    pub singular: &'static str,
    /// The collection's name.
    pub name: &'static str,
    /// The reference.
    pub embed: Embed,
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
    db.set_write_target(Some(write_target::<C>(db, Verb::Delete(id), None)));
    match C::Entity::delete_many().filter(C::ID.eq(id)).exec(db).await?.rows_affected {
        0 => Err(skipped()),
        _ => {
            accounts::record_change::<C>(context, Some(&before), None).await?;
            Ok(Written { collection: C::NAME, id, version: None })
        }
    }
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

/// Rows by id, in id order, as clients receive them; ids without a row are omitted.
///
/// # Errors
/// [`DbErr`] of the database.
pub async fn by_ids<C: Collection>(db: &Transaction, ids: &[i64]) -> Result<Vec<(i64, C::Row)>, DbErr> {
    let ids = ids.iter().copied();
    let models = C::Entity::find().filter(C::ID.is_in(ids)).order_by_asc(C::ID).all(db).await?;
    with_ids::<C>(db, models).await
}

/// The next `limit` rows after the id `after`, in id order, as clients receive them.
///
/// # Errors
/// [`DbErr`] of the database.
pub async fn page<C: Collection>(
    db: &Transaction,
    after: i64,
    limit: u64,
) -> Result<Vec<(i64, C::Row)>, DbErr> {
    let page = C::Entity::find().filter(C::ID.gt(after)).order_by_asc(C::ID).limit(limit);
    with_ids::<C>(db, page.all(db).await?).await
}

/// The ids of rows that embed any of `targets`, each with the id of the embedded row.
///
/// # Errors
/// [`DbErr`] of the database.
pub async fn rows_embedding(
    db: &Transaction,
    embed: &Embed,
    targets: &[i64],
) -> Result<Vec<(i64, i64)>, DbErr> {
    let (row, embedded) = (Alias::new(embed.row), Alias::new(embed.embedded));
    let query = Query::select()
        .distinct()
        .expr_as(Expr::col(row), Alias::new("row"))
        .expr_as(Expr::col(embedded.clone()), Alias::new("embedded"))
        .from(Alias::new(embed.table))
        .and_where(Expr::col(embedded).is_in(targets.iter().copied()))
        .to_owned();
    let found = db.query_all(&query).await?;
    found.iter().map(|found| Ok((found.try_get("", "row")?, found.try_get("", "embedded")?))).collect()
}

/// Serialises a value to raw JSON.
///
/// # Errors
/// [`Error::Internal`] for a value without a JSON form.
pub fn json(value: &impl serde::Serialize) -> Result<Box<RawValue>, Error> {
    to_raw_value(value).map_err(|error| Error::Internal(error.to_string()))
}

/// Describes the write, to map violated constraints to fields of the payload.
fn write_target<C: Collection>(db: &Transaction, verb: Verb, row: Option<&ActiveModel<C>>) -> WriteTarget {
    let joined = C::EMBEDS.iter().map(|embed| embed.table).filter(|table| *table != C::NAME);
    // PostgreSQL reports the column itself.
    let row = row.filter(|_| db.get_database_backend() == DbBackend::Sqlite);
    WriteTarget {
        name: C::SINGULAR,
        table: C::NAME,
        tables: std::iter::once(C::NAME).chain(joined).collect(),
        field: field::<C>,
        verb,
        values: row.map(values::<C>).unwrap_or_default(),
    }
}

fn values<C: Collection>(row: &ActiveModel<C>) -> Vec<(&'static str, Value)> {
    let value = |column: Column<C>| match row.get(column) {
        ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Some((column.as_str(), value)),
        ActiveValue::NotSet => None,
    };
    Column::<C>::iter().filter_map(value).collect()
}

/// The payload's field for a column, named as by the checks before the write: that of a reference ends with `.id`.
fn field<C: Collection>(table: &str, column: &str) -> Option<String> {
    let embed = C::EMBEDS.iter().find(|embed| embed.table == table && embed.embedded == column);
    if table != C::NAME {
        return embed.map(|embed| embed.collection.to_owned());
    }
    let (name, _) = C::COLUMNS.iter().find(|(_, known)| known.as_str() == column)?;
    Some(embed.map_or_else(|| (*name).to_owned(), |_| format!("{name}.id")))
}

fn has_value<C: Collection>(model: &Model<C>, unique: &Unique) -> bool {
    let column = C::columns().find(|(name, _)| *name == unique.field);
    column.is_some_and(|(_, column)| model.get(column) == unique.value)
}

async fn row<C: Collection>(db: &Transaction, model: Model<C>) -> Result<C::Row, Error> {
    let rows = C::rows(db, vec![model]).await?;
    rows.into_iter().next().ok_or_else(|| Error::Internal("one model makes one row".into()))
}

/// Converts a row that has just been written, and checks its size.
async fn written<C: Collection>(db: &Transaction, model: Model<C>) -> Result<(C::Row, Written), Error> {
    let written = Written { collection: C::NAME, id: id_of::<C>(&model), version: version_of::<C>(&model) };
    let row = row::<C>(db, model).await?;
    bounds::row(C::SINGULAR, &row)?;
    Ok((row, written))
}

async fn with_ids<C: Collection>(
    db: &Transaction,
    models: Vec<Model<C>>,
) -> Result<Vec<(i64, C::Row)>, DbErr> {
    unsafe_ids::warn::<C>(&models);
    let ids: Vec<i64> = models.iter().map(id_of::<C>).collect();
    Ok(ids.into_iter().zip(C::rows(db, models).await?).collect())
}

/// Locks the row until the transaction ends. SQLite needs no lock: it has one writer.
async fn lock<C: Collection>(db: &Transaction, id: i64) -> Result<Model<C>, Error> {
    let found = C::Entity::find().filter(C::ID.eq(id)).lock(LockType::NoKeyUpdate).one(db).await;
    found.map_err(classify::classify_lock_error)?.ok_or(Error::NotFound { collection: C::SINGULAR, id })
}

async fn check<C: Collection>(
    context: &Context<'_>,
    before: Option<&Model<C>>,
    changeset: &mut Changeset<ActiveModel<C>>,
) -> Result<(), Error> {
    let mut errors = FieldErrors::new();
    constraint_errors::<C>(context, before, changeset, true, &mut errors).await?;
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Adds errors for missing references, duplicate values, and the rules of accounts. `lock` keeps referenced rows until
/// the commit.
async fn constraint_errors<C: Collection>(
    context: &Context<'_>,
    before: Option<&Model<C>>,
    changeset: &mut Changeset<ActiveModel<C>>,
    lock: bool,
    errors: &mut FieldErrors,
) -> Result<(), DbErr> {
    let (db, own) = (context.db, before.map(id_of::<C>));
    missing_references(db, changeset, lock, errors).await?;
    accounts::validate_username::<C>(context, before, changeset, lock, errors).await?;
    // Forms send whole rows: a value that the row already has is unique.
    changeset.unique.retain(|unique| !before.is_some_and(|before| has_value::<C>(before, unique)));
    for unique in &changeset.unique {
        let taken = Query::select()
            .column(Alias::new("id"))
            .from(Alias::new(C::NAME))
            .and_where(Expr::col(Alias::new(unique.field)).eq(Expr::val(unique.value.clone())))
            .and_where_option(own.map(|own| Expr::col(Alias::new("id")).ne(own)))
            .to_owned();
        if !ids(db, &taken, "id").await?.is_empty() {
            errors.insert(unique.field, "is already taken");
        }
    }
    Ok(())
}

/// Adds an error for each reference to a missing row, with one query for each table.
async fn missing_references<A>(
    db: &Transaction,
    changeset: &Changeset<A>,
    lock: bool,
    errors: &mut FieldErrors,
) -> Result<(), DbErr> {
    let mut tables: Vec<&str> = changeset.references.iter().map(|reference| reference.table).collect();
    tables.dedup();
    for table in tables {
        let references = || changeset.references.iter().filter(|reference| reference.table == table);
        let mut query = Query::select()
            .column(Alias::new("id"))
            .from(Alias::new(table))
            .and_where(Expr::col(Alias::new("id")).is_in(references().map(|reference| reference.id)))
            .to_owned();
        if lock && db.get_database_backend() == sea_orm::DbBackend::Postgres {
            query.lock(LockType::KeyShare);
        }
        let found = ids(db, &query, "id").await?;
        for reference in references().filter(|reference| !found.contains(&reference.id)) {
            // An unreadable reference has an error already, and a placeholder for its id.
            let parent = reference.field.rsplit_once('.').map_or("", |(parent, _)| parent);
            if errors.get(parent).is_some() {
                continue;
            }
            let name = reference.name.replace('_', " ");
            errors.insert(&reference.field, format!("no {name} has id {}", reference.id));
        }
    }
    Ok(())
}

async fn count_embedding(db: &Transaction, embed: &Embed, target: i64) -> Result<i64, DbErr> {
    let query = Query::select()
        .expr_as(Func::count_distinct(Expr::col(Alias::new(embed.row))), Alias::new("uses"))
        .from(Alias::new(embed.table))
        .and_where(Expr::col(Alias::new(embed.embedded)).eq(target))
        .to_owned();
    Ok(ids(db, &query, "uses").await?.first().copied().unwrap_or_default())
}

async fn ids(db: &Transaction, query: &SelectStatement, column: &str) -> Result<Vec<i64>, DbErr> {
    let found = db.query_all(query).await?;
    found.iter().map(|row| row.try_get("", column)).collect()
}
