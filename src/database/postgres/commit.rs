//! The end of a transaction that has written: committed for certain, or not at all, also when the connection is lost.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::{PATIENCE, Transaction, take};
use crate::error::Error;

/// How long to ask what became of a commit whose answer was lost.
const INQUIRY: Duration = Duration::from_secs(6);

/// Commits. `others` is where to ask if the answer is lost.
///
/// # Errors
/// [`Error::Raced`] and others: nothing was written. [`Error::Unknown`]: nobody can tell.
pub(super) async fn commit(transaction: Transaction, others: &DatabaseConnection) -> Result<(), Error> {
    let name = name(&transaction).await?;
    let committed = tokio::time::timeout(PATIENCE, take(transaction)?.commit()).await;
    match committed {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => match Error::from(error) {
            Error::Raced(error) => Err(Error::Raced(error)),
            error => inquire(others, &name, error.to_string()).await,
        },
        Err(_) => inquire(others, &name, "no answer to a commit".into()).await,
    }
}

/// The transaction's name, by which its fate can be asked for once the connection is lost.
async fn name(transaction: &Transaction) -> Result<String, Error> {
    let sql = "select pg_current_xact_id()::text as name";
    let row = transaction.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let row = row.ok_or_else(|| Error::Internal("a transaction has a name".into()))?;
    Ok(row.try_get("", "name")?)
}

/// Asks on another connection whether it took place, until that is known.
async fn inquire(others: &DatabaseConnection, name: &str, lost: String) -> Result<(), Error> {
    let sql = format!("select pg_xact_status('{name}'::xid8) as fate");
    let deadline = tokio::time::Instant::now() + INQUIRY;
    loop {
        let ask = others.query_one_raw(Statement::from_string(DbBackend::Postgres, sql.clone()));
        let fate = match tokio::time::timeout_at(deadline, ask).await {
            Ok(Ok(Some(row))) => row.try_get::<Option<String>>("", "fate").ok().flatten(),
            _ => None,
        };
        match fate.as_deref() {
            Some("committed") => return Ok(()),
            Some("aborted") => return Err(Error::Unavailable(lost)),
            _ if tokio::time::Instant::now() >= deadline => return Err(Error::Unknown(lost)),
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
