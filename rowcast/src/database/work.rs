//! A piece of work on its way to the database's thread, and its outcome on the way back.

use std::{panic::AssertUnwindSafe, thread::JoinHandle, time::Duration};

use futures_util::{FutureExt, future::LocalBoxFuture};
use tokio::sync::oneshot;

use super::{Commit, Transaction};
use crate::error::Error;

/// How long a transaction may take before its commit.
const LIMIT: Duration = Duration::from_secs(8);

/// Work whose types are hidden, so that lanes can queue any of it.
pub(super) trait Job: Send {
    /// Runs the work; true if what it did is to be kept. May be called again after a lost race.
    fn run<'a>(&'a mut self, transaction: &'a Transaction) -> LocalBoxFuture<'a, Verdict>;

    /// Why it failed, if it did: to be looked into.
    fn take_error(&mut self) -> Option<Error>;

    /// Gives a failure that has been looked into back.
    fn refuse(&mut self, error: Error);

    /// Tells whoever waits how it ended.
    fn finish(self: Box<Self>, commit: Result<Commit, Error>);
}

/// What a lane does next with a job that has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    Undo,
    /// Undo, and run it again: another transaction came between.
    Again,
}

/// How a job ended: what the work gave, and the place of its commit.
type Outcome<T> = Result<(T, Commit), Error>;

/// Packs work up for a lane; the receiver hears how it ended.
pub(super) fn job<T, W>(work: W) -> (Box<dyn Job>, oneshot::Receiver<Outcome<T>>)
where
    T: Send + 'static,
    W: AsyncFn(&Transaction) -> Result<T, Error> + Send + 'static,
{
    let (reply, outcome) = oneshot::channel();
    (Box::new(Task { work, outcome: None, reply }), outcome)
}

struct Task<T, W> {
    work: W,
    outcome: Option<Result<T, Error>>,
    reply: oneshot::Sender<Outcome<T>>,
}

impl<T, W> Job for Task<T, W>
where
    T: Send,
    W: AsyncFn(&Transaction) -> Result<T, Error> + Send,
{
    fn run<'a>(&'a mut self, transaction: &'a Transaction) -> LocalBoxFuture<'a, Verdict> {
        Box::pin(async move {
            transaction.concerns(None);
            let ran = AssertUnwindSafe(in_time((self.work)(transaction))).catch_unwind().await;
            let mut outcome = ran.unwrap_or_else(|panic| Err(Error::Internal(message(&*panic))));
            if let Err(Error::Violation(violation)) = &mut outcome {
                violation.writing = transaction.writing();
            }
            let verdict = match &outcome {
                Ok(_) => Verdict::Keep,
                Err(Error::Raced(_) | Error::Stale(_)) => Verdict::Again,
                Err(_) => Verdict::Undo,
            };
            self.outcome = Some(outcome);
            verdict
        })
    }

    fn take_error(&mut self) -> Option<Error> {
        self.outcome.take_if(|outcome| outcome.is_err()).and_then(Result::err)
    }

    fn refuse(&mut self, error: Error) {
        self.outcome = Some(Err(error));
    }

    fn finish(self: Box<Self>, commit: Result<Commit, Error>) {
        let outcome = match (self.outcome, commit) {
            (_, Err(error)) | (Some(Err(error)), Ok(_)) => Err(error),
            (Some(Ok(value)), Ok(commit)) => Ok((value, commit)),
            (None, Ok(_)) => Err(Error::Internal("work was committed without having run".into())),
        };
        // Nobody waits any more when the socket has gone; the work is done all the same.
        let _ = self.reply.send(outcome);
    }
}

/// Ends work that waits too long for something: others wait behind it. A statement on SQLite is not waited for but run,
/// and runs to its end.
pub(super) async fn in_time<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let ended = tokio::time::timeout(LIMIT, work).await;
    ended.unwrap_or_else(|_| Err(Error::Unavailable("the transaction took too long".into())))
}

/// What a panic said, for the log.
pub(crate) fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}

/// Runs `body` to its end on a named thread with a small runtime of its own.
pub(super) fn thread<B>(name: &str, body: B) -> Result<JoinHandle<()>, Error>
where
    B: AsyncFnOnce() + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Unavailable(format!("no runtime for {name}: {error}")))?;
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            // What is left in the set at the end may need the runtime to be dropped.
            let _within = runtime.enter();
            tokio::task::LocalSet::new().block_on(&runtime, body());
        })
        .map_err(|error| Error::Unavailable(format!("no thread for {name}: {error}")))
}
