//! What belongs to a file that is not at the path any more is kept: put into it, or beside it under a name that says so.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    connection::Connection,
    place::{self, Place, suffixed},
};
use crate::error::Error;

/// How long other programs' readers are waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// A write-ahead log of no more bytes has a header at most.
const HEADER: u64 = 32;

/// The log has been taken away from beside a database that is ours: all of it goes into the database. If another program has
/// begun a log of its own, the two do not fit together any more, and ours becomes a file of its own: true.
pub(super) fn save(connection: &Connection, place: &Place) -> Result<bool, Error> {
    if !place.has_log() && place.log_size() > HEADER {
        let copy = suffixed(&place.log, &format!(".rescued-{}.db", now()));
        let name = copy.display().to_string().replace('\'', "''");
        connection.batch(&format!("vacuum into '{name}'"))?;
        tracing::error!(
            copy = %copy.display(),
            "another program has written meanwhile: what this server had is in a file of its own"
        );
        return Ok(true);
    }
    match connection.checkpoint_all(PATIENCE)? {
        true => Ok(false),
        false => Err(Error::Unknown("a reader of another program keeps the log from being saved".into())),
    }
}

/// The log at the path is the one of a database that is not.
pub(super) fn put_log(place: &Place) {
    put(&place.log);
    put(&place.index);
}

/// The same by the database's name.
pub(super) fn put_log_of(path: &Path) {
    if let Ok((log, index)) = place::beside(path) {
        put(&log);
        put(&index);
    }
}

fn put(file: &Path) {
    let name = suffixed(file, &format!(".aside-{}", now()));
    match fs::rename(file, &name) {
        Ok(()) => tracing::error!(
            file = %file.display(),
            kept = %name.display(),
            "this belongs to another database file than the one that is there now: it has been put aside"
        ),
        Err(error) => tracing::warn!(%error, file = %file.display(), "could not be put aside"),
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
