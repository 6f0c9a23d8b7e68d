//! Constraints that are checked before a write: references, unique values, and the rules of accounts.

use rowcast_schema::FieldErrors;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait, ModelTrait, QueryFilter,
    sea_query::{Alias, Expr, LockType, Query},
};

use super::ids;
use crate::{
    accounts,
    collection::{ActiveModel, Changeset, Collection, Model, Unique, id_of},
    context::Context,
    database::Transaction,
    error::Error,
};

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

pub(super) async fn check<C: Collection>(
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
        if lock && db.get_database_backend() == DbBackend::Postgres {
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

fn has_value<C: Collection>(model: &Model<C>, unique: &Unique) -> bool {
    let column = C::columns().find(|(name, _)| *name == unique.field);
    column.is_some_and(|(_, column)| model.get(column) == unique.value)
}
