//! Who may come in: name and password, or a session id given to somebody who had them.
//!
//! Attempts from one address take turns, half a second apart, and one that fails is answered when its turn is over. So
//! guessing is slow however many connections it uses, and nobody at another address has to wait for it. Session ids
//! are random, kept in memory, and end with the server.

use std::{
    collections::{HashMap, VecDeque},
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use crate::{
    handshake::{ConnectError, Handshake},
    id::Pid,
};

/// From one attempt's turn to the next.
const ATTEMPT_INTERVAL: Duration = Duration::from_millis(500);
/// Attempts from one address that may wait for their turn.
const MAX_WAITING: u32 = 10;
/// Addresses that are remembered at a time.
const MAX_ADDRESSES: usize = 10_000;
/// Session ids that are valid at a time; the oldest are forgotten first.
const MAX_SESSIONS: usize = 1_000;

/// What is kept with an admin's socket.
pub(super) struct AdminSession {
    /// The session id to be told, if it is new.
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
    /// When each address has its next turn.
    turns: Mutex<HashMap<IpAddr, Instant>>,
}

impl AdminAuth {
    pub(super) fn new(username: String, password: String) -> Self {
        Self { username, password, sessions: Mutex::default(), turns: Mutex::default() }
    }

    pub(super) async fn authorize(&self, handshake: &Handshake) -> Result<AdminSession, ConnectError> {
        let credentials: AdminAuthPayload = handshake.auth().unwrap_or_default();
        if credentials.session.is_some_and(|id| self.is_valid_session(&id)) {
            return Ok(AdminSession { session: None });
        }
        // The page shows its form for exactly this sentence.
        let invalid = || ConnectError::new("invalid credentials");
        let (Some(username), Some(password)) = (credentials.username, credentials.password) else {
            return Err(invalid());
        };
        let address = handshake.network().unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        let turn =
            self.turn(address).ok_or_else(|| ConnectError::new("too many attempts: wait a few seconds"))?;
        sleep_until(turn).await;
        // Both are compared, whatever comes of the first.
        if constant_time_eq(&username, &self.username) & constant_time_eq(&password, &self.password) {
            tracing::info!(%address, "an admin has signed in");
            return Ok(AdminSession { session: Some(self.open_session()) });
        }
        tracing::warn!(%address, "a wrong name or password at the admin page's namespace");
        sleep_until(turn + ATTEMPT_INTERVAL).await;
        Err(invalid())
    }

    /// When an attempt from an address may be looked at; `None` if too many are waiting already.
    fn turn(&self, address: IpAddr) -> Option<Instant> {
        let now = Instant::now();
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= MAX_ADDRESSES {
            turns.retain(|_, next| *next > now);
        }
        if turns.len() >= MAX_ADDRESSES && !turns.contains_key(&address) {
            return None;
        }
        let next = turns.entry(address).or_insert(now);
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
        sessions.iter().fold(false, |known, one| known | constant_time_eq(id, one.as_str()))
    }
}

/// Whether two texts are the same. How long this takes says nothing about where they differ.
fn constant_time_eq(given: &str, wanted: &str) -> bool {
    let (given, wanted) = (given.as_bytes(), wanted.as_bytes());
    let mut differ = given.len() ^ wanted.len();
    for (at, byte) in given.iter().enumerate() {
        let other = if wanted.is_empty() { 0 } else { wanted[at % wanted.len()] };
        differ = black_box(differ | usize::from(byte ^ other));
    }
    differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(last: u8) -> IpAddr {
        [127, 0, 0, last].into()
    }

    #[test]
    fn only_the_same_is_the_same() {
        assert!(constant_time_eq("a b", "a b") && constant_time_eq("", ""));
        for (given, wanted) in [("", "a"), ("a", ""), ("a", "aa"), ("aa", "a"), ("ab", "aa"), ("\0", "")] {
            assert!(!constant_time_eq(given, wanted), "{given:?} {wanted:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_from_one_address_take_turns_and_not_too_many_wait() {
        let (auth, now) = (AdminAuth::new("ada".into(), "x".into()), Instant::now());
        for n in 0..MAX_WAITING {
            assert_eq!(auth.turn(at(1)), Some(now + ATTEMPT_INTERVAL * n));
        }
        assert_eq!(auth.turn(at(1)), None);
        assert_eq!(auth.turn(at(2)), Some(now), "nobody else waits");
        tokio::time::advance(ATTEMPT_INTERVAL * MAX_WAITING).await;
        assert_eq!(auth.turn(at(1)), Some(Instant::now()));
    }

    #[test]
    fn a_session_is_known_until_there_are_too_many() {
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
