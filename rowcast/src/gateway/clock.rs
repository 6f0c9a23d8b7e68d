//! The current time by [the database's clock](crate::clock), which all nodes share and by which idempotency keys
//! expire.
//!
//! The `connected` event carries it, so that a client can compute the age of a queued write. A client's own clock may
//! be changed at any time, and its timers stop while the device sleeps.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::task::JoinHandle;

use crate::{
    clock,
    database::{Database, Transaction},
};

/// How often to query the database's clock. In between, the time advances by the monotonic clock.
const POLL_INTERVAL: Duration = Duration::from_secs(10);

/// The database's clock, as last sampled.
pub(super) struct Clock {
    last: Arc<Mutex<Option<Sample>>>,
    task: JoinHandle<()>,
}

#[derive(Clone, Copy)]
struct Sample {
    /// Milliseconds since 1970.
    unix_ms: i64,
    at: Instant,
}

impl Clock {
    pub(super) fn new(db: Database) -> Self {
        let last = Arc::<Mutex<Option<Sample>>>::default();
        let task = actix_web::rt::spawn(poll(db, last.clone()));
        Self { last, task }
    }

    /// Milliseconds since 1970; none before the first sample.
    pub(super) fn now(&self) -> Option<i64> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let Sample { unix_ms, at } = last?;
        Some(unix_ms.saturating_add(i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn poll(db: Database, last: Arc<Mutex<Option<Sample>>>) {
    loop {
        // While the database is unreachable, the last sample stays in use.
        if let Ok(seconds) = db.read(async |db: &Transaction| Ok(clock::now(db).await?)).await {
            let sample = Sample { unix_ms: seconds.saturating_mul(1000), at: Instant::now() };
            last.lock().unwrap_or_else(PoisonError::into_inner).replace(sample);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
