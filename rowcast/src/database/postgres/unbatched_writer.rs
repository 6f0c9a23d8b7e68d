//! Concurrent writes with a transaction each.
//!
//! ```text
//! row 7   ─▶ job ─▶ job ─▶ job      one at a time: if the first waits for a lock, so would the others
//! row 9   ─▶ job
//! no row  ─▶ job, job, …
//! ```
//!
//! Writes that have met a lock may use some of the connections only, so that others stay free for writes without locks.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    rc::Rc,
    time::Duration,
};

use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};

use super::{
    CommitSeq, PartitionKey, Pool, Write, catalog,
    commit::Commits,
    identity, roll_back,
    work::{self, Job},
};
use crate::{database::Violation, error::Error};

/// The most attempts of a write that conflicts with other transactions.
const ATTEMPTS: usize = 8;
/// The most times that one write advances a sequence: another import may come in between.
const MAX_ADVANCES: usize = 3;
/// The connections that may wait for locks.
const MAX_LOCK_WAITERS: usize = 6;
/// The time that a write waits for one of them.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);
/// The most queued writes of one row.
const QUEUE_CAPACITY: usize = 1024;

pub(super) struct UnbatchedWriter {
    pool: Pool,
    ending: Commits,
    commits: watch::Sender<u64>,
    running: RefCell<JoinSet<()>>,
    /// The rows that are being written, each with its queued writes.
    rows: RefCell<HashMap<PartitionKey, VecDeque<Write>>>,
    lock_waiters: Semaphore,
}

impl UnbatchedWriter {
    pub(super) fn new(pool: Pool, ending: Commits, commits: watch::Sender<u64>) -> Self {
        Self {
            pool,
            ending,
            commits,
            running: RefCell::default(),
            rows: RefCell::default(),
            lock_waiters: Semaphore::new(MAX_LOCK_WAITERS),
        }
    }

    /// Queues a write if its row is being written here; otherwise returns it.
    pub(super) fn queue(&self, write: Write) -> Option<Write> {
        let mut rows = self.rows.borrow_mut();
        let Some(queue) = write.key.as_ref().and_then(|key| rows.get_mut(key)) else { return Some(write) };
        if queue.len() < QUEUE_CAPACITY {
            queue.push_back(write);
        } else {
            write.job.finish(Err(Error::Locked("too many writes wait for one row".into())));
        }
        None
    }

    /// Runs a write concurrently with others. `has_met_lock` limits it to the connections that may wait for locks.
    pub(super) fn run(self: &Rc<Self>, write: Write, has_met_lock: bool) {
        let Some(write) = self.queue(write) else { return };
        if let Some(key) = &write.key {
            self.rows.borrow_mut().insert(key.clone(), VecDeque::new());
        }
        let me = self.clone();
        let mut running = self.running.borrow_mut();
        while running.try_join_next().is_some() {}
        running.spawn_local(async move { me.serve(write, has_met_lock).await });
    }

    /// Waits for all running writes.
    pub(super) async fn finish(&self) {
        let mut running = self.running.take();
        while running.join_next().await.is_some() {}
    }

    /// Runs a write, and then the queued writes of its row.
    async fn serve(&self, first: Write, has_met_lock: bool) {
        let key = first.key;
        let permit = match has_met_lock {
            true => Some(tokio::time::timeout(ACQUIRE_TIMEOUT, self.lock_waiters.acquire()).await),
            false => None,
        };
        let too_many = matches!(permit, Some(Err(_)));
        let mut next = Some(first.job);
        while let Some(mut job) = next {
            let outcome = match too_many {
                true => Err(Error::Locked("too many writes wait for locks".into())),
                false => self.attempt(&mut job).await,
            };
            let held = matches!(&outcome, Err(Error::Locked(_)));
            job.finish(outcome);
            next = self.next(key.as_ref(), held);
        }
    }

    /// The next queued write of the row. If the last one failed because of a lock, all of them fail: each would wait
    /// for it in vain.
    fn next(&self, key: Option<&PartitionKey>, held: bool) -> Option<Box<dyn Job>> {
        let key = key?;
        let mut rows = self.rows.borrow_mut();
        let queue = rows.get_mut(key)?;
        if held {
            for write in queue.drain(..) {
                write.job.finish(Err(Error::Locked("another write waited for the same row in vain".into())));
            }
        }
        let next = queue.pop_front();
        if next.is_none() {
            rows.remove(key);
        }
        next.map(|write| write.job)
    }

    async fn attempt(&self, job: &mut Box<dyn Job>) -> Result<CommitSeq, Error> {
        let mut refused = 0;
        for _ in 0..ATTEMPTS {
            match self.once(job).await {
                Err(Error::Retryable(_) | Error::StaleStatement(_)) => {}
                Err(Error::Violation(violation)) => {
                    refused += 1;
                    self.resolve_violation(*violation, refused).await?;
                }
                outcome => return outcome,
            }
        }
        Err(Error::Unavailable("lost the race against other transactions too often".into()))
    }

    async fn once(&self, job: &mut Box<dyn Job>) -> Result<CommitSeq, Error> {
        let transaction = self.pool.begin().await?;
        work::with_timeout(async { Ok(job.run(&transaction).await) }).await?;
        if let Some(error) = job.take_error() {
            roll_back(transaction);
            return Err(error);
        }
        if !transaction.has_written() {
            roll_back(transaction);
            return Ok(CommitSeq(*self.commits.borrow()));
        }
        self.ending.commit(transaction).await?;
        self.commits.send_modify(|count| *count += 1);
        Ok(CommitSeq(*self.commits.borrow()))
    }

    /// Succeeds if a retry may: after a race the checks before the write report the error, and a sequence that was
    /// behind is advanced.
    async fn resolve_violation(&self, violation: Violation, refused: usize) -> Result<(), Error> {
        if refused == 1 && violation.is_race() {
            return Ok(());
        }
        let constraint = catalog::constraint(self.pool.connections(), &violation).await;
        if let Some(constraint) =
            constraint.as_ref().filter(|constraint| identity::is_behind(&violation, constraint))
            && refused <= 1 + MAX_ADVANCES
        {
            return work::with_timeout(identity::advance_past_imports(&self.pool, &violation, constraint))
                .await;
        }
        tracing::debug!(sentence = violation.sentence, "a constraint refused a write");
        Err(violation.into_error(constraint))
    }
}
