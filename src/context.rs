//! What a handler may use: this user, this transaction, and nothing else.

use std::sync::Arc;

use api_schema::Coach;

use crate::database::Transaction;

/// Given to every handler. There is no pool in it and no socket, so a handler cannot wait for itself or send what
/// is not committed yet.
pub struct Context<'t> {
    /// The coach who is signed in on the socket that asks.
    pub user: Option<Arc<Coach>>,
    /// Everything read and written here is one transaction; it is committed if the handler returns `Ok`.
    pub db: &'t Transaction,
}
