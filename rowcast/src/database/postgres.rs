//! PostgreSQL: batched writes, unbatched writes, and concurrent reads.
//!
//! ```text
//! write ─▶ batch writers    begin │ job │ job │ job │ commit    (one connection each)
//!            └─▶ unbatched  begin │ job │ commit                (jobs that would delay others, concurrently)
//! read  ─▶                  begin │ job │ rollback              (concurrently)
//! ```
//!
//! All of it runs on one thread. Writes of one row go to one batch writer: in two they would wait for each other's
//! locks, and batch writers that hold many locks each could deadlock.

mod alone;
mod batch_writer;
mod catalog;
mod classify;
mod commit;
mod identity;
mod log_reader;
mod migrate;
mod node_messages;
mod own_schema;
mod pool;
mod preflight;
mod reset;
mod script;
mod settings;
mod unbatched_writer;
mod unconfirmed;
mod write_health;

use std::{rc::Rc, sync::Arc};

use crate::migration::Migrations;
use tokio::sync::{mpsc, watch};

use super::{
    CommitSeq, NodeMessages, PartitionKey, Transaction, stopped,
    transaction::Inner,
    work::{self, Disposition, Job},
};
use crate::error::Error;
pub(super) use alone::alone;
use batch_writer::BatchWriter;
pub(super) use classify::{classify, is_altered_table, is_stale, is_statement_timeout};
use commit::Commits;
pub(crate) use commit::prune_markers as prune_commit_markers;
pub(super) use log_reader::LogReader;
use pool::{Pool, Pools};
pub(super) use pool::{READERS, Renewal};
pub(super) use preflight::connect;
pub(super) use reset::reset;
pub(super) use script::ScriptRunner;
use unbatched_writer::UnbatchedWriter;
use unconfirmed::UnconfirmedCommits;
use write_health::WriteHealth;

/// The timeout of short operations.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(8);
/// The most attempts of a read with stale statements.
const READ_ATTEMPTS: usize = 3;

pub(super) struct Postgres {
    url: String,
    requests: mpsc::UnboundedSender<Request>,
    closing: watch::Sender<bool>,
    node_messages: NodeMessages,
    unconfirmed: Arc<UnconfirmedCommits>,
    health: Arc<WriteHealth>,
}

/// A write, with the key of its row if that is known.
struct Write {
    key: Option<PartitionKey>,
    job: Box<dyn Job>,
}

enum Request {
    Read(Box<dyn Job>),
    Write(Write),
}

impl Postgres {
    pub(super) async fn connect(
        url: &str,
        migrations: Migrations,
        commits: watch::Sender<u64>,
    ) -> Result<Self, Error> {
        let (requests, queue) = mpsc::unbounded_channel();
        let (ready, connected) = tokio::sync::oneshot::channel();
        let closing = watch::Sender::new(false);
        let (address, stop) = (url.to_owned(), closing.clone());
        let (node_messages, outgoing) = NodeMessages::new();
        let node = node_messages.node.clone();
        let unconfirmed = Arc::<UnconfirmedCommits>::default();
        let open_commits = unconfirmed.clone();
        let health = Arc::<WriteHealth>::default();
        let monitored = health.clone();
        work::thread("postgres", async move || match Pools::open(&address, &migrations).await {
            Ok(pools) => {
                let _ = ready.send(Ok(()));
                let writers = pools.writers.connections().clone();
                tokio::task::spawn_local(node_messages::send_all(writers.clone(), node, outgoing));
                tokio::task::spawn_local(async move { monitored.monitor(writers).await });
                serve(pools, queue, stop, (commits, open_commits)).await;
            }
            Err(error) => drop(ready.send(Err(error))),
        })?;
        connected.await.map_err(|_| stopped())??;
        Ok(Self { url: url.to_owned(), requests, closing, node_messages, unconfirmed, health })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn node_messages(&self) -> &NodeMessages {
        &self.node_messages
    }

    pub(super) fn unconfirmed(&self) -> Option<&'static str> {
        self.unconfirmed.reason()
    }

    pub(super) fn write(&self, key: Option<PartitionKey>, job: Box<dyn Job>) -> Result<(), Error> {
        self.requests.send(Request::Write(Write { key, job })).map_err(|_| stopped())
    }

    pub(super) fn read(&self, job: Box<dyn Job>) -> Result<(), Error> {
        self.requests.send(Request::Read(job)).map_err(|_| stopped())
    }

    pub(super) fn is_open(&self) -> bool {
        !self.requests.is_closed()
    }

