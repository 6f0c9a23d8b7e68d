//! Message size limits of clients that closed a connection with code 1009 (message too big).
//!
//! ```text
//! close 1009 ─▶ record(fingerprint, limit) ─▶ … client reconnects … ─▶ claim(fingerprint) ─▶ state within the limit
//! ```
//!
//! Stock clients reconnect within seconds and would be sent the same message again, about sixty times a minute. The
//! protocol does not identify a client across connections, so the limit is stored under a fingerprint of its
//! handshake. A record is used once and expires after a minute. Another client with the same fingerprint can claim at
//! most one record; it then receives a `withheld` notice in place of a large collection.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher, Hash, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use socketio::Handshake;

use crate::live::Limit;

/// How long a record is valid.
const TTL: Duration = Duration::from_secs(60);
/// The maximum number of records; beyond it the oldest is removed.
const CAPACITY: usize = 1024;

/// Headers that stay the same when a client reconnects. The last two are added by proxies.
const FINGERPRINT_HEADERS: [&str; 7] = [
    "user-agent",
    "origin",
    "cookie",
    "accept-language",
    "sec-websocket-extensions",
    "x-forwarded-for",
    "forwarded",
];

/// A keyed hash that identifies a reconnecting client with high probability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct ClientFingerprint(u64);

/// Message size limits by client fingerprint.
#[derive(Default)]
pub(super) struct MessageLimits {
    /// Random keys, so that no client can choose another client's fingerprint.
    keys: RandomState,
    records: Mutex<HashMap<ClientFingerprint, Record>>,
}

struct Record {
    limit: Limit,
    at: Instant,
    /// How many connections may claim it.
    times: u32,
}

impl MessageLimits {
    /// The fingerprint of a handshake; `asks` is what its `auth` asks for.
    pub(super) fn fingerprint(&self, handshake: &Handshake, asks: impl Hash) -> ClientFingerprint {
        let mut hasher = self.keys.build_hasher();
        handshake.address().hash(&mut hasher);
        FINGERPRINT_HEADERS.map(|name| handshake.header(name)).hash(&mut hasher);
        asks.hash(&mut hasher);
        ClientFingerprint(hasher.finish())
    }

    /// Records that a client accepts no message above the limit.
    pub(super) fn record(&self, fingerprint: ClientFingerprint, limit: Limit) {
        self.record_at(fingerprint, limit, Instant::now());
    }

    fn record_at(&self, fingerprint: ClientFingerprint, limit: Limit, now: Instant) {
        let mut records = self.records();
        records.retain(|_, record| now - record.at < TTL);
        if records.len() >= CAPACITY && !records.contains_key(&fingerprint) {
            let oldest =
                records.iter().min_by_key(|(_, record)| record.at).map(|(fingerprint, _)| *fingerprint);
            if let Some(oldest) = oldest {
                records.remove(&oldest);
            }
        }
        let record = records.entry(fingerprint).or_insert(Record { limit, at: now, times: 0 });
        (record.limit, record.at, record.times) = (record.limit.min(limit), now, record.times + 1);
    }

    /// Takes the limit that was recorded for a reconnecting client, if there is one.
    pub(super) fn claim(&self, fingerprint: ClientFingerprint) -> Option<Limit> {
        self.claim_at(fingerprint, Instant::now())
    }

    fn claim_at(&self, fingerprint: ClientFingerprint, now: Instant) -> Option<Limit> {
        let mut records = self.records();
        let record = records.get_mut(&fingerprint)?;
        let (limit, is_good) = (record.limit, now - record.at < TTL);
        record.times -= 1;
        if record.times == 0 || !is_good {
            records.remove(&fingerprint);
        }
        is_good.then_some(limit)
    }

    fn records(&self) -> MutexGuard<'_, HashMap<ClientFingerprint, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(bytes: usize) -> Limit {
        Limit::below(bytes + 1).unwrap()
    }

    #[test]
    fn record_is_claimed_once_within_a_minute() {
        let (message_limits, now) = (MessageLimits::default(), Instant::now());
        message_limits.record_at(ClientFingerprint(1), limit(1 << 20), now);
        assert_eq!(message_limits.claim_at(ClientFingerprint(2), now), None);
        assert_eq!(message_limits.claim_at(ClientFingerprint(1), now), Some(limit(1 << 20)));
        assert_eq!(message_limits.claim_at(ClientFingerprint(1), now), None);
        message_limits.record_at(ClientFingerprint(1), limit(1 << 20), now);
        assert_eq!(message_limits.claim_at(ClientFingerprint(1), now + TTL), None);
    }

    #[test]
    fn equal_fingerprints_share_the_smaller_limit() {
        let (message_limits, now) = (MessageLimits::default(), Instant::now());
        message_limits.record_at(ClientFingerprint(1), limit(1 << 20), now);
        message_limits.record_at(ClientFingerprint(1), limit(4 << 20), now);
        let claims = [(); 3].map(|()| message_limits.claim_at(ClientFingerprint(1), now));
        assert_eq!(claims, [Some(limit(1 << 20)), Some(limit(1 << 20)), None]);
    }

    #[test]
    fn full_table_evicts_the_oldest_record() {
        let (message_limits, now) = (MessageLimits::default(), Instant::now());
        for client in 0..=CAPACITY as u64 {
            message_limits.record_at(
                ClientFingerprint(client),
                limit(8192),
                now + Duration::from_millis(client),
            );
        }
        let later = now + Duration::from_secs(2);
        assert_eq!(message_limits.claim_at(ClientFingerprint(0), later), None);
        assert!(message_limits.claim_at(ClientFingerprint(1), later).is_some());
        assert!(message_limits.claim_at(ClientFingerprint(CAPACITY as u64), later).is_some());
    }
}
