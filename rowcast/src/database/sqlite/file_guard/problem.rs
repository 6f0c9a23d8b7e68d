//! The problems of a database file.

use super::super::files::FileChange;

/// A problem of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileProblem {
    Changed(FileChange),
    /// Another program has written to it without SQLite.
    Overwritten,
    /// A statement has reported damage.
    Damaged,
}

impl FileProblem {
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Changed(FileChange::Missing) => {
                "the database file is gone: nothing is made in its place; put it, or a backup, back"
            }
            Self::Changed(FileChange::Replaced) => "the database file has been replaced by another one",
            Self::Changed(FileChange::LogMoved) => {
                "the files beside the database, -wal or -shm, have been taken away"
            }
            Self::Overwritten => "the database file has been written over by another program",
            Self::Damaged => "the database file is damaged",
        }
    }
}
