//! Commits of which it is not known how they ended, for `/readyz` to say.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// How many there are just now, and whether the database waits for a standby.
#[derive(Default)]
pub(super) struct Unconfirmed {
    open: AtomicUsize,
    standby: AtomicBool,
}

impl Unconfirmed {
    /// One more, as long as the guard lives.
    pub(super) fn begin(self: &Arc<Self>) -> Guard {
        self.open.fetch_add(1, Ordering::Relaxed);
        Guard(self.clone())
    }

    pub(super) fn count(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// What is the matter, if something is.
    pub(super) fn reason(&self) -> Option<&'static str> {
        match (self.count(), self.standby.load(Ordering::Relaxed)) {
            (0, _) => None,
            (_, true) => Some("commits are not confirmed: PostgreSQL waits for a synchronous standby"),
            (_, false) => Some("commits are not confirmed: the database does not say how they ended"),
        }
    }
}

/// One commit that is not confirmed.
pub(super) struct Guard(Arc<Unconfirmed>);

impl Guard {
    /// Notes what the database waits for, if it has said so.
    pub(super) fn waits_for_standby(&self, standby: bool) {
        self.0.standby.store(standby, Ordering::Relaxed);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
