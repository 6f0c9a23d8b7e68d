//! Preservation of data that belongs to a removed or replaced file.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    connection::Connection,
    files::{self, DatabaseFiles, suffixed},
};
use crate::error::Error;

/// The time to wait for readers of other programs.
const TIMEOUT: Duration = Duration::from_secs(1);
/// A log of at most this size contains no frames.
const HEADER: u64 = 32;

/// Saves a log that was removed while its main file stayed: it is checkpointed into the main file. If another program
/// has created a new log, the two are inconsistent; the data is then written to a separate file, and the result is
/// true.
pub(super) fn save_log(connection: &Connection, files: &DatabaseFiles) -> Result<bool, Error> {
    if !files.has_log() && files.log_size() > HEADER {
        let copy = suffixed(&files.log, &format!(".rescued-{}.db", now()));
        let name = copy.display().to_string().replace('\'', "''");
        connection.batch(&format!("vacuum into '{name}'"))?;
        tracing::error!(
            copy = %copy.display(),
            "another program has created a new write-ahead log: the data of this server is in a separate file"
        );
        return Ok(true);
    }
    match connection.checkpoint_all(TIMEOUT)? {
        true => Ok(false),
        false => Err(Error::CommitOutcomeUnknown(
            "a reader of another program keeps the log from being saved".into(),
        )),
    }
}

/// Renames a log whose main file has been replaced.
pub(super) fn move_log_aside(files: &DatabaseFiles) {
    move_aside(&files.log);
    move_aside(&files.index);
}

/// Renames the log of the database at `path`.
pub(super) fn move_log_of_aside(path: &Path) {
    if let Ok((log, index)) = files::log_paths(path) {
        move_aside(&log);
        move_aside(&index);
    }
}

fn move_aside(file: &Path) {
    let name = suffixed(file, &format!(".aside-{}", now()));
    match fs::rename(file, &name) {
        Ok(()) => tracing::error!(
            file = %file.display(),
            kept = %name.display(),
            "a file that belongs to the previous database file has been renamed"
        ),
        Err(error) => {
            tracing::warn!(%error, file = %file.display(), "a file that belongs to the previous database file could not be renamed")
        }
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
