//! Decoded requests, and their results.

use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{bounds, context::Context, error::Error, store, store::Written};

/// The result of an operation.
#[derive(Debug)]
pub struct Completed<T = Box<RawValue>> {
    /// The ack's `data`.
    pub data: T,
    /// The row that was written, if the operation writes exactly one.
    pub written: Option<Written>,
}

impl<T> Completed<T> {
    /// The result of an operation that wrote one row.
    pub fn written(data: T, row: Written) -> Self {
        Self { data, written: Some(row) }
    }
}

/// The result of a read, or of a write that is not attributed to one row.
impl<T> From<T> for Completed<T> {
    fn from(data: T) -> Self {
        Self { data, written: None }
    }
}

/// A decoded request. It runs in a transaction, again after a conflict with another one.
pub trait Operation: Send {
    /// Runs the operation.
    fn run<'a>(&'a self, context: &'a Context<'a>) -> LocalBoxFuture<'a, Result<Completed, Error>>;
}

/// An operation whose `data` is encoded when it has run.
pub(super) struct TypedOperation<W>(pub(super) W);

impl<T, W> Operation for TypedOperation<W>
where
    T: Serialize,
    W: AsyncFn(&Context<'_>) -> Result<Completed<T>, Error> + Send,
{
    fn run<'a>(&'a self, context: &'a Context<'a>) -> LocalBoxFuture<'a, Result<Completed, Error>> {
        Box::pin(async move {
            let Completed { data, written } = (self.0)(context).await?;
            let data = store::json(&data)?;
            bounds::ack(data.get().len())?;
            Ok(Completed { data, written })
        })
    }
}
