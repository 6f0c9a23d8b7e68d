//! The state of a namespace that all workers share.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use metrics::Histogram;
use tokio::sync::Notify;

use crate::{
    config::Recovery,
    id::Pid,
    worker::recovery::{DisconnectedSocket, Log},
};

pub(crate) struct Nsp {
    pub(crate) name: Arc<str>,
    /// Parts of its name, if it matches a pattern.
    pub(crate) params: Vec<(String, String)>,
    pub(crate) handler_seconds: Histogram,
    /// Whether the namespace was created for a client, and is removed when unused.
    dynamic: bool,
    references: AtomicUsize,
    sockets: AtomicUsize,
    acks: AtomicU64,
    log: Option<Mutex<Log>>,
    /// Notified when a socket is finished and its recovery id is free.
    freed: Notify,
}

impl Nsp {
    pub(crate) fn new(
        name: Arc<str>,
        handler_seconds: Histogram,
        recovery: Option<&Recovery>,
        total_bytes: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            name,
            params: Vec::new(),
            handler_seconds,
            dynamic: false,
            references: AtomicUsize::new(0),
            sockets: AtomicUsize::new(0),
            acks: AtomicU64::new(0),
            log: recovery.map(|recovery| Mutex::new(Log::new(recovery, total_bytes))),
            freed: Notify::new(),
        }
    }

    /// Marks the namespace as one of a pattern, with the parts of its name.
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

    /// Whether the namespace is dynamic, and has neither sessions nor clients to recover.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.dynamic
            && self.references.load(Ordering::Relaxed) == 0
            && self.log().is_none_or(|mut log| log.is_unused())
    }

    /// An ack id that no other event of this namespace has.
    pub(crate) fn ack_id(&self) -> u64 {
        self.acks.fetch_add(1, Ordering::Relaxed)
    }

    /// The recovery log, if recovery is on.
    pub(crate) fn log(&self) -> Option<MutexGuard<'_, Log>> {
        Some(self.log.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Releases the recovery id of a socket after its last handler.
    pub(crate) fn socket_finished(&self, pid: Pid, disconnected_socket: Option<DisconnectedSocket>) {
        if let Some(mut log) = self.log() {
            log.leave(pid, disconnected_socket);
        }
        self.freed.notify_waiters();
    }

    /// Waits until no socket has this recovery id.
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

    /// Removes expired recovery state.
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
