//! Permission to use the file, shared by all connections of this process.
//!
//! ```text
//! open(1) ─▶ closed("the file is gone") ─▶ open(2) …      opened and closed by the writer; see `file_guard`
//!    readers, log reader: a guard each, dropped as soon as the gate closes
//! ```
//!
//! All connections to a replaced file must be closed before the new file is opened: within a process they share the
//! index of the write-ahead log and SQLite's locks.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::{Notify, watch};

use super::files::DatabaseFiles;
use crate::error::Error;

/// The state of the file.
#[derive(Clone, Debug)]
pub(super) enum State {
    Open(Opening),
    /// Unusable, with the reason.
    Closed(Arc<str>),
}

/// One opening of the file; the file may be opened several times while the server runs.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) number: u64,
    pub(super) files: Arc<DatabaseFiles>,
}

pub(super) struct Gate {
    state: watch::Sender<State>,
    /// The number of guards.
    guards: watch::Sender<usize>,
    /// The reason why writes fail, while they do.
    failing: Mutex<Option<Arc<str>>>,
    check_request: Notify,
    /// Whether a statement has reported a damaged file.
    damage: AtomicBool,
}

/// Held while a connection is open.
pub(super) struct GateGuard(Arc<Gate>);

impl Gate {
    pub(super) fn new(files: DatabaseFiles) -> Arc<Self> {
        let opening = Opening { number: 1, files: files.into() };
        Arc::new(Self {
            state: watch::Sender::new(State::Open(opening)),
            guards: watch::Sender::new(0),
            failing: Mutex::default(),
            check_request: Notify::new(),
            damage: AtomicBool::new(false),
        })
    }

    /// The current opening.
    pub(super) fn opening(&self) -> Result<Opening, Error> {
        match &*self.state.borrow() {
            State::Open(opening) => Ok(opening.clone()),
            State::Closed(reason) => Err(Error::Unavailable(reason.to_string())),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(&*self.state.borrow(), State::Closed(_))
    }

    /// Registers a connection. The caller must check afterwards that the gate is open: it may have closed in between.
    pub(super) fn enter(self: &Arc<Self>) -> GateGuard {
        self.guards.send_modify(|guards| *guards += 1);
        GateGuard(self.clone())
    }

    pub(super) fn close(&self, reason: &str) {
        self.state.send_replace(State::Closed(reason.into()));
    }

    pub(super) fn open(&self, number: u64, files: DatabaseFiles) {
        self.state.send_replace(State::Open(Opening { number, files: files.into() }));
    }

    /// Signals when the gate opens or closes.
    pub(super) fn changes(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Waits until there are no guards.
    pub(super) async fn wait_until_empty(&self) {
        let _ = self.guards.subscribe().wait_for(|guards| *guards == 0).await;
    }

    /// Makes the writer check the file at once.
    pub(super) fn request_check(&self) {
        self.check_request.notify_one();
    }

    /// Reports a damaged file, and requests a check.
    pub(super) fn report_damage(&self) {
        self.damage.store(true, Ordering::Relaxed);
        self.request_check();
    }

    pub(super) fn take_damage(&self) -> bool {
        self.damage.swap(false, Ordering::Relaxed)
    }

    pub(super) async fn check_requested(&self) {
        self.check_request.notified().await;
    }

    /// Records whether writes fail; true if that has changed.
    pub(super) fn set_failing(&self, reason: Option<&str>) -> bool {
        let mut failing = self.failing();
        let changed = failing.is_some() != reason.is_some();
        *failing = reason.map(Into::into);
        changed
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failing().is_some()
    }

    /// The reason why the file cannot be used or written.
    pub(super) fn trouble(&self) -> Option<String> {
        match &*self.state.borrow() {
            State::Closed(reason) => Some(reason.to_string()),
            State::Open(_) => self.failing().as_ref().map(|reason| format!("writes fail: {reason}")),
        }
    }

    fn failing(&self) -> MutexGuard<'_, Option<Arc<str>>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for GateGuard {
    fn drop(&mut self) {
        self.0.guards.send_modify(|guards| *guards -= 1);
    }
}
