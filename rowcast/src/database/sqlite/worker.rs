//! The loops of the writer and reader threads.

use std::time::{Duration, Instant};

use tokio::sync::{Mutex, mpsc, watch};

use super::{
    super::{
        CommitSeq,
        transaction::Inner,
        work::{Disposition, Job},
    },
    Handle, catalog,
    file_guard::{FileGuard, Jobs},
    reader::Reader,
};
use crate::error::Error;

/// The most jobs that share one commit: enough to amortise the disk's latency, few enough that the first does not wait
/// long for the last.
const BATCH_SIZE: usize = 128;
/// The timeout of one job of a batch: others wait behind it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(8);
/// The timeout of a read, the same as on PostgreSQL.
const READ_TIMEOUT: Duration = Duration::from_secs(6);

/// The reason of a batch's rollback.
enum Lost {
    /// The job with this index took too long.
    One(usize, Error),
    All(Error),
}

/// Runs write jobs until `closing`, then those already queued.
pub(super) async fn write(
    mut guard: FileGuard,
    mut jobs: Jobs,
    mut closing: watch::Receiver<bool>,
    commits: watch::Sender<u64>,
) {
    let gate = guard.gate.clone();
    let mut maintained = Instant::now();
    loop {
        let interval = guard.check_interval().saturating_sub(maintained.elapsed());
        let first = tokio::select! {
            biased;
            job = jobs.recv() => Some(job),
            _ = closing.wait_for(|closing| *closing) => { jobs.close(); Some(jobs.recv().await) }
            () = gate.check_requested() => None,
            () = tokio::time::sleep(interval) => None,
        };
        let maintenance_due = first.is_none();
        match first {
            Some(None) => break,
            Some(Some(first)) => {
                let mut writer = Writer { guard: &mut guard, jobs: &mut jobs, commits: &commits };
                writer.write(first).await;
                guard.mark_written();
            }
            None => {}
        }
        if maintenance_due || maintained.elapsed() >= guard.check_interval() {
            guard.maintain(&mut jobs).await;
            maintained = Instant::now();
        }
    }
    guard.shut_down();
}

struct Writer<'a> {
    guard: &'a mut FileGuard,
    jobs: &'a mut Jobs,
    commits: &'a watch::Sender<u64>,
}

impl Writer<'_> {
    /// Runs a job and those queued behind it in one transaction.
    async fn write(&mut self, first: Box<dyn Job>) {
        if let Err(error) = self.guard.ensure_usable(self.jobs).await {
            return first.finish(Err(error));
        }
        // A deferred constraint does not report which job violated it.
        for job in self.run_batch(vec![first], true).await {
            self.run_batch(vec![job], false).await;
        }
    }

    /// Runs a batch. Jobs are finished only after the commit, because they may have read each other's uncommitted
    /// writes. Returns the jobs that must run again, each by itself. With `more`, queued jobs join.
    async fn run_batch(&mut self, mut batch: Vec<Box<dyn Job>>, more: bool) -> Vec<Box<dyn Job>> {
        loop {
            let written = match self.guard.handle() {
                Ok(handle) => run(handle, &mut batch, more.then_some(&mut *self.jobs)).await,
                Err(error) => Err(Lost::All(error)),
            };
            let sound = !self.guard.record_file_error();
            match written {
                Ok(0) => {
                    self.finish(batch);
                    return Vec::new();
                }
                Ok(written) => {
                    match self.guard.verify_commit(self.jobs).await {
                        Ok(()) => self.committed(batch, written, sound),
                        Err(error) => self.lost(batch, error).await,
                    }
                    return Vec::new();
                }
                Err(Lost::One(at, error)) => {
                    batch.remove(at).finish(Err(error));
                    if batch.is_empty() {
                        return Vec::new();
                    }
                }
                Err(Lost::All(Error::Violation(_))) if batch.len() > 1 => return batch,
                Err(Lost::All(error)) => {
                    self.lost(batch, error).await;
                    return Vec::new();
                }
            }
        }
    }

    fn committed(&self, batch: Vec<Box<dyn Job>>, written: usize, sound: bool) {
        if sound {
            self.guard.record_success();
        }
        self.commits.send_modify(|count| *count += 1);
        metrics::histogram!("rowcast_commit_writes").record(written as f64);
        self.finish(batch);
    }

    fn finish(&self, batch: Vec<Box<dyn Job>>) {
        let commit = CommitSeq(*self.commits.borrow());
        batch.into_iter().for_each(|job| job.finish(Ok(commit)));
    }

    async fn lost(&self, mut batch: Vec<Box<dyn Job>>, error: Error) {
        let error = match self.guard.handle() {
            Ok(handle) => explain(handle, error).await,
            Err(_) => error,
        };
        let alone = batch.len() == 1;
        if let Some(job) = batch.pop_if(|_| alone) {
            return job.finish(Err(error));
        }
        tracing::warn!(%error, writes = batch.len(), "no write of a batch was committed");
        batch.into_iter().for_each(|job| job.finish(Err(error.duplicate())));
    }
}

