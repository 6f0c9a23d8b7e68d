//! Find, insert, update and delete for any collection, within the caller's transaction.
//!
//! What can be checked is checked before anything is written, so that everything that is wrong is told at once;
//! the schema's own constraints stand behind that for what another transaction does meanwhile.

pub(crate) mod inexact;
pub mod links;

use rowcast_schema::FieldErrors;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait,
    IdenStatic, Iterable, ModelTrait, QueryFilter, QueryOrder, QuerySelect, Value,
    sea_query::{Alias, Expr, Func, LockType, Query, SelectStatement},
};
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    accounts, bounds,
    collection::{ActiveModel, Collection, Column, Draft, Edit, Model, Nested, Unique, id_of},
    context::Context,
    database::{Transaction, Verb, Writing, refusal},
    error::Error,
};

/// The row with this id, as clients see it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get<C: Collection>(db: &Transaction, id: i64) -> Result<C::Row, Error> {
    let model = C::Entity::find().filter(C::ID.eq(id)).one(db).await?;
    row::<C>(db, model.ok_or(Error::NotFound { collection: C::NAME, id })?).await
}

/// Passes if `errors`, which the payload's own rules found, are none; otherwise adds what only the database knows, so
/// that everything that is wrong is told at once.
///
/// # Errors
/// [`Error::Invalid`].
pub async fn valid<C: Collection>(
    context: &Context<'_>,
    own: Option<i64>,
    draft: &mut Draft<ActiveModel<C>>,
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
    faults::<C>(context, before.as_ref(), draft, false, &mut errors).await?;
    Err(Error::Invalid(errors))
}

/// Writes a new row and gives it as clients see it.
///
/// # Errors
/// [`Error::Invalid`] for references to nothing, values that are taken, and a row that is too large.
pub async fn insert<C: Collection>(
    context: &Context<'_>,
    mut draft: Draft<ActiveModel<C>>,
) -> Result<C::Row, Error> {
    let db = context.db;
    check::<C>(context, None, &mut draft).await?;
    db.concerns(Some(writing::<C>(db, Verb::Insert, Some(&draft.row))));
    let model = C::Entity::insert(draft.row).exec_with_returning(db).await.map_err(written_or_skipped)?;
    if let Some(links) = draft.links {
        let id = id_of::<C>(&model);
        links::counted(db, C::PLURAL, id, C::save_links(db, id, links)).await?;
    }
    accounts::record_change::<C>(context, None, Some(&model)).await?;
    written::<C>(db, model).await
}

/// Changes a row, whose version grows by one, and gives it as clients see it.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] when the version that the client saw is not the row's; as [`insert`].
pub async fn update<C: Collection>(
    context: &Context<'_>,
    edit: Edit<ActiveModel<C>>,
) -> Result<C::Row, Error> {
    let db = context.db;
    let Edit { id, version, mut draft } = edit;
    let before = locked::<C>(db, id).await?;
    if version.is_some_and(|version| before.get(C::VERSION) != Value::from(version)) {
        return Err(Error::Conflict(json(&row::<C>(db, before).await?)?));
    }
    check::<C>(context, Some(&before), &mut draft).await?;
    db.concerns(Some(writing::<C>(db, Verb::Update, Some(&draft.row))));
    let after = C::Entity::update_many()
        .set(draft.row)
        .col_expr(C::VERSION, Expr::col(C::VERSION).add(1))
        .filter(C::ID.eq(id))
        .exec_with_returning(db)
        .await?;
    let after = after.into_iter().next().ok_or_else(skipped)?;
    if let Some(links) = draft.links {
        links::counted(db, C::PLURAL, id, C::save_links(db, id, links)).await?;
    }
    accounts::record_change::<C>(context, Some(&before), Some(&after)).await?;
    written::<C>(db, after).await
}

/// A collection whose rows show rows of another.
#[derive(Clone, Copy, Debug)]
pub struct Referrer {
    /// One of its rows' name.
    pub name: &'static str,
    /// Its own name.
    pub plural: &'static str,
    /// How it refers.
    pub nested: Nested,
}

