//! A database for one piece of work of a command, without migrations and without a server's connections.

use super::{DatabaseUrl, Transaction, postgres, sqlite};
use crate::error::Error;

/// Runs `work` in a transaction that is rolled back. A file of SQLite must exist; nothing in it changes.
///
/// # Errors
/// The error of `work`; [`Error::Unavailable`].
pub(crate) async fn inspect<T>(
    url: &DatabaseUrl,
    work: impl AsyncFnOnce(&Transaction) -> Result<T, Error>,
) -> Result<T, Error> {
    match url {
        DatabaseUrl::Sqlite(path) => sqlite::alone(path, false, work).await,
        DatabaseUrl::Postgres(url) => postgres::alone(url, false, work).await,
    }
}

/// Runs `work` in a transaction, and commits if it succeeds. Statements and locks have no timeouts.
///
/// # Errors
/// The error of `work`, after a rollback; [`Error::Unavailable`].
pub(crate) async fn alter<T>(
    url: &DatabaseUrl,
    work: impl AsyncFnOnce(&Transaction) -> Result<T, Error>,
) -> Result<T, Error> {
    match url {
        DatabaseUrl::Sqlite(path) => sqlite::alone(path, true, work).await,
        DatabaseUrl::Postgres(url) => postgres::alone(url, true, work).await,
    }
}
