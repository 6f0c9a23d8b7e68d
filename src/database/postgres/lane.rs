//! One transaction for the writes that wait, one after another: so they share its round trips and its flush to the disk.
//!
//! ```text
//! begin │ job │ job │ refused │ job │ commit          a job that refuses before it has written disturbs nobody
//! begin │ job │ failed ─▶ rollback                    one that fails later takes the others back with it:
//!                           ├─▶ the failed one, alone     nobody has heard of them yet, so they run again,
//!                           └─▶ the others, once more     without it
//! ```
//!
//! There are no savepoints: they would cost each job two round trips for what happens to few. Nobody waits for a
//! lock here for long; who must, waits alone.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use sea_orm::DatabaseConnection;
use tokio::sync::{mpsc, watch};

use super::{
    Commit, Transaction,
    alone::Alone,
    commit, pool, roll_back,
    work::{Job, Verdict},
};
use crate::error::Error;

/// How many waiting jobs may share one commit: the first of them waits for the last.
const GROUP: usize = 64;
/// The server ends every statement before that, so one that failed only now was not heard of at all.
const SILENT: Duration = Duration::from_secs(7);
/// How often a group is tried again without the job that failed; then each of it goes alone.
const ATTEMPTS: usize = 3;

pub(super) struct Lane {
    pool: DatabaseConnection,
    commits: watch::Sender<u64>,
    alone: Rc<Alone>,
}

type Jobs = mpsc::UnboundedReceiver<Box<dyn Job>>;

/// Why a group was taken back.
enum Failed {
    /// This one of it failed.
    One(usize),
    /// All of it, and nobody in particular is to blame.
    All(Error),
}

impl Lane {
    pub(super) fn new(pool: DatabaseConnection, commits: watch::Sender<u64>, alone: Rc<Alone>) -> Self {
        Self { pool, commits, alone }
    }

    /// Takes jobs until nobody gives any more.
    pub(super) async fn run(self, mut jobs: Jobs) {
        while let Some(first) = jobs.recv().await {
            self.group(vec![first], &mut jobs).await;
        }
    }

    async fn group(&self, mut group: Vec<Box<dyn Job>>, jobs: &mut Jobs) {
        for _ in 0..ATTEMPTS {
            match self.attempt(&mut group, jobs).await {
                Ok(commit) => return group.into_iter().for_each(|job| job.finish(Ok(commit))),
                Err(Failed::One(at)) => self.alone.run(group.remove(at)),
                Err(Failed::All(Error::Raced(_))) => {}
                Err(Failed::All(error)) => {
                    // Those behind would each wait as long for nothing.
                    group.extend(std::iter::from_fn(|| jobs.try_recv().ok()));
                    tracing::warn!(%error, writes = group.len(), "nothing of a group is known to be written");
                    return group.into_iter().for_each(|job| job.finish(Err(error.repeated())));
                }
            }
            if group.is_empty() {
                return;
            }
        }
        group.into_iter().for_each(|job| self.alone.run(job));
    }

    async fn attempt(&self, group: &mut Vec<Box<dyn Job>>, jobs: &mut Jobs) -> Result<Commit, Failed> {
        let transaction = pool::begin(&self.pool).await.map_err(Failed::All)?;
        match run(&transaction, group, jobs).await {
            Ok(0) => {
                roll_back(transaction);
                Ok(Commit(*self.commits.borrow()))
            }
            Ok(kept) => {
                commit::commit(transaction, self.alone.pool()).await.map_err(Failed::All)?;
                self.commits.send_modify(|count| *count += 1);
                metrics::histogram!("rowcast_commit_writes").record(kept as f64);
                Ok(Commit(*self.commits.borrow()))
            }
            Err(failed) => {
                roll_back(transaction);
                Err(failed)
            }
        }
    }
}

/// Runs the group's jobs and those that join it; returns how many have written.
async fn run(
    transaction: &Transaction,
    group: &mut Vec<Box<dyn Job>>,
    jobs: &mut Jobs,
) -> Result<usize, Failed> {
    let (mut kept, mut next) = (0, 0);
    while let Some(job) = group.get_mut(next) {
        let began = Instant::now();
        let verdict = job.run(transaction).await;
        let wrote = transaction.has_written();
        if transaction.has_failed() && began.elapsed() >= SILENT {
            return Err(Failed::All(Error::Unavailable("the database does not answer".into())));
        }
        if transaction.has_failed() || (verdict != Verdict::Keep && wrote) {
            return Err(Failed::One(next));
        }
        kept += usize::from(wrote);
        next += 1;
        if group.len() < GROUP {
            group.extend(jobs.try_recv().ok());
        }
    }
    Ok(kept)
}
