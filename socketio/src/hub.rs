//! Broadcasts from any thread to every socket, crossing to each worker once.
//!
//! ```text
//! Hub::emit ─▶ command queue of each worker ─▶ outbox of each of its sockets
//! ```
//!
//! **Ordering.** A worker drains its queue before it acks an event and before it connects a socket. A broadcast made
//! before a handler returned therefore reaches the caller's outbox before the handler's ack, also from another thread. A
//! new socket receives each broadcast either as part of the state that its service reads in `connected`, or as a
//! message after what `connected` emits.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, OnceLock, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::{
    observer::{Observed, Observer},
    worker::{command::CommandQueue, nsp::Nsp},
};

mod emit;
mod namespaces;
mod workers;

/// All sockets of a server. Cheap to clone; may be created before the server and used from any thread.
#[derive(Clone, Default)]
pub struct Hub(Arc<Inner>);

#[derive(Default)]
struct Inner {
    workers: Mutex<Vec<Arc<CommandQueue>>>,
    namespaces: RwLock<HashMap<Arc<str>, Arc<Nsp>>>,
    sockets: AtomicUsize,
    /// Bytes that all namespaces keep for recovery, and the maximum age of events.
    recovery_bytes: Arc<AtomicUsize>,
    max_age: OnceLock<Duration>,
    observer: OnceLock<Arc<dyn Observer>>,
}

impl Hub {
    /// Creates a hub without sockets, for [`Builder::hub`](crate::Builder::hub).
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of connected sockets, all namespaces together.
    pub fn sockets(&self) -> usize {
        self.0.sockets.load(Ordering::Relaxed)
    }

    /// Counter shared by the recovery logs of all namespaces.
    pub(crate) fn recovery_bytes(&self) -> Arc<AtomicUsize> {
        self.0.recovery_bytes.clone()
    }

    /// Sets the maximum age of recorded events.
    pub(crate) fn set_max_age(&self, age: Duration) {
        let _ = self.0.max_age.set(age);
    }

    pub(crate) fn max_age(&self) -> Option<Duration> {
        self.0.max_age.get().copied()
    }

    pub(crate) fn socket_connected(&self) {
        self.0.sockets.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn socket_disconnected(&self) {
        self.0.sockets.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Sets the observer; a second call has no effect.
    #[cfg_attr(not(feature = "admin"), allow(dead_code, reason = "observers come with a feature"))]
    pub(crate) fn set_observer(&self, observer: Arc<dyn Observer>) {
        let _ = self.0.observer.set(observer);
    }

    pub(crate) fn observe<'a>(&self, observed: impl FnOnce() -> Observed<'a>) {
        if let Some(observer) = self.0.observer.get() {
            observer.observe(&observed());
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("sockets", &self.sockets()).finish_non_exhaustive()
    }
}
