//! A namespace, as all workers share it.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use metrics::Histogram;

use crate::{config::Recovery, recovery::Log, service::Erased};

/// Names a set of sockets within a namespace.
pub(crate) type Room = Arc<str>;

pub(crate) struct Nsp {
    pub(crate) name: Arc<str>,
    /// The parts of its name, if it is one of a pattern.
    pub(crate) params: Vec<(String, String)>,
    pub(crate) service: Arc<dyn Erased>,
    pub(crate) handler_seconds: Histogram,
    /// Made for a client, and forgotten after the last.
    dynamic: bool,
    seats: AtomicUsize,
    sockets: AtomicUsize,
    acks: AtomicU64,
    log: Option<Mutex<Log>>,
}

impl Nsp {
    pub(crate) fn new(
        name: Arc<str>,
        service: Arc<dyn Erased>,
        handler_seconds: Histogram,
        recovery: Option<&Recovery>,
    ) -> Self {
        Self {
            name,
            params: Vec::new(),
            service,
            handler_seconds,
            dynamic: false,
            seats: AtomicUsize::new(0),
            sockets: AtomicUsize::new(0),
            acks: AtomicU64::new(0),
            log: recovery.map(|recovery| Mutex::new(Log::new(recovery))),
        }
    }

    /// The same as one of a pattern, of whose name these are the parts.
    pub(crate) fn of_pattern(self, params: Vec<(String, String)>) -> Self {
        Self { params, dynamic: true, ..self }
    }

    pub(crate) fn is_dynamic(&self) -> bool {
        self.dynamic
    }

    pub(crate) fn seated(&self) {
        self.seats.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn unseated(&self) {
        self.seats.fetch_sub(1, Ordering::Relaxed);
    }

    /// Nobody is here, and nobody is expected back.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.dynamic
            && self.seats.load(Ordering::Relaxed) == 0
            && self.log().is_none_or(|mut log| log.expects_nobody())
    }

    /// An id that no other event of this namespace has.
    pub(crate) fn ack_id(&self) -> u64 {
        self.acks.fetch_add(1, Ordering::Relaxed)
    }

    /// What is kept for those who come back, if anything is.
    pub(crate) fn log(&self) -> Option<MutexGuard<'_, Log>> {
        Some(self.log.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn is_recoverable(&self) -> bool {
        self.log.is_some()
    }

    pub(crate) fn sockets(&self) -> usize {
        self.sockets.load(Ordering::Relaxed)
    }

    pub(crate) fn entered(&self) {
        self.sockets.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn left(&self) {
        self.sockets.fetch_sub(1, Ordering::Relaxed);
    }
}