/// Deletes a row that nothing refers to.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Forbidden`]; [`Error::InUse`].
pub async fn delete<C: Collection>(
    context: &Context<'_>,
    id: i64,
    referrers: &[Referrer],
) -> Result<(), Error> {
    let db = context.db;
    let before = locked::<C>(db, id).await?;
    accounts::authorize_delete::<C>(context, &before).await?;
    let mut uses = Vec::new();
    for referrer in referrers {
        match count(db, &referrer.nested, id).await? {
            0 => {}
            1 => uses.push(format!("1 {}", referrer.name.replace('_', " "))),
            count => uses.push(format!("{count} {}", referrer.plural.replace('_', " "))),
        }
    }
    if !uses.is_empty() {
        let name = C::NAME.replace('_', " ");
        return Err(Error::InUse(format!("this {name} is still used by {}", uses.join(" and "))));
    }
    db.concerns(Some(writing::<C>(db, Verb::Delete(id), None)));
    match C::Entity::delete_many().filter(C::ID.eq(id)).exec(db).await?.rows_affected {
        0 => Err(skipped()),
        _ => Ok(accounts::record_change::<C>(context, Some(&before), None).await?),
    }
}

/// A trigger may leave a write out without raising anything: `return null` in PostgreSQL, `raise(ignore)` in SQLite.
fn skipped() -> Error {
    Error::Refused("the database has left this out, by a trigger or a rule of its own".into())
}

fn written_or_skipped(error: DbErr) -> Error {
    match error {
        DbErr::RecordNotInserted | DbErr::RecordNotFound(_) => skipped(),
        error => error.into(),
    }
}

/// Rows by id, in id order, as clients see them; ids without a row are left out.
///
/// # Errors
/// What the database says.
pub async fn by_ids<C: Collection>(db: &Transaction, ids: &[i64]) -> Result<Vec<(i64, C::Row)>, DbErr> {
    let ids = ids.iter().copied();
    let models = C::Entity::find().filter(C::ID.is_in(ids)).order_by_asc(C::ID).all(db).await?;
    with_ids::<C>(db, models).await
}

/// The `limit` rows that follow `after` in id order, as clients see them.
///
/// # Errors
/// What the database says.
pub async fn page<C: Collection>(
    db: &Transaction,
    after: i64,
    limit: u64,
) -> Result<Vec<(i64, C::Row)>, DbErr> {
    let page = C::Entity::find().filter(C::ID.gt(after)).order_by_asc(C::ID).limit(limit);
    with_ids::<C>(db, page.all(db).await?).await
}

/// Rows that show any of `shown`, by id, each with what it shows.
///
/// # Errors
/// What the database says.
pub async fn showing(db: &Transaction, nested: &Nested, shown: &[i64]) -> Result<Vec<(i64, i64)>, DbErr> {
    let (row, shows) = (Alias::new(nested.row), Alias::new(nested.shows));
    let query = Query::select()
        .distinct()
        .expr_as(Expr::col(row), Alias::new("row"))
        .expr_as(Expr::col(shows.clone()), Alias::new("shows"))
        .from(Alias::new(nested.table))
        .and_where(Expr::col(shows).is_in(shown.iter().copied()))
        .to_owned();
    let found = db.query_all(&query).await?;
    found.iter().map(|found| Ok((found.try_get("", "row")?, found.try_get("", "shows")?))).collect()
}

/// A value as JSON that is spliced into other JSON unread.
///
/// # Errors
/// [`Error::Internal`] for what has no JSON form.
pub fn json(value: &impl serde::Serialize) -> Result<Box<RawValue>, Error> {
    to_raw_value(value).map_err(|error| Error::Internal(error.to_string()))
}

