//! Integrity checks of a database file that this process does not have open.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use super::deadline::Deadline;
use crate::error::Error;

/// The timeout of a check; damage that is not found by then is ignored.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The most problems that are read.
const MAX_PROBLEMS: usize = 100;
/// Problems of content that other programs may have written, in a file that is not damaged.
const CONTENT: [&str; 5] =
    ["NULL value in ", "CHECK constraint failed", "non-", "NUMERIC value in ", "TEXT value in "];

/// The damage of the database at a path, with or without its write-ahead log.
///
/// # Errors
/// [`Error::Unavailable`] if it cannot be checked.
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
    // The check must not change the files.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(Duration::from_secs(1))?;
    let deadline = Deadline::default();
    deadline.install(&connection)?;
    deadline.set(Some(TIMEOUT));
    let mut check = connection.prepare(&format!("pragma integrity_check({MAX_PROBLEMS})"))?;
    let problems = check.query_map([], |row| row.get::<_, String>(0))?;
    let problems = problems.collect::<rusqlite::Result<Vec<_>>>()?;
    let is_damage =
        |problem: &String| problem != "ok" && !CONTENT.iter().any(|content| problem.starts_with(content));
    Ok(problems.into_iter().find(is_damage))
}

/// A URI of the main file alone: "immutable" ignores the log.
fn immutable(path: &Path) -> String {
    let name = path.display().to_string();
    let name = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{name}?immutable=1")
}
