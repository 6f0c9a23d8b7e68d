//! The files of a database, identified by `stat`.
//!
//! Nothing is opened here: closing a second descriptor of a file would release SQLite's locks. The inode of a file that
//! this process has open is not reused, so an equal inode is the same file.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::error::Error;

/// The identity of a file, independent of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

/// The state of the main file by `stat`; it changes with each write, such as a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MainFile {
    pub(super) id: FileId,
    size: u64,
    modified: (i64, i64),
}

impl MainFile {
    fn of(found: &fs::Metadata) -> Self {
        let id = FileId { device: found.dev(), inode: found.ino() };
        Self { id, size: found.len(), modified: (found.mtime(), found.mtime_nsec()) }
    }
}

/// The files of one opening: the main file, the write-ahead log, and the log's index in shared memory.
#[derive(Clone, Debug)]
pub(super) struct DatabaseFiles {
    path: PathBuf,
    pub(super) log: PathBuf,
    pub(super) index: PathBuf,
    main: FileId,
    /// `None` on a file system without shared memory, where SQLite does not use a write-ahead log.
    log_id: Option<FileId>,
    index_id: Option<FileId>,
}

/// A change of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileChange {
    /// The main file does not exist.
    Missing,
    /// The main file is another one.
    Replaced,
    /// The main file is the same, but the log or its index are not.
    LogMoved,
}

impl DatabaseFiles {
    /// The files of a connection that has just read or written.
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let fail = |error: io::Error| Error::Unavailable(format!("{}: {error}", path.display()));
        let (log, index) = log_paths(path).map_err(fail)?;
        let main = identify(path).map_err(fail)?;
        let (log_id, index_id) = (identify(&log).ok(), identify(&index).ok());
        Ok(Self { path: path.to_owned(), log, index, main, log_id, index_id })
    }

    /// Checks all files.
    pub(super) fn check(&self) -> Result<MainFile, FileChange> {
        let main = self.check_main()?;
        self.check_log().map(|()| main)
    }

    /// Checks the log and its index.
    pub(super) fn check_log(&self) -> Result<(), FileChange> {
        let has_index = self.index_id.is_none_or(|id| identify(&self.index).is_ok_and(|found| found == id));
        if self.has_log() && has_index { Ok(()) } else { Err(FileChange::LogMoved) }
    }

    /// Checks the main file. It may be empty, as it is for a moment while it is overwritten.
    pub(super) fn check_main(&self) -> Result<MainFile, FileChange> {
        let main =
            fs::metadata(&self.path).map(|found| MainFile::of(&found)).map_err(|_| FileChange::Missing)?;
        if main.id == self.main { Ok(main) } else { Err(FileChange::Replaced) }
    }

    /// Whether the log at the path is that of this opening.
    pub(super) fn has_log(&self) -> bool {
        self.log_id.is_none_or(|id| identify(&self.log).is_ok_and(|found| found == id))
    }

    /// The size of the log at the path, in bytes.
    pub(super) fn log_size(&self) -> u64 {
        fs::metadata(&self.log).map_or(0, |found| found.len())
    }
}

/// The main file at a path, unless it is empty.
pub(super) fn main_file(path: &Path) -> Option<MainFile> {
    let found = fs::metadata(path).ok().filter(|found| found.is_file() && found.len() > 0)?;
    Some(MainFile::of(&found))
}

/// The paths of the log and its index, next to the target of symbolic links.
pub(super) fn log_paths(path: &Path) -> io::Result<(PathBuf, PathBuf)> {
    let real = path.canonicalize()?;
    Ok((suffixed(&real, "-wal"), suffixed(&real, "-shm")))
}

pub(super) fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn identify(path: &Path) -> io::Result<FileId> {
    let found = fs::metadata(path)?;
    Ok(FileId { device: found.dev(), inode: found.ino() })
}
