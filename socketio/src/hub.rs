//! Broadcasts from any thread to every socket, crossing to each worker once.
//!
//! ```text
//! Hub::emit ─▶ command queue of each worker ─▶ outbox of each of its sockets
//! ```
//!
//! **Ordering.** A worker drains its queue before it acks an event and before it connects a socket. A broadcast made
//! before a handler returned therefore reaches the caller's outbox before the handler's ack, whatever thread made it. A
//! new socket receives each broadcast either as part of the state that its service reads in `connected`, or as a
//! message after what `connected` emits.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde::Serialize;

use crate::{
    broadcast::Broadcast,
    observer::{Observed, Observer},
    wire::{
        args::Args,
        frame::{Frame, Head},
        message::Message,
    },
    worker::{
        command::{CommandQueue, Delivery, WorkerCommand},
        nsp::Nsp,
        target::Target,
    },
};

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

    /// All sockets of a namespace. The leading slash of its name is optional.
    pub fn of(&self, namespace: impl Into<Arc<str>>) -> Broadcast {
        let mut namespace = namespace.into();
        if !namespace.starts_with('/') {
            namespace = format!("/{namespace}").into();
        }
        Broadcast::new(self.clone(), namespace)
    }

    /// All sockets in a room of the main namespace.
    pub fn to(&self, room: impl Into<Arc<str>>) -> Broadcast {
        self.of("/").to(room)
    }

    /// The same as [`to`](Self::to).
    pub fn within(&self, room: impl Into<Arc<str>>) -> Broadcast {
        self.to(room)
    }

    /// All sockets of the main namespace that are not in a room.
    pub fn except(&self, room: impl Into<Arc<str>>) -> Broadcast {
        self.of("/").except(room)
    }

    /// Emits an event with one argument to the main namespace.
    pub fn emit<T: Serialize + ?Sized>(&self, name: &str, value: &T) {
        self.of("/").emit(name, value);
    }

    /// Emits an event with any arguments to the main namespace.
    pub fn emit_args(&self, name: &str, args: &Args) {
        self.of("/").emit_args(name, args);
    }

    /// Sends an encoded message to the main namespace. Never waits; the cost for the caller does not depend on the
    /// number of sockets.
    pub fn broadcast(&self, message: Message) {
        self.broadcast_all(&[message]);
    }

    /// Sends several messages to the main namespace, in this order. Each worker is woken once, so they leave together.
    pub fn broadcast_all(&self, messages: &[Message]) {
        self.of("/").send_messages(messages);
    }

    /// Number of connected sockets, all namespaces together.
    pub fn sockets(&self) -> usize {
        self.0.sockets.load(Ordering::Relaxed)
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arc<Nsp>> {
        self.namespaces().get(name).cloned()
    }

    /// The current namespaces.
    pub(crate) fn all_namespaces(&self) -> Vec<Arc<Nsp>> {
        self.namespaces().values().cloned().collect()
    }

    pub(crate) fn insert(&self, nsp: Nsp) {
        self.namespaces_mut().insert(nsp.name.clone(), Arc::new(nsp));
    }

    /// Finds or creates a namespace for a session, and counts the reference of a dynamic one.
    pub(crate) fn acquire(&self, name: &str, make: impl FnOnce() -> Option<Nsp>) -> Option<Arc<Nsp>> {
        if let Some(nsp) = self.namespaces().get(name).filter(|nsp| !nsp.is_dynamic()) {
            return Some(nsp.clone());
        }
        let mut namespaces = self.namespaces_mut();
        if !namespaces.contains_key(name) {
            let nsp = make()?;
            if namespaces.len() >= namespaces.capacity() {
                // Sweeps before it grows; amortised, each namespace is checked a few times in its life.
                namespaces.retain(|_, nsp| !nsp.is_forgotten());
            }
            namespaces.insert(nsp.name.clone(), Arc::new(nsp));
        }
        let nsp = namespaces.get(name)?.clone();
        nsp.acquire();
        Some(nsp)
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

    /// Removes expired events, and dynamic namespaces that no client can recover.
    pub(crate) fn sweep(&self) {
        self.all_namespaces().iter().for_each(|nsp| nsp.sweep());
        self.namespaces_mut().retain(|_, nsp| !nsp.is_forgotten());
    }

    /// Drops a session's reference to a namespace.
    pub(crate) fn release(&self, nsp: &Nsp) {
        if nsp.is_dynamic() {
            let mut namespaces = self.namespaces_mut();
            nsp.release();
            if nsp.is_forgotten() {
                namespaces.remove(&nsp.name);
            }
        }
    }

    /// Sends messages to their recipients, without recovery. Each worker is woken once.
    pub(crate) fn send(&self, nsp: &Arc<Nsp>, target: Option<Arc<Target>>, messages: &[Message]) {
        let send = |message: &Message| {
            WorkerCommand::Deliver(Delivery {
                nsp: nsp.clone(),
                target: target.clone(),
                message: message.clone(),
                number: 0,
            })
        };
        for queue in self.workers().iter() {
            queue.push(messages.iter().map(send));
        }
    }

    /// Sends a numbered event that is kept for recovery: see [`crate::worker::recovery`].
    pub(crate) fn append(&self, nsp: &Arc<Nsp>, target: Option<Arc<Target>>, name: &str, args: &Args) {
        let workers = self.workers();
        let Some(mut log) = nsp.log() else { return };
        let (number, frame) = log.append(target.clone(), |offset| {
            let head = Head::Event { namespace: &nsp.name, name, ack: None };
            Frame::encode(head, args, Some(offset))
        });
        drop(log);
        let command = WorkerCommand::Deliver(Delivery {
            nsp: nsp.clone(),
            target,
            message: Message::event(frame),
            number,
        });
        for queue in workers.iter() {
            queue.push([command.clone()]);
        }
    }

    pub(crate) fn command(&self, command: &WorkerCommand) {
        for queue in self.workers().iter() {
            queue.push([command.clone()]);
        }
    }

    /// Adds a worker; called on its thread.
    pub(crate) fn register(&self, queue: Arc<CommandQueue>) {
        self.workers().push(queue);
        self.observe(|| Observed::Began { hub: self });
    }

    pub(crate) fn unregister(&self, queue: &Arc<CommandQueue>) {
        self.workers().retain(|other| !Arc::ptr_eq(other, queue));
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

    fn workers(&self) -> MutexGuard<'_, Vec<Arc<CommandQueue>>> {
        self.0.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn namespaces(&self) -> RwLockReadGuard<'_, HashMap<Arc<str>, Arc<Nsp>>> {
        self.0.namespaces.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn namespaces_mut(&self) -> RwLockWriteGuard<'_, HashMap<Arc<str>, Arc<Nsp>>> {
        self.0.namespaces.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("sockets", &self.sockets()).finish_non_exhaustive()
    }
}
