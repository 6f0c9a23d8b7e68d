//! Accounts: users with a password, which can sign in.
//!
//! Where signing in is required ([`Accounts::guarded`]), additional rules apply to these rows. Only the owner or the
//! operator (`cli::users`) may change the username or delete the row, and the last account that can sign in must
//! stay. An update that repeats the current username changes nothing.
//!
//! ```text
//! write ─▶ validate_username, authorize_delete ─▶ INSERT, UPDATE, DELETE ─▶ record_change ─▶ commit ─▶ audit log
//! ```

mod change;
mod last;

use std::sync::Arc;

use crate::entity::token;
use rowcast_schema::{FieldErrors, username};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, DbErr, EntityTrait, ExprTrait, IdenStatic, Iterable,
    QueryFilter, Value, sea_query::LockType,
};

use crate::{
    auth::Token,
    collection::{ActiveModel, Changeset, Collection, Column, Model},
    context::Context,
    database::{Database, Transaction},
    error::Error,
    key::Key,
    users::{Account, UserTable},
};
pub use change::AccountChange;

const TAKEN: &str = "is already taken";

/// The rules for accounts that apply to a transaction.
#[derive(Clone, Default)]
pub struct Accounts {
    /// The table of users; none if the product has no users.
    pub users: Option<Arc<UserTable>>,
    /// Whether signing in is required.
    pub guarded: bool,
}

impl Accounts {
    /// The rules for the operator's command line: none.
    #[must_use]
    pub fn unrestricted(users: &Arc<UserTable>) -> Self {
        Self { users: Some(users.clone()), guarded: false }
    }

    /// The table of users, if this collection is it.
    fn of<C: Collection>(&self) -> Option<&Arc<UserTable>> {
        self.users.as_ref().filter(|users| users.name() == C::NAME)
    }
}

/// Validates the username of a user row that is about to be written, and canonicalizes it. With `hold`, the rows that
/// the decision depends on stay locked until the commit. Rows of other collections pass.
///
/// # Errors
/// Any database error.
pub(crate) async fn validate_username<C: Collection>(
    context: &Context<'_>,
    before: Option<&Model<C>>,
    changeset: &mut Changeset<ActiveModel<C>>,
    hold: bool,
    errors: &mut FieldErrors,
) -> Result<(), DbErr> {
    let Some(users) = context.accounts.of::<C>() else { return Ok(()) };
    let Some(column) = Column::<C>::iter().find(|column| column.as_str() == users.username()) else {
        return Ok(());
    };
    let ActiveValue::Set(Value::String(new)) = changeset.row.get(column) else { return Ok(()) };
    let before = before.map(|model| users.account_of::<C>(model));
    let old = before.as_ref().and_then(|account| account.username.as_deref());
    if before.is_some() && new.as_deref() == old {
        return Ok(());
    }
    let allowed = can_change(context, before.as_ref());
    let Some(new) = new else {
        return validate_removal(context, users, before.as_ref(), allowed, hold, errors).await;
    };
    let (own, name, field) =
        (before.as_ref().map(|account| account.id.clone()), username::canonical(&new), users.username());
    if !allowed {
        match old.is_some_and(|old| username::compared(old) == username::compared(&new)) {
            true => {
                changeset.row.not_set(column);
                changeset.unique.retain(|unique| unique.field != field);
            }
            false => errors.insert(field, users.others_name()),
        }
        return Ok(());
    }
    match name.and_then(|name| users.check_username(&name).map(|()| name)) {
        Err(message) => errors.insert(field, message),
        Ok(name) => {
            if users.alike(context.db, &name).await?.iter().any(|id| Some(id) != own.as_ref()) {
                errors.insert(field, TAKEN);
            }
            let of_name = changeset.unique.iter_mut().filter(|unique| unique.field == field);
            of_name.for_each(|unique| unique.value = name.clone().into());
            changeset.row.set(column, name.into());
        }
    }
    Ok(())
}

/// Validates the removal of a username, which disables the login.
async fn validate_removal(
    context: &Context<'_>,
    users: &UserTable,
    before: Option<&Account>,
    allowed: bool,
    hold: bool,
    errors: &mut FieldErrors,
) -> Result<(), DbErr> {
    let guarded = |account: &&Account| context.accounts.guarded && account.has_password();
    let Some(account) = before.filter(guarded) else { return Ok(()) };
    if !allowed {
        errors.insert(users.username(), users.others_name());
    } else if last::is_last(context.db, users, &account.id, hold).await? {
        errors.insert(users.username(), LAST_NAME);
    }
    Ok(())
}

const LAST_NAME: &str = "must stay: without it nobody could sign in any more";
const LAST_ROW: &str = "this is the last account: without it nobody could sign in any more";

