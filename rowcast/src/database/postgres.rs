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
mod catalog;
mod commit;
mod entry;
mod follower;
mod health;
mod identity;
mod judge;
mod lane;
mod migrating;
mod notices;
mod pool;
mod settings;
mod unconfirmed;

use std::{rc::Rc, sync::Arc};

use crate::migration::Migrations;
use tokio::sync::{mpsc, watch};

use super::{
    Commit, Notices, Transaction, stopped,
    transaction::Inner,
    work::{self, Job, Verdict},
};
use crate::error::Error;
use alone::Alone;
use commit::Commits;
pub(super) use follower::Follower;
use health::Health;
pub(super) use judge::{is_cut_off, is_stale, judge};
use lane::Lane;
use pool::{Pool, Pools};
pub(super) use pool::{READERS, Renewal};
use unconfirmed::Unconfirmed;

/// How long anything may take that should take a moment.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(8);
/// How often a read is run whose statements had been prepared for a table that has changed since.
const READINGS: usize = 3;

pub(super) struct Postgres {
    url: String,
    jobs: mpsc::UnboundedSender<(Access, Box<dyn Job>)>,
    closing: watch::Sender<bool>,
    notices: Notices,
    unconfirmed: Arc<Unconfirmed>,
    health: Arc<Health>,
}

/// A write on its way, to this row if it is known.
struct Write {
    row: Option<u64>,
    job: Box<dyn Job>,
}

#[derive(Clone, Copy)]
enum Access {
    Read,
    /// To this row, if it is known.
    Write(Option<u64>),
}

impl Postgres {
    pub(super) async fn connect(
        url: &str,
        migrations: Migrations,
        commits: watch::Sender<u64>,
    ) -> Result<Self, Error> {
        let (jobs, queue) = mpsc::unbounded_channel();
        let (ready, connected) = tokio::sync::oneshot::channel();
        let closing = watch::Sender::new(false);
        let (address, stop) = (url.to_owned(), closing.clone());
        let (notices, said) = Notices::new();
        let node = notices.node.clone();
        let unconfirmed = Arc::<Unconfirmed>::default();
        let doubts = unconfirmed.clone();
        let health = Arc::<Health>::default();
        let watched = health.clone();
        work::thread("postgres", async move || match Pools::open(&address, &migrations).await {
            Ok(pools) => {
                let _ = ready.send(Ok(()));
                let writers = pools.writers.connections().clone();
                tokio::task::spawn_local(notices::take(writers.clone(), node, said));
                tokio::task::spawn_local(async move { watched.watch(writers).await });
                serve(pools, queue, stop, (commits, doubts)).await;
            }
            Err(error) => drop(ready.send(Err(error))),
        })?;
        connected.await.map_err(|_| stopped())??;
        Ok(Self { url: url.to_owned(), jobs, closing, notices, unconfirmed, health })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn notices(&self) -> &Notices {
        &self.notices
    }

    pub(super) fn unconfirmed(&self) -> Option<&'static str> {
        self.unconfirmed.reason()
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
    (commits, unconfirmed): (watch::Sender<u64>, Arc<Unconfirmed>),
) {
    let mut stop = closing.subscribe();
    let mut reading = tokio::task::JoinSet::new();
    let mut running = tokio::task::JoinSet::new();
    let ending = Commits::new(pools.writers.clone(), unconfirmed);
    let alone = Rc::new(Alone::new(pools.writers.clone(), ending.clone(), commits.clone()));
    let mut lanes = Vec::new();
    for pool in &pools.lanes {
        let (jobs, waiting) = mpsc::unbounded_channel();
        let lane = Lane::new(pool.clone(), ending.clone(), commits.clone(), alone.clone());
        running.spawn_local(lane.run(waiting));
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
                if let Some(write) = alone.queue(Write { row, job }) {
                    let _ = lanes[lane as usize].send(write);
                }
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

async fn read_job(pool: &Pool, mut job: Box<dyn Job>) {
    for attempt in 1.. {
        let transaction = match pool.begin().await {
            Ok(transaction) => transaction,
            Err(error) => return job.finish(Err(error)),
        };
        let verdict = job.run(&transaction).await;
        roll_back(transaction);
        if verdict != Verdict::Again || attempt == READINGS {
            break;
        }
    }
    job.finish(Ok(Commit(0)));
}

/// Runs `body` over one snapshot; nothing can be written. The pool's connections begin such transactions by themselves.
pub(super) async fn read<T>(
    pool: &Pool,
    body: impl AsyncFn(&Transaction) -> Result<T, Error>,
) -> Result<T, Error> {
    for _ in 1..READINGS {
        match read_once(pool, &body).await {
            Err(Error::Stale(_)) => {}
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
