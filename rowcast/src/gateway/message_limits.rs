//! Clients that closed their connection because a message was larger than they take: the next time they are sent none that large.
//!
//! ```text
//! close 1009 ─▶ record(fingerprint, size) ─▶ … it comes back by itself … ─▶ claim(fingerprint) ─▶ a picture within its limit
//! ```
//!
//! Stock clients come back within seconds, and would be sent the same again, some sixty times a minute. Nothing in the protocol says that
//! it is the same client, so a record is kept for one that looks the same in all that it says of itself. It is good once
//! and for a minute: another client that looks the same, behind the same address, takes at most one such record, and
//! misses nothing but a collection that it is told of.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher, Hash, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use socketio::Handshake;

use crate::live::Limit;

/// For how long a record is good.
const TTL: Duration = Duration::from_secs(60);
/// How many there may be; with more, the oldest goes.
const CAPACITY: usize = 1024;

/// What a client says of itself and keeps from one connection to the next. Proxies say where it comes from.
const FINGERPRINT_HEADERS: [&str; 7] = [
    "user-agent",
    "origin",
    "cookie",
    "accept-language",
    "sec-websocket-extensions",
    "x-forwarded-for",
    "forwarded",
];

/// Who a client seems to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct ClientFingerprint(u64);

/// The records.
#[derive(Default)]
pub(super) struct MessageLimits {
    /// No stranger may choose what another is taken for.
    keys: RandomState,
    records: Mutex<HashMap<ClientFingerprint, Record>>,
}

struct Record {
    limit: Limit,
    at: Instant,
    /// How many clients it is good for.
    times: u32,
}

impl MessageLimits {
    /// Who comes with this handshake; `asks` is what it asks for, in its `auth`, each time.
    pub(super) fn fingerprint(&self, handshake: &Handshake, asks: impl Hash) -> ClientFingerprint {
        let mut hasher = self.keys.build_hasher();
        handshake.address().hash(&mut hasher);
        FINGERPRINT_HEADERS.map(|name| handshake.header(name)).hash(&mut hasher);
        asks.hash(&mut hasher);
        ClientFingerprint(hasher.finish())
    }

    /// It did not take what was larger than that.
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

    /// What one that comes now takes, if it was cut off just before.
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
    fn a_note_is_good_once_and_for_a_minute() {
        let (message_limits, now) = (MessageLimits::default(), Instant::now());
        message_limits.record_at(ClientFingerprint(1), limit(1 << 20), now);
        assert_eq!(message_limits.claim_at(ClientFingerprint(2), now), None);
        assert_eq!(message_limits.claim_at(ClientFingerprint(1), now), Some(limit(1 << 20)));
        assert_eq!(message_limits.claim_at(ClientFingerprint(1), now), None);
        message_limits.record_at(ClientFingerprint(1), limit(1 << 20), now);
        assert_eq!(message_limits.claim_at(ClientFingerprint(1), now + TTL), None);
    }

    #[test]
    fn of_two_that_look_the_same_the_smaller_limit_counts_for_both() {
        let (message_limits, now) = (MessageLimits::default(), Instant::now());
        message_limits.record_at(ClientFingerprint(1), limit(1 << 20), now);
        message_limits.record_at(ClientFingerprint(1), limit(4 << 20), now);
        let claims = [(); 3].map(|()| message_limits.claim_at(ClientFingerprint(1), now));
        assert_eq!(claims, [Some(limit(1 << 20)), Some(limit(1 << 20)), None]);
    }

    #[test]
    fn there_are_not_more_than_so_many_and_the_oldest_goes() {
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
