//! Whether a file that nobody of this process has open holds a database that can be used.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use super::limit::Limit;
use crate::error::Error;

/// How long a check may take; what is not found by then is not looked for.
const PATIENCE: Duration = Duration::from_secs(20);
/// Complaints that are read.
const ENOUGH: usize = 100;
/// What other programs may have written, and SQLite complains of, though the file is in order.
const CONTENT: [&str; 5] =
    ["NULL value in ", "CHECK constraint failed", "non-", "NUMERIC value in ", "TEXT value in "];

/// What is damaged in the database at a path, read with the write-ahead log beside it or as if there were none.
///
/// # Errors
/// [`Error::Unavailable`] when it cannot be looked at just now.
pub(super) fn damage(path: &Path, with_log: bool) -> Result<Option<String>, Error> {
    match examine(path, with_log) {
        Ok(found) => Ok(found),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Ok(Some(error.to_string())),
            Some(ErrorCode::OperationInterrupted) => Ok(None),
            _ => Err(Error::Unavailable(error.to_string())),
        },
    }
}

fn examine(path: &Path, with_log: bool) -> rusqlite::Result<Option<String>> {
    let connection = match with_log {
        true => Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?,
        false => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(immutable(path), flags)?
        }
    };
    // What was found is not to be changed by looking at it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(Duration::from_secs(1))?;
    let limit = Limit::default();
    limit.guard(&connection)?;
    limit.set(Some(PATIENCE));
    let mut check = connection.prepare(&format!("pragma integrity_check({ENOUGH})"))?;
    let complaints = check.query_map([], |row| row.get::<_, String>(0))?;
    let complaints = complaints.collect::<rusqlite::Result<Vec<_>>>()?;
    let is_damage = |said: &String| said != "ok" && !CONTENT.iter().any(|content| said.starts_with(content));
    Ok(complaints.into_iter().find(is_damage))
}

/// The main file alone, as a URI: "immutable" leaves the log beside it unread.
fn immutable(path: &Path) -> String {
    let name = path.display().to_string();
    let name = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{name}?immutable=1")
}
