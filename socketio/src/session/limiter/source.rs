//! Limits per source: an address or an owner.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::{
    clock,
    config::Config,
    session::bucket::{self, Bucket},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// Burst of events and bytes.
const BURST: Duration = Duration::from_secs(2);
/// Maximum number of sources without a session that are kept for their recent traffic.
const MAX_REMEMBERED: usize = 50_000;
/// Number of sources from which on unused ones are removed.
const SWEEP_THRESHOLD: usize = 1024;

/// The identity of a source.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Address(IpAddr),
    Owner(Box<str>),
}

/// The counters of a source.
#[derive(Debug)]
pub(super) struct Source {
    sessions: AtomicUsize,
    pub(super) handshakes: Bucket,
    traffic: Bucket,
    rates: Box<[Bucket]>,
}

/// A limit that a source exceeds: its name, and the time after which to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateExceeded {
    pub(crate) limit: &'static str,
    pub(crate) after: Duration,
}

impl Source {
    /// Adds a session, unless the maximum is reached.
    pub(super) fn acquire(&self, max: Option<usize>) -> Result<(), ()> {
        let more = |here: usize| max.is_none_or(|max| here < max).then_some(here + 1);
        self.sessions.try_update(Ordering::Relaxed, Ordering::Relaxed, more).map(drop).map_err(drop)
    }

    pub(super) fn release(&self) {
        self.sessions.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn charge(&self, cost: u64) -> Result<(), RateExceeded> {
        if cost == 0 {
            return Ok(());
        }
        let busy = |after| RateExceeded { limit: "traffic_per_address", after };
        self.traffic.take(clock::monotonic_nanos(), cost, BURST).map_err(busy)
    }

    pub(super) fn check_rate(
        &self,
        at: usize,
        (limit, cost): (&'static str, u64),
    ) -> Result<(), RateExceeded> {
        let Some(bucket) = self.rates.get(at) else { return Ok(()) };
        bucket.take(clock::monotonic_nanos(), cost, MINUTE).map_err(|after| RateExceeded { limit, after })
    }

    fn is_forgettable(&self, now: u64) -> bool {
        let fresh = self.handshakes.is_fresh(now) && self.traffic.is_fresh(now);
        !self.is_used() && fresh && self.rates.iter().all(|bucket| bucket.is_fresh(now))
    }

    fn is_used(&self) -> bool {
        self.sessions.load(Ordering::Relaxed) > 0
    }
}

/// All sources with a session or recent traffic.
#[derive(Debug, Default)]
pub(super) struct Sources {
    all: HashMap<Key, Arc<Source>>,
    sweep_at: usize,
}

impl Sources {
    pub(super) fn of(&mut self, key: Key, limits: &Limits, now: u64) -> Arc<Source> {
        if self.all.len() >= self.sweep_at.max(SWEEP_THRESHOLD) {
            self.sweep(now);
        }
        let new = || {
            let rates = limits.rates.iter().map(|_| Bucket::default()).collect();
            let (sessions, handshakes, traffic) = (AtomicUsize::new(0), Bucket::default(), Bucket::default());
            Arc::new(Source { sessions, handshakes, traffic, rates })
        };
        self.all.entry(key).or_insert_with(new).clone()
    }

    /// Removes sources in their initial state; if there are too many, all without a session.
    fn sweep(&mut self, now: u64) {
        self.all.retain(|_, source| !source.is_forgettable(now));
        if self.all.len() >= MAX_REMEMBERED {
            self.all.retain(|_, source| source.is_used());
        }
        self.sweep_at = 2 * self.all.len();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

/// The configured limits, as costs in nanoseconds.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) sessions: usize,
    pub(super) reserved: usize,
    pub(super) each: Option<usize>,
    pub(super) handshake: u64,
    event: u64,
    bytes: Option<u64>,
    pub(super) rates: Vec<(&'static str, u64)>,
}

impl Limits {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            sessions: config.max_sessions,
            reserved: config.reserved_sessions,
            each: config.max_sessions_per_address,
            handshake: bucket::cost(config.max_handshakes_per_address, SECOND),
            event: bucket::cost(config.max_events_per_address, SECOND),
            bytes: config.max_bytes_per_address.map(|limit| limit.max(1)),
            rates: config
                .rates
                .iter()
                .map(|rate| (rate.name, bucket::cost(Some(rate.per_minute), MINUTE)))
                .collect(),
        }
    }

    /// Cost of events and their bytes.
    pub(super) fn traffic(&self, events: u64, bytes: u64) -> u64 {
        events * self.event + self.bytes.map_or(0, |limit| bytes.saturating_mul(1_000_000_000) / limit)
    }
}
