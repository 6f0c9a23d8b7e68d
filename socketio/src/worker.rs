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
    acks::Heard,
    broadcast::SocketInfo,
    hub::Hub,
    metrics::Meters,
    reason::Reason,
    session::{connection::Connection, handle::Link},
    wire::message::Message,
    worker::{
        command::{Deed, Inbox, Order, Sending},
        members::Members,
        nsp::Nsp,
        socket::Core,
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
const MAX_IDLE: usize = 1024;

thread_local! {
    /// One per hub with sessions on this thread; a worker has one in all but tests.
    static HERE: RefCell<Vec<Rc<Shard>>> = const { RefCell::new(Vec::new()) };
}

/// The sessions of one hub on one worker thread.
pub(crate) struct Shard {
    pub(crate) hub: Hub,
    pub(crate) meters: Meters,
    inbox: Arc<Inbox>,
    links: RefCell<Vec<Rc<Link>>>,
    /// The sockets of each namespace, by the namespace's address.
    namespaces: RefCell<HashMap<*const Nsp, Rc<Members>>>,
    /// Whether frames that can be written at once wait for the end of what is going on.
    batching: Cell<bool>,
    dirty: RefCell<Vec<Rc<Link>>>,
    /// Connections that were closed in good order, until when the kernel must have taken the rest.
    leaving: RefCell<VecDeque<(Instant, Weak<Connection>)>>,
    reaper: Notify,
}

impl Shard {
    /// This thread's shard of a hub, made when it is first asked for.
    pub(crate) fn here(hub: &Hub) -> Rc<Self> {
        if let Some(shard) = HERE.with_borrow(|all| all.iter().find(|shard| shard.hub.is(hub)).cloned()) {
            return shard;
        }
        let shard = Rc::new(Self {
            hub: hub.clone(),
            meters: Meters::new(),
            inbox: Arc::default(),
            links: RefCell::default(),
            namespaces: RefCell::default(),
            batching: Cell::new(false),
            dirty: RefCell::default(),
            leaving: RefCell::default(),
            reaper: Notify::new(),
        });
        hub.enlist(shard.inbox.clone());
        HERE.with_borrow_mut(|all| all.push(shard.clone()));
        actix_web::rt::spawn(serve(Served(shard.clone())));
        actix_web::rt::spawn(reap(shard.clone()));
        if let Some(age) = hub.max_age() {
            actix_web::rt::spawn(sweep(hub.clone(), age));
        }
        shard
    }

    pub(crate) fn add(&self, link: Rc<Link>) {
        self.meters.opened(link.transport());
        let mut links = self.links.borrow_mut();
        link.index.set(links.len());
        links.push(link);
    }

    pub(crate) fn remove(&self, link: &Link) {
        self.meters.ended(link.transport());
        let mut links = self.links.borrow_mut();
        let index = link.index.get();
        links.swap_remove(index);
        if let Some(moved) = links.get(index) {
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

    fn known(&self, nsp: &Arc<Nsp>) -> Option<Rc<Members>> {
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

    pub(crate) fn flush_later(&self, link: Rc<Link>) {
        self.dirty.borrow_mut().push(link);
    }

    /// Carries out all that was ordered so far: see the hub's promise about order.
    pub(crate) fn pump(&self) {
        let orders = self.inbox.take();
        // Events for the same sockets are delivered socket by socket: each is looked at once.
        for run in orders.chunk_by(Order::goes_with) {
            match run {
                [Order::Send(first), ..] => self.send(first, run),
                [Order::Do(nsp, target, deed)] => self.carry_out(nsp, target.as_deref(), deed),
                [Order::GoAway] => self.links.borrow().iter().for_each(|link| link.go_away()),
                [Order::Cut] => self.links.borrow().iter().for_each(|link| link.cut(Reason::Shutdown)),
                _ => {}
            }
        }
    }

    fn send(&self, first: &Sending, run: &[Order]) {
        let Some(members) = self.known(&first.nsp) else { return };
        members.for_each(first.target.as_deref(), |core| {
            for order in run {
                if let Order::Send(sending) = order {
                    core.deliver(&sending.message, sending.number);
                }
            }
        });
    }

    fn carry_out(&self, nsp: &Arc<Nsp>, target: Option<&Target>, deed: &Deed) {
        let Some(members) = self.known(nsp) else { return };
        match deed {
            Deed::Replace(pid) => {
                if let Some(core) = members.with_pid(pid) {
                    core.disconnect(Reason::Replaced, true);
                }
            }
            Deed::List(list) => {
                let infos = members.select(target).iter().map(|core| SocketInfo::of(core)).collect();
                let _ = list.send(infos);
            }
            Deed::Ask { frame, id, until, heard } => {
                let asked = members.select(target);
                let ids = asked.iter().map(|core| core.id).collect();
                let _ = heard.send(Heard::Asked(ids));
                for core in asked {
                    core.acks.expect_for(*id, *until, heard.clone(), core.id);
                    core.deliver(&Message::event(frame.clone()), 0);
                }
            }
            deed => members.select(target).iter().for_each(|core| do_to(core, deed)),
        }
    }

    /// Cuts the connection if it is still there after `grace`.
    pub(crate) fn reap(&self, connection: Weak<Connection>, grace: Duration) {
        if connection.strong_count() == 0 {
            return;
        }
        let mut leaving = self.leaving.borrow_mut();
        if leaving.is_empty() {
            self.reaper.notify_one();
        }
        leaving.push_back((Instant::now() + grace, connection));
    }
}

async fn reap(shard: Rc<Shard>) {
    loop {
        let first = shard.leaving.borrow().front().map(|(at, _)| *at);
        let Some(at) = first else {
            shard.reaper.notified().await;
            continue;
        };
        sleep_until(at).await;
        let due = shard.leaving.borrow_mut().pop_front();
        if let Some(connection) = due.and_then(|(_, connection)| connection.upgrade()) {
            connection.cut();
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

async fn serve(served: Served) {
    let shard = &served.0;
    loop {
        poll_fn(|cx| shard.inbox.poll_waiting(cx)).await;
        shard.batch(|| shard.pump());
    }
}

/// Ends with the worker's runtime: the hub then no longer writes here.
struct Served(Rc<Shard>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.hub.dismiss(&self.0.inbox);
        // The thread-local may be gone already; then so is the list.
        let _ = HERE.try_with(|all| all.borrow_mut().retain(|shard| !Rc::ptr_eq(shard, &self.0)));
    }
}

/// The outermost batch, at whose end frames are written.
struct Batch(Rc<Shard>);

impl Drop for Batch {
    fn drop(&mut self) {
        self.0.batching.set(false);
        // Writing runs no code that could put something into an outbox.
        let mut dirty = self.0.dirty.borrow_mut();
        dirty.drain(..).for_each(|link| link.flush());
        dirty.shrink_to(MAX_IDLE);
    }
}

fn do_to(core: &Rc<Core>, deed: &Deed) {
    match deed {
        Deed::Join(rooms) => rooms.iter().for_each(|room| core.join(room)),
        Deed::Leave(rooms) => rooms.iter().for_each(|room| core.leave(room)),
        Deed::Disconnect { close } => core.disconnect(Reason::ServerDisconnect, *close),
        Deed::List(_) | Deed::Ask { .. } | Deed::Replace(_) => {}
    }
}

impl Order {
    /// Whether both are events for the same sockets.
    fn goes_with(&self, next: &Self) -> bool {
        match (self, next) {
            (Self::Send(one), Self::Send(other)) => {
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
