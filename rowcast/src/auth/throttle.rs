//! Slows down whoever guesses passwords: at most 100 failures an hour and account.
//!
//! ```text
//! from anywhere              ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ 20 at once, 60 an hour come back
//! from a known address also  ▓▓▓▓▓▓▓▓▓▓           10 at once, 10 an hour come back
//! ```
//!
//! The second allowance is there for the owner while strangers use up the first. What is allowed comes back little by
//! little, so nobody is kept out for longer than a minute or six at a time.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// For everybody.
const ANYWHERE: BucketSize = BucketSize { burst: 20.0, per_hour: 60.0 };
/// For those on an address from which the account has been signed in to, when nothing is left of the first.
const KNOWN: BucketSize = BucketSize { burst: 10.0, per_hour: 10.0 };

const HOUR: f64 = 3600.0;
/// Names without an account that are remembered at once; beyond that those with the fewest failures are let go.
const MAX_UNKNOWN_NAMES: usize = 10_000;
/// How often the log has it that an account's allowance is used up.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

struct BucketSize {
    burst: f64,
    per_hour: f64,
}

/// Whose password is key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum ThrottleKey {
    /// A user's.
    Account(i64),
    /// A name without an account, which is answered just like one with an account.
    UnknownName(String),
}

/// What a try was taken from; a try that was no failure gives it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bucket {
    Anywhere,
    Known,
}

/// No more tries for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Throttled {
    /// Whole seconds until one is allowed again.
    pub(super) seconds: u64,
    /// Whether the log has not had it within a minute.
    pub(super) log: bool,
}

/// How much is left of both allowances.
struct Buckets {
    anywhere: f64,
    known: f64,
    at: Instant,
    logged: Option<Instant>,
}

#[derive(Default)]
pub(super) struct Throttle(Mutex<HashMap<ThrottleKey, Buckets>>);

impl Throttle {
    /// Counts a try as a failure until it is known better: many that come at once are counted before any is checked.
    ///
    /// # Errors
    /// [`Throttled`].
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

    /// It was no failure.
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
        let (buckets, from) = match self.anywhere {
            1.0.. => (&mut self.anywhere, Bucket::Anywhere),
            _ if known => (&mut self.known, Bucket::Known),
            _ => return None,
        };
        (*buckets >= 1.0).then(|| *buckets -= 1.0).map(|()| from)
    }

    fn retry_after(&self, known: bool) -> u64 {
        let until = |buckets: f64, BucketSize { per_hour, .. }: BucketSize| (1.0 - buckets) * HOUR / per_hour;
        let anywhere = until(self.anywhere, ANYWHERE);
        let wait = if known { anywhere.min(until(self.known, KNOWN)) } else { anywhere };
        wait.max(0.0) as u64 + 1
    }

    fn is_full(&self) -> bool {
        self.anywhere >= ANYWHERE.burst && self.known >= KNOWN.burst
    }
}

/// Lets go of those without failures, or else of a name without an account: there are only so many accounts, and a
/// flood of names must not make their failures forgotten.
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

    const ADA: ThrottleKey = ThrottleKey::Account(1);

    fn after(start: Instant, minutes: u64) -> Instant {
        start + Duration::from_secs(60 * minutes)
    }

    #[test]
    fn strangers_use_up_their_own_part_and_the_owner_still_gets_in() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..20 {
            assert_eq!(throttle.acquire_at(&ADA, false, now), Ok(Bucket::Anywhere));
        }
        assert_eq!(throttle.acquire_at(&ADA, false, now), Err(Throttled { seconds: 61, log: true }));
        assert_eq!(throttle.acquire_at(&ADA, false, now), Err(Throttled { seconds: 61, log: false }));
        assert_eq!(
            throttle.acquire_at(&ThrottleKey::Account(2), false, now),
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
    fn in_any_hour_there_are_at_most_a_hundred_failures() {
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
    fn what_was_used_up_comes_back() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        while throttle.acquire_at(&ADA, false, now).is_ok() {}
        assert!(throttle.acquire_at(&ADA, false, after(now, 1)).is_ok());
        assert!(throttle.acquire_at(&ADA, false, after(now, 1)).is_err());
    }

    #[test]
    fn made_up_names_are_forgotten_and_accounts_are_not() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        while throttle.acquire_at(&ADA, false, now).is_ok() {}
        for n in 0..MAX_UNKNOWN_NAMES + 50 {
            throttle.acquire_at(&ThrottleKey::UnknownName(n.to_string()), false, now).unwrap();
        }
        assert!(throttle.lock().len() <= MAX_UNKNOWN_NAMES + 1);
        assert!(throttle.acquire_at(&ADA, false, now).is_err());
    }
}
