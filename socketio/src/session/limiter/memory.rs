//! Memory of unhandled messages from sessions without an owner: a limit for each, and one for all.
//!
//! The first [`FREE_BYTES`] of each session are not counted, so that a client can sign in while the budget
//! is exhausted.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use crate::config::Config;

/// Bytes that each session may always hold.
const FREE_BYTES: usize = 1024;
/// Limit of a polling payload, as a multiple of the limit of one message.
const PAYLOAD_FACTOR: usize = 16;

/// The budget of all sessions without an owner.
#[derive(Debug)]
pub(super) struct UnownedMemory {
    each: Option<usize>,
    max: Option<usize>,
    held: AtomicUsize,
}

impl UnownedMemory {
    pub(super) fn of(config: &Config) -> Arc<Self> {
        let (each, max) = (config.max_payload_without_owner, config.max_memory_without_owner);
        Arc::new(Self { each, max, held: AtomicUsize::new(0) })
    }
}

/// One session's share of the budget.
#[derive(Debug)]
pub(crate) struct MemoryQuota {
    memory: Arc<UnownedMemory>,
    owned: AtomicBool,
}

/// The budget is exhausted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

impl MemoryQuota {
    pub(super) fn new(memory: Arc<UnownedMemory>) -> Arc<Self> {
        Arc::new(Self { memory, owned: AtomicBool::new(false) })
    }

    pub(super) fn set_owned(&self, owned: bool) {
        self.owned.store(owned, Ordering::Relaxed);
    }

    /// Limit of one message; `max` for a session with an owner.
    pub(crate) fn message(&self, max: usize) -> usize {
        self.limit().map_or(max, |limit| max.min(limit))
    }

    /// Limit of the kept bytes of one polling payload; `max` for a session with an owner.
    pub(crate) fn payload(&self, max: usize) -> usize {
        self.limit().map_or(max, |limit| max.min(limit.saturating_mul(PAYLOAD_FACTOR)))
    }

    /// An empty reservation for this session.
    pub(crate) fn reservation(self: &Arc<Self>) -> MemoryReservation {
        MemoryReservation { quota: self.clone(), bytes: 0 }
    }

    fn limit(&self) -> Option<usize> {
        self.memory.each.filter(|_| !self.owned.load(Ordering::Relaxed))
    }
}

/// Bytes that are held for a session; released on drop.
#[derive(Debug)]
pub(crate) struct MemoryReservation {
    quota: Arc<MemoryQuota>,
    bytes: usize,
}

impl MemoryReservation {
    /// Sets the number of held bytes.
    pub(crate) fn set(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let counts = !self.quota.owned.load(Ordering::Relaxed);
        let bytes = if counts { bytes.saturating_sub(FREE_BYTES) } else { 0 };
        let Some(max) = self.quota.memory.max.filter(|_| bytes != self.bytes) else { return Ok(()) };
        let (held, before) = (&self.quota.memory.held, std::mem::replace(&mut self.bytes, bytes));
        if bytes < before {
            held.fetch_sub(before - bytes, Ordering::Relaxed);
            return Ok(());
        }
        let more = bytes - before;
        if held.fetch_add(more, Ordering::Relaxed) + more > max { Err(Exhausted) } else { Ok(()) }
    }
}

impl Drop for MemoryReservation {
    fn drop(&mut self) {
        self.quota.memory.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Arc<UnownedMemory> {
        let (each, max) = (Some(16 * 1024), Some(20 * 1024));
        UnownedMemory::of(&Config {
            max_payload_without_owner: each,
            max_memory_without_owner: max,
            ..Config::default()
        })
    }

    #[test]
    fn owner_lifts_memory_limits() {
        let quota = MemoryQuota::new(memory());
        assert_eq!((quota.message(1_000_000), quota.payload(4_000_000)), (16 * 1024, 256 * 1024));
        assert_eq!(quota.message(100), 100);
        quota.set_owned(true);
        assert_eq!((quota.message(1_000_000), quota.payload(4_000_000)), (1_000_000, 4_000_000));
        assert_eq!(quota.reservation().set(1 << 30), Ok(()));
    }

    #[test]
    fn exhausted_budget_leaves_free_bytes_per_session() {
        let memory = memory();
        let [mut one, mut two] = [(); 2].map(|()| MemoryQuota::new(memory.clone()).reservation());
        assert_eq!(one.set(16 * 1024), Ok(()));
        assert_eq!(two.set(16 * 1024), Err(Exhausted));
        drop(two);
        let mut three = MemoryQuota::new(memory.clone()).reservation();
        assert_eq!(three.set(FREE_BYTES), Ok(()), "as much as a login needs");
        assert_eq!(one.set(0), Ok(()));
        assert_eq!(three.set(16 * 1024), Ok(()));
        drop((one, three));
        assert_eq!(memory.held.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn setting_owner_releases_reserved_memory() {
        let memory = memory();
        let quota = MemoryQuota::new(memory.clone());
        let mut reservation = quota.reservation();
        assert_eq!(reservation.set(9 * 1024), Ok(()));
        assert_eq!(memory.held.load(Ordering::Relaxed), 8 * 1024);
        quota.set_owned(true);
        assert_eq!(reservation.set(9 * 1024), Ok(()));
        assert_eq!(memory.held.load(Ordering::Relaxed), 0);
    }
}
