//! What a handler may use: this user, this transaction, and nothing else.

use std::{cell::RefCell, sync::Arc};

use crate::{
    accounts::{AccountChange, Accounts},
    database::Transaction,
    users::User,
};

/// Given to every handler. There is no pool in it and no socket, so a handler cannot wait for itself or send what
/// is not committed yet.
pub struct Context<'t> {
    /// The user who is signed in on the socket that asks.
    pub user: Option<Arc<User>>,
    /// Everything read and written here is one transaction; it is committed if the handler returns `Ok`.
    pub db: &'t Transaction,
    pub(crate) accounts: Accounts,
    changes: RefCell<Vec<AccountChange>>,
}

impl<'t> Context<'t> {
    /// For a request of this user.
    #[must_use]
    pub(crate) fn new(db: &'t Transaction, user: Option<Arc<User>>, accounts: Accounts) -> Self {
        Self { user, db, accounts, changes: RefCell::default() }
    }

    /// Who asks.
    #[must_use]
    pub fn user_id(&self) -> Option<i64> {
        self.user.as_ref().map(|user| user.id)
    }

    /// The user's row.
    ///
    /// # Errors
    /// What serde says of a row that is no `R`.
    pub fn user_row<R: serde::de::DeserializeOwned>(&self) -> Result<Option<R>, serde_json::Error> {
        self.user.as_ref().map(|user| serde_json::from_str(user.row.get())).transpose()
    }

    /// Notes what became of an account; it is told to the log if it is committed.
    pub(crate) fn note(&self, change: AccountChange) {
        self.changes.borrow_mut().push(change);
    }

    /// What became of accounts.
    pub(crate) fn changes(self) -> Vec<AccountChange> {
        self.changes.into_inner()
    }
}
