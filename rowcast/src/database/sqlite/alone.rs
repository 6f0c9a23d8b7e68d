//! One transaction on a connection of its own.

use std::path::Path;

use super::{Connection, Handle, deadline::Deadline};
use crate::{database::Transaction, error::Error};

/// Runs `work`, and commits if that is wanted and `work` succeeds.
pub(in crate::database) async fn alone<T>(
    path: &Path,
    commit: bool,
    work: impl AsyncFnOnce(&Transaction) -> Result<T, Error>,
) -> Result<T, Error> {
    if !path.exists() {
        return Err(Error::Unavailable(format!("there is no {}", path.display())));
    }
    let handle = Handle::new(Connection::alone(path, commit, Deadline::default())?, None);
    handle.connection.batch(if commit { "begin immediate" } else { "begin" })?;
    let outcome = work(&handle.transaction).await;
    match &outcome {
        Ok(_) if commit => handle.connection.batch("commit")?,
        _ => handle.connection.rollback(),
    }
    outcome
}
