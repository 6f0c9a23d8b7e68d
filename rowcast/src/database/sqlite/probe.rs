//! Whether the file can be written just now.

use std::time::Duration;

use super::connection::{BUSY, Connection};
use crate::error::Error;

/// Writes something that changes nothing, and waits for nobody. Before it room is made: what the write-ahead log holds may fit
/// into the main file.
pub(super) fn write(connection: &Connection) -> Result<(), Error> {
    let _ = connection.checkpoint_all(Duration::ZERO);
    connection.wait_for_locks(Duration::ZERO)?;
    let outcome = touch(connection);
    connection.undo();
    connection.wait_for_locks(BUSY)?;
    outcome
}

/// The number that SQLite keeps for programs of its own is written as it is: that takes a page, like any write.
fn touch(connection: &Connection) -> Result<(), Error> {
    connection.batch("begin immediate")?;
    let number: i64 = {
        let connection = connection.lock();
        connection.query_one("pragma user_version", [], |row| row.get(0)).unwrap_or_default()
    };
    connection.batch(&format!("pragma user_version = {number}"))?;
    connection.batch("commit")
}
