//! The quota of stored acks: no client can fill the database, nor use up the space of others.
//!
//! Each node counts the acks that it stores, and reads the totals of all nodes once a minute. With `n` nodes that are
//! flooded within one minute, the total is at most `n` times the limit.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::{ConnectionTrait, Statement};
use tokio::task::JoinHandle;

use super::RETENTION;
use crate::{
    clock,
    database::{Database, Transaction},
    error::Error,
    network,
};

/// The interval at which the totals are read.
const REFRESH_INTERVAL: Duration = Duration::from_secs(60);
/// One client may use the limit divided by this number.
const CLIENT_SHARE: u64 = 4;

/// Limits the bytes of stored acks, in total and for each client.
pub struct AckQuota {
    usage: Arc<Mutex<Usage>>,
    limit: u64,
    refresh: JoinHandle<()>,
}

#[derive(Default)]
struct Usage {
    sources: HashMap<String, ClientUsage>,
    total: u64,
}

/// The usage of one client.
#[derive(Clone, Copy, Default)]
struct ClientUsage {
    bytes: u64,
    /// Seconds until its oldest ack expires.
    oldest: u64,
}

/// The key of a client: its user, or its network if no user is signed in.
#[must_use]
pub(super) fn source(user: Option<i64>, peer: Option<IpAddr>) -> String {
    user.map_or_else(|| network::of(peer), |user| format!("user {user}"))
}

impl AckQuota {
    /// A quota of `limit` bytes in total, and a quarter of that for one client.
    #[must_use]
    pub fn new(db: Database, limit: u64) -> Self {
        let usage = Arc::<Mutex<Usage>>::default();
        let refresh = actix_web::rt::spawn(read(db, usage.clone()));
        Self { usage, limit, refresh }
    }

    /// Seconds until a client may store another ack, if its quota is exhausted. When the total is exhausted, clients
    /// below an equal share may still store acks, so that heavy users wait and others do not.
    #[must_use]
    pub fn full(&self, source: &str) -> Option<u64> {
        lock(&self.usage).full(source, self.limit)
    }

    /// Counts a stored ack.
    pub fn add(&self, source: &str, bytes: u64) {
        lock(&self.usage).add(source, bytes);
    }
}

impl Usage {
    fn full(&self, source: &str, limit: u64) -> Option<u64> {
        let client = self.sources.get(source).copied().unwrap_or_default();
        let equal = limit / (self.sources.len() as u64).max(1);
        let max = if self.total < limit { limit / CLIENT_SHARE } else { equal.min(limit / CLIENT_SHARE) };
        (client.bytes >= max).then_some(client.oldest + REFRESH_INTERVAL.as_secs())
    }

    fn add(&mut self, source: &str, bytes: u64) {
        self.total += bytes;
        let fresh = || ClientUsage { bytes: 0, oldest: RETENTION.unsigned_abs() };
        match self.sources.get_mut(source) {
            Some(client) => client.bytes += bytes,
            None => self.sources.entry(source.to_owned()).or_insert_with(fresh).bytes += bytes,
        }
    }
}

impl Drop for AckQuota {
    fn drop(&mut self) {
        self.refresh.abort();
    }
}

async fn read(db: Database, usage: Arc<Mutex<Usage>>) {
    loop {
        match db.read(async |db: &Transaction| sums(db).await).await {
            Ok(sums) => {
                metrics::gauge!("rowcast_request_bytes").set(sums.total as f64);
                *lock(&usage) = sums;
            }
            Err(error) => tracing::warn!(%error, "the bytes of stored acks could not be counted"),
        }
        tokio::time::sleep(REFRESH_INTERVAL).await;
    }
}

async fn sums(db: &Transaction) -> Result<Usage, Error> {
    let backend = db.get_database_backend();
    let now = clock::now(db).await?;
    let sql = format!(
        "select source, cast(sum(size) as bigint) as bytes, min(at) as oldest from rowcast_requests where at >= {} group by source",
        now - RETENTION
    );
    let mut usage = Usage::default();
    for row in db.query_all_raw(Statement::from_string(backend, sql)).await? {
        let (bytes, oldest): (i64, i64) = (row.try_get("", "bytes")?, row.try_get("", "oldest")?);
        let left = oldest + RETENTION - now;
        let client = ClientUsage { bytes: bytes.max(0).unsigned_abs(), oldest: left.max(0).unsigned_abs() };
        usage.total += client.bytes;
        usage.sources.insert(row.try_get("", "source")?, client);
    }
    Ok(usage)
}

fn lock(usage: &Mutex<Usage>) -> MutexGuard<'_, Usage> {
    usage.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anonymous_clients_share_quota_by_network_and_users_by_id() {
        let at = |user, address: &str| source(user, Some(address.parse().unwrap()));
        assert_eq!(at(Some(3), "10.0.0.1"), at(Some(3), "10.0.0.2"));
        assert_ne!(at(None, "10.0.0.1"), at(None, "10.0.0.2"));
        assert_ne!(at(None, "2001:db8::"), at(None, "2001:db8:0:1::"));
    }

    #[test]
    fn client_quota_is_quarter_of_total() {
        let mut usage = Usage::default();
        assert_eq!(usage.full("a", 1000), None);
        usage.add("a", 249);
        assert_eq!(usage.full("a", 1000), None);
        usage.add("a", 1);
        assert!(usage.full("a", 1000).is_some_and(|seconds| seconds >= RETENTION.unsigned_abs()));
        assert_eq!(usage.full("b", 1000), None);
    }

    #[test]
    fn exhausted_total_blocks_only_clients_above_equal_share() {
        let mut usage = Usage::default();
        for greedy in ["a", "b", "c", "d"] {
            usage.add(greedy, 250);
        }
        assert_eq!(usage.full("e", 1000), None);
        usage.add("e", 100);
        assert_eq!(usage.full("e", 1000), None, "it has less than an equal part");
        usage.add("e", 100);
        assert!(usage.full("e", 1000).is_some());
        assert!(usage.full("a", 1000).is_some());
        assert_eq!(usage.full("f", 1000), None);
    }
}