    /// The reason why writes fail, while they do.
    pub(super) fn trouble(&self) -> Option<String> {
        self.health.trouble()
    }

    /// Records the outcome of a write.
    pub(super) fn record_outcome<T>(&self, outcome: &Result<T, Error>) {
        match outcome {
            Ok(_) => self.health.record_success(),
            Err(Error::Unavailable(_) | Error::CommitOutcomeUnknown(_)) => self.health.record_failure(),
            Err(_) => {}
        }
    }

    /// Waits until queued jobs have ended and the pools are closed.
    pub(super) async fn close(&self) {
        self.closing.send_replace(true);
        self.requests.closed().await;
    }
}

async fn serve(
    pools: Pools,
    mut queue: mpsc::UnboundedReceiver<Request>,
    closing: watch::Sender<bool>,
    (commits, unconfirmed): (watch::Sender<u64>, Arc<UnconfirmedCommits>),
) {
    let mut stop = closing.subscribe();
    let mut reading = tokio::task::JoinSet::new();
    let mut running = tokio::task::JoinSet::new();
    let ending = Commits::new(pools.writers.clone(), unconfirmed);
    let unbatched = Rc::new(UnbatchedWriter::new(pools.writers.clone(), ending.clone(), commits.clone()));
    let mut batch_writers = Vec::new();
    for pool in &pools.batch_writers {
        let (writes, waiting) = mpsc::unbounded_channel();
        let writer = BatchWriter::new(pool.clone(), ending.clone(), commits.clone(), unbatched.clone());
        running.spawn_local(writer.run(waiting));
        batch_writers.push(writes);
    }
    let mut next = 0;
    loop {
        let request = tokio::select! {
            biased;
            request = queue.recv() => request,
            Some(_) = reading.join_next() => continue,
            _ = stop.wait_for(|stop| *stop) => queue.try_recv().ok(),
        };
        match request {
            None => break,
            Some(Request::Write(write)) => {
                let writers = batch_writers.len();
                next = (next + 1) % writers;
                let writer = write.key.as_ref().map_or(next, |key| key.writer(writers));
                if let Some(write) = unbatched.queue(write) {
                    let _ = batch_writers[writer].send(write);
                }
            }
            Some(Request::Read(job)) => {
                let pool = pools.readers.clone();
                reading.spawn_local(async move { read_job(&pool, job).await });
            }
        }
    }
    drop(batch_writers);
    while running.join_next().await.is_some() {}
    unbatched.finish().await;
    while reading.join_next().await.is_some() {}
    pools.close().await;
}

async fn read_job(pool: &Pool, mut job: Box<dyn Job>) {
    for attempt in 1.. {
        let transaction = match pool.begin().await {
            Ok(transaction) => transaction,
            Err(error) => return job.finish(Err(error)),
        };
        let disposition = job.run(&transaction).await;
        roll_back(transaction);
        if disposition != Disposition::Retry || attempt == READ_ATTEMPTS {
            break;
        }
    }
    job.finish(Ok(CommitSeq(0)));
}

/// Runs `body` over one snapshot. Transactions of the pool's connections are read-only by their settings.
pub(super) async fn read<T>(
    pool: &Pool,
    body: impl AsyncFn(&Transaction) -> Result<T, Error>,
) -> Result<T, Error> {
    for _ in 1..READ_ATTEMPTS {
        match read_once(pool, &body).await {
            Err(Error::StaleStatement(_)) => {}
            outcome => return outcome,
        }
    }
    read_once(pool, &body).await
}

async fn read_once<T>(
    pool: &Pool,
    body: &impl AsyncFn(&Transaction) -> Result<T, Error>,
) -> Result<T, Error> {
    let transaction = pool.begin().await?;
    let outcome = body(&transaction).await;
    roll_back(transaction);
    outcome
}

/// Rolls back in the background: the connection returns to the pool afterwards, or is closed if the rollback takes too
/// long.
fn roll_back(transaction: Transaction) {
    if let Ok(transaction) = into_inner(transaction) {
        tokio::task::spawn_local(tokio::time::timeout(TIMEOUT, transaction.rollback()));
    }
}

fn into_inner(transaction: Transaction) -> Result<sea_orm::DatabaseTransaction, Error> {
    match transaction.inner {
        Inner::Postgres(transaction) => Ok(transaction),
        Inner::Sqlite(_) => Err(Error::Internal("a PostgreSQL transaction is one".into())),
    }
}
