//! Deadlines of connections: statements that exceed them are interrupted.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::ffi;

use super::gate::Gate;

/// The instructions of SQLite's virtual machine between two checks: well below a millisecond.
const INSTRUCTIONS: i32 = 10_000;

/// The origin of time, which is counted in milliseconds.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The deadline of the current work.
#[derive(Clone, Default)]
pub(super) struct Deadline {
    /// 0: never.
    end: Arc<AtomicU64>,
    /// Closing this gate also ends the work.
    gate: Option<Arc<Gate>>,
}

impl Deadline {
    pub(super) fn within(gate: Option<Arc<Gate>>) -> Self {
        Self { gate, ..Self::default() }
    }

    /// Installs a progress handler that interrupts statements of the connection.
    pub(super) fn install(&self, connection: &rusqlite::Connection) -> rusqlite::Result<()> {
        let deadline = self.clone();
        connection.progress_handler(INSTRUCTIONS, Some(move || deadline.has_passed()))
    }

    /// Sets the remaining time; `None` removes the deadline.
    pub(super) fn set(&self, time: Option<Duration>) {
        let end = time.map_or(0, |time| now() + u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2));
        self.end.store(end, Ordering::Relaxed);
    }

    /// Fails like an interrupted statement if the deadline has passed.
    pub(super) fn check(&self) -> rusqlite::Result<()> {
        match self.has_passed() {
            true => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_INTERRUPT), None)),
            false => Ok(()),
        }
    }

    fn has_passed(&self) -> bool {
        let end = self.end.load(Ordering::Relaxed);
        (end != 0 && now() > end) || self.gate.as_ref().is_some_and(|gate| gate.is_closed())
    }
}

/// Never 0.
fn now() -> u64 {
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX / 2) + 1
}
