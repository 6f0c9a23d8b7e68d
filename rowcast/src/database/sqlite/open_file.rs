//! The writer's opening of the file, and the state of the main file after the last known checkpoint.

use std::path::Path;

use super::{
    super::Setup,
    Handle,
    connection::Connection,
    files::{DatabaseFiles, MainFile},
    migrate,
    wal::{Frames, LogLimiter},
};
use crate::error::Error;

pub(super) struct OpenFile {
    pub(super) handle: Handle,
    pub(super) files: DatabaseFiles,
    /// The main file, and the checkpoint state of the log at that time.
    pub(super) main: MainFile,
    frames: Frames,
    /// SQLite's `data_version` at that time, and whether this process has written since.
    version: Option<i64>,
    pub(super) wrote: bool,
}

impl OpenFile {
    /// Opens the file, creates it if `make` is set, and applies pending migrations.
    pub(super) async fn new(path: &Path, setup: &Setup, make: bool) -> Result<Self, Error> {
        let handle = Handle::new(Connection::writer(path, setup.synchronous, make)?, None);
        migrate(&handle, &setup.migrations).await?;
        let files = DatabaseFiles::of(path)?;
        let gone = |_| Error::Unavailable(format!("{} has gone while it was opened", path.display()));
        let main = files.check().map_err(gone)?;
        let mut open = Self { handle, files, main, frames: Frames::default(), version: None, wrote: false };
        open.refresh();
        Ok(open)
    }

    /// Whether a checkpoint has written to the main file since the last refresh.
    pub(super) fn was_checkpointed(&self) -> bool {
        let connection = &self.handle.connection;
        let Ok(frames) = connection.frames() else { return false };
        // A log that was checkpointed and restarted has no frames; it had some if there were writes.
        let emptied = || frames.all == 0 && (self.wrote || connection.data_version().ok() != self.version);
        frames.checkpointed_since(self.frames) || emptied()
    }

    /// Records the current state of the main file, after a checkpoint.
    pub(super) fn refresh(&mut self) {
        if let (Some(log), Ok(main)) = (self.log_state(), self.files.check()) {
            self.main = main;
            self.remember(log);
        }
    }

    /// The log's checkpoint state, and SQLite's `data_version`.
    fn log_state(&self) -> Option<(Frames, i64)> {
        let connection = &self.handle.connection;
        connection.frames().ok().zip(connection.data_version().ok())
    }

    fn remember(&mut self, (frames, version): (Frames, i64)) {
        (self.frames, self.version, self.wrote) = (frames, Some(version), false);
    }

    /// Checkpoints a long log, if the main file is unchanged.
    pub(super) fn limit_log(&mut self, log_limiter: &mut LogLimiter) {
        let log = self.log_state();
        // Read after the log's state: a later checkpoint of another program changes both.
        if self.files.check() != Ok(self.main) {
            return;
        }
        log.into_iter().for_each(|log| self.remember(log));
        match log_limiter.apply(&self.handle.connection, &self.files, self.frames) {
            Ok(false) => {}
            Ok(true) => self.refresh(),
            Err(error) => {
                tracing::debug!(%error, "the write-ahead log could not be checkpointed");
                // On a full disk a part may have been written, which is harmless.
                self.refresh();
            }
        }
    }
}
