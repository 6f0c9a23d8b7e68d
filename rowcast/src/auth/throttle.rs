//! Login throttling: at most 100 failures per hour and account, by two token buckets.
//!
//! ```text
//! any address        ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ burst 20, refilled at 60 per hour
//! known address too  ▓▓▓▓▓▓▓▓▓▓           burst 10, refilled at 10 per hour
//! ```
//!
//! The second bucket keeps the account usable for its owner while an attacker empties the first. Both refill
//! continuously, so a wait never exceeds one minute, or six minutes for the second bucket.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::key::Key;

/// The bucket for all addresses.
const ANYWHERE: BucketSize = BucketSize { burst: 20.0, per_hour: 60.0 };
/// The additional bucket for addresses from which the account has signed in before.
const KNOWN: BucketSize = BucketSize { burst: 10.0, per_hour: 10.0 };

const HOUR: f64 = 3600.0;
/// Unknown usernames that are tracked at once; beyond it those with the fewest failures are removed.
const MAX_UNKNOWN_NAMES: usize = 10_000;
/// How often a throttled account is logged.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

struct BucketSize {
    burst: f64,
    per_hour: f64,
}

/// The account or username whose attempts are counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum ThrottleKey {
    /// A user's account.
    Account(Key),
    /// A username without an account; it is throttled in the same way, so that the two cannot be distinguished.
    UnknownName(String),
}

/// The bucket that an attempt was taken from; a successful attempt is refunded to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bucket {
    Anywhere,
    Known,
}

/// The error for an attempt beyond the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Throttled {
    /// Seconds until the next attempt is allowed.
    pub(super) seconds: u64,
    /// Whether it is to be logged, which happens at most once a minute.
    pub(super) log: bool,
}

/// The state of both buckets of one key.
struct Buckets {
    anywhere: f64,
    known: f64,
    at: Instant,
    logged: Option<Instant>,
}

#[derive(Default)]
pub(super) struct Throttle(Mutex<HashMap<ThrottleKey, Buckets>>);

impl Throttle {
    /// Takes one attempt from a bucket before it is verified, so that concurrent attempts are counted too.
    ///
    /// # Errors
    /// [`Throttled`] if both buckets are empty.
    pub(super) fn acquire(&self, key: &ThrottleKey, known: bool) -> Result<Bucket, Throttled> {
        self.acquire_at(key, known, Instant::now())
    }

    fn acquire_at(&self, key: &ThrottleKey, known: bool, now: Instant) -> Result<Bucket, Throttled> {
        let mut all = self.lock();
        if all.len() >= MAX_UNKNOWN_NAMES && !all.contains_key(key) {
            evict(&mut all, now);
        }
        let buckets = all.entry(key.clone()).or_insert_with(|| Buckets::full(now));
        buckets.refill(now);
        buckets.take(known).ok_or_else(|| {
            let log = buckets.logged.is_none_or(|logged| now.duration_since(logged) >= LOG_INTERVAL);
            buckets.logged = if log { Some(now) } else { buckets.logged };
            Throttled { seconds: buckets.retry_after(known), log }
        })
    }

