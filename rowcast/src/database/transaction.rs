//! The one connection a piece of work may use.

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
    violation::Writing,
};

/// An open transaction. It ends with the work it was given to, never by that work's hand.
#[derive(Debug)]
pub struct Transaction {
    pub(super) inner: Inner,
    /// Whether it may have written something.
    wrote: AtomicBool,
    /// Whether a statement failed, or was not waited for to its end: PostgreSQL then takes no other.
    failed: AtomicBool,
    /// What is being written, for what a constraint may say of it.
    writing: Mutex<Option<Arc<Writing>>>,
    /// Where to note that the connection's prepared statements are of no use any more.
    renewal: Option<Arc<Renewal>>,
}

#[derive(Debug)]
pub(super) enum Inner {
    /// A connection that stays on its thread; its lane begins and commits.
    Sqlite(DatabaseConnection),
    Postgres(DatabaseTransaction),
}

impl Transaction {
    pub(super) fn new(inner: Inner) -> Self {
        Self { inner, wrote: false.into(), failed: false.into(), writing: Mutex::default(), renewal: None }
    }

    /// The same on a connection of a pool that can be renewed.
    pub(super) fn of(inner: Inner, renewal: Arc<Renewal>) -> Self {
        Self { renewal: Some(renewal), ..Self::new(inner) }
    }

    /// Says what is written from now on.
    pub(crate) fn concerns(&self, writing: Option<Writing>) {
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner) = writing.map(Arc::new);
    }

    /// What was said to be written last.
    pub(super) fn writing(&self) -> Option<Arc<Writing>> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether anything may have been written since this was asked last.
    pub(super) fn has_written(&self) -> bool {
        self.wrote.swap(false, Ordering::Relaxed)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Notes what a statement does to the transaction, once it has ended, and before: it may be dropped halfway.
    async fn heed<T>(&self, writes: bool, run: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        self.wrote.fetch_or(writes, Ordering::Relaxed);
        let failed = self.failed.swap(true, Ordering::Relaxed);
        let outcome = run.await;
        if let (Err(error), Some(renewal)) = (&outcome, &self.renewal)
            && postgres::is_stale(error)
        {
            renewal.note();
        }
        self.failed.store(failed || outcome.is_err(), Ordering::Relaxed);
        outcome
    }
}

/// Whether a statement may write: any that is no query, as the builder spells those.
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
        self.heed(writes(&statement.sql), async { on_either!(self, db => db.execute_raw(statement).await) })
            .await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.heed(writes(sql), async { on_either!(self, db => db.execute_unprepared(sql).await) }).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.heed(writes(&statement.sql), async { on_either!(self, db => db.query_one_raw(statement).await) })
            .await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.heed(writes(&statement.sql), async { on_either!(self, db => db.query_all_raw(statement).await) })
            .await
    }
}
