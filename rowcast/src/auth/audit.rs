//! The audit log of logins, failures and password changes, at level `info`.
//!
//! It never contains a password or a token. Unknown usernames are left out, because users type passwords there by
//! mistake.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::caller::{Caller, truncate_username};
use crate::{key::Key, users::Account};

/// Failures for unknown usernames that are logged in a minute. They have no other limit here.
const MAX_UNKNOWN_PER_MINUTE: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);

/// Limits the log lines for unknown usernames.
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

fn fields<'a>(account: &Account, by: &'a Caller) -> (Box<dyn tracing::Value>, Option<String>, &'a str) {
    (account.id.as_field(), account.username.as_deref().map(truncate_username), &by.address)
}

impl AuditLog {
    /// Logs a wrong password or an unknown username.
    pub(super) fn failed(&self, account: Option<&(Key, &str)>, by: &Caller) {
        let address = &*by.address;
        if let Some((account, username)) = account {
            let (account, username) = (account.as_field(), truncate_username(username));
            tracing::info!(account, username, address, "a sign-in failed: the password was wrong");
        } else if let Some(left_out) = self.sample_unknown(Instant::now()) {
            tracing::info!(address, left_out, "a sign-in failed: no user has that username");
        }
    }

    /// Logs that an account's login attempts are throttled.
    pub(super) fn throttled(&self, account: Option<&(Key, &str)>, by: &Caller) {
        let address = &*by.address;
        if let Some((account, username)) = account {
            let (account, username) = (account.as_field(), truncate_username(username));
            tracing::info!(account, username, address, "sign-ins are refused for now: too many have failed");
        }
    }

    /// None if this failure is not to be logged; otherwise the number of failures left out of the minute before.
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
    fn unknown_name_flood_is_counted_but_not_logged() {
        let (audit, now) = (AuditLog::default(), Instant::now());
        let lines = (0..1000).filter(|_| audit.sample_unknown(now).is_some()).count();
        assert_eq!(lines, MAX_UNKNOWN_PER_MINUTE as usize);
        assert_eq!(audit.sample_unknown(now + MINUTE), Some(1000 - MAX_UNKNOWN_PER_MINUTE));
        assert_eq!(audit.sample_unknown(now + MINUTE * 2), Some(0));
    }
}
