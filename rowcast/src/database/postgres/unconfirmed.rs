//! Commits with an unknown outcome, for `/readyz`.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// The number of such commits, and whether the database waits for a standby.
#[derive(Default)]
pub(super) struct UnconfirmedCommits {
    open: AtomicUsize,
    standby: AtomicBool,
}

impl UnconfirmedCommits {
    /// Counts a commit while the guard lives.
    pub(super) fn begin(self: &Arc<Self>) -> Guard {
        self.open.fetch_add(1, Ordering::Relaxed);
        Guard(self.clone())
    }

    pub(super) fn count(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// A sentence, if there are any.
    pub(super) fn reason(&self) -> Option<&'static str> {
        match (self.count(), self.standby.load(Ordering::Relaxed)) {
            (0, _) => None,
            (_, true) => Some("commits are not confirmed: PostgreSQL waits for a synchronous standby"),
            (_, false) => Some("commits are not confirmed: the database does not say how they ended"),
        }
    }
}

/// Counts one unconfirmed commit.
pub(super) struct Guard(Arc<UnconfirmedCommits>);

impl Guard {
    /// Records whether the database waits for a standby.
    pub(super) fn set_waits_for_standby(&self, standby: bool) {
        self.0.standby.store(standby, Ordering::Relaxed);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
