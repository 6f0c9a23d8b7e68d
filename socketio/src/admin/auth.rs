//! Authentication of a page: username and password, or a session id from an earlier login.
//!
//! Attempts from one address are processed half a second apart, and a failed one is answered at the end of its
//! interval. Guessing is therefore slow on any number of connections, and other addresses do not wait. Session ids are
//! random, kept in memory, and end with the server.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, Ipv4Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use subtle::{Choice, ConstantTimeEq};
use tokio::time::{Instant, sleep_until};

use crate::{
    handshake::{ConnectError, Handshake},
    id::Pid,
};

/// Interval between two attempts.
const ATTEMPT_INTERVAL: Duration = Duration::from_millis(500);
/// Maximum number of waiting attempts from one address.
const MAX_WAITING: u32 = 10;
/// Maximum number of remembered addresses.
const MAX_ADDRESSES: usize = 10_000;
/// Maximum number of valid session ids; the oldest are removed first.
const MAX_SESSIONS: usize = 1_000;

/// State of a page's socket.
pub(super) struct AdminSession {
    /// A new session id, to be sent to the page.
    pub(super) session: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AdminAuthPayload {
    username: Option<String>,
    password: Option<String>,
    #[serde(rename = "sessionId")]
    session: Option<String>,
}

pub(super) struct AdminAuth {
    username: String,
    password: String,
    sessions: Mutex<VecDeque<Pid>>,
    /// Time of the next attempt of each address.
    attempts: Mutex<HashMap<IpAddr, Instant>>,
}

impl AdminAuth {
    pub(super) fn new(username: String, password: String) -> Self {
        Self { username, password, sessions: Mutex::default(), attempts: Mutex::default() }
    }

    pub(super) async fn authorize(&self, handshake: &Handshake) -> Result<AdminSession, ConnectError> {
        let credentials: AdminAuthPayload = handshake.auth().unwrap_or_default();
        if credentials.session.is_some_and(|id| self.is_valid_session(&id)) {
            return Ok(AdminSession { session: None });
        }
        // The page shows its login form for exactly this message.
        let invalid = || ConnectError::new("invalid credentials");
        let (Some(username), Some(password)) = (credentials.username, credentials.password) else {
            return Err(invalid());
        };
        let address = handshake.network().unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        let turn = self
            .next_attempt(address)
            .ok_or_else(|| ConnectError::new("too many attempts: wait a few seconds"))?;
        sleep_until(turn).await;
        // In a time that does not reveal the position of a difference; both, whatever the first result is.
        let username = username.as_bytes().ct_eq(self.username.as_bytes());
        let password = password.as_bytes().ct_eq(self.password.as_bytes());
        if (username & password).into() {
            tracing::info!(%address, "an admin has signed in");
            return Ok(AdminSession { session: Some(self.open_session()) });
        }
        tracing::warn!(%address, "a sign-in to the admin page failed, because its name or password is wrong");
        sleep_until(turn + ATTEMPT_INTERVAL).await;
        Err(invalid())
    }

    /// Time at which an attempt is processed; `None` if too many are waiting.
    fn next_attempt(&self, address: IpAddr) -> Option<Instant> {
        let now = Instant::now();
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() >= MAX_ADDRESSES {
            attempts.retain(|_, next| *next > now);
        }
        if attempts.len() >= MAX_ADDRESSES && !attempts.contains_key(&address) {
            return None;
        }
        let next = attempts.entry(address).or_insert(now);
        let turn = now.max(*next);
        if turn >= now + ATTEMPT_INTERVAL * MAX_WAITING {
            return None;
        }
        *next = turn + ATTEMPT_INTERVAL;
        Some(turn)
    }

    fn open_session(&self) -> String {
        let id = Pid::random();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= MAX_SESSIONS {
            sessions.pop_front();
        }
        sessions.push_back(id);
        id.as_str().to_owned()
    }

    fn is_valid_session(&self, id: &str) -> bool {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |known, one: &Pid| known | id.as_bytes().ct_eq(one.as_str().as_bytes());
        sessions.iter().fold(Choice::from(0), is_known).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(last: u8) -> IpAddr {
        [127, 0, 0, last].into()
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_from_one_address_are_spaced_and_bounded() {
        let (auth, now) = (AdminAuth::new("ada".into(), "x".into()), Instant::now());
        for n in 0..MAX_WAITING {
            assert_eq!(auth.next_attempt(at(1)), Some(now + ATTEMPT_INTERVAL * n));
        }
        assert_eq!(auth.next_attempt(at(1)), None);
        assert_eq!(auth.next_attempt(at(2)), Some(now), "other addresses do not wait");
        tokio::time::advance(ATTEMPT_INTERVAL * MAX_WAITING).await;
        assert_eq!(auth.next_attempt(at(1)), Some(Instant::now()));
    }

    #[test]
    fn session_id_is_valid_until_evicted_by_newer_ones() {
        let auth = AdminAuth::new("ada".into(), "x".into());
        let first = auth.open_session();
        assert!(
            auth.is_valid_session(&first)
                && !auth.is_valid_session("")
                && !auth.is_valid_session(Pid::random().as_str())
        );
        for _ in 0..MAX_SESSIONS {
            auth.open_session();
        }
        assert!(!auth.is_valid_session(&first));
    }
}
