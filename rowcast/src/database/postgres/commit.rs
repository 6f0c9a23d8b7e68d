//! Commits with a definite outcome, even if the connection is lost.
//!
//! A transaction inserts a commit marker, a row with a unique id. If the response to the commit is lost, the marker
//! shows the outcome once the transaction has ended. The transaction's number would not suffice: after a crash
//! PostgreSQL may reuse the number of a transaction that had not reached the disk.
//!
//! ```text
//! commit ─ response ─▶ done
//!    └─ no response ─▶ resolved in the background until the outcome is known; not ready until then
//!                          └─▶ the client receives the outcome, or after a timeout "unknown"
//! ```

use std::{sync::Arc, time::Duration};

use futures_util::future::LocalBoxFuture;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, SqlxError, Statement};
use tokio::sync::oneshot;

use super::{
    Pool, TIMEOUT, Transaction, into_inner,
    unconfirmed::{Guard, UnconfirmedCommits},
};
use crate::{clock, error::Error};

/// The time after which a commit without a response is resolved by its marker.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);
/// The time that a client waits for the outcome: of a commit without a response, and of one whose connection was lost.
const HANGING_TIMEOUT: Duration = Duration::from_secs(6);
const LOST_TIMEOUT: Duration = Duration::from_secs(6);
/// The polling interval while a client waits, and afterwards.
const SHORT_INTERVAL: Duration = Duration::from_millis(100);
const LONG_INTERVAL: Duration = Duration::from_secs(1);
/// The most commits that are resolved concurrently. There are fewer connections; the outcome of a commit beyond stays
/// unknown.
const MAX_RESOLVING: usize = 64;

/// Seconds for which markers are kept.
const MARKER_LIFETIME: i64 = 60 * 60;

/// Commits transactions, and resolves those whose response is lost.
#[derive(Clone)]
pub(super) struct Commits {
    others: Pool,
    unconfirmed: Arc<UnconfirmedCommits>,
}

type Response = LocalBoxFuture<'static, Result<(), DbErr>>;

impl Commits {
    pub(super) fn new(others: Pool, unconfirmed: Arc<UnconfirmedCommits>) -> Self {
        Self { others, unconfirmed }
    }

    /// # Errors
    /// [`Error::CommitOutcomeUnknown`] if the outcome is not known yet; with all others nothing was written.
    pub(super) async fn commit(&self, transaction: Transaction) -> Result<(), Error> {
        let (marker, target) = (insert_marker(&transaction).await?, transaction.write_target());
        let mut response: Response = Box::pin(into_inner(transaction)?.commit());
        let outcome = match tokio::time::timeout(RESPONSE_TIMEOUT, &mut response).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => match Error::from(error) {
                error if is_final(&error) => Err(error),
                error => self.resolve_commit(marker, None, error.to_string(), LOST_TIMEOUT).await,
            },
            Err(_) => {
                self.resolve_commit(marker, Some(response), "no answer to a commit".into(), HANGING_TIMEOUT)
                    .await
            }
        };
        outcome.map_err(|error| match error {
            // A deferred constraint.
            Error::Violation(mut violation) => {
                violation.target = target;
                Error::Violation(violation)
            }
            error => error,
        })
    }

    /// Resolves a commit in the background, and waits for the outcome for a limited time.
    async fn resolve_commit(
        &self,
        marker: CommitMarker,
        response: Option<Response>,
        lost: String,
        timeout: Duration,
    ) -> Result<(), Error> {
        if self.unconfirmed.count() >= MAX_RESOLVING {
            return Err(Error::CommitOutcomeUnknown(lost));
        }
        let (report, reported) = oneshot::channel();
        let resolution = CommitResolution {
            others: self.others.clone(),
            marker,
            response,
            guard: self.unconfirmed.begin(),
        };
        let reason = lost.clone();
        tokio::task::spawn_local(async move {
            let ended = resolution.run(reason).await;
            // The waiting may have timed out.
            let _ = report.send(ended);
        });
        match tokio::time::timeout(timeout, reported).await {
            Ok(Ok(ended)) => ended,
            _ => Err(Error::CommitOutcomeUnknown(lost)),
        }
    }
}

/// Whether the error is the server's response, so that the transaction has ended.
fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::Retryable(_)
            | Error::StaleStatement(_)
            | Error::Violation(_)
            | Error::Refused(_)
            | Error::Locked(_)
    )
}

