//! The sessions of one thread: their list, their metrics, and the writes that a batch collects.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    sync::Weak,
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{
    metrics::Metrics,
    session::{connection::Connection, handle::SessionHandle},
};

/// Capacity that is kept for the next batch.
const KEEP_CAPACITY: usize = 1024;

/// The sessions of one server on one thread.
pub(crate) struct LocalSessions {
    pub(crate) metrics: Metrics,
    all: RefCell<Vec<Rc<SessionHandle>>>,
    /// Whether direct writes wait for the end of the current batch.
    batching: Cell<bool>,
    dirty: RefCell<Vec<Rc<SessionHandle>>>,
    /// Gracefully closed connections, and the time until which the kernel must have sent the rest.
    closing: RefCell<VecDeque<(Instant, Weak<Connection>)>>,
    reaper: Notify,
}

impl LocalSessions {
    pub(crate) fn new() -> Self {
        Self {
            metrics: Metrics::new(),
            all: RefCell::default(),
            batching: Cell::new(false),
            dirty: RefCell::default(),
            closing: RefCell::default(),
            reaper: Notify::new(),
        }
    }

    pub(crate) fn add(&self, session: Rc<SessionHandle>) {
        self.metrics.opened(session.transport());
        let mut all = self.all.borrow_mut();
        session.index.set(all.len());
        all.push(session);
    }

    pub(crate) fn remove(&self, session: &SessionHandle) {
        self.metrics.ended(session.transport());
        let mut all = self.all.borrow_mut();
        let index = session.index.get();
        all.swap_remove(index);
        if let Some(moved) = all.get(index) {
            moved.index.set(index);
        }
    }

    /// Visits each session. `each` must not add or remove sessions.
    pub(crate) fn for_each(&self, each: impl FnMut(&Rc<SessionHandle>)) {
        self.all.borrow().iter().for_each(each);
    }

    /// Runs `work`, then writes the outboxes that it has filled, each connection once. This saves waking a writer for
    /// each.
    pub(crate) fn batch<R>(self: &Rc<Self>, work: impl FnOnce() -> R) -> R {
        let _flush = (!self.batching.replace(true)).then(|| Batch(self.clone()));
        work()
    }

    pub(crate) fn is_batching(&self) -> bool {
        self.batching.get()
    }

    pub(crate) fn flush_later(&self, session: Rc<SessionHandle>) {
        self.dirty.borrow_mut().push(session);
    }

    /// Aborts the connection if it is still open after `grace`.
    pub(crate) fn reap(&self, connection: Weak<Connection>, grace: Duration) {
        if connection.strong_count() == 0 {
            return;
        }
        let mut closing = self.closing.borrow_mut();
        if closing.is_empty() {
            self.reaper.notify_one();
        }
        closing.push_back((Instant::now() + grace, connection));
    }

    /// Aborts the connections that are due, without end.
    pub(crate) async fn run_reaper(self: Rc<Self>) {
        loop {
            let first = self.closing.borrow().front().map(|(at, _)| *at);
            let Some(at) = first else {
                self.reaper.notified().await;
                continue;
            };
            sleep_until(at).await;
            let due = self.closing.borrow_mut().pop_front();
            if let Some(connection) = due.and_then(|(_, connection)| connection.upgrade()) {
                connection.abort();
            }
        }
    }
}

/// The outermost batch; frames are written at its end.
struct Batch(Rc<LocalSessions>);

impl Drop for Batch {
    fn drop(&mut self) {
        self.0.batching.set(false);
        // Writing runs no code that could fill an outbox.
        let mut dirty = self.0.dirty.borrow_mut();
        dirty.drain(..).for_each(|session| session.flush());
        dirty.shrink_to(KEEP_CAPACITY);
    }
}
