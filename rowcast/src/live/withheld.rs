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
const PAUSE: Duration = Duration::from_secs(1);
/// How many times longer than a look took it is to the next one.
const PART: u32 = 50;

/// The withheld collections, by their places.
#[derive(Default)]
pub(super) struct Withheld(BTreeMap<usize, Look>);

struct Look {
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
    pub(super) fn seen(&mut self, place: usize, took: Duration) {
        let not_before = Instant::now() + PAUSE.max(took * PART);
        self.0.insert(place, Look { stale: false, not_before });
    }

    /// It is sent again.
    pub(super) fn remove(&mut self, place: usize) {
        self.0.remove(&place);
    }

    /// Something in those has changed for which that is so.
    pub(super) fn touch(&mut self, touched: impl Fn(usize) -> bool) {
        for (place, look) in &mut self.0 {
            look.stale |= touched(*place);
        }
    }

    /// Those that are to be looked at now, if those count as changed for which that is so.
    pub(super) fn due(&self, touched: impl Fn(usize) -> bool) -> Vec<usize> {
        let now = Instant::now();
        let due =
            self.0.iter().filter(|(place, look)| (look.stale || touched(**place)) && look.not_before <= now);
        due.map(|(place, _)| *place).collect()
    }

    /// Returns when there is one to be looked at.
    pub(super) async fn wait(&self) {
        match self.0.values().filter(|look| look.stale).map(|look| look.not_before).min() {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    }
}
