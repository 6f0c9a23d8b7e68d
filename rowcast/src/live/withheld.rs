//! Rechecks of withheld collections, which are above the size limit.
//!
//! A change of a withheld collection does not read it, so the cost does not grow with its size. Some time after a
//! change it is read once, up to the limit. It is released only when it is well below the limit; otherwise a
//! collection near the limit would be sent again and again.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// The minimum interval between two rechecks of a collection.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// The interval as a multiple of the last recheck's duration.
const BACKOFF: u32 = 50;

/// The withheld collections by index.
#[derive(Default)]
pub(super) struct Withheld(BTreeMap<usize, Recheck>);

struct Recheck {
    /// Whether it has changed since.
    stale: bool,
    not_before: Instant,
}

/// The size below which a withheld collection is released.
pub(super) fn release_threshold(limit: usize) -> usize {
    limit - limit / 8
}

impl Withheld {
    /// Schedules the next recheck, after one of this duration.
    pub(super) fn schedule(&mut self, collection_index: usize, took: Duration) {
        let not_before = Instant::now() + MIN_INTERVAL.max(took * BACKOFF);
        self.0.insert(collection_index, Recheck { stale: false, not_before });
    }

    /// Removes a collection that was released.
    pub(super) fn remove(&mut self, collection_index: usize) {
        self.0.remove(&collection_index);
    }

    /// Marks collections as changed.
    pub(super) fn mark_changed(&mut self, has_changed: impl Fn(usize) -> bool) {
        for (collection_index, recheck) in &mut self.0 {
            recheck.stale |= has_changed(*collection_index);
        }
    }

    /// The collections to be rechecked now: those marked as changed, or for which `has_changed` is true.
    pub(super) fn due(&self, has_changed: impl Fn(usize) -> bool) -> Vec<usize> {
        let now = Instant::now();
        let due = self.0.iter().filter(|(collection_index, recheck)| {
            (recheck.stale || has_changed(**collection_index)) && recheck.not_before <= now
        });
        due.map(|(collection_index, _)| *collection_index).collect()
    }

    /// Waits until a recheck is due.
    pub(super) async fn wait(&self) {
        match self.0.values().filter(|recheck| recheck.stale).map(|recheck| recheck.not_before).min() {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    }
}
