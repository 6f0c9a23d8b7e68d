//! Writes with a transaction of their own, several at once.
//!
//! ```text
//! row 7   ─▶ job ─▶ job ─▶ job      one at a time: if the first waits for a lock, so would the others
//! row 9   ─▶ job
//! no row  ─▶ job, job, …
//! ```
//!
//! Those that have met a lock share some of the connections, so that there are others for what meets none.

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
    Commit, Pool, Write, catalog,
    commit::Commits,
    identity, roll_back,
    work::{self, Job},
};
use crate::{database::Violation, error::Error};

/// How often work that lost a race is run again.
const ATTEMPTS: usize = 8;
/// How often an identity that is behind is moved for one write: another import may come in between.
const STEPS: usize = 3;
/// Connections that may wait for locks, and for how long a write waits for one of them.
const WAITERS: usize = 6;
const TURN: Duration = Duration::from_secs(1);
/// Writes that may wait behind another one to the same row.
const BEHIND: usize = 1024;

pub(super) struct Alone {
    pool: Pool,
    ending: Commits,
    commits: watch::Sender<u64>,
    running: RefCell<JoinSet<()>>,
    /// Rows that are being written here, and what waits behind.
    rows: RefCell<HashMap<u64, VecDeque<Write>>>,
    waiters: Semaphore,
}

impl Alone {
    pub(super) fn new(pool: Pool, ending: Commits, commits: watch::Sender<u64>) -> Self {
        Self {
            pool,
            ending,
            commits,
            running: RefCell::default(),
            rows: RefCell::default(),
            waiters: Semaphore::new(WAITERS),
        }
    }

    /// Takes a write to a row that is being written here, to wait for its turn; others are given back.
    pub(super) fn queue(&self, write: Write) -> Option<Write> {
        let mut rows = self.rows.borrow_mut();
        let Some(behind) = write.row.and_then(|row| rows.get_mut(&row)) else { return Some(write) };
        if behind.len() < BEHIND {
            behind.push_back(write);
        } else {
            write.job.finish(Err(Error::Locked("too many writes wait for one row".into())));
        }
        None
    }

    /// Runs a write beside whatever else is running. It may have met a lock before.
    pub(super) fn run(self: &Rc<Self>, write: Write, has_met_lock: bool) {
        let Some(write) = self.queue(write) else { return };
        if let Some(row) = write.row {
            self.rows.borrow_mut().insert(row, VecDeque::new());
        }
        let me = self.clone();
        let mut running = self.running.borrow_mut();
        while running.try_join_next().is_some() {}
        running.spawn_local(async move { me.serve(write, has_met_lock).await });
    }

    /// Waits for all that are running.
    pub(super) async fn finish(&self) {
        let mut running = self.running.take();
        while running.join_next().await.is_some() {}
    }

    /// Runs a write, and then those that wait behind it.
    async fn serve(&self, first: Write, has_met_lock: bool) {
        let row = first.row;
        let permit = match has_met_lock {
            true => Some(tokio::time::timeout(TURN, self.waiters.acquire()).await),
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
            next = self.next(row, held);
        }
    }

    /// The next to be run. What waited behind a write that met a lock to the end would wait as long for nothing.
    fn next(&self, row: Option<u64>, held: bool) -> Option<Box<dyn Job>> {
        let row = row?;
        let mut rows = self.rows.borrow_mut();
        let behind = rows.get_mut(&row)?;
        if held {
            for write in behind.drain(..) {
                write.job.finish(Err(Error::Locked("another write waited for the same row in vain".into())));
            }
        }
        let next = behind.pop_front();
        if next.is_none() {
            rows.remove(&row);
        }
        next.map(|write| write.job)
    }

    async fn attempt(&self, job: &mut Box<dyn Job>) -> Result<Commit, Error> {
        let mut refused = 0;
        for _ in 0..ATTEMPTS {
            match self.once(job).await {
                Err(Error::Raced(_) | Error::Stale(_)) => {}
                Err(Error::Violation(violation)) => {
                    refused += 1;
                    self.mend(*violation, refused).await?;
                }
                outcome => return outcome,
            }
        }
        Err(Error::Unavailable("lost the race against other transactions too often".into()))
    }

    async fn once(&self, job: &mut Box<dyn Job>) -> Result<Commit, Error> {
        let transaction = self.pool.begin().await?;
        work::in_time(async { Ok(job.run(&transaction).await) }).await?;
        if let Some(error) = job.take_error() {
            roll_back(transaction);
            return Err(error);
        }
        if !transaction.has_written() {
            roll_back(transaction);
            return Ok(Commit(*self.commits.borrow()));
        }
        self.ending.commit(transaction).await?;
        self.commits.send_modify(|count| *count += 1);
        Ok(Commit(*self.commits.borrow()))
    }

    /// Passes if it is worth another try: another transaction may have been faster than our own checks, which will say so now;
    /// or an identity was behind.
    async fn mend(&self, violation: Violation, refused: usize) -> Result<(), Error> {
        if refused == 1 && violation.is_race() {
            return Ok(());
        }
        let rule = catalog::rule(self.pool.connections(), &violation).await;
        if let Some(rule) = rule.as_ref().filter(|rule| identity::is_behind(&violation, rule))
            && refused <= 1 + STEPS
        {
            return work::in_time(identity::step_over(&self.pool, &violation, rule)).await;
        }
        tracing::debug!(sentence = violation.sentence, "a constraint refused a write");
        Err(violation.judged(rule))
    }
}
