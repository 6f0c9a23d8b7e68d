//! The write-ahead log: checkpoints, and its size limit.
//!
//! ```text
//! 4 MiB    after a batch: passive checkpoint                       (does not wait for readers)
//! 16 MiB   at most once a second: truncating checkpoint            (waits for readers for a short time)
//! 128 MiB  once a minute: a log entry with the programs that keep a reader open
//! ```

use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::{
    connection::{BUSY_TIMEOUT, Connection},
    files::DatabaseFiles,
    holders::{holders, in_words},
};
use crate::error::Error;

/// The frames, of 4 KiB each, that trigger a passive checkpoint.
const CHECKPOINT_FRAMES: i64 = 1000;
/// The size that triggers a truncating checkpoint.
const TRUNCATE_BYTES: u64 = 16 << 20;
/// The size that triggers a warning.
const WARN_BYTES: u64 = 128 << 20;
/// The time that a truncating checkpoint waits for readers; writes wait too.
const READER_TIMEOUT: Duration = Duration::from_millis(50);
/// The shortest interval of checkpoints of a long log.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(1);
/// The interval of warnings.
const WARN_INTERVAL: Duration = Duration::from_secs(60);

/// The checkpoint state of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Frames {
    /// The frames of the log.
    pub(super) all: i64,
    /// Those that have been written to the main file.
    pub(super) checkpointed: i64,
}

impl Frames {
    /// Whether there was a checkpoint or a restart of the log since `then`: nothing else writes to the main file.
    pub(super) fn checkpointed_since(self, then: Self) -> bool {
        self.checkpointed != then.checkpointed || self.all < then.all
    }

    pub(super) fn is_done(self) -> bool {
        self.all == self.checkpointed
    }
}

impl Connection {
    /// The log's state, without a checkpoint.
    pub(super) fn frames(&self) -> Result<Frames, Error> {
        self.checkpoint_by("pragma wal_checkpoint(noop)").map(|(_, frames)| frames)
    }

    /// Checkpoints without waiting.
    fn checkpoint_some(&self) -> Result<Frames, Error> {
        self.checkpoint_by("pragma wal_checkpoint(passive)").map(|(_, frames)| frames)
    }

    /// Checkpoints and truncates the log, and waits for readers for `timeout`; true if it is complete.
    pub(super) fn checkpoint_all(&self, timeout: Duration) -> Result<bool, Error> {
        self.set_busy_timeout(timeout)?;
        let outcome = self.checkpoint_by("pragma wal_checkpoint(truncate)");
        self.set_busy_timeout(BUSY_TIMEOUT)?;
        outcome.map(|(busy, frames)| !busy && frames.is_done())
    }

    fn checkpoint_by(&self, sql: &str) -> Result<(bool, Frames), Error> {
        let connection = self.lock();
        let frames = connection.prepare_cached(sql).and_then(|mut prepared| {
            prepared.query_one([], |row| {
                Ok((row.get::<_, i64>(0)? != 0, Frames { all: row.get(1)?, checkpointed: row.get(2)? }))
            })
        });
        frames.map_err(|error| self.failure(&error).into())
    }
}

/// Limits the size of the log.
pub(super) struct LogLimiter {
    last_attempt: Option<Instant>,
    last_warning: Option<Instant>,
}

impl LogLimiter {
    pub(super) fn new() -> Self {
        Self { last_attempt: None, last_warning: None }
    }

    /// Checkpoints a long log; true if the main file may have been written.
    pub(super) fn apply(
        &mut self,
        connection: &Connection,
        files: &DatabaseFiles,
        frames: Frames,
    ) -> Result<bool, Error> {
        let due = self.last_attempt.is_none_or(|last_attempt| last_attempt.elapsed() > CHECKPOINT_INTERVAL);
        if due && files.log_size() > TRUNCATE_BYTES {
            self.last_attempt = Some(Instant::now());
            return connection.checkpoint_all(READER_TIMEOUT).map(|_| true);
        }
        // The checkpoint of a long log that readers block is not attempted each time: that would cost more than the
        // writes.
        let waiting = frames.all - frames.checkpointed;
        if waiting >= CHECKPOINT_FRAMES && (due || frames.all < 4 * CHECKPOINT_FRAMES) {
            self.last_attempt = Some(Instant::now());
            return connection.checkpoint_some().map(|_| true);
        }
        Ok(false)
    }

    /// Records the size of the log, and warns if it is too large.
    pub(super) fn measure(&mut self, files: &DatabaseFiles, database: &Path) {
        let size = files.log_size();
        metrics::gauge!("rowcast_sqlite_wal_bytes").set(size as f64);
        if size > WARN_BYTES && self.last_warning.is_none_or(|warned| warned.elapsed() > WARN_INTERVAL) {
            self.last_warning = Some(Instant::now());
            let holders = in_words(&holders(&[database, &files.log]));
            tracing::warn!(
                bytes = size,
                holders,
                "the write-ahead log grows because a reader is kept open: end it, and the log is moved"
            );
        }
    }
}