/// Deletes markers that no commit is resolved by any more: they are queried within seconds after the commit.
///
/// # Errors
/// [`DbErr`] of the database.
pub(crate) async fn prune_markers(db: &Transaction, now: i64) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        let expired = now - MARKER_LIFETIME;
        db.execute_unprepared(&format!("delete from rowcast_commits where at < {expired}")).await?;
    }
    Ok(())
}

/// The marker and the number of a transaction.
struct CommitMarker {
    id: String,
    number: String,
}

async fn insert_marker(transaction: &Transaction) -> Result<CommitMarker, Error> {
    let id = uuid::Uuid::new_v4().to_string();
    let sql = format!(
        "insert into rowcast_commits (id, at) values ($1, {}) returning pg_current_xact_id()::text as number",
        clock::sql(DbBackend::Postgres)
    );
    let insert = Statement::from_sql_and_values(DbBackend::Postgres, sql, [id.as_str().into()]);
    let row = transaction.query_one_raw(insert).await?;
    let row = row.ok_or_else(|| Error::Internal("a transaction has a number".into()))?;
    Ok(CommitMarker { id, number: row.try_get("", "number")? })
}

/// A commit that is being resolved. Its connection is kept while the commit hangs, because another one would hang too.
struct CommitResolution {
    others: Pool,
    marker: CommitMarker,
    response: Option<Response>,
    guard: Guard,
}

impl CommitResolution {
    /// Polls on another connection until the outcome is known.
    async fn run(mut self, lost: String) -> Result<(), Error> {
        let began = tokio::time::Instant::now();
        loop {
            let others = self.others.connections();
            match tokio::time::timeout(TIMEOUT, self.marker.status(others)).await {
                Ok(Ok(TransactionStatus::Committed)) => return Ok(()),
                Ok(Ok(TransactionStatus::Aborted)) => return Err(Error::Unavailable(lost)),
                Ok(Ok(TransactionStatus::Open { standby })) => self.guard.set_waits_for_standby(standby),
                Ok(Err(error)) => tracing::debug!(%error, "the outcome of a commit could not be queried"),
                Err(_) => {}
            }
            let interval = if began.elapsed() < LOST_TIMEOUT { SHORT_INTERVAL } else { LONG_INTERVAL };
            if let Some(ended) = self.response_within(interval).await {
                return ended;
            }
        }
    }

    /// The response to the commit, if it arrives in this time and is final.
    async fn response_within(&mut self, interval: Duration) -> Option<Result<(), Error>> {
        let Some(response) = &mut self.response else {
            tokio::time::sleep(interval).await;
            return None;
        };
        let response = tokio::time::timeout(interval, response).await.ok()?;
        self.response = None;
        match response.map_err(Error::from) {
            Err(error) if !is_final(&error) => None,
            ended => Some(ended),
        }
    }
}

enum TransactionStatus {
    /// Not ended, possibly because a synchronous standby has not confirmed the commit.
    Open {
        standby: bool,
    },
    Committed,
    Aborted,
}

impl CommitMarker {
    /// Reads the transaction's status before its marker: in the other order it could end in between.
    async fn status(&self, others: &DatabaseConnection) -> Result<TransactionStatus, DbErr> {
        let sql = format!(
            "select pg_xact_status('{}'::xid8) as status, exists (
                select from pg_stat_activity where wait_event = 'SyncRep' and usename = current_user
             ) as standby",
            self.number
        );
        let (status, standby) = match others
            .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
            .await
        {
            Ok(Some(row)) => (row.try_get::<Option<String>>("", "status")?, row.try_get("", "standby")?),
            Ok(None) => (None, false),
            // After a crash the number may lie in the future, for which PostgreSQL reports an error.
            Err(DbErr::Query(RuntimeErr::SqlxError(error))) if is_invalid_parameter(&error) => (None, false),
            Err(error) => return Err(error),
        };
        if status.as_deref() == Some("in progress") {
            return Ok(TransactionStatus::Open { standby });
        }
        let sql = "select 1 as one from rowcast_commits where id = $1";
        let ask = Statement::from_sql_and_values(DbBackend::Postgres, sql, [self.id.as_str().into()]);
        let found = others.query_one_raw(ask).await?;
        Ok(if found.is_some() { TransactionStatus::Committed } else { TransactionStatus::Aborted })
    }
}

/// Whether the error is the server's "invalid parameter value".
fn is_invalid_parameter(error: &SqlxError) -> bool {
    error.as_database_error().and_then(|refusal| refusal.code()).is_some_and(|code| code == "22023")
}
