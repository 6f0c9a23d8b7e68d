//! Batched writes: queued writes share a transaction, and so its round trips and its flush to disk.
//!
//! ```text
//! begin │ job │ job │ refused │ job │ commit          a job that fails before it has written affects no other
//! begin │ job │ failed ─▶ rollback                    a job that fails later rolls back the whole batch:
//!                           ├─▶ the failed job, unbatched     none of it has been acked, so it runs again,
//!                           └─▶ the others, once more         without the failed job
//! ```
//!
//! There are no savepoints: they would cost each job two round trips, and few jobs fail. The lock timeout is short; a
//! write that exceeds it is retried unbatched.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, watch};

use super::{
    CommitSeq, Pool, Transaction, Write, commit::Commits, roll_back, unbatched_writer::UnbatchedWriter,
    work::Disposition,
};
use crate::error::Error;

/// The most jobs that share one commit: the first of them waits for the last.
const BATCH_SIZE: usize = 64;
/// The server cancels every statement before that, so a later failure means that the connection is dead.
const CONNECTION_DEAD: Duration = Duration::from_secs(7);
/// The most attempts of a batch; after that each of its jobs runs unbatched.
const ATTEMPTS: usize = 3;

pub(super) struct BatchWriter {
    pool: Pool,
    ending: Commits,
    commits: watch::Sender<u64>,
    unbatched: Rc<UnbatchedWriter>,
}

type Writes = mpsc::UnboundedReceiver<Write>;

/// The reason of a batch's rollback.
enum Failed {
    /// The job with this index failed.
    One(usize),
    /// The batch failed as a whole.
    All(Error),
}

impl BatchWriter {
    pub(super) fn new(
        pool: Pool,
        ending: Commits,
        commits: watch::Sender<u64>,
        unbatched: Rc<UnbatchedWriter>,
    ) -> Self {
        Self { pool, ending, commits, unbatched }
    }

    /// Runs writes until the queue is closed.
    pub(super) async fn run(self, mut writes: Writes) {
        while let Some(first) = writes.recv().await {
            if let Some(first) = self.unbatched.queue(first) {
                self.write_batch(vec![first], &mut writes).await;
            }
        }
    }

    async fn write_batch(&self, mut batch: Vec<Write>, writes: &mut Writes) {
        for _ in 0..ATTEMPTS {
            match self.attempt(&mut batch, writes).await {
                Ok(commit) => return batch.into_iter().for_each(|write| write.job.finish(Ok(commit))),
                Err(Failed::One(at)) => {
                    let mut failed = batch.remove(at);
                    let has_met_lock = matches!(failed.job.take_error(), Some(Error::Locked(_)));
                    self.unbatched.run(failed, has_met_lock);
                    // Other writes of the same row would meet the same lock.
                    batch = batch.into_iter().filter_map(|write| self.unbatched.queue(write)).collect();
                }
                Err(Failed::All(Error::Retryable(_) | Error::StaleStatement(_))) => {}
                // A deferred constraint does not report which job violated it.
                Err(Failed::All(Error::Violation(_) | Error::Refused(_) | Error::Locked(_))) => break,
                Err(Failed::All(error)) => {
                    // The queued writes would each wait for the same failure.
                    batch.extend(std::iter::from_fn(|| writes.try_recv().ok()));
                    tracing::warn!(%error, writes = batch.len(), "no write of a batch is known to be committed");
                    return batch.into_iter().for_each(|write| write.job.finish(Err(error.duplicate())));
                }
            }
            if batch.is_empty() {
                return;
            }
        }
        batch.into_iter().for_each(|write| self.unbatched.run(write, false));
    }

    async fn attempt(&self, batch: &mut Vec<Write>, writes: &mut Writes) -> Result<CommitSeq, Failed> {
        let transaction = self.pool.begin().await.map_err(Failed::All)?;
        match self.run_all(&transaction, batch, writes).await {
            Ok(0) => {
                roll_back(transaction);
                Ok(CommitSeq(*self.commits.borrow()))
            }
            Ok(written) => {
                self.ending.commit(transaction).await.map_err(Failed::All)?;
                self.commits.send_modify(|count| *count += 1);
                metrics::histogram!("rowcast_commit_writes").record(written as f64);
                Ok(CommitSeq(*self.commits.borrow()))
            }
            Err(failed) => {
                roll_back(transaction);
                Err(failed)
            }
        }
    }

    /// Runs the batch's jobs and those that join it; returns the number of jobs that have written.
    async fn run_all(
        &self,
        transaction: &Transaction,
        batch: &mut Vec<Write>,
        writes: &mut Writes,
    ) -> Result<usize, Failed> {
        let (mut written, mut next) = (0, 0);
        while let Some(write) = batch.get_mut(next) {
            let began = Instant::now();
            let disposition = write.job.run(transaction).await;
            let wrote = transaction.has_written();
            if transaction.has_failed() && began.elapsed() >= CONNECTION_DEAD {
                return Err(Failed::All(Error::Unavailable("the database does not answer".into())));
            }
            if transaction.has_failed() || (disposition != Disposition::Commit && wrote) {
                return Err(Failed::One(next));
            }
            written += usize::from(wrote);
            next += 1;
            if batch.len() < BATCH_SIZE {
                batch.extend(writes.try_recv().ok().and_then(|write| self.unbatched.queue(write)));
            }
        }
        Ok(written)
    }
}
