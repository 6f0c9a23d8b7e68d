//! A test of whether the file can be written.

use std::time::Duration;

use super::connection::{BUSY_TIMEOUT, Connection};
use crate::error::Error;

/// Writes without changing data or waiting for locks. A checkpoint first frees space: the log's frames may fit into the
/// main file.
pub(super) fn write(connection: &Connection) -> Result<(), Error> {
    let _ = connection.checkpoint_all(Duration::ZERO);
    connection.set_busy_timeout(Duration::ZERO)?;
    let outcome = write_user_version(connection);
    connection.rollback();
    connection.set_busy_timeout(BUSY_TIMEOUT)?;
    outcome
}

/// Writes the unchanged `user_version`, which needs a page like any write.
fn write_user_version(connection: &Connection) -> Result<(), Error> {
    connection.batch("begin immediate")?;
    let number: i64 = {
        let connection = connection.lock();
        connection.query_one("pragma user_version", [], |row| row.get(0)).unwrap_or_default()
    };
    connection.batch(&format!("pragma user_version = {number}"))?;
    connection.batch("commit")
}
