//! The threads that take jobs and run them, one after another.

use tokio::sync::{Mutex, mpsc, watch};

use super::{
    super::{
        Commit,
        transaction::Inner,
        work::{Job, Verdict},
    },
    Handle, catalog,
};
use crate::error::Error;

/// How many waiting jobs may share one commit: enough to make a disk's delay small for each, few enough that
/// the first of them does not wait long for the last.
const GROUP: usize = 128;

type Jobs = mpsc::Receiver<Box<dyn Job>>;

/// Takes jobs until told to close, then finishes those already waiting.
pub(super) async fn write(
    handle: Handle,
    mut jobs: Jobs,
    mut closing: watch::Receiver<bool>,
    commits: watch::Sender<u64>,
) {
    loop {
        let first = tokio::select! {
            biased;
            job = jobs.recv() => job,
            _ = closing.wait_for(|closing| *closing) => { jobs.close(); jobs.recv().await }
        };
        let Some(first) = first else { break };
        group(&handle, vec![first], Some(&mut jobs), &commits).await;
    }
    handle.connection.checkpoint();
}

/// One transaction for jobs and for those that are waiting behind it. All of them hear how it ended only then: what
/// one of them saw of another must not be told before it is certain.
async fn group(
    handle: &Handle,
    mut group: Vec<Box<dyn Job>>,
    jobs: Option<&mut Jobs>,
    commits: &watch::Sender<u64>,
) {
    match run(handle, &mut group, jobs).await {
        Ok(kept) => {
            if kept > 0 {
                commits.send_modify(|count| *count += 1);
                metrics::histogram!("rowcast_commit_writes").record(kept as f64);
            }
            let commit = Commit(*commits.borrow());
            group.into_iter().for_each(|job| job.finish(Ok(commit)));
        }
        Err(Error::Violation(_)) if group.len() > 1 => {
            // A constraint that was put off until the commit does not say whose it is.
            handle.connection.undo();
            for job in group {
                Box::pin(self::group(handle, vec![job], None, commits)).await;
            }
        }
        Err(error) => {
            handle.connection.undo();
            let group_of_one = group.len() == 1;
            let error = explained(handle, error).await;
            if let Some(job) = group.pop_if(|_| group_of_one) {
                return job.finish(Err(error));
            }
            tracing::warn!(%error, writes = group.len(), "nothing of a group was written");
            group.into_iter().for_each(|job| job.finish(Err(error.repeated())));
        }
    }
}

/// Runs the group's jobs and those that join it, and commits what is to be kept; returns how many that are.
async fn run(
    handle: &Handle,
    group: &mut Vec<Box<dyn Job>>,
    mut jobs: Option<&mut Jobs>,
) -> Result<usize, Error> {
    let mut waiting = || jobs.as_mut().and_then(|jobs| jobs.try_recv().ok());
    if let Err(error) = handle.connection.batch("begin immediate") {
        // Somebody else holds the file. Those behind would each wait as long for nothing.
        group.extend(std::iter::from_fn(waiting));
        return Err(error);
    }
    let (mut kept, mut next) = (0, 0);
    while let Some(job) = group.get_mut(next) {
        kept += usize::from(one(handle, job).await?);
        next += 1;
        if group.len() < GROUP {
            group.extend(waiting());
        }
    }
    handle.connection.batch(if kept > 0 { "commit" } else { "rollback" })?;
    Ok(kept)
}

/// Runs one job within a savepoint; true if what it did is to be kept. `Err` when the whole transaction is lost.
async fn one(handle: &Handle, job: &mut Box<dyn Job>) -> Result<bool, Error> {
    handle.connection.batch("savepoint job")?;
    let verdict = job.run(&handle.transaction).await;
    if handle.connection.is_idle() {
        // So does a trigger that raises with `rollback`. It is the job's own fault then, as far as the others go.
        if let Some(error @ Error::Violation(_)) = job.take_error() {
            return Err(error);
        }
        // A full disk or an I/O error makes SQLite roll back everything by itself.
        return Err(Error::Unavailable("SQLite rolled the transaction back".into()));
    }
    if verdict != Verdict::Keep {
        handle.connection.batch("rollback to job")?;
        if let Some(error) = job.take_error() {
            job.refuse(explained(handle, error).await);
        }
    }
    handle.connection.batch("release job")?;
    Ok(verdict == Verdict::Keep)
}

/// What a client is sent: of a constraint that refused, which field it is about.
async fn explained(handle: &Handle, error: Error) -> Error {
    match (error, &handle.transaction.inner) {
        (Error::Violation(mut violation), Inner::Sqlite(db)) => {
            violation.writing = violation.writing.or_else(|| handle.transaction.writing());
            catalog::explain(db, *violation).await
        }
        (error, _) => error,
    }
}

/// Takes read jobs from a queue shared with other readers.
pub(super) async fn read(handle: Handle, jobs: &Mutex<Jobs>, mut closing: watch::Receiver<bool>) {
    loop {
        let job = tokio::select! {
            biased;
            job = async { jobs.lock().await.recv().await } => job,
            _ = closing.wait_for(|closing| *closing) => None,
        };
        let Some(mut job) = job else { break };
        if let Err(error) = handle.connection.batch("begin") {
            job.finish(Err(error));
            continue;
        }
        job.run(&handle.transaction).await;
        handle.connection.undo();
        job.finish(Ok(Commit(0)));
    }
}
