//! One opening of the file by the writer, and what the main file looked like when only SQLite had written to it.

use std::path::Path;

use super::{
    super::Setup,
    Handle,
    connection::Connection,
    migrate,
    place::{Main, Place},
    wal::{Bounds, Frames},
};
use crate::error::Error;

pub(super) struct Opened {
    pub(super) handle: Handle,
    pub(super) place: Place,
    /// The main file, and how far the log had been moved into it then.
    pub(super) main: Main,
    frames: Frames,
    /// SQLite's count of what others have done to the log, when that was read; and whether we have written since.
    version: Option<i64>,
    pub(super) wrote: bool,
}

impl Opened {
    /// Opens the file, making it if `make` says so, and brings its schema up to date.
    pub(super) async fn new(path: &Path, setup: &Setup, make: bool) -> Result<Self, Error> {
        let handle = Handle::new(Connection::writer(path, setup.synchronous, make)?, None);
        migrate(&handle, &setup.migrations).await?;
        let place = Place::of(path)?;
        let gone = |_| Error::Unavailable(format!("{} has gone while it was opened", path.display()));
        let main = place.look().map_err(gone)?;
        let mut open = Self { handle, place, main, frames: Frames::default(), version: None, wrote: false };
        open.settle();
        Ok(open)
    }

    /// Whether somebody has moved frames of the log into the main file since it was looked at last.
    pub(super) fn was_moved(&self) -> bool {
        let connection = &self.handle.connection;
        let Ok(frames) = connection.frames() else { return false };
        // Moved and begun anew, it has none left: then it has had some.
        let emptied = || frames.all == 0 && (self.wrote || connection.data_version().ok() != self.version);
        frames.moved_since(self.frames) || emptied()
    }

    /// Takes the main file for what it is now: SQLite has written to it.
    pub(super) fn settle(&mut self) {
        if let (Some(log), Ok(main)) = (self.log(), self.place.look()) {
            self.main = main;
            self.remember(log);
        }
    }

    /// Where the log stands, by frames and by SQLite's count of what others have done to it.
    fn log(&self) -> Option<(Frames, i64)> {
        let connection = &self.handle.connection;
        connection.frames().ok().zip(connection.data_version().ok())
    }

    fn remember(&mut self, (frames, version): (Frames, i64)) {
        (self.frames, self.version, self.wrote) = (frames, Some(version), false);
    }

    /// Moves what has gathered in the log, if that is much and the file is what it was.
    pub(super) fn keep_short(&mut self, bounds: &mut Bounds) {
        let log = self.log();
        // In this order: what others move from now on shows in both.
        if self.place.look() != Ok(self.main) {
            return;
        }
        log.into_iter().for_each(|log| self.remember(log));
        match bounds.keep(&self.handle.connection, &self.place, self.frames) {
            Ok(false) => {}
            Ok(true) => self.settle(),
            Err(error) => {
                tracing::debug!(%error, "the write-ahead log could not be moved just now");
                // On a full disk a part may have been written, and counts as nothing.
                self.settle();
            }
        }
    }
}
