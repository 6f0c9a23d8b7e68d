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
    future::poll_fn,
    rc::Rc,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, interval, sleep_until},
};

use crate::{
    acks::AckEvent,
    broadcast::SocketInfo,
    hub::Hub,
    metrics::Metrics,
    reason::Reason,
    session::{connection::Connection, handle::SessionHandle},
    wire::message::Message,
    worker::{
        command::{CommandQueue, Delivery, SocketOp, WorkerCommand},
        members::Members,
        nsp::Nsp,
        socket::SocketInner,
        target::Target,
    },
};

pub(crate) mod command;
pub(crate) mod members;
pub(crate) mod nsp;
pub(crate) mod recovery;
pub(crate) mod socket;
pub(crate) mod target;

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
        actix_web::rt::spawn(run(WorkerTask(worker.clone())));
        actix_web::rt::spawn(reap(worker.clone()));
        if let Some(age) = hub.max_age() {
            actix_web::rt::spawn(sweep(hub.clone(), age));
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

    /// Executes all queued commands: see the ordering of [`Hub`].
    pub(crate) fn drain_commands(&self) {
        let commands = self.queue.take();
        // Events with the same recipients are delivered socket by socket, so that each is visited once.
        for run in commands.chunk_by(WorkerCommand::has_same_recipients) {
            match run {
                [WorkerCommand::Deliver(first), ..] => self.send(first, run),
                [WorkerCommand::Apply(nsp, target, op)] => self.apply(nsp, target.as_deref(), op),
                [WorkerCommand::Drain] => self.sessions.borrow().iter().for_each(|session| session.drain()),
                [WorkerCommand::Abort] => {
                    self.sessions.borrow().iter().for_each(|session| session.abort(Reason::Shutdown))
                }
                _ => {}
            }
        }
    }

    fn send(&self, first: &Delivery, run: &[WorkerCommand]) {
        let Some(members) = self.members_of(&first.nsp) else { return };
        members.for_each(first.target.as_deref(), |socket| {
            for command in run {
                if let WorkerCommand::Deliver(delivery) = command {
                    socket.deliver(&delivery.message, delivery.number);
                }
            }
        });
    }

    fn apply(&self, nsp: &Arc<Nsp>, target: Option<&Target>, op: &SocketOp) {
        let Some(members) = self.members_of(nsp) else { return };
        match op {
            SocketOp::Replace(pid) => {
                if let Some(socket) = members.with_pid(pid) {
                    socket.disconnect(Reason::Replaced, true);
                }
            }
            SocketOp::Fetch(list) => {
                let infos = members.select(target).iter().map(|socket| SocketInfo::of(socket)).collect();
                let _ = list.send(infos);
            }
            SocketOp::EmitWithAck { frame, id, until, events } => {
                let asked = members.select(target);
                let ids = asked.iter().map(|socket| socket.id).collect();
                let _ = events.send(AckEvent::Asked(ids));
                for socket in asked {
                    socket.acks.expect_for(*id, *until, events.clone(), socket.id);
                    socket.deliver(&Message::event(frame.clone()), 0);
                }
            }
            op => members.select(target).iter().for_each(|socket| apply_to(socket, op)),
        }
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
}

async fn reap(worker: Rc<Worker>) {
    loop {
        let first = worker.closing.borrow().front().map(|(at, _)| *at);
        let Some(at) = first else {
            worker.reaper.notified().await;
            continue;
        };
        sleep_until(at).await;
        let due = worker.closing.borrow_mut().pop_front();
        if let Some(connection) = due.and_then(|(_, connection)| connection.upgrade()) {
            connection.abort();
        }
    }
}

/// Removes expired recovery state even while nothing else happens.
async fn sweep(hub: Hub, age: Duration) {
    let mut ticks = interval((age / 2).clamp(Duration::from_secs(1), Duration::from_secs(30)));
    loop {
        ticks.tick().await;
        hub.sweep();
    }
}

async fn run(task: WorkerTask) {
    let worker = &task.0;
    loop {
        poll_fn(|cx| worker.queue.poll_waiting(cx)).await;
        worker.batch(|| worker.drain_commands());
    }
}

/// Unregisters the worker when its runtime ends.
struct WorkerTask(Rc<Worker>);

impl Drop for WorkerTask {
    fn drop(&mut self) {
        self.0.hub.unregister(&self.0.queue);
        // The thread-local may have been destroyed, with the list.
        let _ = WORKERS.try_with(|all| all.borrow_mut().retain(|worker| !Rc::ptr_eq(worker, &self.0)));
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

fn apply_to(socket: &Rc<SocketInner>, op: &SocketOp) {
    match op {
        SocketOp::Join(rooms) => rooms.iter().for_each(|room| socket.join(room)),
        SocketOp::Leave(rooms) => rooms.iter().for_each(|room| socket.leave(room)),
        SocketOp::Disconnect { close } => socket.disconnect(Reason::ServerDisconnect, *close),
        SocketOp::Fetch(_) | SocketOp::EmitWithAck { .. } | SocketOp::Replace(_) => {}
    }
}

impl WorkerCommand {
    /// Whether both are events for the same sockets.
    fn has_same_recipients(&self, next: &Self) -> bool {
        match (self, next) {
            (Self::Deliver(one), Self::Deliver(other)) => {
                let same = match (&one.target, &other.target) {
                    (None, None) => true,
                    (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                    _ => false,
                };
                same && Arc::ptr_eq(&one.nsp, &other.nsp)
            }
            _ => false,
        }
    }
}
