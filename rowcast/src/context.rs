//! The context of a handler: the user and the transaction.

use std::{cell::RefCell, sync::Arc};

use crate::{
    accounts::{AccountChange, Accounts},
    database::Transaction,
    key::Key,
    users::User,
};

/// The first argument of every handler. It has no connection pool, so a handler cannot deadlock on it, and no socket,
/// so a handler cannot send uncommitted data.
pub struct Context<'t> {
    /// The user signed in on the requesting socket.
    pub user: Option<Arc<User>>,
    /// The transaction of the request; it is committed if the handler returns `Ok`.
    pub db: &'t Transaction,
    pub(crate) accounts: Accounts,
    changes: RefCell<Vec<AccountChange>>,
}

impl<'t> Context<'t> {
    #[must_use]
    pub(crate) fn new(db: &'t Transaction, user: Option<Arc<User>>, accounts: Accounts) -> Self {
        Self { user, db, accounts, changes: RefCell::default() }
    }

    /// The id of the signed-in user, if it is a number.
    #[must_use]
    pub fn user_id(&self) -> Option<i64> {
        self.user_key()?.as_number()
    }

    /// The key of the signed-in user's row.
    #[must_use]
    pub fn user_key(&self) -> Option<&Key> {
        self.user.as_ref().map(|user| &user.id)
    }

    /// The user's row.
    ///
    /// # Errors
    /// When the row is no `R`.
    pub fn user_row<R: serde::de::DeserializeOwned>(&self) -> Result<Option<R>, serde_json::Error> {
        self.user.as_ref().map(|user| serde_json::from_str(user.row.get())).transpose()
    }

    /// Records a change of an account, to be logged after the commit.
    pub(crate) fn note(&self, change: AccountChange) {
        self.changes.borrow_mut().push(change);
    }

    /// The recorded changes of accounts.
    pub(crate) fn changes(self) -> Vec<AccountChange> {
        self.changes.into_inner()
    }
}
