//! A worker: one thread with its sessions, and the commands of other threads for it.
//!
//! ```text
//! hub ─▶ command queue ─▶ worker ─▶ members (by namespace and room) ─▶ socket ─▶ session ─▶ outbox
//!  ▲                                                                     │
//!  └────────────── broadcast ◀───────────────────────────────────────────┘
//! ```

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    rc::Rc,
    sync::{Arc, Weak},
};

use tokio::{sync::Notify, time::Instant};

use crate::{
    hub::Hub,
    metrics::Metrics,
    session::{connection::Connection, handle::SessionHandle},
    worker::{command::CommandQueue, members::Members, nsp::Nsp},
};

pub(crate) mod command;
mod execute;
pub(crate) mod members;
pub(crate) mod nsp;
pub(crate) mod recovery;
pub(crate) mod socket;
pub(crate) mod target;
mod tasks;

/// Capacity that is kept for the next batch.
const KEEP_CAPACITY: usize = 1024;

thread_local! {
    /// One per hub with sessions on this thread; only tests have several.
    static WORKERS: RefCell<Vec<Rc<Worker>>> = const { RefCell::new(Vec::new()) };
}

/// The sessions of one hub on one worker thread.
pub(crate) struct Worker {
    pub(crate) hub: Hub,
    pub(crate) metrics: Metrics,
    queue: Arc<CommandQueue>,
    sessions: RefCell<Vec<Rc<SessionHandle>>>,
    /// Sockets of each namespace, by the namespace's address.
    namespaces: RefCell<HashMap<*const Nsp, Rc<Members>>>,
    /// Whether direct writes wait for the end of the current batch.
    batching: Cell<bool>,
    dirty: RefCell<Vec<Rc<SessionHandle>>>,
    /// Gracefully closed connections, and the time until which the kernel must have sent the rest.
    closing: RefCell<VecDeque<(Instant, Weak<Connection>)>>,
    reaper: Notify,
}

impl Worker {
    /// This thread's worker for a hub, created on first use.
    pub(crate) fn current(hub: &Hub) -> Rc<Self> {
        if let Some(worker) =
            WORKERS.with_borrow(|all| all.iter().find(|worker| worker.hub.is_same(hub)).cloned())
        {
            return worker;
        }
        let worker = Rc::new(Self {
            hub: hub.clone(),
            metrics: Metrics::new(),
            queue: Arc::default(),
            sessions: RefCell::default(),
            namespaces: RefCell::default(),
            batching: Cell::new(false),
            dirty: RefCell::default(),
            closing: RefCell::default(),
            reaper: Notify::new(),
        });
        hub.register(worker.queue.clone());
        WORKERS.with_borrow_mut(|all| all.push(worker.clone()));
        actix_web::rt::spawn(tasks::run(tasks::WorkerTask(worker.clone())));
        actix_web::rt::spawn(tasks::reap(worker.clone()));
        if let Some(age) = hub.max_age() {
            actix_web::rt::spawn(tasks::sweep(hub.clone(), age));
        }
        worker
    }

    pub(crate) fn add(&self, session: Rc<SessionHandle>) {
        self.metrics.opened(session.transport());
        let mut sessions = self.sessions.borrow_mut();
        session.index.set(sessions.len());
        sessions.push(session);
    }

    pub(crate) fn remove(&self, session: &SessionHandle) {
        self.metrics.ended(session.transport());
        let mut sessions = self.sessions.borrow_mut();
        let index = session.index.get();
        sessions.swap_remove(index);
        if let Some(moved) = sessions.get(index) {
            moved.index.set(index);
        }
    }

    /// Sockets of a namespace on this thread, for a socket that is about to be added. Each socket holds the namespace,
    /// so that the address stays unique until [`forget`](Self::forget).
    pub(crate) fn members(&self, nsp: &Arc<Nsp>) -> Rc<Members> {
        self.namespaces.borrow_mut().entry(Arc::as_ptr(nsp)).or_default().clone()
    }

    /// Removes a namespace without sockets on this thread.
    pub(crate) fn forget(&self, nsp: &Arc<Nsp>) {
        self.namespaces.borrow_mut().remove(&Arc::as_ptr(nsp));
    }

    fn members_of(&self, nsp: &Arc<Nsp>) -> Option<Rc<Members>> {
        self.namespaces.borrow().get(&Arc::as_ptr(nsp)).cloned()
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
}

/// The outermost batch; frames are written at its end.
struct Batch(Rc<Worker>);

impl Drop for Batch {
    fn drop(&mut self) {
        self.0.batching.set(false);
        // Writing runs no code that could fill an outbox.
        let mut dirty = self.0.dirty.borrow_mut();
        dirty.drain(..).for_each(|session| session.flush());
        dirty.shrink_to(KEEP_CAPACITY);
    }
}
