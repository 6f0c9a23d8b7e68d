//! A worker's share of the sessions: who is here, and what other threads want of them.

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

/// Room that is kept for the next batch.
const KEEP_CAPACITY: usize = 1024;

thread_local! {
    /// One per hub with sessions on this thread; a worker has one in all but tests.
    static WORKERS: RefCell<Vec<Rc<Worker>>> = const { RefCell::new(Vec::new()) };
}

/// The sessions of one hub on one worker thread.
pub(crate) struct Worker {
    pub(crate) hub: Hub,
    pub(crate) metrics: Metrics,
    queue: Arc<CommandQueue>,
    sessions: RefCell<Vec<Rc<SessionHandle>>>,
    /// The sockets of each namespace, by the namespace's address.
    namespaces: RefCell<HashMap<*const Nsp, Rc<Members>>>,
    /// Whether frames that can be written at once wait for the end of what is going on.
    batching: Cell<bool>,
    dirty: RefCell<Vec<Rc<SessionHandle>>>,
    /// Connections that were closed in good order, until when the kernel must have taken the rest.
    closing: RefCell<VecDeque<(Instant, Weak<Connection>)>>,
    reaper: Notify,
}

impl Worker {
    /// This thread's shard of a hub, made when it is first asked for.
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

    /// A namespace's sockets here, for one that is about to be added. Each of them holds the namespace, so that its
    /// address stays its own until [`forget`](Self::forget).
    pub(crate) fn members(&self, nsp: &Arc<Nsp>) -> Rc<Members> {
        self.namespaces.borrow_mut().entry(Arc::as_ptr(nsp)).or_default().clone()
    }

    /// The namespace's last socket here has gone.
    pub(crate) fn forget(&self, nsp: &Arc<Nsp>) {
        self.namespaces.borrow_mut().remove(&Arc::as_ptr(nsp));
    }

    fn members_of(&self, nsp: &Arc<Nsp>) -> Option<Rc<Members>> {
        self.namespaces.borrow().get(&Arc::as_ptr(nsp)).cloned()
    }

    /// Does `work`, and then writes what it has put into outboxes, all of a connection's at once. It saves waking
    /// a writer for each of them.
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

    /// Carries out all that was ordered so far: see the hub's promise about order.
    pub(crate) fn drain_commands(&self) {
        let commands = self.queue.take();
        // Events for the same sockets are delivered socket by socket: each is looked at once.
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

    /// Cuts the connection if it is still there after `grace`.
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

/// Forgets what is too old for anybody: nothing else may happen for long.
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

/// Ends with the worker's runtime: the hub then no longer writes here.
struct WorkerTask(Rc<Worker>);

impl Drop for WorkerTask {
    fn drop(&mut self) {
        self.0.hub.unregister(&self.0.queue);
        // The thread-local may be gone already; then so is the list.
        let _ = WORKERS.try_with(|all| all.borrow_mut().retain(|worker| !Rc::ptr_eq(worker, &self.0)));
    }
}

/// The outermost batch, at whose end frames are written.
struct Batch(Rc<Worker>);

impl Drop for Batch {
    fn drop(&mut self) {
        self.0.batching.set(false);
        // Writing runs no code that could put something into an outbox.
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
