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
const ANYWHERE: Allowance = Allowance { at_once: 20.0, an_hour: 60.0 };
/// For those on an address from which the account has been signed in to, when nothing is left of the first.
const KNOWN: Allowance = Allowance { at_once: 10.0, an_hour: 10.0 };

const HOUR: f64 = 3600.0;
/// Names without an account that are remembered at once; beyond that those with the fewest failures are let go.
const NAMES: usize = 10_000;
/// How often the log has it that an account's allowance is used up.
const PAUSE: Duration = Duration::from_secs(60);

struct Allowance {
    at_once: f64,
    an_hour: f64,
}

/// Whose password is tried.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tried {
    /// A user's.
    Account(i64),
    /// A name without an account, which is answered just like one with an account.
    Nobody(String),
}

/// What a try was taken from; a try that was no failure gives it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Anywhere,
    Known,
}

/// No more tries for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UsedUp {
    /// Whole seconds until one is allowed again.
    pub(super) seconds: u64,
    /// Whether the log has not had it within a minute.
    pub(super) tell: bool,
}

/// How much is left of both allowances.
struct Left {
    anywhere: f64,
    known: f64,
    at: Instant,
    told: Option<Instant>,
}

#[derive(Default)]
pub(super) struct Throttle(Mutex<HashMap<Tried, Left>>);

impl Throttle {
    /// Counts a try as a failure until it is known better: many that come at once are counted before any is checked.
    ///
    /// # Errors
    /// [`UsedUp`].
    pub(super) fn begin(&self, tried: &Tried, known: bool) -> Result<From, UsedUp> {
        self.begin_at(tried, known, Instant::now())
    }

    fn begin_at(&self, tried: &Tried, known: bool, now: Instant) -> Result<From, UsedUp> {
        let mut all = self.lock();
        if all.len() >= NAMES && !all.contains_key(tried) {
            make_room(&mut all, now);
        }
        let left = all.entry(tried.clone()).or_insert_with(|| Left::whole(now));
        left.come_back(now);
        left.take(known).ok_or_else(|| {
            let tell = left.told.is_none_or(|told| now.duration_since(told) >= PAUSE);
            left.told = if tell { Some(now) } else { left.told };
            UsedUp { seconds: left.wait(known), tell }
        })
    }

    /// It was no failure.
    pub(super) fn give_back(&self, tried: &Tried, from: From) {
        if let Some(left) = self.lock().get_mut(tried) {
            match from {
                From::Anywhere => left.anywhere = (left.anywhere + 1.0).min(ANYWHERE.at_once),
                From::Known => left.known = (left.known + 1.0).min(KNOWN.at_once),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Tried, Left>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Left {
    fn whole(now: Instant) -> Self {
        Self { anywhere: ANYWHERE.at_once, known: KNOWN.at_once, at: now, told: None }
    }

    fn come_back(&mut self, now: Instant) {
        let hours = now.saturating_duration_since(self.at).as_secs_f64() / HOUR;
        self.anywhere = (self.anywhere + hours * ANYWHERE.an_hour).min(ANYWHERE.at_once);
        self.known = (self.known + hours * KNOWN.an_hour).min(KNOWN.at_once);
        self.at = self.at.max(now);
    }

    fn take(&mut self, known: bool) -> Option<From> {
        let (left, from) = match self.anywhere {
            1.0.. => (&mut self.anywhere, From::Anywhere),
            _ if known => (&mut self.known, From::Known),
            _ => return None,
        };
        (*left >= 1.0).then(|| *left -= 1.0).map(|()| from)
    }

    fn wait(&self, known: bool) -> u64 {
        let until = |left: f64, Allowance { an_hour, .. }: Allowance| (1.0 - left) * HOUR / an_hour;
        let anywhere = until(self.anywhere, ANYWHERE);
        let wait = if known { anywhere.min(until(self.known, KNOWN)) } else { anywhere };
        wait.max(0.0) as u64 + 1
    }

    fn is_whole(&self) -> bool {
        self.anywhere >= ANYWHERE.at_once && self.known >= KNOWN.at_once
    }
}

/// Lets go of those without failures, or else of a name without an account: there are only so many accounts, and a
/// flood of names must not make their failures forgotten.
fn make_room(all: &mut HashMap<Tried, Left>, now: Instant) {
    all.retain(|_, left| {
        left.come_back(now);
        !left.is_whole()
    });
    let names = || all.iter().filter(|(tried, _)| matches!(tried, Tried::Nobody(_)));
    if names().count() >= NAMES {
        let freest = names().max_by(|(_, one), (_, other)| one.anywhere.total_cmp(&other.anywhere));
        let freest = freest.map(|(tried, _)| tried.clone());
        freest.and_then(|tried| all.remove(&tried));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Tried = Tried::Account(1);

    fn after(start: Instant, minutes: u64) -> Instant {
        start + Duration::from_secs(60 * minutes)
    }

    #[test]
    fn strangers_use_up_their_own_part_and_the_owner_still_gets_in() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..20 {
            assert_eq!(throttle.begin_at(&ADA, false, now), Ok(From::Anywhere));
        }
        assert_eq!(throttle.begin_at(&ADA, false, now), Err(UsedUp { seconds: 61, tell: true }));
        assert_eq!(throttle.begin_at(&ADA, false, now), Err(UsedUp { seconds: 61, tell: false }));
        assert_eq!(throttle.begin_at(&Tried::Account(2), false, now), Ok(From::Anywhere), "nobody else");
        for _ in 0..10 {
            assert_eq!(throttle.begin_at(&ADA, true, now), Ok(From::Known));
        }
        assert!(
            throttle.begin_at(&ADA, true, now).is_err(),
            "an address that is known may have guessers, too"
        );
        throttle.give_back(&ADA, From::Known);
        assert_eq!(throttle.begin_at(&ADA, true, now), Ok(From::Known));
    }

    #[test]
    fn in_any_hour_there_are_at_most_a_hundred_failures() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let mut failures = Vec::new();
        for minute in 0..600 {
            let now = after(start, minute);
            let tries = (0..50).filter(|_| throttle.begin_at(&ADA, true, now).is_ok()).count();
            failures.push(tries);
        }
        let most = failures.windows(60).map(|hour| hour.iter().sum::<usize>()).max();
        assert!(matches!(most, Some(90..=100)), "{most:?}");
    }

    #[test]
    fn what_was_used_up_comes_back() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        while throttle.begin_at(&ADA, false, now).is_ok() {}
        assert!(throttle.begin_at(&ADA, false, after(now, 1)).is_ok());
        assert!(throttle.begin_at(&ADA, false, after(now, 1)).is_err());
    }

    #[test]
    fn made_up_names_are_forgotten_and_accounts_are_not() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        while throttle.begin_at(&ADA, false, now).is_ok() {}
        for n in 0..NAMES + 50 {
            throttle.begin_at(&Tried::Nobody(n.to_string()), false, now).unwrap();
        }
        assert!(throttle.lock().len() <= NAMES + 1);
        assert!(throttle.begin_at(&ADA, false, now).is_err());
    }
}
