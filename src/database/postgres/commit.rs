//! The end of a transaction that has written: committed for certain, or not at all, also when the connection is lost.
//!
//! A transaction leaves a witness, a row with an id that nobody else can have. If the answer to the commit is lost, the witness
//! tells what became of it, once the transaction has ended. Its number alone would not: PostgreSQL forgets what had not
//! reached the disk in a crash, and gives the number out again.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, SqlxError, Statement};

use super::{PATIENCE, Transaction, take};
use crate::{clock, error::Error};

/// How long to ask what became of a commit whose answer was lost.
const INQUIRY: Duration = Duration::from_secs(6);

/// A transaction as it can be asked for.
struct Witness {
    id: String,
    number: String,
}

/// Commits. `others` is where to ask if the answer is lost.
///
/// # Errors
/// [`Error::Raced`] and others: nothing was written. [`Error::Unknown`]: nobody can tell.
pub(super) async fn commit(transaction: Transaction, others: &DatabaseConnection) -> Result<(), Error> {
    let witness = leave(&transaction).await?;
    let committed = tokio::time::timeout(PATIENCE, take(transaction)?.commit()).await;
    match committed {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => match Error::from(error) {
            Error::Raced(error) => Err(Error::Raced(error)),
            error => inquire(others, &witness, error.to_string()).await,
        },
        Err(_) => inquire(others, &witness, "no answer to a commit".into()).await,
    }
}

async fn leave(transaction: &Transaction) -> Result<Witness, Error> {
    let id = uuid::Uuid::new_v4().to_string();
    let sql = format!(
        "insert into commits (id, at) values ($1, {}) returning pg_current_xact_id()::text as number",
        clock::sql(DbBackend::Postgres)
    );
    let insert = Statement::from_sql_and_values(DbBackend::Postgres, sql, [id.as_str().into()]);
    let row = transaction.query_one_raw(insert).await?;
    let row = row.ok_or_else(|| Error::Internal("a transaction has a number".into()))?;
    Ok(Witness { id, number: row.try_get("", "number")? })
}

/// Asks on another connection whether it took place, until that is known.
async fn inquire(others: &DatabaseConnection, witness: &Witness, lost: String) -> Result<(), Error> {
    let deadline = tokio::time::Instant::now() + INQUIRY;
    loop {
        match tokio::time::timeout_at(deadline, witness.fate(others)).await {
            Ok(Ok(Fate::Committed)) => return Ok(()),
            Ok(Ok(Fate::Aborted)) => return Err(Error::Unavailable(lost)),
            Err(_) => return Err(Error::Unknown(lost)),
            Ok(Ok(Fate::Open) | Err(_)) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

enum Fate {
    Open,
    Committed,
    Aborted,
}

impl Witness {
    /// First whether the transaction has ended, then what it left: in this order, or it could end in between.
    async fn fate(&self, others: &DatabaseConnection) -> Result<Fate, DbErr> {
        let sql = format!("select pg_xact_status('{}'::xid8) as status", self.number);
        let status = match others.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await {
            Ok(row) => row.map_or(Ok(None), |row| row.try_get::<Option<String>>("", "status"))?,
            // After a crash the number may not have been given out again yet, and PostgreSQL refuses to speak of it.
            Err(DbErr::Query(RuntimeErr::SqlxError(error))) if is_answer(&error) => None,
            Err(error) => return Err(error),
        };
        if status.as_deref() == Some("in progress") {
            return Ok(Fate::Open);
        }
        let sql = "select 1 as one from commits where id = $1";
        let ask = Statement::from_sql_and_values(DbBackend::Postgres, sql, [self.id.as_str().into()]);
        let found = others.query_one_raw(ask).await?;
        Ok(if found.is_some() { Fate::Committed } else { Fate::Aborted })
    }
}

/// Whether the server has spoken, and means it: "invalid parameter value".
fn is_answer(error: &SqlxError) -> bool {
    error.as_database_error().and_then(|refusal| refusal.code()).is_some_and(|code| code == "22023")
}
