//! Limit of the events per second that are shown with their arguments.

use std::sync::atomic::{AtomicU64, Ordering};

/// Events per second of all sockets, directions and pages.
const MAX_EVENTS: u64 = 100;

/// The budget of the current second. Workers that start a new second concurrently may allow a few more.
#[derive(Default)]
pub(super) struct DetailBudget {
    second: AtomicU64,
    taken: AtomicU64,
}

impl DetailBudget {
    /// Takes from the budget of this second, counted from any origin.
    pub(super) fn take(&self, second: u64) -> bool {
        if self.second.load(Ordering::Relaxed) != second {
            self.second.store(second, Ordering::Relaxed);
            self.taken.store(0, Ordering::Relaxed);
        }
        // A used-up budget is only read, to avoid contention between workers.
        self.taken.load(Ordering::Relaxed) < MAX_EVENTS
            && self.taken.fetch_add(1, Ordering::Relaxed) < MAX_EVENTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_refills_every_second() {
        let budget = DetailBudget::default();
        for second in [7, 8, 20] {
            assert_eq!((0..1000).filter(|_| budget.take(second)).count() as u64, MAX_EVENTS);
        }
    }
}
