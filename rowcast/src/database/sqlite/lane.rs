//! The threads that take jobs and run them, one after another.

use std::time::{Duration, Instant};

use tokio::sync::{Mutex, mpsc, watch};

use super::{
    super::{
        Commit,
        transaction::Inner,
        work::{Job, Verdict},
    },
    Handle, catalog,
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
                let mut writer = Writer { keeper: &mut keeper, jobs: &mut jobs, commits: &commits };
                writer.take(first).await;
                keeper.stir();
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

struct Writer<'a> {
    keeper: &'a mut Keeper,
    jobs: &'a mut Jobs,
    commits: &'a watch::Sender<u64>,
}

impl Writer<'_> {
    /// One transaction for a job and for those that are waiting behind it.
    async fn take(&mut self, first: Box<dyn Job>) {
        if let Err(error) = self.keeper.ready(self.jobs).await {
            return first.finish(Err(error));
        }
        // A constraint that was put off until the commit does not say which job broke it.
        for job in self.group(vec![first], true).await {
            self.group(vec![job], false).await;
        }
    }

    /// All jobs of a group are answered only at its end: what one of them saw of another must not be told before it is
    /// certain. Returns those that are to be run again, each by itself. With `more`, jobs that are waiting join.
    async fn group(&mut self, mut group: Vec<Box<dyn Job>>, more: bool) -> Vec<Box<dyn Job>> {
        loop {
            let kept = match self.keeper.handle() {
                Ok(handle) => run(handle, &mut group, more.then_some(&mut *self.jobs)).await,
                Err(error) => Err(Lost::All(error)),
            };
            let sound = !self.keeper.heed();
            match kept {
                Ok(0) => {
                    self.finish(group);
                    return Vec::new();
                }
                Ok(kept) => {
                    match self.keeper.still(self.jobs).await {
                        Ok(()) => self.committed(group, kept, sound),
                        Err(error) => self.lost(group, error).await,
                    }
                    return Vec::new();
                }
                Err(Lost::One(at, error)) => {
                    group.remove(at).finish(Err(error));
                    if group.is_empty() {
                        return Vec::new();
                    }
                }
                Err(Lost::All(Error::Violation(_))) if group.len() > 1 => return group,
                Err(Lost::All(error)) => {
                    self.lost(group, error).await;
                    return Vec::new();
                }
            }
        }
    }

    fn committed(&self, group: Vec<Box<dyn Job>>, kept: usize, sound: bool) {
        if sound {
            self.keeper.succeed();
        }
        self.commits.send_modify(|count| *count += 1);
        metrics::histogram!("rowcast_commit_writes").record(kept as f64);
        self.finish(group);
    }

    fn finish(&self, group: Vec<Box<dyn Job>>) {
        let commit = Commit(*self.commits.borrow());
        group.into_iter().for_each(|job| job.finish(Ok(commit)));
    }

    async fn lost(&self, mut group: Vec<Box<dyn Job>>, error: Error) {
        let error = match self.keeper.handle() {
            Ok(handle) => explained(handle, error).await,
            Err(_) => error,
        };
        let alone = group.len() == 1;
        if let Some(job) = group.pop_if(|_| alone) {
            return job.finish(Err(error));
        }
        tracing::warn!(%error, writes = group.len(), "nothing of a group was written");
        group.into_iter().for_each(|job| job.finish(Err(error.repeated())));
    }
}

/// Runs the group's jobs and those that join it, and commits what is to be kept; returns how many that are.
async fn run(
    handle: &Handle,
    group: &mut Vec<Box<dyn Job>>,
    mut jobs: Option<&mut Jobs>,
) -> Result<usize, Lost> {
    if let Err(error) = handle.connection.batch("begin immediate") {
        // Somebody else holds the file. Those behind would each wait as long for nothing.
        group.extend(std::iter::from_fn(|| waiting(&mut jobs)));
        return Err(Lost::All(error));
    }
    let outcome = within(handle, group, jobs).await;
    if outcome.is_err() {
        handle.connection.undo();
    }
    outcome
}

async fn within(
    handle: &Handle,
    group: &mut Vec<Box<dyn Job>>,
    mut jobs: Option<&mut Jobs>,
) -> Result<usize, Lost> {
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
            group.extend(waiting(&mut jobs));
        }
    }
    handle.connection.batch(if kept > 0 { "commit" } else { "rollback" }).map_err(Lost::All)?;
    Ok(kept)
}

fn waiting(jobs: &mut Option<&mut Jobs>) -> Option<Box<dyn Job>> {
    jobs.as_mut().and_then(|jobs| jobs.try_recv().ok())
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
        // A full disk, an I/O error or an interrupted statement makes SQLite roll back everything by itself.
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
