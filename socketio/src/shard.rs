//! A worker's share of the sessions, and the inbox through which other threads reach them.

use std::{
    cell::RefCell,
    collections::VecDeque,
    future::poll_fn,
    rc::{Rc, Weak},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{
    connection::Connection,
    hub::{Hub, Message},
    link::Link,
    meters::Meters,
    service::Reason,
};

/// What another thread wants of all sessions here.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    Send(Message),
    /// Finish what was received, then close.
    GoAway,
    /// End now.
    Cut,
}

#[derive(Debug, Default)]
pub(crate) struct Inbox(Mutex<Orders>);

#[derive(Debug, Default)]
struct Orders {
    waiting: Vec<Order>,
    worker: Option<Waker>,
}

impl Inbox {
    pub(crate) fn push(&self, more: impl IntoIterator<Item = Order>) {
        let worker = {
            let mut orders = self.lock();
            orders.waiting.extend(more);
            orders.worker.take()
        };
        if let Some(worker) = worker {
            worker.wake();
        }
    }

    fn take(&self) -> Vec<Order> {
        std::mem::take(&mut self.lock().waiting)
    }

    fn poll_waiting(&self, cx: &Context<'_>) -> Poll<()> {
        let mut orders = self.lock();
        if orders.waiting.is_empty() {
            orders.worker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    fn lock(&self) -> MutexGuard<'_, Orders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
            leaving: RefCell::default(),
            reaper: Notify::new(),
        });
        hub.enlist(shard.inbox.clone());
        HERE.with_borrow_mut(|all| all.push(shard.clone()));
        actix_web::rt::spawn(serve(Served(shard.clone())));
        actix_web::rt::spawn(reap(shard.clone()));
        shard
    }

    pub(crate) fn add(&self, link: Rc<Link>) {
        let mut links = self.links.borrow_mut();
        link.index.set(links.len());
        links.push(link);
    }

    pub(crate) fn remove(&self, link: &Link) {
        let mut links = self.links.borrow_mut();
        let index = link.index.get();
        links.swap_remove(index);
        if let Some(moved) = links.get(index) {
            moved.index.set(index);
        }
    }

    /// Carries out all that was ordered so far: see the hub's promise about order.
    pub(crate) fn pump(&self) {
        let orders = self.inbox.take();
        if orders.is_empty() {
            return;
        }
        for link in self.links.borrow().iter() {
            for order in &orders {
                match order {
                    Order::Send(message) => link.deliver(message),
                    Order::GoAway => link.go_away(),
                    Order::Cut => link.cut(Reason::Shutdown),
                }
            }
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

async fn serve(served: Served) {
    let shard = &served.0;
    loop {
        poll_fn(|cx| shard.inbox.poll_waiting(cx)).await;
        shard.pump();
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
