//! Admission of sessions: their number, owners, and rates.
//!
//! ```text
//! handshake ─▶ acquire: a permit ─▶ join: in a namespace ───────▶ dropped: the permit is free
//!                │                    unowned sessions leave the reserve free
//!                └─ when all permits are taken, the oldest session that has not joined is evicted
//! ```
//!
//! A session is unowned until [`Handshake::set_owner`](crate::Handshake::set_owner) assigns it. The lock is taken when
//! a session opens, joins and ends; events use only their [`Source`]s.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, oneshot};

use crate::{clock, config::Config};

mod memory;
mod permit;
mod source;

use self::{
    memory::UnownedMemory,
    permit::PermitState,
    source::{Key, Limits, Sources},
};
pub(crate) use self::{
    memory::{Exhausted, MemoryQuota, MemoryReservation},
    permit::SessionPermit,
    source::RateExceeded,
};

/// Burst of handshakes.
const HANDSHAKE_BURST: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct SessionLimiter {
    limits: Limits,
    memory: Arc<UnownedMemory>,
    closed: AtomicBool,
    changed: Notify,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Sessions whose task has not ended.
    open: usize,
    /// The sessions among them that have not been evicted.
    taken: usize,
    /// Joined sessions without an owner.
    unowned: usize,
    /// Sessions that have not joined, the oldest first, and the signal that evicts each.
    unjoined: BTreeMap<u64, oneshot::Sender<()>>,
    entered: u64,
    sources: Sources,
}

/// The reason why a permit is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitReached {
    Full,
    /// The address or the owner has the maximum number of sessions.
    TooManySessions,
    /// The address makes too many handshakes; with the time after which to try again.
    TooManyHandshakes(Duration),
}

impl SessionLimiter {
    pub(crate) fn new(config: &Config) -> Self {
        let (closed, changed) = (AtomicBool::new(false), Notify::new());
        Self {
            limits: Limits::of(config),
            memory: UnownedMemory::of(config),
            closed,
            changed,
            state: Mutex::default(),
        }
    }

    /// Acquires a permit for a new session.
    pub(crate) fn acquire(self: &Arc<Self>, address: Option<IpAddr>) -> Result<SessionPermit, LimitReached> {
        let (now, mut state) = (clock::monotonic_nanos(), self.state());
        let address = address.map(|address| state.sources.of(Key::Address(address), &self.limits, now));
        if let Some(address) = &address {
            address
                .handshakes
                .take(now, self.limits.handshake, HANDSHAKE_BURST)
                .map_err(LimitReached::TooManyHandshakes)?;
            address.acquire(self.limits.each).map_err(|_| LimitReached::TooManySessions)?;
        }
        if state.taken >= self.limits.sessions && !state.evict_unjoined() {
            address.inspect(|address| address.release());
            return Err(LimitReached::Full);
        }
        let (evict, evicted) = oneshot::channel();
        let id = state.entered;
        state.entered += 1;
        state.open += 1;
        state.taken += 1;
        state.unjoined.insert(id, evict);
        let (quota, state) = (MemoryQuota::new(self.memory.clone()), PermitState::Unjoined(evicted));
        Ok(SessionPermit { limiter: self.clone(), id, address, owner: None, quota, state })
    }

    pub(crate) fn open(&self) -> usize {
        self.state().open
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    pub(crate) async fn wait_until_empty(&self) {
        loop {
            let changed = self.changed.notified();
            if self.open() == 0 {
                return;
            }
            changed.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Evicts the oldest session that has not joined; false if there is none.
    fn evict_unjoined(&mut self) -> bool {
        let Some((_, evict)) = self.unjoined.pop_first() else { return false };
        // A session that has just ended has freed its permit, too.
        let _ = evict.send(());
        self.taken -= 1;
        true
    }
}

#[cfg(test)]
mod tests;