/// What a constraint that the product does not know may be about.
fn writing<C: Collection>(db: &Transaction, verb: Verb, row: Option<&ActiveModel<C>>) -> Writing {
    let joined = C::NESTS.iter().map(|nested| nested.table).filter(|table| *table != C::PLURAL);
    // PostgreSQL says by itself which column it is.
    let row = row.filter(|_| db.get_database_backend() == DbBackend::Sqlite);
    Writing {
        name: C::NAME,
        table: C::PLURAL,
        tables: std::iter::once(C::PLURAL).chain(joined).collect(),
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

/// The payload's field for a column, spelled as our own checks do: a reference's is its id.
fn field<C: Collection>(table: &str, column: &str) -> Option<String> {
    let nested = C::NESTS.iter().find(|nested| nested.table == table && nested.shows == column);
    if table != C::PLURAL {
        return nested.map(|nested| nested.collection.to_owned());
    }
    let (name, _) = C::COLUMNS.iter().find(|(_, known)| known.as_str() == column)?;
    Some(nested.map_or_else(|| (*name).to_owned(), |_| format!("{name}.id")))
}

fn has<C: Collection>(model: &Model<C>, unique: &Unique) -> bool {
    let column = C::columns().find(|(name, _)| *name == unique.field);
    column.is_some_and(|(_, column)| model.get(column) == unique.value)
}

async fn row<C: Collection>(db: &Transaction, model: Model<C>) -> Result<C::Row, Error> {
    let rows = C::rows(db, vec![model]).await?;
    rows.into_iter().next().ok_or_else(|| Error::Internal("one model makes one row".into()))
}

/// The same of one that has just been written, which is not to be too large.
async fn written<C: Collection>(db: &Transaction, model: Model<C>) -> Result<C::Row, Error> {
    let row = row::<C>(db, model).await?;
    bounds::row(C::NAME, &row).map(|()| row)
}

async fn with_ids<C: Collection>(
    db: &Transaction,
    models: Vec<Model<C>>,
) -> Result<Vec<(i64, C::Row)>, DbErr> {
    inexact::warn::<C>(&models);
    let ids: Vec<i64> = models.iter().map(id_of::<C>).collect();
    Ok(ids.into_iter().zip(C::rows(db, models).await?).collect())
}

/// The row, kept from changing until the transaction ends. SQLite needs no lock: it has one writer.
async fn locked<C: Collection>(db: &Transaction, id: i64) -> Result<Model<C>, Error> {
    let found = C::Entity::find().filter(C::ID.eq(id)).lock(LockType::NoKeyUpdate).one(db).await;
    found.map_err(refusal::judge_lock)?.ok_or(Error::NotFound { collection: C::NAME, id })
}

async fn check<C: Collection>(
    context: &Context<'_>,
    before: Option<&Model<C>>,
    draft: &mut Draft<ActiveModel<C>>,
) -> Result<(), Error> {
    let mut errors = FieldErrors::new();
    faults::<C>(context, before, draft, true, &mut errors).await?;
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Adds references to nothing, values that are taken, and what accounts are protected from. To `hold` keeps what is
/// referred to until the commit.
async fn faults<C: Collection>(
    context: &Context<'_>,
    before: Option<&Model<C>>,
    draft: &mut Draft<ActiveModel<C>>,
    hold: bool,
    errors: &mut FieldErrors,
) -> Result<(), DbErr> {
    let (db, own) = (context.db, before.map(id_of::<C>));
    missing(db, draft, hold, errors).await?;
    accounts::validate_username::<C>(context, before, draft, hold, errors).await?;
    // Forms send the whole row back: what the row has already, no other row has.
    draft.unique.retain(|unique| !before.is_some_and(|before| has::<C>(before, unique)));
    for unique in &draft.unique {
        let taken = Query::select()
            .column(Alias::new("id"))
            .from(Alias::new(C::PLURAL))
            .and_where(Expr::col(Alias::new(unique.field)).eq(Expr::val(unique.value.clone())))
            .and_where_option(own.map(|own| Expr::col(Alias::new("id")).ne(own)))
            .to_owned();
        if !ids(db, &taken, "id").await?.is_empty() {
            errors.insert(unique.field, "is already taken");
        }
    }
    Ok(())
}

/// Names every reference to a row that is not there, with one query for each table.
async fn missing<A>(
    db: &Transaction,
    draft: &Draft<A>,
    hold: bool,
    errors: &mut FieldErrors,
) -> Result<(), DbErr> {
    let mut tables: Vec<&str> = draft.references.iter().map(|reference| reference.table).collect();
    tables.dedup();
    for table in tables {
        let references = || draft.references.iter().filter(|reference| reference.table == table);
        let mut query = Query::select()
            .column(Alias::new("id"))
            .from(Alias::new(table))
            .and_where(Expr::col(Alias::new("id")).is_in(references().map(|reference| reference.id)))
            .to_owned();
        if hold && db.get_database_backend() == sea_orm::DbBackend::Postgres {
            query.lock(LockType::KeyShare);
        }
        let found = ids(db, &query, "id").await?;
        for reference in references().filter(|reference| !found.contains(&reference.id)) {
            // One that could not be read has been told already, and holds no id of the client's.
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

async fn count(db: &Transaction, nested: &Nested, shown: i64) -> Result<i64, DbErr> {
    let query = Query::select()
        .expr_as(Func::count_distinct(Expr::col(Alias::new(nested.row))), Alias::new("uses"))
        .from(Alias::new(nested.table))
        .and_where(Expr::col(Alias::new(nested.shows)).eq(shown))
        .to_owned();
    Ok(ids(db, &query, "uses").await?.first().copied().unwrap_or_default())
}

async fn ids(db: &Transaction, query: &SelectStatement, column: &str) -> Result<Vec<i64>, DbErr> {
    let found = db.query_all(query).await?;
    found.iter().map(|row| row.try_get("", column)).collect()
}
