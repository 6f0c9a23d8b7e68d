//! The threads that take jobs and run them, one after another.

use std::time::{Duration, Instant};

use tokio::sync::{Mutex, mpsc, watch};

use super::{
    super::{
        Commit,
        work::{Job, Verdict},
    },
    Handle,
    keeper::{Jobs, Keeper},
    reader::Reader,
};
use crate::error::Error;

/// How many waiting jobs may share one commit: enough to make a disk's delay small for each, few enough that
/// the first of them does not wait long for the last.
const GROUP: usize = 128;
/// How long one job of a group may be at work: others wait behind it.
const WRITING: Duration = Duration::from_secs(8);
/// How long a read may take, on PostgreSQL too.
const READING: Duration = Duration::from_secs(6);

/// Why nothing of a group was written.
enum Lost {
    /// This one took too long, and took the others back with it.
    One(usize, Error),
    All(Error),
}

/// Takes jobs until told to close, then finishes those already waiting.
pub(super) async fn write(
    mut keeper: Keeper,
    mut jobs: Jobs,
    mut closing: watch::Receiver<bool>,
    commits: watch::Sender<u64>,
) {
    let gate = keeper.gate.clone();
    let mut tended = Instant::now();
    loop {
        let pause = keeper.pause().saturating_sub(tended.elapsed());
        let first = tokio::select! {
            biased;
            job = jobs.recv() => Some(job),
            _ = closing.wait_for(|closing| *closing) => { jobs.close(); Some(jobs.recv().await) }
            () = gate.suspected() => None,
            () = tokio::time::sleep(pause) => None,
        };
        let alarm = first.is_none();
        match first {
            Some(None) => break,
            Some(Some(first)) => {
                group(&mut keeper, first, &mut jobs, &commits).await;
                keeper.keep_short();
            }
            None => {}
        }
        if alarm || tended.elapsed() >= keeper.pause() {
            keeper.tend(&mut jobs).await;
            tended = Instant::now();
        }
    }
    keeper.end();
}
/// One transaction for a job and for those that are waiting behind it. All of them hear how it ended only then: what
/// one of them saw of another must not be told before it is certain.
async fn group(keeper: &mut Keeper, first: Box<dyn Job>, jobs: &mut Jobs, commits: &watch::Sender<u64>) {
    if let Err(error) = keeper.ready(jobs).await {
        return first.finish(Err(error));
    }
    let (mut group, mut outcome) = (vec![first], Ok(()));
    while outcome.is_ok() {
        let kept = match keeper.handle() {
            Ok(handle) => run(handle, &mut group, jobs).await,
            Err(error) => Err(Lost::All(error)),
        };
        let sound = !keeper.heed();
        outcome = match kept {
            Ok(0) => return finish(group, Commit(*commits.borrow())),
            Ok(kept) => match keeper.still(jobs).await {
                Ok(()) => {
                    if sound {
                        keeper.succeed();
                    }
                    commits.send_modify(|count| *count += 1);
                    metrics::histogram!("rowcast_commit_writes").record(kept as f64);
                    return finish(group, Commit(*commits.borrow()));
                }
                Err(error) => Err(Lost::All(error)),
            },
            Err(Lost::One(at, error)) => {
                group.remove(at).finish(Err(error));
                if group.is_empty() {
                    return;
                }
                Ok(())
            }
            Err(all) => Err(all),
        };
    }
    if let Err(Lost::All(error) | Lost::One(_, error)) = outcome {
        tracing::warn!(%error, writes = group.len(), "nothing of a group was written");
        group.into_iter().for_each(|job| job.finish(Err(error.repeated())));
    }
}

fn finish(group: Vec<Box<dyn Job>>, commit: Commit) {
    group.into_iter().for_each(|job| job.finish(Ok(commit)));
}

/// Runs the group's first job and those that join it, and commits what is to be kept; returns how many that are.
async fn run(handle: &Handle, group: &mut Vec<Box<dyn Job>>, jobs: &mut Jobs) -> Result<usize, Lost> {
    if let Err(error) = handle.connection.batch("begin immediate") {
        // Somebody else holds the file. Those behind would each wait as long for nothing.
        group.extend(std::iter::from_fn(|| jobs.try_recv().ok()));
        return Err(Lost::All(error));
    }
    let outcome = within(handle, group, jobs).await;
    if outcome.is_err() {
        handle.connection.undo();
    }
    outcome
}

async fn within(handle: &Handle, group: &mut Vec<Box<dyn Job>>, jobs: &mut Jobs) -> Result<usize, Lost> {
    let (mut kept, mut next) = (0, 0);
    while let Some(job) = group.get_mut(next) {
        handle.connection.limit.set(Some(WRITING));
        let ran = one(handle, job).await;
        let too_long = handle.connection.limit.check().is_err();
        handle.connection.limit.set(None);
        kept += usize::from(ran.map_err(|error| match too_long {
            true => Lost::One(next, Error::Unavailable("the transaction took too long".into())),
            false => Lost::All(error),
        })?);
        next += 1;
        if group.len() < GROUP {
            group.extend(jobs.try_recv().ok());
        }
    }
    handle.connection.batch(if kept > 0 { "commit" } else { "rollback" }).map_err(Lost::All)?;
    Ok(kept)
}

/// Runs one job within a savepoint; true if what it did is to be kept. `Err` when the whole transaction is lost.
async fn one(handle: &Handle, job: &mut Box<dyn Job>) -> Result<bool, Error> {
    handle.connection.batch("savepoint job")?;
    let verdict = job.run(&handle.transaction).await;
    if handle.connection.is_idle() {
        // A full disk, an I/O error or an interrupted statement makes SQLite roll back everything by itself.
        return Err(Error::Unavailable("SQLite rolled the transaction back".into()));
    }
    if verdict != Verdict::Keep {
        handle.connection.batch("rollback to job")?;
    }
    handle.connection.batch("release job")?;
    Ok(verdict == Verdict::Keep)
}

/// Takes read jobs from a queue shared with other readers.
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
            _ = gate.changed() => { reader.heed(); continue }
            _ = closing.wait_for(|closing| *closing) => None,
        };
        let Some(mut job) = job else { break };
        let ran = picture(&mut reader, &mut job).await;
        job.finish(ran.map(|()| Commit(0)));
    }
}

/// Runs a job over one picture of the database; what it found counts only if that is still there.
async fn picture(reader: &mut Reader, job: &mut Box<dyn Job>) -> Result<(), Error> {
    let handle = reader.handle()?;
    handle.connection.batch("begin")?;
    handle.connection.limit.set(Some(READING));
    job.run(&handle.transaction).await;
    handle.connection.limit.set(None);
    handle.connection.undo();
    reader.is_there()
}
