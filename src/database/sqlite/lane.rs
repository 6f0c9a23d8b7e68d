//! The threads that take jobs and run them, one after another.

use tokio::sync::{Mutex, mpsc, watch};

use super::{
    super::{
        Commit,
        work::{Job, Verdict},
    },
    Handle,
};
use crate::error::Error;

/// How many waiting jobs may share one commit: enough to make a disk's delay small for each, few enough that
/// the first of them does not wait long for the last.
const GROUP: usize = 128;

/// Takes jobs until told to close, then finishes those already waiting.
pub(super) async fn write(
    handle: Handle,
    mut jobs: mpsc::Receiver<Box<dyn Job>>,
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
        group(&handle, first, &mut jobs, &commits).await;
    }
    handle.connection.checkpoint();
}

/// One transaction for a job and for those that are waiting behind it.
async fn group(
    handle: &Handle,
    first: Box<dyn Job>,
    jobs: &mut mpsc::Receiver<Box<dyn Job>>,
    commits: &watch::Sender<u64>,
) {
    let mut ran: Vec<Box<dyn Job>> = Vec::new();
    let begun = handle.connection.batch("begin immediate");
    let mut next = Some(first);
    let outcome = loop {
        let Some(mut job) = next.take() else { break commit(handle, &ran) };
        if let Err(error) = &begun {
            break Err(again(error, job, &mut ran));
        }
        match one(handle, &mut job).await {
            Ok(true) => ran.push(job),
            Ok(false) => job.finish(Ok(Commit(*commits.borrow()))),
            Err(error) => break Err(again(&error, job, &mut ran)),
        }
        next = if ran.len() < GROUP { jobs.try_recv().ok() } else { None };
    };
    match outcome {
        Ok(()) => {
            let commit = if ran.is_empty() { *commits.borrow() } else { count(commits) };
            metrics::histogram!("rowcast_commit_writes").record(ran.len() as f64);
            ran.into_iter().for_each(|job| job.finish(Ok(Commit(commit))));
        }
        Err(error) => {
            handle.connection.undo();
            tracing::warn!(%error, writes = ran.len(), "nothing of a group was written");
            ran.into_iter().for_each(|job| job.finish(Err(repeat(&error))));
        }
    }
}

/// Runs one job within a savepoint. `Err` when the whole transaction is lost.
async fn one(handle: &Handle, job: &mut Box<dyn Job>) -> Result<bool, Error> {
    handle.connection.batch("savepoint job")?;
    let verdict = job.run(&handle.transaction).await;
    if handle.connection.is_idle() {
        // A full disk or an I/O error makes SQLite roll back everything by itself.
        return Err(Error::Unavailable("SQLite rolled the transaction back".into()));
    }
    if verdict != Verdict::Keep {
        handle.connection.batch("rollback to job")?;
    }
    handle.connection.batch("release job")?;
    Ok(verdict == Verdict::Keep)
}

fn commit(handle: &Handle, ran: &[Box<dyn Job>]) -> Result<(), Error> {
    handle.connection.batch(if ran.is_empty() { "rollback" } else { "commit" })
}

/// Puts the job that met the failure with those it took down.
fn again(error: &Error, job: Box<dyn Job>, ran: &mut Vec<Box<dyn Job>>) -> Error {
    ran.push(job);
    repeat(error)
}

/// The same failure once more, for each of those it concerns.
fn repeat(error: &Error) -> Error {
    match error {
        Error::Unavailable(reason) => Error::Unavailable(reason.clone()),
        other => Error::Internal(other.to_string()),
    }
}

fn count(commits: &watch::Sender<u64>) -> u64 {
    commits.send_modify(|count| *count += 1);
    *commits.borrow()
}

/// Takes read jobs from a queue shared with other readers.
pub(super) async fn read(
    handle: Handle,
    jobs: &Mutex<mpsc::Receiver<Box<dyn Job>>>,
    mut closing: watch::Receiver<bool>,
) {
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
