//! How much is remembered, for whom: no client may fill the database with acks, nor keep the others from theirs.
//!
//! Each node counts what it adds itself, and once a minute reads what all of them have. So with `n` nodes that are flooded within
//! one minute it may come to `n` times the limit, and no further.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::{ConnectionTrait, Statement};
use tokio::task::JoinHandle;

use super::REMEMBERED;
use crate::{
    clock,
    database::{Database, Transaction},
    error::Error,
    network,
};

/// How often to read what there is.
const EVERY: Duration = Duration::from_secs(60);
/// The part of the limit that one client may take.
const SHARE: u64 = 4;

/// Says who may have more remembered.
pub struct Ledger {
    held: Arc<Mutex<Held>>,
    limit: u64,
    reading: JoinHandle<()>,
}

#[derive(Default)]
struct Held {
    sources: HashMap<String, Part>,
    total: u64,
}

/// What is remembered for one client.
#[derive(Clone, Copy, Default)]
struct Part {
    bytes: u64,
    /// Seconds until the oldest of it is forgotten.
    oldest: u64,
}

/// The client that requests are counted for: a user wherever signed in, otherwise an address.
#[must_use]
pub(super) fn source(user: Option<i64>, peer: Option<IpAddr>) -> String {
    user.map_or_else(|| network::of(peer), |user| format!("user {user}"))
}

impl Ledger {
    /// At most so many bytes in all, and a quarter of that for one client.
    #[must_use]
    pub fn new(db: Database, limit: u64) -> Self {
        let held = Arc::<Mutex<Held>>::default();
        let reading = actix_web::rt::spawn(read(db, held.clone()));
        Self { held, limit, reading }
    }

    /// Seconds until something more may be remembered for a client, if nothing may be now. When all is taken, those may still
    /// have more whose part is smaller than an equal one: who has taken much waits, not who comes after.
    #[must_use]
    pub fn full(&self, source: &str) -> Option<u64> {
        lock(&self.held).full(source, self.limit)
    }

    /// So many bytes more are remembered for a client.
    pub fn add(&self, source: &str, bytes: u64) {
        lock(&self.held).add(source, bytes);
    }
}

impl Held {
    fn full(&self, source: &str, limit: u64) -> Option<u64> {
        let part = self.sources.get(source).copied().unwrap_or_default();
        let equal = limit / (self.sources.len() as u64).max(1);
        let most = if self.total < limit { limit / SHARE } else { equal.min(limit / SHARE) };
        (part.bytes >= most).then_some(part.oldest + EVERY.as_secs())
    }

    fn add(&mut self, source: &str, bytes: u64) {
        self.total += bytes;
        let fresh = || Part { bytes: 0, oldest: REMEMBERED.unsigned_abs() };
        match self.sources.get_mut(source) {
            Some(part) => part.bytes += bytes,
            None => self.sources.entry(source.to_owned()).or_insert_with(fresh).bytes += bytes,
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn read(db: Database, held: Arc<Mutex<Held>>) {
    loop {
        match db.read(async |db: &Transaction| sums(db).await).await {
            Ok(sums) => {
                metrics::gauge!("rowcast_request_bytes").set(sums.total as f64);
                *lock(&held) = sums;
            }
            Err(error) => tracing::warn!(%error, "what is remembered of requests could not be counted"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn sums(db: &Transaction) -> Result<Held, Error> {
    let backend = db.get_database_backend();
    let now = clock::now(db).await?;
    let sql = format!(
        "select source, cast(sum(size) as bigint) as bytes, min(at) as oldest from requests where at >= {} group by source",
        now - REMEMBERED
    );
    let mut held = Held::default();
    for row in db.query_all_raw(Statement::from_string(backend, sql)).await? {
        let (bytes, oldest): (i64, i64) = (row.try_get("", "bytes")?, row.try_get("", "oldest")?);
        let left = oldest + REMEMBERED - now;
        let part = Part { bytes: bytes.max(0).unsigned_abs(), oldest: left.max(0).unsigned_abs() };
        held.total += part.bytes;
        held.sources.insert(row.try_get("", "source")?, part);
    }
    Ok(held)
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_counts_by_the_network_and_a_user_as_one_wherever() {
        let at = |user, address: &str| source(user, Some(address.parse().unwrap()));
        assert_eq!(at(Some(3), "10.0.0.1"), at(Some(3), "10.0.0.2"));
        assert_ne!(at(None, "10.0.0.1"), at(None, "10.0.0.2"));
        assert_ne!(at(None, "2001:db8::"), at(None, "2001:db8:0:1::"));
    }

    #[test]
    fn one_client_may_have_a_quarter() {
        let mut held = Held::default();
        assert_eq!(held.full("a", 1000), None);
        held.add("a", 249);
        assert_eq!(held.full("a", 1000), None);
        held.add("a", 1);
        assert!(held.full("a", 1000).is_some_and(|seconds| seconds >= REMEMBERED.unsigned_abs()));
        assert_eq!(held.full("b", 1000), None);
    }

    #[test]
    fn when_all_is_taken_only_those_wait_who_have_much() {
        let mut held = Held::default();
        for greedy in ["a", "b", "c", "d"] {
            held.add(greedy, 250);
        }
        assert_eq!(held.full("e", 1000), None);
        held.add("e", 100);
        assert_eq!(held.full("e", 1000), None, "it has less than an equal part");
        held.add("e", 100);
        assert!(held.full("e", 1000).is_some());
        assert!(held.full("a", 1000).is_some());
        assert_eq!(held.full("f", 1000), None);
    }
}
