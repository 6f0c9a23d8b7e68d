//! Accounts: coaches who have a password, and so may sign in.
//!
//! Where signing in is needed ([`Context::guarded`]) they are no ordinary rows. Username and deletion are their
//! owner's own affair, or that of whoever runs the server ([`by_hand`]); the last account that can sign in stays. Who
//! sends a row back with its username as it was changes nothing of the account.
//!
//! ```text
//! write ─▶ judge, may_delete: refused? ─▶ INSERT, UPDATE, DELETE ─▶ written: what became of it ─▶ commit ─▶ the log
//! ```

pub mod by_hand;
mod change;
mod last;
pub mod named;

use api_schema::{FieldErrors, username};
use entity::{
    coach::{self, ActiveModel, Model},
    token,
};
use sea_orm::{
    ActiveValue::{self, Set},
    ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    sea_query::LockType,
};

use crate::{
    auth::Token,
    collection::Draft,
    context::Context,
    database::{Database, Transaction},
    error::Error,
};
pub use change::Change;

const OTHERS_NAME: &str = "belongs to another member's account: only they can change it, or whoever runs the server, \
    by rowcast user rename";
const OTHERS_ROW: &str = "this is another member's account: only they can delete it, or whoever runs the server, \
    by rowcast user delete";
const LAST_NAME: &str = "must stay: without it nobody could sign in any more";
const LAST_ROW: &str = "this is the last account: without it nobody could sign in any more";
const TAKEN: &str = "is already taken";

/// Judges the username of a coach who is about to be written, and puts it into the form in which it is kept. To `hold`
/// keeps what was judged by until the commit.
///
/// # Errors
/// What the database says.
pub async fn judge(
    context: &Context<'_>,
    before: Option<&Model>,
    draft: &mut Draft<ActiveModel>,
    hold: bool,
    errors: &mut FieldErrors,
) -> Result<(), DbErr> {
    let old = before.and_then(|coach| coach.username.as_deref());
    let ActiveValue::Set(new) = &draft.row.username else { return Ok(()) };
    if before.is_some() && new.as_deref() == old {
        return Ok(());
    }
    let may = may_change(context, before);
    let Some(new) = new.clone() else {
        return judge_none(context, before, may, hold, errors).await;
    };
    let (own, name) = (before.map(|coach| coach.id), username::canonical(&new));
    if !may {
        match old.is_some_and(|old| username::compared(old) == username::compared(&new)) {
            true => keep(draft),
            false => errors.insert("username", OTHERS_NAME),
        }
        return Ok(());
    }
    match name {
        Err(sentence) => errors.insert("username", sentence),
        Ok(name) => {
            if named::alike(context.db, &name).await?.iter().any(|(id, _)| Some(*id) != own) {
                errors.insert("username", TAKEN);
            }
            take(draft, name);
        }
    }
    Ok(())
}

/// A username is to be taken away, and with it the way to sign in.
async fn judge_none(
    context: &Context<'_>,
    before: Option<&Model>,
    may: bool,
    hold: bool,
    errors: &mut FieldErrors,
) -> Result<(), DbErr> {
    let Some(coach) = before.filter(|coach| context.guarded && is_account(coach)) else { return Ok(()) };
    if !may {
        errors.insert("username", OTHERS_NAME);
    } else if last::is_last(context.db, coach.id, hold).await? {
        errors.insert("username", LAST_NAME);
    }
    Ok(())
}

/// Passes if a coach may be deleted by whoever asks.
///
/// # Errors
/// [`Error::Forbidden`].
pub async fn may_delete(context: &Context<'_>, coach: &Model) -> Result<(), Error> {
    if !may_change(context, Some(coach)) {
        return Err(Error::Forbidden(OTHERS_ROW));
    }
    if context.guarded && is_account(coach) && last::is_last(context.db, coach.id, true).await? {
        return Err(Error::Forbidden(LAST_ROW));
    }
    Ok(())
}

/// Notes what a write did to an account. Where sign-ins count, those by another username end.
///
/// # Errors
/// What the database says.
pub async fn written(
    context: &Context<'_>,
    before: Option<&Model>,
    after: Option<&Model>,
) -> Result<(), DbErr> {
    let name = |coach: Option<&Model>| coach.and_then(|coach| coach.username.clone());
    let (from, to) = (name(before), name(after));
    let Some(id) = after.or(before).map(|coach| coach.id).filter(|_| from != to) else { return Ok(()) };
    let renamed = before.is_some() && after.is_some() && context.guarded;
    let ended = if renamed { end_sign_ins(context.db, id, None).await? } else { Vec::new() };
    context.note(Change { id, from, to, deleted: after.is_none(), ended });
    Ok(())
}

/// Makes the tokens of a coach worthless, all but one; returns which. A sign-in that is under way is waited for, or
/// waits.
///
/// # Errors
/// What the database says.
pub async fn end_sign_ins(db: &Transaction, coach: i64, but: Option<&Token>) -> Result<Vec<Token>, DbErr> {
    coach::Entity::find_by_id(coach).lock(LockType::Update).one(db).await?;
    let of = token::Column::CoachId.eq(coach);
    let others = but.map_or(of.clone(), |but| of.and(token::Column::Hash.ne(but.hash())));
    let found = token::Entity::find().filter(others.clone()).all(db).await?;
    token::Entity::delete_many().filter(others).exec(db).await?;
    Ok(found.into_iter().map(|token| Token::known(token.hash)).collect())
}

/// Warns that nobody can sign in, which is how an empty server begins.
///
/// # Errors
/// What the database says.
pub async fn warn_of_none(db: &Database) -> Result<(), Error> {
    if db.read(async |db: &Transaction| Ok(last::nobody(db).await?)).await? {
        let command = "rowcast user create USERNAME";
        tracing::warn!(command, "nobody can sign in yet: make the first account");
    }
    Ok(())
}

fn is_account(coach: &Model) -> bool {
    coach.password_hash.is_some()
}

fn may_change(context: &Context<'_>, before: Option<&Model>) -> bool {
    let others = before.filter(|coach| is_account(coach) && context.user_id() != Some(coach.id));
    !context.guarded || others.is_none()
}

fn keep(draft: &mut Draft<ActiveModel>) {
    draft.row.username = ActiveValue::NotSet;
    draft.unique.retain(|unique| unique.field != "username");
}

fn take(draft: &mut Draft<ActiveModel>, name: String) {
    let of_name = draft.unique.iter_mut().filter(|unique| unique.field == "username");
    of_name.for_each(|unique| unique.value = name.clone().into());
    draft.row.username = Set(Some(name));
}
