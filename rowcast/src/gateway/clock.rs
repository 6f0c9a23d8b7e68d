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
const PAUSE: Duration = Duration::from_secs(10);

/// The database's clock, as last seen.
pub(super) struct Clock {
    seen: Arc<Mutex<Option<Sighting>>>,
    looking: JoinHandle<()>,
}

#[derive(Clone, Copy)]
struct Sighting {
    /// In milliseconds since 1970.
    said: i64,
    at: Instant,
}

impl Clock {
    pub(super) fn new(db: Database) -> Self {
        let seen = Arc::<Mutex<Option<Sighting>>>::default();
        let looking = actix_web::rt::spawn(look(db, seen.clone()));
        Self { seen, looking }
    }

    /// In milliseconds since 1970; nothing if the database has not been asked yet.
    pub(super) fn now(&self) -> Option<i64> {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Sighting { said, at } = seen?;
        Some(said.saturating_add(i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

async fn look(db: Database, seen: Arc<Mutex<Option<Sighting>>>) {
    loop {
        // While the database is away its clock still goes on.
        if let Ok(seconds) = db.read(async |db: &Transaction| Ok(clock::now(db).await?)).await {
            let sighting = Sighting { said: seconds.saturating_mul(1000), at: Instant::now() };
            seen.lock().unwrap_or_else(PoisonError::into_inner).replace(sighting);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