    /// Returns an attempt that was no failure.
    pub(super) fn refund(&self, key: &ThrottleKey, bucket: Bucket) {
        if let Some(buckets) = self.lock().get_mut(key) {
            match bucket {
                Bucket::Anywhere => buckets.anywhere = (buckets.anywhere + 1.0).min(ANYWHERE.burst),
                Bucket::Known => buckets.known = (buckets.known + 1.0).min(KNOWN.burst),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ThrottleKey, Buckets>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buckets {
    fn full(now: Instant) -> Self {
        Self { anywhere: ANYWHERE.burst, known: KNOWN.burst, at: now, logged: None }
    }

    fn refill(&mut self, now: Instant) {
        let hours = now.saturating_duration_since(self.at).as_secs_f64() / HOUR;
        self.anywhere = (self.anywhere + hours * ANYWHERE.per_hour).min(ANYWHERE.burst);
        self.known = (self.known + hours * KNOWN.per_hour).min(KNOWN.burst);
        self.at = self.at.max(now);
    }

    fn take(&mut self, known: bool) -> Option<Bucket> {
        let (tokens, bucket) = match self.anywhere {
            1.0.. => (&mut self.anywhere, Bucket::Anywhere),
            _ if known => (&mut self.known, Bucket::Known),
            _ => return None,
        };
        (*tokens >= 1.0).then(|| *tokens -= 1.0).map(|()| bucket)
    }

    fn retry_after(&self, known: bool) -> u64 {
        let until = |tokens: f64, BucketSize { per_hour, .. }: BucketSize| (1.0 - tokens) * HOUR / per_hour;
        let anywhere = until(self.anywhere, ANYWHERE);
        let wait = if known { anywhere.min(until(self.known, KNOWN)) } else { anywhere };
        wait.max(0.0) as u64 + 1
    }

    fn is_full(&self) -> bool {
        self.anywhere >= ANYWHERE.burst && self.known >= KNOWN.burst
    }
}

/// Removes keys without failures, or else one unknown username. Accounts are never removed, because their number is
/// limited and a flood of usernames must not erase their failures.
fn evict(all: &mut HashMap<ThrottleKey, Buckets>, now: Instant) {
    all.retain(|_, buckets| {
        buckets.refill(now);
        !buckets.is_full()
    });
    let names = || all.iter().filter(|(key, _)| matches!(key, ThrottleKey::UnknownName(_)));
    if names().count() >= MAX_UNKNOWN_NAMES {
        let freest = names().max_by(|(_, one), (_, other)| one.anywhere.total_cmp(&other.anywhere));
        let freest = freest.map(|(key, _)| key.clone());
        freest.and_then(|key| all.remove(&key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: ThrottleKey = ThrottleKey::Account(Key::Number(1));

    fn after(start: Instant, minutes: u64) -> Instant {
        start + Duration::from_secs(60 * minutes)
    }

    #[test]
    fn known_address_passes_when_shared_bucket_is_empty() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..20 {
            assert_eq!(throttle.acquire_at(&ADA, false, now), Ok(Bucket::Anywhere));
        }
        assert_eq!(throttle.acquire_at(&ADA, false, now), Err(Throttled { seconds: 61, log: true }));
        assert_eq!(throttle.acquire_at(&ADA, false, now), Err(Throttled { seconds: 61, log: false }));
        assert_eq!(
            throttle.acquire_at(&ThrottleKey::Account(Key::Number(2)), false, now),
            Ok(Bucket::Anywhere),
            "nobody else"
        );
        for _ in 0..10 {
            assert_eq!(throttle.acquire_at(&ADA, true, now), Ok(Bucket::Known));
        }
        assert!(
            throttle.acquire_at(&ADA, true, now).is_err(),
            "an address that is known may have guessers, too"
        );
        throttle.refund(&ADA, Bucket::Known);
        assert_eq!(throttle.acquire_at(&ADA, true, now), Ok(Bucket::Known));
    }

    #[test]
    fn account_allows_at_most_100_failures_per_hour() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let mut failures = Vec::new();
        for minute in 0..600 {
            let now = after(start, minute);
            let tries = (0..50).filter(|_| throttle.acquire_at(&ADA, true, now).is_ok()).count();
            failures.push(tries);
        }
        let most = failures.windows(60).map(|hour| hour.iter().sum::<usize>()).max();
        assert!(matches!(most, Some(90..=100)), "{most:?}");
    }

    #[test]
    fn empty_bucket_refills() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        while throttle.acquire_at(&ADA, false, now).is_ok() {}
        assert!(throttle.acquire_at(&ADA, false, after(now, 1)).is_ok());
        assert!(throttle.acquire_at(&ADA, false, after(now, 1)).is_err());
    }

    #[test]
    fn unknown_name_flood_evicts_no_account() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        while throttle.acquire_at(&ADA, false, now).is_ok() {}
        for n in 0..MAX_UNKNOWN_NAMES + 50 {
            throttle.acquire_at(&ThrottleKey::UnknownName(n.to_string()), false, now).unwrap();
        }
        assert!(throttle.lock().len() <= MAX_UNKNOWN_NAMES + 1);
        assert!(throttle.acquire_at(&ADA, false, now).is_err());
    }
}
