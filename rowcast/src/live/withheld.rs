//! Collections that are too large to be sent: when to look whether they still are.
//!
//! Nothing is read of a withheld collection when it changes, so that what it costs does not grow with it. Some time after it has
//! changed it is read once, no further than to the limit; and it is sent again only once it is well below that, or a collection at
//! its limit would be sent whole again and again.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Between two looks at a collection, at least.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// How many times longer than a look took it is to the next one.
const BACKOFF: u32 = 50;

/// The withheld collections, by their places.
#[derive(Default)]
pub(super) struct Withheld(BTreeMap<usize, Recheck>);

struct Recheck {
    /// Whether anything in it has changed since.
    stale: bool,
    not_before: Instant,
}

/// Bytes that a withheld collection may have to be sent again.
pub(super) fn well_below(limit: usize) -> usize {
    limit - limit / 8
}

impl Withheld {
    /// It has been seen to be too large, which took so long.
    pub(super) fn schedule(&mut self, collection_index: usize, took: Duration) {
        let not_before = Instant::now() + MIN_INTERVAL.max(took * BACKOFF);
        self.0.insert(collection_index, Recheck { stale: false, not_before });
    }

    /// It is sent again.
    pub(super) fn remove(&mut self, collection_index: usize) {
        self.0.remove(&collection_index);
    }

    /// Something in those has changed for which that is so.
    pub(super) fn mark_changed(&mut self, has_changed: impl Fn(usize) -> bool) {
        for (collection_index, recheck) in &mut self.0 {
            recheck.stale |= has_changed(*collection_index);
        }
    }

    /// Those that are to be looked at now, if those count as changed for which that is so.
    pub(super) fn due(&self, has_changed: impl Fn(usize) -> bool) -> Vec<usize> {
        let now = Instant::now();
        let due = self.0.iter().filter(|(collection_index, recheck)| {
            (recheck.stale || has_changed(**collection_index)) && recheck.not_before <= now
        });
        due.map(|(collection_index, _)| *collection_index).collect()
    }

    /// Returns when there is one to be looked at.
    pub(super) async fn wait(&self) {
        match self.0.values().filter(|recheck| recheck.stale).map(|recheck| recheck.not_before).min() {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    }
}
