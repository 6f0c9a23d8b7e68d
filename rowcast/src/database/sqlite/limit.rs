//! Until when a connection may be at work: what takes longer is interrupted, and the thread is free again.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::ffi;

use super::gate::Gate;

/// Instructions of SQLite's machine between two looks at the clock: well below a millisecond.
const INSTRUCTIONS: i32 = 10_000;

/// What moments are counted from, in milliseconds.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// When the work at hand must end.
#[derive(Clone, Default)]
pub(super) struct Limit {
    /// 0: never.
    end: Arc<AtomicU64>,
    /// It must also end when this closes.
    gate: Option<Arc<Gate>>,
}

impl Limit {
    pub(super) fn within(gate: Option<Arc<Gate>>) -> Self {
        Self { gate, ..Self::default() }
    }

    /// Sees to it that what runs on a connection is interrupted in time.
    pub(super) fn guard(&self, connection: &rusqlite::Connection) -> rusqlite::Result<()> {
        let limit = self.clone();
        connection.progress_handler(INSTRUCTIONS, Some(move || limit.is_over()))
    }

    /// From now on, or without end.
    pub(super) fn set(&self, time: Option<Duration>) {
        let end = time.map_or(0, |time| now() + u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2));
        self.end.store(end, Ordering::Relaxed);
    }

    /// Fails as a statement does that is interrupted.
    pub(super) fn check(&self) -> rusqlite::Result<()> {
        match self.is_over() {
            true => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_INTERRUPT), None)),
            false => Ok(()),
        }
    }

    fn is_over(&self) -> bool {
        let end = self.end.load(Ordering::Relaxed);
        (end != 0 && now() > end) || self.gate.as_ref().is_some_and(|gate| gate.is_closed())
    }
}

/// Never 0.
fn now() -> u64 {
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX / 2) + 1
}
