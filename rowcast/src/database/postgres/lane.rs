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

use tokio::sync::{mpsc, watch};

use super::{Commit, Pool, Transaction, Write, alone::Alone, commit::Commits, roll_back, work::Verdict};
use crate::error::Error;

/// How many waiting jobs may share one commit: the first of them waits for the last.
const GROUP: usize = 64;
/// The server ends every statement before that, so one that failed only now was not heard of at all.
const SILENT: Duration = Duration::from_secs(7);
/// How often a group is tried again without the job that failed; then each of it goes alone.
const ATTEMPTS: usize = 3;

pub(super) struct Lane {
    pool: Pool,
    ending: Commits,
    commits: watch::Sender<u64>,
    alone: Rc<Alone>,
}

type Writes = mpsc::UnboundedReceiver<Write>;

/// Why a group was taken back.
enum Failed {
    /// This one of it failed.
    One(usize),
    /// All of it, and nobody in particular is to blame.
    All(Error),
}

impl Lane {
    pub(super) fn new(pool: Pool, ending: Commits, commits: watch::Sender<u64>, alone: Rc<Alone>) -> Self {
        Self { pool, ending, commits, alone }
    }

    /// Takes writes until there are no more.
    pub(super) async fn run(self, mut writes: Writes) {
        while let Some(first) = writes.recv().await {
            if let Some(first) = self.alone.queue(first) {
                self.group(vec![first], &mut writes).await;
            }
        }
    }

    async fn group(&self, mut group: Vec<Write>, writes: &mut Writes) {
        for _ in 0..ATTEMPTS {
            match self.attempt(&mut group, writes).await {
                Ok(commit) => return group.into_iter().for_each(|write| write.job.finish(Ok(commit))),
                Err(Failed::One(at)) => {
                    let mut failed = group.remove(at);
                    let has_met_lock = matches!(failed.job.take_error(), Some(Error::Locked(_)));
                    self.alone.run(failed, has_met_lock);
                    // Others to the same row would meet the same.
                    group = group.into_iter().filter_map(|write| self.alone.queue(write)).collect();
                }
                Err(Failed::All(Error::Raced(_) | Error::Stale(_))) => {}
                // Put off until the commit, it does not say whose it is.
                Err(Failed::All(Error::Violation(_) | Error::Refused(_) | Error::Locked(_))) => break,
                Err(Failed::All(error)) => {
                    // Those behind would each wait as long for nothing.
                    group.extend(std::iter::from_fn(|| writes.try_recv().ok()));
                    tracing::warn!(%error, writes = group.len(), "nothing of a group is known to be written");
                    return group.into_iter().for_each(|write| write.job.finish(Err(error.repeated())));
                }
            }
            if group.is_empty() {
                return;
            }
        }
        group.into_iter().for_each(|write| self.alone.run(write, false));
    }

    async fn attempt(&self, group: &mut Vec<Write>, writes: &mut Writes) -> Result<Commit, Failed> {
        let transaction = self.pool.begin().await.map_err(Failed::All)?;
        match self.run_all(&transaction, group, writes).await {
            Ok(0) => {
                roll_back(transaction);
                Ok(Commit(*self.commits.borrow()))
            }
            Ok(kept) => {
                self.ending.commit(transaction).await.map_err(Failed::All)?;
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

    /// Runs the group's writes and those that join it; returns how many have written.
    async fn run_all(
        &self,
        transaction: &Transaction,
        group: &mut Vec<Write>,
        writes: &mut Writes,
    ) -> Result<usize, Failed> {
        let (mut kept, mut next) = (0, 0);
        while let Some(write) = group.get_mut(next) {
            let began = Instant::now();
            let verdict = write.job.run(transaction).await;
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
                group.extend(writes.try_recv().ok().and_then(|write| self.alone.queue(write)));
            }
        }
        Ok(kept)
    }
}
