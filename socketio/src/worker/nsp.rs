//! A namespace, as all workers share it.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use metrics::Histogram;
use tokio::sync::Notify;

use crate::{
    config::Recovery,
    id::Pid,
    service::ErasedService,
    worker::recovery::{DisconnectedSocket, Log},
};

pub(crate) struct Nsp {
    pub(crate) name: Arc<str>,
    /// The parts of its name, if it is one of a pattern.
    pub(crate) params: Vec<(String, String)>,
    pub(crate) service: Arc<dyn ErasedService>,
    pub(crate) handler_seconds: Histogram,
    /// Made for a client, and forgotten after the last.
    dynamic: bool,
    references: AtomicUsize,
    sockets: AtomicUsize,
    acks: AtomicU64,
    log: Option<Mutex<Log>>,
    /// Rung when somebody who may come back has gone for good.
    freed: Notify,
}

impl Nsp {
    pub(crate) fn new(
        name: Arc<str>,
        service: Arc<dyn ErasedService>,
        handler_seconds: Histogram,
        recovery: Option<&Recovery>,
        total_bytes: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            name,
            params: Vec::new(),
            service,
            handler_seconds,
            dynamic: false,
            references: AtomicUsize::new(0),
            sockets: AtomicUsize::new(0),
            acks: AtomicU64::new(0),
            log: recovery.map(|recovery| Mutex::new(Log::new(recovery, total_bytes))),
            freed: Notify::new(),
        }
    }

    /// The same as one of a pattern, of whose name these are the parts.
    pub(crate) fn of_pattern(self, params: Vec<(String, String)>) -> Self {
        Self { params, dynamic: true, ..self }
    }

    pub(crate) fn is_dynamic(&self) -> bool {
        self.dynamic
    }

    pub(crate) fn acquire(&self) {
        self.references.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn release(&self) {
        self.references.fetch_sub(1, Ordering::Relaxed);
    }

    /// Nobody is here, and nobody is expected back.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.dynamic
            && self.references.load(Ordering::Relaxed) == 0
            && self.log().is_none_or(|mut log| log.is_unused())
    }

    /// An id that no other event of this namespace has.
    pub(crate) fn ack_id(&self) -> u64 {
        self.acks.fetch_add(1, Ordering::Relaxed)
    }

    /// What is kept for those who come back, if anything is.
    pub(crate) fn log(&self) -> Option<MutexGuard<'_, Log>> {
        Some(self.log.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A socket is gone, and so is all that ran for it.
    pub(crate) fn socket_finished(&self, pid: Pid, disconnected_socket: Option<DisconnectedSocket>) {
        if let Some(mut log) = self.log() {
            log.leave(pid, disconnected_socket);
        }
        self.freed.notify_waiters();
    }

    /// Ready once the socket of that name is gone.
    pub(crate) async fn wait_until_free(&self, pid: &Pid) {
        loop {
            let freed = self.freed.notified();
            if !self.is_live(pid) {
                return;
            }
            freed.await;
        }
    }

    pub(crate) fn is_live(&self, pid: &Pid) -> bool {
        self.log().is_some_and(|log| log.is_live(pid))
    }

    /// What is too old for anybody is forgotten.
    pub(crate) fn sweep(&self) {
        if let Some(mut log) = self.log() {
            log.trim();
        }
    }

    pub(crate) fn is_recoverable(&self) -> bool {
        self.log.is_some()
    }

    pub(crate) fn sockets(&self) -> usize {
        self.sockets.load(Ordering::Relaxed)
    }

    pub(crate) fn socket_connected(&self) {
        self.sockets.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn socket_disconnected(&self) {
        self.sockets.fetch_sub(1, Ordering::Relaxed);
    }
}
