//! Slows down whoever guesses passwords: so many failures for one username, then a pause.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::error::Error;

/// Failures allowed within a window.
const FAILURES: u32 = 20;
/// The window, counted from the first failure.
const WINDOW: Duration = Duration::from_secs(60);
/// Usernames remembered at once; beyond that the oldest windows are let go.
const USERNAMES: usize = 10_000;

#[derive(Default)]
pub(super) struct Throttle(Mutex<HashMap<String, (Instant, u32)>>);

impl Throttle {
    /// Counts a try as a failure until it is known better: many that come at once are counted before any is checked.
    ///
    /// # Errors
    /// [`Error::RateLimited`] while the pause lasts.
    pub(super) fn begin(&self, username: &str) -> Result<(), Error> {
        let mut failures = self.lock();
        if failures.len() >= USERNAMES && !failures.contains_key(username) {
            make_room(&mut failures);
        }
        let (since, count) = failures.entry(username.to_owned()).or_insert_with(|| (Instant::now(), 0));
        if since.elapsed() >= WINDOW {
            (*since, *count) = (Instant::now(), 0);
        }
        if *count >= FAILURES {
            return Err(Error::RateLimited { seconds: WINDOW.saturating_sub(since.elapsed()).as_secs() + 1 });
        }
        *count += 1;
        Ok(())
    }

    /// It was no failure.
    pub(super) fn succeeded(&self, username: &str) {
        self.lock().remove(username);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Instant, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets go of the windows that are over, or else of the oldest.
fn make_room(failures: &mut HashMap<String, (Instant, u32)>) {
    failures.retain(|_, (since, _)| since.elapsed() < WINDOW);
    if failures.len() >= USERNAMES {
        let oldest = failures.iter().min_by_key(|(_, (since, _))| *since);
        let oldest = oldest.map(|(username, _)| username.clone());
        oldest.and_then(|username| failures.remove(&username));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_failures_pause_one_username_and_no_other() {
        let throttle = Throttle::default();
        (0..FAILURES).for_each(|_| throttle.begin("ada").unwrap());
        assert!(matches!(throttle.begin("ada"), Err(Error::RateLimited { seconds: 1..=61 })));
        assert!(throttle.begin("bob").is_ok());
        throttle.succeeded("ada");
        assert!(throttle.begin("ada").is_ok());
    }

    #[test]
    fn remembers_a_bounded_number_of_usernames() {
        let throttle = Throttle::default();
        (0..USERNAMES + 50).for_each(|n| throttle.begin(&n.to_string()).unwrap());
        assert!(throttle.lock().len() <= USERNAMES);
    }
}
