//! Changes of accounts, for the audit log.

use crate::{
    auth::{Caller, Token, truncate_username},
    key::Key,
};

/// A change of an account. It takes effect with the commit.
#[derive(Clone, Debug)]
pub struct AccountChange {
    /// The user.
    pub id: Key,
    /// The username before.
    pub from: Option<String>,
    /// The username after.
    pub to: Option<String>,
    /// Whether the user was deleted.
    pub deleted: bool,
    /// The tokens that were revoked with it.
    pub ended: Vec<Token>,
}

impl AccountChange {
    /// Writes a committed change to the audit log.
    pub fn log(&self, by: &Caller) {
        let (account, address) = (self.id.as_field(), &*by.address);
        let user = by.user.as_ref().map(Key::as_field);
        let short = |name: &Option<String>| name.as_deref().map(truncate_username);
        match (short(&self.from), short(&self.to)) {
            (Some(username), _) if self.deleted => {
                tracing::info!(account, username, user, address, "an account was deleted");
            }
            (None, Some(username)) => {
                tracing::info!(account, username, user, address, "an account was created");
            }
            (Some(username), None) => {
                tracing::info!(account, username, user, address, "an account has no username any more");
            }
            (from, to) => tracing::info!(account, from, to, user, address, "an account was renamed"),
        }
    }
}
