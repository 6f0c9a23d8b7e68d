//! How much may come in a time, kept in one word that all threads share: the generic cell rate algorithm of ITU-T I.371.
//!
//! A bucket remembers until when what came so far takes, if nothing may be faster than the limit. That may lie ahead by as
//! much as may come at once.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Nanoseconds since this was first asked for.
pub(crate) fn now() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    nanoseconds(BEGAN.get_or_init(Instant::now).elapsed())
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Until when all that came takes, in nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Bucket(AtomicU64);

impl Bucket {
    /// Takes what costs so many nanoseconds, if no more than `burst` is then ahead of its time.
    ///
    /// # Errors
    /// After how long it may come.
    pub(crate) fn take(&self, now: u64, cost: u64, burst: Duration) -> Result<(), Duration> {
        if cost == 0 {
            return Ok(());
        }
        // What costs more than all that may come at once is taken when nothing else is there.
        let burst = nanoseconds(burst).max(cost);
        let later = |until: u64| Some(until.max(now) + cost).filter(|until| until - now <= burst);
        let taken = self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, later);
        taken
            .map(drop)
            .map_err(|until| Duration::from_nanos((until.max(now) + cost).saturating_sub(now + burst)))
    }

    /// Whether it is as if nothing had ever come.
    pub(crate) fn is_fresh(&self, now: u64) -> bool {
        self.0.load(Ordering::Relaxed) <= now
    }
}

/// What one costs of which so many may come in a time; nothing if there is no limit.
pub(crate) fn cost(limit: Option<u32>, within: Duration) -> u64 {
    limit.map_or(0, |limit| nanoseconds(within) / u64::from(limit.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn as_many_at_once_as_the_burst_and_then_at_the_rate() {
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
    fn what_is_larger_than_the_burst_comes_alone() {
        let bucket = Bucket::default();
        assert_eq!(bucket.take(0, 5_000_000_000, SECOND), Ok(()));
        assert_eq!(bucket.take(0, 1, SECOND), Err(Duration::from_nanos(4_000_000_001)));
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let bucket = Bucket::default();
        assert!((0..1000).all(|_| bucket.take(0, cost(None, SECOND), SECOND).is_ok()));
        assert!(bucket.is_fresh(0));
    }
}