/// Checks that the caller may delete a row.
///
/// # Errors
/// [`Error::Forbidden`].
pub(crate) async fn authorize_delete<C: Collection>(
    context: &Context<'_>,
    row: &Model<C>,
) -> Result<(), Error> {
    let Some(users) = context.accounts.of::<C>() else { return Ok(()) };
    authorize_delete_of(context, users, &users.account_of::<C>(row)).await
}

/// Checks that the caller may delete an account.
///
/// # Errors
/// [`Error::Forbidden`].
pub(crate) async fn authorize_delete_of(
    context: &Context<'_>,
    users: &UserTable,
    account: &Account,
) -> Result<(), Error> {
    if !can_change(context, Some(account)) {
        return Err(Error::Forbidden(users.others_row()));
    }
    let guarded = context.accounts.guarded && account.has_password();
    if guarded && last::is_last(context.db, users, &account.id, true).await? {
        return Err(Error::Forbidden(LAST_ROW));
    }
    Ok(())
}

/// Validates a new username of an account whose table others use too: they may spell it as they like.
///
/// # Errors
/// Any database error.
pub(crate) async fn validate_name_of(
    context: &Context<'_>,
    users: &UserTable,
    account: &Account,
    new: Option<&str>,
    errors: &mut FieldErrors,
) -> Result<(), DbErr> {
    if account.username.as_deref() == new {
        return Ok(());
    }
    let allowed = can_change(context, Some(account));
    match new {
        None => validate_removal(context, users, Some(account), allowed, true, errors).await?,
        Some(_) if !allowed => errors.insert(users.username(), users.others_name()),
        Some(_) => {}
    }
    Ok(())
}

/// Records an account change in the context. In guarded mode a rename revokes the user's tokens.
///
/// # Errors
/// Any database error.
pub(crate) async fn record_change<C: Collection>(
    context: &Context<'_>,
    before: Option<&Model<C>>,
    after: Option<&Model<C>>,
) -> Result<(), DbErr> {
    let Some(users) = context.accounts.of::<C>() else { return Ok(()) };
    let account = |model: Option<&Model<C>>| model.map(|model| users.account_of::<C>(model));
    record_change_of(context, users, account(before), account(after)).await
}

/// The same, of an account before and after.
///
/// # Errors
/// Any database error.
pub(crate) async fn record_change_of(
    context: &Context<'_>,
    users: &UserTable,
    before: Option<Account>,
    after: Option<Account>,
) -> Result<(), DbErr> {
    let name = |account: &Option<Account>| account.as_ref().and_then(|account| account.username.clone());
    let (from, to) = (name(&before), name(&after));
    let id = after.as_ref().or(before.as_ref()).map(|account| account.id.clone());
    let Some(id) = id.filter(|_| from != to) else { return Ok(()) };
    let renamed = before.is_some() && after.is_some() && context.accounts.guarded;
    let ended = if renamed { end_sign_ins(context.db, users, &id, None).await? } else { Vec::new() };
    context.note(AccountChange { id, from, to, deleted: after.is_none(), ended });
    Ok(())
}

/// Revokes all tokens of a user except one, and returns them. Locks the user's row, so that a concurrent login
/// finishes before or after.
///
/// # Errors
/// Any database error.
pub async fn end_sign_ins(
    db: &Transaction,
    users: &UserTable,
    user: &Key,
    except: Option<&Token>,
) -> Result<Vec<Token>, DbErr> {
    users.lock(db, user, LockType::Update).await?;
    let Some(number) = users.number(db, user).await? else { return Ok(Vec::new()) };
    let of = token::Column::UserId.eq(number);
    let others = except.map_or(of.clone(), |except| of.and(token::Column::Hash.ne(except.hash())));
    let found = token::Entity::find().filter(others.clone()).all(db).await?;
    token::Entity::delete_many().filter(others).exec(db).await?;
    Ok(found.into_iter().map(|token| Token::from_hash(token.hash)).collect())
}

/// Logs a warning if no account can sign in, as on a new server.
///
/// # Errors
/// Any database error.
pub async fn warn_if_none(db: &Database, users: &Arc<UserTable>) -> Result<(), Error> {
    let table = users.clone();
    let find = async move |db: &Transaction| Ok(table.any_other_account(db, None).await?.is_none());
    if db.read(find).await? {
        let command = format!("{} user add USERNAME", users.program());
        tracing::warn!(command, "no account can sign in yet: create the first one");
    }
    Ok(())
}

fn can_change(context: &Context<'_>, before: Option<&Account>) -> bool {
    let others = |account: &&Account| account.has_password() && context.user_key() != Some(&account.id);
    !context.accounts.guarded || before.filter(others).is_none()
}
