//! How many sessions there are, whose they are, and whether there may be more.
//!
//! ```text
//! handshake ─▶ enter: a place ─▶ join: in a namespace ─────────▶ dropped: the place is free
//!                │                 strangers leave the reserve alone
//!                └─ the oldest of those that have not joined goes when all places are taken
//! ```
//!
//! A stranger is who belongs to no owner: see [`Handshake::set_owner`](crate::Handshake::set_owner). The lock is taken when a session
//! comes, joins and goes; events ask their [`Source`]s alone.

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

use crate::{config::Config, session::bucket};

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

/// How long after a quiet while handshakes may come at once that would be too many for one second.
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
    /// Those of them that have not been sent away for others.
    taken: usize,
    /// Those that have joined and have no owner.
    unowned: usize,
    /// Those that have not joined, the oldest first, and how each is told to go.
    unjoined: BTreeMap<u64, oneshot::Sender<()>>,
    entered: u64,
    sources: Sources,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitReached {
    Full,
    /// Too many from one address or of one owner.
    TooManySessions,
    /// Too many handshakes from one address; after this time there may be another.
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

    /// A place for one more session.
    pub(crate) fn acquire(self: &Arc<Self>, address: Option<IpAddr>) -> Result<SessionPermit, LimitReached> {
        let (now, mut state) = (bucket::now(), self.state());
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
    /// Sends away the one that has been here for longest without joining anything; false if there is none.
    fn evict_unjoined(&mut self) -> bool {
        let Some((_, evict)) = self.unjoined.pop_first() else { return false };
        // One that has just ended has made room, too.
        let _ = evict.send(());
        self.taken -= 1;
        true
    }
}

#[cfg(test)]
mod tests;
