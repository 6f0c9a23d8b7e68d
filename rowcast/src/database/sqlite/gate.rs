//! Whether the file may be used just now: one gate for all connections of this server to it.
//!
//! ```text
//! open(1) ─▶ closed("the file is gone") ─▶ open(2) …      the writer opens and closes; see `keeper`
//!    readers, follower: a pass each, given back as soon as the gate closes
//! ```
//!
//! Connections to a file that is not the one it was must all be closed before the next is opened: within a process they
//! share the index of the write-ahead log, and SQLite's locks.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::{Notify, watch};

use super::place::Place;
use crate::error::Error;

/// What holds for the file.
#[derive(Clone, Debug)]
pub(super) enum State {
    Open(Opening),
    /// Not to be used, and why.
    Closed(Arc<str>),
}

/// One opening of the file, of which there may be many while the server runs.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) number: u64,
    pub(super) place: Arc<Place>,
}

pub(super) struct Gate {
    state: watch::Sender<State>,
    /// Passes that are out.
    inside: watch::Sender<usize>,
    /// Why writes fail, while they do.
    failing: Mutex<Option<Arc<str>>>,
    suspicion: Notify,
    /// Whether a statement has found the file damaged.
    damage: AtomicBool,
}

/// That a connection is open.
pub(super) struct Pass(Arc<Gate>);

impl Gate {
    pub(super) fn new(place: Place) -> Arc<Self> {
        let opening = Opening { number: 1, place: place.into() };
        Arc::new(Self {
            state: watch::Sender::new(State::Open(opening)),
            inside: watch::Sender::new(0),
            failing: Mutex::default(),
            suspicion: Notify::new(),
            damage: AtomicBool::new(false),
        })
    }

    /// The opening that holds now.
    pub(super) fn opening(&self) -> Result<Opening, Error> {
        match &*self.state.borrow() {
            State::Open(opening) => Ok(opening.clone()),
            State::Closed(reason) => Err(Error::Unavailable(reason.to_string())),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(&*self.state.borrow(), State::Closed(_))
    }

    /// Lets a connection in. It is to be asked afterwards whether the gate is open: it may have closed in between.
    pub(super) fn enter(self: &Arc<Self>) -> Pass {
        self.inside.send_modify(|inside| *inside += 1);
        Pass(self.clone())
    }

    pub(super) fn close(&self, reason: &str) {
        self.state.send_replace(State::Closed(reason.into()));
    }

    pub(super) fn open(&self, number: u64, place: Place) {
        self.state.send_replace(State::Open(Opening { number, place: place.into() }));
    }

    /// Says when the gate opens or closes.
    pub(super) fn changes(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Waits until no pass is out.
    pub(super) async fn empty(&self) {
        let _ = self.inside.subscribe().wait_for(|inside| *inside == 0).await;
    }

    /// Asks the writer to look after the file at once.
    pub(super) fn suspect(&self) {
        self.suspicion.notify_one();
    }

    /// The same, because what was read there made no sense.
    pub(super) fn suspect_damage(&self) {
        self.damage.store(true, Ordering::Relaxed);
        self.suspect();
    }

    pub(super) fn take_damage(&self) -> bool {
        self.damage.swap(false, Ordering::Relaxed)
    }

    pub(super) async fn suspected(&self) {
        self.suspicion.notified().await;
    }

    /// Notes that writes fail, or that they do not any more; true if that is news.
    pub(super) fn set_failing(&self, reason: Option<&str>) -> bool {
        let mut failing = self.failing();
        let news = failing.is_some() != reason.is_some();
        *failing = reason.map(Into::into);
        news
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failing().is_some()
    }

    /// Why the file cannot be used, or not written.
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

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.inside.send_modify(|inside| *inside -= 1);
    }
}
