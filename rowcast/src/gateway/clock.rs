//! What time it is by [the one clock](crate::clock) that all nodes share, and by which a request is forgotten.
//!
//! A client learns it when it connects, and reckons by it how long ago a write was first sent. Its own clock may be set at any
//! moment, and its timers stand still while the device sleeps, so neither could say whether a repeat is still known.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::task::JoinHandle;

use crate::{
    clock,
    database::{Database, Transaction},
};

/// How often to ask. In between time passes by this machine's own counter.
const POLL_INTERVAL: Duration = Duration::from_secs(10);

/// The database's clock, as last last.
pub(super) struct Clock {
    last: Arc<Mutex<Option<Sample>>>,
    task: JoinHandle<()>,
}

#[derive(Clone, Copy)]
struct Sample {
    /// In milliseconds since 1970.
    unix_ms: i64,
    at: Instant,
}

impl Clock {
    pub(super) fn new(db: Database) -> Self {
        let last = Arc::<Mutex<Option<Sample>>>::default();
        let task = actix_web::rt::spawn(poll(db, last.clone()));
        Self { last, task }
    }

    /// In milliseconds since 1970; nothing if the database has not been asked yet.
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
        // While the database is away its clock still goes on.
        if let Ok(seconds) = db.read(async |db: &Transaction| Ok(clock::now(db).await?)).await {
            let sample = Sample { unix_ms: seconds.saturating_mul(1000), at: Instant::now() };
            last.lock().unwrap_or_else(PoisonError::into_inner).replace(sample);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
