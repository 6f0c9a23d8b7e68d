//! A token bucket in one atomic word that all threads share: the generic cell rate algorithm of ITU-T I.371.
//!
//! The word is the theoretical arrival time: the time at which everything accepted so far would have arrived at the
//! limited rate. It may lie ahead of the clock by the burst.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The theoretical arrival time in nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Bucket(AtomicU64);

impl Bucket {
    /// Accepts an item with a cost in nanoseconds, if the arrival time is then at most `burst` ahead.
    ///
    /// # Errors
    /// The time after which to try again.
    pub(crate) fn take(&self, now: u64, cost: u64, burst: Duration) -> Result<(), Duration> {
        if cost == 0 {
            return Ok(());
        }
        // An item that costs more than the burst is accepted by an empty bucket.
        let burst = nanoseconds(burst).max(cost);
        let later = |until: u64| Some(until.max(now) + cost).filter(|until| until - now <= burst);
        let taken = self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, later);
        taken
            .map(drop)
            .map_err(|until| Duration::from_nanos((until.max(now) + cost).saturating_sub(now + burst)))
    }

    /// Whether the bucket is in its initial state.
    pub(crate) fn is_fresh(&self, now: u64) -> bool {
        self.0.load(Ordering::Relaxed) <= now
    }
}

/// Cost of one item at a rate of `limit` per `within`; 0 without a limit.
pub(crate) fn cost(limit: Option<u32>, within: Duration) -> u64 {
    limit.map_or(0, |limit| nanoseconds(within) / u64::from(limit.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn bucket_allows_burst_then_rate() {
        let (bucket, cost) = (Bucket::default(), cost(Some(10), SECOND));
        let taken = |now: u64| (0..50).filter(|_| bucket.take(now, cost, SECOND * 2).is_ok()).count();
        assert_eq!(taken(7), 20);
        assert_eq!(bucket.take(7, cost, SECOND * 2), Err(Duration::from_millis(100)));
        assert_eq!(taken(7 + 250_000_000), 2);
        assert!(!bucket.is_fresh(7 + 2_199_000_000));
        assert!(bucket.is_fresh(7 + 2_200_000_000));
        assert_eq!(taken(60_000_000_000), 20, "quiet times do not add up");
    }

    #[test]
    fn item_above_burst_is_accepted_alone() {
        let bucket = Bucket::default();
        assert_eq!(bucket.take(0, 5_000_000_000, SECOND), Ok(()));
        assert_eq!(bucket.take(0, 1, SECOND), Err(Duration::from_nanos(4_000_000_001)));
    }

    #[test]
    fn bucket_without_limit_accepts_all() {
        let bucket = Bucket::default();
        assert!((0..1000).all(|_| bucket.take(0, cost(None, SECOND), SECOND).is_ok()));
        assert!(bucket.is_fresh(0));
    }
}
