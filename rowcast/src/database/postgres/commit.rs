//! The end of a transaction that has written: committed for certain, or not at all, also when the connection is lost.
//!
//! A transaction leaves a witness, a row with an id that nobody else can have. If the answer to the commit is lost, the witness
//! tells what became of it, once the transaction has ended. Its number alone would not: PostgreSQL forgets what had not
//! reached the disk in a crash, and gives the number out again.
//!
//! ```text
//! commit ─ answered ─▶ done
//!    └─ no answer, or a lost one ─▶ pursued beside everything else, until it is known: not ready as long
//!                                      └─▶ the client is answered by then, or that it is not known yet
//! ```

use std::{sync::Arc, time::Duration};

use futures_util::future::LocalBoxFuture;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, SqlxError, Statement};
use tokio::sync::oneshot;

use super::{
    PATIENCE, Pool, Transaction, take,
    unconfirmed::{Guard, Unconfirmed},
};
use crate::{clock, error::Error};

/// How long a commit may take before it is asked for.
const SOON: Duration = Duration::from_secs(2);
/// How long to wait for a commit that is asked for: whose answer does not come, and whose connection was lost.
const HANGS: Duration = Duration::from_secs(6);
const INQUIRY: Duration = Duration::from_secs(6);
/// How often to ask, while a client waits for it and afterwards.
const OFTEN: Duration = Duration::from_millis(100);
const RARELY: Duration = Duration::from_secs(1);
/// Commits that are asked for at a time. There are fewer connections than that; a commit beyond is not known for good.
const PURSUED: usize = 64;

/// Commits, and where to ask about those whose answer is lost.
#[derive(Clone)]
pub(super) struct Commits {
    others: Pool,
    unconfirmed: Arc<Unconfirmed>,
}

type Answer = LocalBoxFuture<'static, Result<(), DbErr>>;

impl Commits {
    pub(super) fn new(others: Pool, unconfirmed: Arc<Unconfirmed>) -> Self {
        Self { others, unconfirmed }
    }

    /// Commits.
    ///
    /// # Errors
    /// [`Error::Unknown`]: it is not known yet. All others: nothing was written.
    pub(super) async fn commit(&self, transaction: Transaction) -> Result<(), Error> {
        let (witness, writing) = (leave(&transaction).await?, transaction.writing());
        let mut answer: Answer = Box::pin(take(transaction)?.commit());
        let outcome = match tokio::time::timeout(SOON, &mut answer).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => match Error::from(error) {
                error if is_final(&error) => Err(error),
                error => self.pursue(witness, None, error.to_string(), INQUIRY).await,
            },
            Err(_) => self.pursue(witness, Some(answer), "no answer to a commit".into(), HANGS).await,
        };
        outcome.map_err(|error| match error {
            // A constraint that was put off until now.
            Error::Violation(mut violation) => {
                violation.writing = writing;
                Error::Violation(violation)
            }
            error => error,
        })
    }

    /// Finds out what became of a commit, for as long as it takes, and waits for that for a while.
    async fn pursue(
        &self,
        witness: Witness,
        answer: Option<Answer>,
        lost: String,
        patience: Duration,
    ) -> Result<(), Error> {
        if self.unconfirmed.count() >= PURSUED {
            return Err(Error::Unknown(lost));
        }
        let (report, reported) = oneshot::channel();
        let pursuit =
            Pursuit { others: self.others.clone(), witness, answer, guard: self.unconfirmed.begin() };
        let reason = lost.clone();
        tokio::task::spawn_local(async move {
            let ended = pursuit.run(reason).await;
            // The client may have been answered by now.
            let _ = report.send(ended);
        });
        match tokio::time::timeout(patience, reported).await {
            Ok(Ok(ended)) => ended,
            _ => Err(Error::Unknown(lost)),
        }
    }
}

/// Whether the server has judged the transaction, and so ended it.
fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::Raced(_) | Error::Stale(_) | Error::Violation(_) | Error::Refused(_) | Error::Locked(_)
    )
}

/// A transaction as it can be asked for.
struct Witness {
    id: String,
    number: String,
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

/// A commit that is being asked for. Its connection is kept as long as the commit hangs: another one would hang as well.
struct Pursuit {
    others: Pool,
    witness: Witness,
    answer: Option<Answer>,
    guard: Guard,
}

impl Pursuit {
    /// Asks on another connection, until it is known.
    async fn run(mut self, lost: String) -> Result<(), Error> {
        let began = tokio::time::Instant::now();
        loop {
            let others = self.others.connections();
            match tokio::time::timeout(PATIENCE, self.witness.fate(others)).await {
                Ok(Ok(Fate::Committed)) => return Ok(()),
                Ok(Ok(Fate::Aborted)) => return Err(Error::Unavailable(lost)),
                Ok(Ok(Fate::Open { standby })) => self.guard.waits_for_standby(standby),
                Ok(Err(error)) => tracing::debug!(%error, "a commit could not be asked for"),
                Err(_) => {}
            }
            let pause = if began.elapsed() < INQUIRY { OFTEN } else { RARELY };
            if let Some(ended) = self.answered_within(pause).await {
                return ended;
            }
        }
    }

    /// The commit's own answer, if it comes in this time and says something.
    async fn answered_within(&mut self, pause: Duration) -> Option<Result<(), Error>> {
        let Some(answer) = &mut self.answer else {
            tokio::time::sleep(pause).await;
            return None;
        };
        let answered = tokio::time::timeout(pause, answer).await.ok()?;
        self.answer = None;
        match answered.map_err(Error::from) {
            Err(error) if !is_final(&error) => None,
            ended => Some(ended),
        }
    }
}

enum Fate {
    /// Not ended; perhaps because a synchronous standby has not confirmed it.
    Open {
        standby: bool,
    },
    Committed,
    Aborted,
}

impl Witness {
    /// First whether the transaction has ended, then what it left: in this order, or it could end in between.
    async fn fate(&self, others: &DatabaseConnection) -> Result<Fate, DbErr> {
        let sql = format!(
            "select pg_xact_status('{}'::xid8) as status, exists (
                select from pg_stat_activity where wait_event = 'SyncRep' and usename = current_user
             ) as standby",
            self.number
        );
        let (status, standby) =
            match others.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await {
                Ok(Some(row)) => (row.try_get::<Option<String>>("", "status")?, row.try_get("", "standby")?),
                Ok(None) => (None, false),
                // After a crash the number may not have been given out again yet, and PostgreSQL refuses to speak of it.
                Err(DbErr::Query(RuntimeErr::SqlxError(error))) if is_answer(&error) => (None, false),
                Err(error) => return Err(error),
            };
        if status.as_deref() == Some("in progress") {
            return Ok(Fate::Open { standby });
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
