//! Which files a path leads to, seen from outside.
//!
//! Nothing is opened here: closing a second descriptor on a file would take away the locks that SQLite has on it. A file that
//! somebody of this process has open keeps its number, so an equal number is the same file.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::error::Error;

/// A file, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id {
    device: u64,
    inode: u64,
}

/// What the main file looks like from outside; it changes with each checkpoint, and with whatever else writes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Main {
    pub(super) id: Id,
    size: u64,
    modified: (i64, i64),
}

impl Main {
    fn of(found: &fs::Metadata) -> Self {
        let id = Id { device: found.dev(), inode: found.ino() };
        Self { id, size: found.len(), modified: (found.mtime(), found.mtime_nsec()) }
    }
}

/// The files of one opening: the database, its write-ahead log, and the log's index in shared memory.
#[derive(Clone, Debug)]
pub(super) struct Place {
    path: PathBuf,
    pub(super) log: PathBuf,
    pub(super) index: PathBuf,
    main: Id,
    /// Nothing where the file system has no shared memory, so that SQLite keeps no such log.
    log_id: Option<Id>,
    index_id: Option<Id>,
}

/// What has become of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// There is no database at the path.
    Gone,
    /// There is another one.
    Replaced,
    /// The database is there, and what belongs beside it is not.
    Log,
}

impl Place {
    /// Where a connection is that has just read or written there.
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let fail = |error: io::Error| Error::Unavailable(format!("{}: {error}", path.display()));
        let (log, index) = beside(path).map_err(fail)?;
        let main = identify(path).map_err(fail)?;
        let (log_id, index_id) = (identify(&log).ok(), identify(&index).ok());
        Ok(Self { path: path.to_owned(), log, index, main, log_id, index_id })
    }

    /// Whether the paths still lead where they led.
    pub(super) fn look(&self) -> Result<Main, Moved> {
        let main = self.main()?;
        self.beside().map(|()| main)
    }

    /// The same of the files beside the main one.
    pub(super) fn beside(&self) -> Result<(), Moved> {
        let has_index = self.index_id.is_none_or(|id| identify(&self.index).is_ok_and(|found| found == id));
        if self.has_log() && has_index { Ok(()) } else { Err(Moved::Log) }
    }

    /// The same of the main file alone. It may be empty: so it is for a moment when it is written over.
    pub(super) fn main(&self) -> Result<Main, Moved> {
        let main = fs::metadata(&self.path).map(|found| Main::of(&found)).map_err(|_| Moved::Gone)?;
        if main.id == self.main { Ok(main) } else { Err(Moved::Replaced) }
    }

    /// Whether the write-ahead log at the path is the one of this opening.
    pub(super) fn has_log(&self) -> bool {
        self.log_id.is_none_or(|id| identify(&self.log).is_ok_and(|found| found == id))
    }

    /// Bytes of the write-ahead log at the path.
    pub(super) fn log_size(&self) -> u64 {
        fs::metadata(&self.log).map_or(0, |found| found.len())
    }
}

/// The database at a path, if there is one: an empty file is none yet.
pub(super) fn main(path: &Path) -> Option<Main> {
    let found = fs::metadata(path).ok().filter(|found| found.is_file() && found.len() > 0)?;
    Some(Main::of(&found))
}

/// The names of the write-ahead log and its index: beside the file itself, wherever links lead from.
pub(super) fn beside(path: &Path) -> io::Result<(PathBuf, PathBuf)> {
    let real = path.canonicalize()?;
    Ok((suffixed(&real, "-wal"), suffixed(&real, "-shm")))
}

pub(super) fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn identify(path: &Path) -> io::Result<Id> {
    let found = fs::metadata(path)?;
    Ok(Id { device: found.dev(), inode: found.ino() })
}
