//! PostgreSQL: writes that wait share a transaction, and those that cannot have one each; reads go beside them.
//!
//! ```text
//! write ─▶ lanes   begin │ job │ job │ job │ commit       (one connection each; see `lane`)
//!            └─▶   begin │ job │ commit                   (what would hold the others up, several at once)
//! read  ─▶         begin │ job │ rollback                 (several at once)
//! ```
//!
//! All of it runs on one thread. Writes to one row go by one lane: in two they would wait for each other's locks, and two
//! lanes that hold many rows each would soon wait for each other.

mod alone;
mod commit;
mod follower;
mod health;
mod lane;
mod notices;
mod pool;

use std::{rc::Rc, sync::Arc};

use tokio::sync::{mpsc, watch};

use super::{
    Commit, Notices, Transaction, stopped,
    transaction::Inner,
    work::{self, Job},
};
use crate::error::Error;
use alone::Alone;
pub(super) use follower::Follower;
use health::Health;
use lane::Lane;
use pool::Pools;
pub(super) use pool::READERS;

/// How long anything may take that should take a moment.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(8);

pub(super) struct Postgres {
    url: String,
    jobs: mpsc::UnboundedSender<(Access, Box<dyn Job>)>,
    closing: watch::Sender<bool>,
    notices: Notices,
    health: Arc<Health>,
}

#[derive(Clone, Copy)]
enum Access {
    Read,
    /// To this row, if it is known.
    Write(Option<u64>),
}

impl Postgres {
    pub(super) async fn connect(url: &str, commits: watch::Sender<u64>) -> Result<Self, Error> {
        let (jobs, queue) = mpsc::unbounded_channel();
        let (ready, connected) = tokio::sync::oneshot::channel();
        let closing = watch::Sender::new(false);
        let (address, stop) = (url.to_owned(), closing.clone());
        let (notices, said) = Notices::new();
        let node = notices.node.clone();
        let health = Arc::<Health>::default();
        let watched = health.clone();
        work::thread("postgres", async move || match Pools::open(&address).await {
            Ok(pools) => {
                let _ = ready.send(Ok(()));
                tokio::task::spawn_local(notices::take(pools.writers.clone(), node, said));
                let writers = pools.writers.clone();
                tokio::task::spawn_local(async move { watched.watch(writers).await });
                serve(pools, queue, stop, commits).await;
            }
            Err(error) => drop(ready.send(Err(error))),
        })?;
        connected.await.map_err(|_| stopped())??;
        Ok(Self { url: url.to_owned(), jobs, closing, notices, health })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn notices(&self) -> &Notices {
        &self.notices
    }

    pub(super) fn write(&self, row: Option<u64>, job: Box<dyn Job>) -> Result<(), Error> {
        self.jobs.send((Access::Write(row), job)).map_err(|_| stopped())
    }

    pub(super) fn read(&self, job: Box<dyn Job>) -> Result<(), Error> {
        self.jobs.send((Access::Read, job)).map_err(|_| stopped())
    }

    pub(super) fn is_open(&self) -> bool {
        !self.jobs.is_closed()
    }

    /// Why writes fail, while they do.
    pub(super) fn trouble(&self) -> Option<String> {
        self.health.trouble()
    }

    /// Notes how a write has ended.
    pub(super) fn heed<T>(&self, outcome: &Result<T, Error>) {
        match outcome {
            Ok(_) => self.health.succeed(),
            Err(Error::Unavailable(_) | Error::Unknown(_)) => self.health.doubt(),
            Err(_) => {}
        }
    }

    /// Waits until the jobs that were given have ended and the pools are closed.
    pub(super) async fn close(&self) {
        self.closing.send_replace(true);
        self.jobs.closed().await;
    }
}

async fn serve(
    pools: Pools,
    mut queue: mpsc::UnboundedReceiver<(Access, Box<dyn Job>)>,
    closing: watch::Sender<bool>,
    commits: watch::Sender<u64>,
) {
    let mut stop = closing.subscribe();
    let mut reading = tokio::task::JoinSet::new();
    let mut running = tokio::task::JoinSet::new();
    let alone = Rc::new(Alone::new(pools.writers.clone(), commits.clone()));
    let mut lanes = Vec::new();
    for pool in &pools.lanes {
        let (jobs, waiting) = mpsc::unbounded_channel();
        running.spawn_local(Lane::new(pool.clone(), commits.clone(), alone.clone()).run(waiting));
        lanes.push(jobs);
    }
    let mut next_lane = 0;
    loop {
        let next = tokio::select! {
            biased;
            next = queue.recv() => next,
            Some(_) = reading.join_next() => continue,
            _ = stop.wait_for(|stop| *stop) => queue.try_recv().ok(),
        };
        match next {
            None => break,
            Some((Access::Write(row), job)) => {
                next_lane += 1;
                let lane = row.unwrap_or(next_lane) % lanes.len() as u64;
                let _ = lanes[lane as usize].send(job);
            }
            Some((Access::Read, job)) => {
                let pool = pools.readers.clone();
                reading.spawn_local(async move { read_job(&pool, job).await });
            }
        }
    }
    drop(lanes);
    while running.join_next().await.is_some() {}
    alone.finish().await;
    while reading.join_next().await.is_some() {}
    pools.close().await;
}

async fn read_job(pool: &sea_orm::DatabaseConnection, mut job: Box<dyn Job>) {
    let ran = read(pool, async |transaction| {
        job.run(transaction).await;
        Ok(Commit(0))
    });
    let outcome = ran.await;
    job.finish(outcome);
}

/// Runs `body` over one snapshot; nothing can be written. The pool's connections begin such transactions by themselves.
pub(super) async fn read<T>(
    pool: &sea_orm::DatabaseConnection,
    body: impl AsyncFnOnce(&Transaction) -> Result<T, Error>,
) -> Result<T, Error> {
    let transaction = pool::begin(pool).await?;
    let outcome = body(&transaction).await;
    roll_back(transaction);
    outcome
}

/// Nobody waits for that: the connection is lent again when it is done, and given up if it never is.
fn roll_back(transaction: Transaction) {
    if let Ok(transaction) = take(transaction) {
        tokio::task::spawn_local(tokio::time::timeout(PATIENCE, transaction.rollback()));
    }
}

fn take(transaction: Transaction) -> Result<sea_orm::DatabaseTransaction, Error> {
    match transaction.inner {
        Inner::Postgres(transaction) => Ok(transaction),
        Inner::Sqlite(_) => Err(Error::Internal("a PostgreSQL transaction is one".into())),
    }
}
