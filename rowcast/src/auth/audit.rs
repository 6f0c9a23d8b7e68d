//! Who signed in, who failed to, and whose password was set: what the log has of it, at `info`.
//!
//! Never a password or a token. A username that nobody has is left out: people type their password there.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::caller::{Caller, truncate_username};
use crate::users::Account;

/// Failures to sign in as nobody that the log has within a minute; made-up names have no other limit here.
const MAX_UNKNOWN_PER_MINUTE: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);

/// Keeps made-up names from flooding the log.
#[derive(Default)]
pub(super) struct AuditLog(Mutex<Option<Minute>>);

struct Minute {
    began: Instant,
    failures: u32,
}

pub(super) fn signed_in(account: &Account, by: &Caller) {
    let (account, username, address) = fields(account, by);
    tracing::info!(account, username, address, "signed in");
}

pub(super) fn password_set(account: &Account, by: &Caller) {
    let (account, username, address) = fields(account, by);
    tracing::info!(account, username, address, "a password was set, and other sign-ins have ended");
}

fn fields<'a>(account: &Account, by: &'a Caller) -> (i64, Option<String>, &'a str) {
    (account.id, account.username.as_deref().map(truncate_username), &by.address)
}

impl AuditLog {
    /// A password was wrong, or nobody is called so.
    pub(super) fn failed(&self, account: Option<(i64, &str)>, by: &Caller) {
        let address = &*by.address;
        if let Some((account, username)) = account {
            let username = truncate_username(username);
            tracing::info!(account, username, address, "a sign-in failed: the password was wrong");
        } else if let Some(left_out) = self.sample_unknown(Instant::now()) {
            tracing::info!(address, left_out, "a sign-in failed: nobody has that username");
        }
    }

    /// So many have failed that no more are tried for now.
    pub(super) fn throttled(&self, account: Option<(i64, &str)>, by: &Caller) {
        let address = &*by.address;
        if let Some((account, username)) = account {
            let username = truncate_username(username);
            tracing::info!(account, username, address, "sign-ins are refused for now: too many have failed");
        }
    }

    /// Whether there is to be a line; if so, how many were left out of the minute before.
    fn sample_unknown(&self, now: Instant) -> Option<u32> {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *minute {
            Some(minute) if now.duration_since(minute.began) < MINUTE => {
                minute.failures = minute.failures.saturating_add(1);
                (minute.failures <= MAX_UNKNOWN_PER_MINUTE).then_some(0)
            }
            before => {
                let left_out = before
                    .as_ref()
                    .map_or(0, |before| before.failures.saturating_sub(MAX_UNKNOWN_PER_MINUTE));
                *before = Some(Minute { began: now, failures: 1 });
                Some(left_out)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_made_up_names_is_counted_and_not_logged_line_by_line() {
        let (audit, now) = (AuditLog::default(), Instant::now());
        let lines = (0..1000).filter(|_| audit.sample_unknown(now).is_some()).count();
        assert_eq!(lines, MAX_UNKNOWN_PER_MINUTE as usize);
        assert_eq!(audit.sample_unknown(now + MINUTE), Some(1000 - MAX_UNKNOWN_PER_MINUTE));
        assert_eq!(audit.sample_unknown(now + MINUTE * 2), Some(0));
    }
}
