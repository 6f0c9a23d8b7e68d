//! Jobs for the database's thread, and their outcomes.

use std::{panic::AssertUnwindSafe, thread::JoinHandle, time::Duration};

use futures_util::{FutureExt, future::LocalBoxFuture};
use tokio::sync::oneshot;

use super::{CommitSeq, Transaction};
use crate::error::Error;

/// The most time of a transaction before its commit.
const TIMEOUT: Duration = Duration::from_secs(8);

/// Type-erased work, so that one queue can hold any of it.
pub(super) trait Job: Send {
    /// Runs the work. May be called again after a rollback.
    fn run<'a>(&'a mut self, transaction: &'a Transaction) -> LocalBoxFuture<'a, Disposition>;

    /// Takes the error of a failed run.
    fn take_error(&mut self) -> Option<Error>;

    /// Replaces the outcome by an error.
    fn set_error(&mut self, error: Error);

    /// Sends the outcome to the caller.
    fn finish(self: Box<Self>, commit: Result<CommitSeq, Error>);
}

/// The end of a job's transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disposition {
    Commit,
    Rollback,
    /// Roll back and run again, after a conflict with another transaction.
    Retry,
}

/// The result of the work, and the number of its commit.
type Outcome<T> = Result<(T, CommitSeq), Error>;

/// Creates a job, and the receiver of its outcome.
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
    fn run<'a>(&'a mut self, transaction: &'a Transaction) -> LocalBoxFuture<'a, Disposition> {
        Box::pin(async move {
            transaction.set_write_target(None);
            let ran = AssertUnwindSafe(with_timeout((self.work)(transaction))).catch_unwind().await;
            let mut outcome = ran.unwrap_or_else(|panic| Err(Error::Internal(message(&*panic))));
            if let Err(Error::Violation(violation)) = &mut outcome {
                violation.target = transaction.write_target();
            }
            let disposition = match &outcome {
                Ok(_) => Disposition::Commit,
                Err(Error::Retryable(_) | Error::StaleStatement(_)) => Disposition::Retry,
                Err(_) => Disposition::Rollback,
            };
            self.outcome = Some(outcome);
            disposition
        })
    }

    fn take_error(&mut self) -> Option<Error> {
        self.outcome.take_if(|outcome| outcome.is_err()).and_then(Result::err)
    }

    fn set_error(&mut self, error: Error) {
        self.outcome = Some(Err(error));
    }

    fn finish(self: Box<Self>, commit: Result<CommitSeq, Error>) {
        let outcome = match (self.outcome, commit) {
            (_, Err(error)) | (Some(Err(error)), Ok(_)) => Err(error),
            (Some(Ok(value)), Ok(commit)) => Ok((value, commit)),
            (None, Ok(_)) => Err(Error::Internal("work was committed without having run".into())),
        };
        // The receiver is gone if the socket has closed; the work is done nevertheless.
        let _ = self.reply.send(outcome);
    }
}

/// Limits the time of asynchronous work, because other work waits behind it. Statements on SQLite run synchronously, to
/// their end.
pub(super) async fn with_timeout<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let ended = tokio::time::timeout(TIMEOUT, work).await;
    ended.unwrap_or_else(|_| Err(Error::Unavailable("the transaction took too long".into())))
}

/// The message of a panic, for the log.
pub(crate) fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}

/// Runs `body` to its end on a named thread with its own runtime.
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
            // Dropping the remaining tasks may need the runtime.
            let _within = runtime.enter();
            tokio::task::LocalSet::new().block_on(&runtime, body());
        })
        .map_err(|error| Error::Unavailable(format!("no thread for {name}: {error}")))
}
