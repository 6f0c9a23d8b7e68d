//! The write-ahead log: how far it has come, how it goes back into the main file, and that it does not grow without end.
//!
//! ```text
//! 4 MiB    after a group: what no reader needs any more is moved                       (passive: waits for nobody)
//! 16 MiB   at most once a second: all of it, and the file is cut                       (truncate: waits a moment)
//! 128 MiB  once a minute: a line in the log that says which programs keep a reader open
//! ```

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    connection::{BUSY, Connection},
    place::Place,
};
use crate::error::Error;

/// Frames, of 4 KiB each, from which on they are moved.
const MANY: i64 = 1000;
/// Bytes from which on readers are waited for.
const LARGE: u64 = 16 << 20;
/// Bytes from which on somebody should know.
const HUGE: u64 = 128 << 20;
/// How long other readers are waited for; writes wait meanwhile.
const MOMENT: Duration = Duration::from_millis(50);
/// How often that may be tried.
const SELDOM: Duration = Duration::from_secs(1);
/// How often those who keep the log are named.
const RARELY: Duration = Duration::from_secs(60);
/// Processes that are looked at for that.
const PROCESSES: usize = 10_000;

/// How many frames the log has, and how many of them are in the main file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Frames {
    pub(super) all: i64,
    pub(super) moved: i64,
}

impl Frames {
    /// Whether somebody has moved frames since then, or begun the log anew: nothing else writes to the main file.
    pub(super) fn moved_since(self, then: Self) -> bool {
        self.moved != then.moved || self.all < then.all
    }

    pub(super) fn is_done(self) -> bool {
        self.all == self.moved
    }
}

impl Connection {
    /// Where the log stands; changes nothing.
    pub(super) fn frames(&self) -> Result<Frames, Error> {
        self.checkpoint_by("pragma wal_checkpoint(noop)").map(|(_, frames)| frames)
    }

    /// Moves what can be moved without waiting.
    fn checkpoint_some(&self) -> Result<Frames, Error> {
        self.checkpoint_by("pragma wal_checkpoint(passive)").map(|(_, frames)| frames)
    }

    /// Moves all of the log and empties it; true if nobody was in the way. Readers are waited for that long.
    pub(super) fn checkpoint_all(&self, patience: Duration) -> Result<bool, Error> {
        self.wait_for_locks(patience)?;
        let outcome = self.checkpoint_by("pragma wal_checkpoint(truncate)");
        self.wait_for_locks(BUSY)?;
        outcome.map(|(busy, frames)| !busy && frames.is_done())
    }

    fn checkpoint_by(&self, sql: &str) -> Result<(bool, Frames), Error> {
        let connection = self.lock();
        let frames = connection.prepare_cached(sql).and_then(|mut prepared| {
            prepared.query_one([], |row| {
                Ok((row.get::<_, i64>(0)? != 0, Frames { all: row.get(1)?, moved: row.get(2)? }))
            })
        });
        frames.map_err(|error| self.failure(&error).into())
    }
}

/// What the writer does about the log's size.
pub(super) struct Bounds {
    tried: Option<Instant>,
    named: Option<Instant>,
}

impl Bounds {
    pub(super) fn new() -> Self {
        Self { tried: None, named: None }
    }

    /// Keeps the log short; true if the main file may have been written to for that.
    pub(super) fn keep(
        &mut self,
        connection: &Connection,
        place: &Place,
        frames: Frames,
    ) -> Result<bool, Error> {
        let due = self.tried.is_none_or(|tried| tried.elapsed() > SELDOM);
        if due && place.log_size() > LARGE {
            self.tried = Some(Instant::now());
            return connection.checkpoint_all(MOMENT).map(|_| true);
        }
        // What is in the way of a long log is not asked for each time: that would cost more than the writes.
        let waiting = frames.all - frames.moved;
        if waiting >= MANY && (due || frames.all < 4 * MANY) {
            self.tried = Some(Instant::now());
            return connection.checkpoint_some().map(|_| true);
        }
        Ok(false)
    }

    /// Measures the log, and names those who keep it if it is huge.
    pub(super) fn measure(&mut self, place: &Place, database: &Path) {
        let size = place.log_size();
        metrics::gauge!("rowcast_sqlite_wal_bytes").set(size as f64);
        if size > HUGE && self.named.is_none_or(|named| named.elapsed() > RARELY) {
            self.named = Some(Instant::now());
            let holders = holders(&[database, &place.log]);
            tracing::warn!(
                bytes = size,
                holders,
                "the write-ahead log grows because a reader is kept open: end it, and the log is moved"
            );
        }
    }
}

/// Other processes that have one of the files open, where the system lets us see that.
fn holders(files: &[&Path]) -> String {
    let files: Vec<PathBuf> = files.iter().filter_map(|file| file.canonicalize().ok()).collect();
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().take(PROCESSES);
    let named = processes.filter_map(|process| {
        let pid = process.file_name().into_string().ok()?;
        let is_other = pid.bytes().all(|byte| byte.is_ascii_digit()) && pid != own;
        let mut open = fs::read_dir(process.path().join("fd")).ok()?.flatten();
        let holds = is_other
            && open.any(|file| fs::read_link(file.path()).is_ok_and(|target| files.contains(&target)));
        let name = || fs::read_to_string(process.path().join("comm")).unwrap_or_default();
        holds.then(|| format!("{} ({pid})", name().trim()))
    });
    let named: Vec<String> = named.take(8).collect();
    if named.is_empty() { "none that can be seen from here".into() } else { named.join(", ") }
}