/// Runs the batch's jobs and those that join it, and commits; returns the number of successful jobs.
async fn run(
    handle: &Handle,
    batch: &mut Vec<Box<dyn Job>>,
    mut jobs: Option<&mut Jobs>,
) -> Result<usize, Lost> {
    if let Err(error) = handle.connection.batch("begin immediate") {
        // Another program locks the file. The queued jobs would each wait for it in vain.
        batch.extend(std::iter::from_fn(|| waiting(&mut jobs)));
        return Err(Lost::All(error));
    }
    let outcome = run_jobs(handle, batch, jobs).await;
    if outcome.is_err() {
        handle.connection.rollback();
    }
    outcome
}

async fn run_jobs(
    handle: &Handle,
    batch: &mut Vec<Box<dyn Job>>,
    mut jobs: Option<&mut Jobs>,
) -> Result<usize, Lost> {
    let (mut written, mut next) = (0, 0);
    while let Some(job) = batch.get_mut(next) {
        handle.connection.deadline.set(Some(WRITE_TIMEOUT));
        let ran = run_job(handle, job).await;
        let too_long = handle.connection.deadline.check().is_err();
        handle.connection.deadline.set(None);
        written += usize::from(ran.map_err(|error| match too_long {
            true => Lost::One(next, Error::Unavailable("the transaction took too long".into())),
            false => Lost::All(error),
        })?);
        next += 1;
        if batch.len() < BATCH_SIZE {
            batch.extend(waiting(&mut jobs));
        }
    }
    handle.connection.batch(if written > 0 { "commit" } else { "rollback" }).map_err(Lost::All)?;
    Ok(written)
}

fn waiting(jobs: &mut Option<&mut Jobs>) -> Option<Box<dyn Job>> {
    jobs.as_mut().and_then(|jobs| jobs.try_recv().ok())
}

/// Runs one job within a savepoint; true if it succeeded. `Err` if the whole transaction is lost.
async fn run_job(handle: &Handle, job: &mut Box<dyn Job>) -> Result<bool, Error> {
    handle.connection.batch("savepoint job")?;
    let disposition = job.run(&handle.transaction).await;
    if handle.connection.is_idle() {
        // A trigger raised with `rollback`: an error of this job alone.
        if let Some(error @ Error::Violation(_)) = job.take_error() {
            return Err(error);
        }
        // A full disk, an I/O error or an interrupted statement makes SQLite roll back everything by itself.
        return Err(Error::Unavailable("SQLite rolled the transaction back".into()));
    }
    if disposition != Disposition::Commit {
        handle.connection.batch("rollback to job")?;
        if let Some(error) = job.take_error() {
            job.set_error(explain(handle, error).await);
        }
    }
    handle.connection.batch("release job")?;
    Ok(disposition == Disposition::Commit)
}

/// Finds the fields of a violated constraint.
async fn explain(handle: &Handle, error: Error) -> Error {
    match (error, &handle.transaction.inner) {
        (Error::Violation(mut violation), Inner::Sqlite(db)) => {
            violation.target = violation.target.or_else(|| handle.transaction.write_target());
            catalog::explain(db, *violation).await
        }
        (error, _) => error,
    }
}

/// Runs read jobs from a queue shared with other readers.
pub(super) async fn read(
    mut reader: Reader,
    jobs: &Mutex<mpsc::Receiver<Box<dyn Job>>>,
    mut closing: watch::Receiver<bool>,
) {
    let mut gate = reader.gate.changes();
    loop {
        let job = tokio::select! {
            biased;
            job = async { jobs.lock().await.recv().await } => job,
            _ = gate.changed() => { reader.close_if_gate_closed(); continue }
            _ = closing.wait_for(|closing| *closing) => None,
        };
        let Some(mut job) = job else { break };
        let ran = read_job(&mut reader, &mut job).await;
        job.finish(ran.map(|()| CommitSeq(0)));
    }
}

/// Runs a job over one snapshot. It fails if the file has been replaced meanwhile.
async fn read_job(reader: &mut Reader, job: &mut Box<dyn Job>) -> Result<(), Error> {
    let handle = reader.handle()?;
    handle.connection.batch("begin")?;
    handle.connection.deadline.set(Some(READ_TIMEOUT));
    job.run(&handle.transaction).await;
    handle.connection.deadline.set(None);
    handle.connection.rollback();
    reader.verify()
}
