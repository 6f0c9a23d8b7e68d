//! How many events a second are shown with what they carry: a busy server has better things to do.

use std::sync::atomic::{AtomicU64, Ordering};

/// Events a second, all sockets, both directions and all pages together.
const MAX_EVENTS: u64 = 100;

/// What is left of this second. Workers that come upon a new one at the same time may allow a few more.
#[derive(Default)]
pub(super) struct DetailBudget {
    second: AtomicU64,
    taken: AtomicU64,
}

impl DetailBudget {
    /// Whether one more may be shown in this second, counted from any time.
    pub(super) fn take(&self, second: u64) -> bool {
        if self.second.load(Ordering::Relaxed) != second {
            self.second.store(second, Ordering::Relaxed);
            self.taken.store(0, Ordering::Relaxed);
        }
        // Once it is used up it is only read, so that workers do not fight for it.
        self.taken.load(Ordering::Relaxed) < MAX_EVENTS
            && self.taken.fetch_add(1, Ordering::Relaxed) < MAX_EVENTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_has_its_own() {
        let budget = DetailBudget::default();
        for second in [7, 8, 20] {
            assert_eq!((0..1000).filter(|_| budget.take(second)).count() as u64, MAX_EVENTS);
        }
    }
}
