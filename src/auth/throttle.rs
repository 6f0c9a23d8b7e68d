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
    /// # Errors
    /// [`Error::RateLimited`] while the pause lasts.
    pub(super) fn check(&self, username: &str) -> Result<(), Error> {
        match self.lock().get(username) {
            Some((since, FAILURES..)) if since.elapsed() < WINDOW => {
                Err(Error::RateLimited { seconds: (WINDOW - since.elapsed()).as_secs() + 1 })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn failed(&self, username: &str) {
        let mut failures = self.lock();
        if failures.len() >= USERNAMES {
            failures.retain(|_, (since, _)| since.elapsed() < WINDOW);
        }
        if failures.len() >= USERNAMES {
            let oldest = failures.iter().min_by_key(|(_, (since, _))| *since);
            let oldest = oldest.map(|(username, _)| username.clone());
            oldest.and_then(|username| failures.remove(&username));
        }
        let entry = failures.entry(username.to_owned()).or_insert_with(|| (Instant::now(), 0));
        if entry.0.elapsed() >= WINDOW {
            *entry = (Instant::now(), 0);
        }
        entry.1 += 1;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Instant, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_failures_pause_one_username_and_no_other() {
        let throttle = Throttle::default();
        (0..FAILURES).for_each(|_| throttle.failed("ada"));
        assert!(matches!(throttle.check("ada"), Err(Error::RateLimited { seconds: 1..=61 })));
        assert!(throttle.check("bob").is_ok());
    }

    #[test]
    fn remembers_a_bounded_number_of_usernames() {
        let throttle = Throttle::default();
        (0..USERNAMES + 50).for_each(|n| throttle.failed(&n.to_string()));
        assert!(throttle.lock().len() <= USERNAMES);
    }
}
