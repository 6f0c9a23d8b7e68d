//! The transaction of a piece of work.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    Statement,
};

use super::{
    postgres::{self, Renewal},
    violation::WriteTarget,
};

/// An open transaction. It is committed or rolled back after the work, never by the work.
#[derive(Debug)]
pub struct Transaction {
    pub(super) inner: Inner,
    /// Whether a statement may have written.
    wrote: AtomicBool,
    /// Whether a statement failed or was cancelled: PostgreSQL then accepts no other.
    failed: AtomicBool,
    /// The current write, to map violated constraints to fields.
    target: Mutex<Option<Arc<WriteTarget>>>,
    /// Records that prepared statements have become stale.
    renewal: Option<Arc<Renewal>>,
}

#[derive(Debug)]
pub(super) enum Inner {
    /// A connection that stays on its thread; its worker begins and commits.
    Sqlite(DatabaseConnection),
    Postgres(DatabaseTransaction),
}

impl Transaction {
    pub(super) fn new(inner: Inner) -> Self {
        Self { inner, wrote: false.into(), failed: false.into(), target: Mutex::default(), renewal: None }
    }

    /// A transaction on a connection of a pool that can be renewed.
    pub(super) fn pooled(inner: Inner, renewal: Arc<Renewal>) -> Self {
        Self { renewal: Some(renewal), ..Self::new(inner) }
    }

    /// Describes the next write.
    pub(crate) fn set_write_target(&self, target: Option<WriteTarget>) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target.map(Arc::new);
    }

    /// The last described write.
    pub(super) fn write_target(&self) -> Option<Arc<WriteTarget>> {
        self.target.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a statement may have written since the last call.
    pub(super) fn has_written(&self) -> bool {
        self.wrote.swap(false, Ordering::Relaxed)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Tracks the effects of a statement. They are recorded before it runs too, because it may be cancelled.
    async fn track<T>(&self, writes: bool, run: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        self.wrote.fetch_or(writes, Ordering::Relaxed);
        let failed = self.failed.swap(true, Ordering::Relaxed);
        let outcome = run.await;
        if let (Err(error), Some(renewal)) = (&outcome, &self.renewal)
            && postgres::is_stale(error)
        {
            renewal.mark_stale();
        }
        self.failed.store(failed || outcome.is_err(), Ordering::Relaxed);
        outcome
    }
}

/// Whether a statement may write: any but `select`.
fn writes(sql: &str) -> bool {
    let head = sql.trim_start().as_bytes();
    !head.get(..6).is_some_and(|head| head.eq_ignore_ascii_case(b"select"))
}

macro_rules! on_either {
    ($self:ident, $connection:ident => $call:expr) => {
        match &$self.inner {
            Inner::Sqlite($connection) => $call,
            Inner::Postgres($connection) => $call,
        }
    };
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        on_either!(self, db => db.get_database_backend())
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.track(writes(&statement.sql), async { on_either!(self, db => db.execute_raw(statement).await) })
            .await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.track(writes(sql), async { on_either!(self, db => db.execute_unprepared(sql).await) }).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.track(writes(&statement.sql), async {
            on_either!(self, db => db.query_one_raw(statement).await)
        })
        .await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.track(writes(&statement.sql), async {
            on_either!(self, db => db.query_all_raw(statement).await)
        })
        .await
    }
}
