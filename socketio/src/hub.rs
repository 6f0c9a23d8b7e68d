//! Broadcasts: from any thread to every socket, crossing to each worker once.
//!
//! ```text
//! Hub::broadcast ─▶ inbox of each worker ─▶ outbox of each of its sockets
//! ```
//!
//! **Ordering.** A worker empties its inbox before it acks an event and before it lets a socket in. So whatever was
//! broadcast before a handler returned has reached the caller's outbox ahead of the handler's ack, on whichever
//! thread it was broadcast; and a new socket sees each broadcast either in the state its service finds when
//! `connected` runs, or as a message behind what `connected` emits.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use crate::{
    frame::Frame,
    shard::{Inbox, Order},
};

/// Names a place in each outbox that holds at most one unsent frame: the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot(pub u16);

/// A frame and how it is to be queued.
#[derive(Debug, Clone)]
pub struct Message {
    pub(crate) frame: Frame,
    pub(crate) slot: Option<Slot>,
}

impl Message {
    /// A frame that every socket gets, in order.
    pub fn event(frame: Frame) -> Self {
        Self { frame, slot: None }
    }

    /// A frame that replaces the slot's unsent one: a slow client may miss a state in between, never the last.
    pub fn latest(slot: Slot, frame: Frame) -> Self {
        Self { frame, slot: Some(slot) }
    }
}

/// Every socket of a server. Cheap to clone, to be made before the server and used from any thread.
#[derive(Debug, Clone, Default)]
pub struct Hub(Arc<Members>);

#[derive(Debug, Default)]
pub(crate) struct Members {
    workers: Mutex<Vec<Arc<Inbox>>>,
    sockets: AtomicUsize,
}

impl Hub {
    /// A hub without sockets; give a clone to [`SocketIo::new`](crate::SocketIo::new).
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends to every socket. Never waits; what it costs here does not depend on their number.
    pub fn broadcast(&self, message: Message) {
        self.broadcast_all(&[message]);
    }

    /// Sends several to every socket, in this order. Each worker is woken once, so they leave together.
    pub fn broadcast_all(&self, messages: &[Message]) {
        for inbox in self.workers().iter() {
            inbox.push(messages.iter().cloned().map(Order::Send));
        }
    }

    /// How many sockets are connected now.
    pub fn sockets(&self) -> usize {
        self.0.sockets.load(Ordering::Relaxed)
    }

    pub(crate) fn order(&self, order: Order) {
        for inbox in self.workers().iter() {
            inbox.push([order.clone()]);
        }
    }

    pub(crate) fn enlist(&self, inbox: Arc<Inbox>) {
        self.workers().push(inbox);
    }

    pub(crate) fn dismiss(&self, inbox: &Arc<Inbox>) {
        self.workers().retain(|other| !Arc::ptr_eq(other, inbox));
    }

    pub(crate) fn joined(&self) {
        self.0.sockets.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn left(&self) {
        self.0.sockets.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn workers(&self) -> MutexGuard<'_, Vec<Arc<Inbox>>> {
        self.0.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
