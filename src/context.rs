//! What a handler may use: this user, this transaction, and nothing else.

use std::{cell::RefCell, sync::Arc};

use api_schema::Coach;

use crate::{accounts::Change, database::Transaction};

/// Given to every handler. There is no pool in it and no socket, so a handler cannot wait for itself or send what
/// is not committed yet.
pub struct Context<'t> {
    /// The coach who is signed in on the socket that asks.
    pub user: Option<Arc<Coach>>,
    /// Everything read and written here is one transaction; it is committed if the handler returns `Ok`.
    pub db: &'t Transaction,
    /// Whether [accounts](crate::accounts) are their owners' alone: where signing in is needed.
    pub guarded: bool,
    changes: RefCell<Vec<Change>>,
}

impl<'t> Context<'t> {
    /// For a request of this user.
    #[must_use]
    pub fn new(db: &'t Transaction, user: Option<Arc<Coach>>, guarded: bool) -> Self {
        Self { user, db, guarded, changes: RefCell::default() }
    }

    /// For whoever runs the server, who may do anything.
    #[must_use]
    pub fn by_hand(db: &'t Transaction) -> Self {
        Self::new(db, None, false)
    }

    /// Who asks.
    #[must_use]
    pub fn user_id(&self) -> Option<i64> {
        self.user.as_ref().map(|user| user.id)
    }

    /// Notes what became of an account; it is told to the log if it is committed.
    pub fn note(&self, change: Change) {
        self.changes.borrow_mut().push(change);
    }

    /// What became of accounts.
    #[must_use]
    pub fn changes(self) -> Vec<Change> {
        self.changes.into_inner()
    }
}
