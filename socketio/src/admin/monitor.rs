//! Observes all workers, and distributes events to the feeds of pages.
//!
//! A page's feed exists before the workers are queried for their sockets. Each worker answers with all of its sockets
//! at one moment, and the answer stands in the feed between earlier and later events. A page that drops a worker's
//! items before its answer therefore misses nothing and receives nothing twice.

use std::{
    hash::RandomState,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, ThreadId},
};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{
    budget::DetailBudget,
    event_details,
    feed::{EventFeed, ServerEvent},
    name::NAMESPACE,
    query::{self, SocketListRequest, WorkerQuery},
    socket_details::SocketDetails,
    stats::{Counter, Counters},
};
use crate::{
    clock,
    hub::Hub,
    id::SocketId,
    observer::{Observed, Observer},
    wire::frame::Frame,
    worker::socket::SocketInner,
};

pub(super) struct Monitor {
    /// Number of connected pages.
    pages: AtomicUsize,
    feeds: Mutex<Vec<Arc<EventFeed>>>,
    workers: Mutex<Vec<(ThreadId, UnboundedSender<WorkerQuery>)>>,
    pub(super) counters: Counters,
    budget: DetailBudget,
    /// Whether sockets and events are shown, or statistics only.
    pub(super) is_detailed: bool,
    /// Hashes session ids into client ids.
    clients: RandomState,
}

impl Monitor {
    pub(super) fn new(is_detailed: bool) -> Self {
        Self {
            pages: AtomicUsize::new(0),
            feeds: Mutex::default(),
            workers: Mutex::default(),
            counters: Counters::default(),
            budget: DetailBudget::default(),
            is_detailed,
            clients: RandomState::new(),
        }
    }

    /// Opens the feed of a page.
    pub(super) fn open(&self, page: SocketId) -> Arc<EventFeed> {
        let feed = Arc::new(EventFeed::new(page));
        let mut feeds = lock(&self.feeds);
        feeds.push(feed.clone());
        self.pages.store(feeds.len(), Ordering::Relaxed);
        feed
    }

    /// Closes the feed of a page.
    pub(super) fn close(&self, page: SocketId) {
        let mut feeds = lock(&self.feeds);
        feeds.iter().filter(|feed| feed.page == page).for_each(|feed| feed.wake());
        feeds.retain(|feed| feed.page != page);
        self.pages.store(feeds.len(), Ordering::Relaxed);
    }

    /// Queries the sockets of all workers; returns these workers. A later worker has no sockets yet.
    pub(super) fn request_list(&self, feed: &Arc<EventFeed>, max_bytes: usize) -> Vec<ThreadId> {
        let workers = lock(&self.workers).clone();
        for (on, asked) in &workers {
            // A stopped worker answers by dropping the query.
            let _ = asked.send(WorkerQuery::Sockets(SocketListRequest::new(*on, feed.clone(), max_bytes)));
        }
        workers.into_iter().map(|(on, _)| on).collect()
    }

    /// Queries the polling sockets of all workers, with their clients.
    pub(super) async fn polling(&self) -> Vec<(SocketId, u64)> {
        let (list, mut lists) = unbounded_channel();
        lock(&self.workers).retain(|(_, asked)| asked.send(WorkerQuery::Polling(list.clone())).is_ok());
        drop(list);
        let mut polling = Vec::new();
        while let Some(more) = lists.recv().await {
            polling.extend(more);
        }
        polling
    }

    /// Starts the query task of a worker, on its thread.
    fn begin(&self, hub: &Hub) {
        let (asked, asking) = unbounded_channel();
        lock(&self.workers).push((thread::current().id(), asked));
        actix_web::rt::spawn(query::serve(hub.clone(), self.clients.clone(), asking));
    }

    fn happened(&self, what: ServerEvent) {
        let (on, what) = (thread::current().id(), Arc::new(what));
        for feed in lock(&self.feeds).iter() {
            feed.happened(on, what.clone());
        }
    }

    fn connected(&self, socket: &SocketInner) {
        self.counters.add(Counter::Connected, 1);
        if self.is_detailed {
            let (_, at) = now();
            self.happened(ServerEvent::Connected {
                socket: SocketDetails::of(socket, &self.clients, true),
                at,
            });
        }
    }

    fn disconnected(&self, socket: &SocketInner, reason: &'static str) {
        self.counters.add(Counter::Disconnected, 1);
        if self.is_detailed {
            let (namespace, id) = (socket.nsp.name.clone(), socket.id);
            self.happened(ServerEvent::Disconnected { namespace, id, reason, at: now().1 });
        }
    }

    /// Counts an event, and shows it within the budget.
    fn event(&self, bytes: (Counter, usize), count: Counter, frame: impl FnOnce() -> Option<Frame>) {
        self.counters.add(count, 1);
        self.counters.add(bytes.0, bytes.1);
        if !self.is_detailed {
            return;
        }
        if !self.budget.take(clock::unix_millis() / 1000) {
            return self.counters.add(Counter::NotShown, 1);
        }
        if let Some(frame) = frame() {
            self.happened(ServerEvent::Event(frame));
        }
    }
}

impl Observer for Monitor {
    fn observe(&self, observed: &Observed<'_>) {
        if let Observed::Began { hub } = observed {
            return self.begin(hub);
        }
        // A page that is not counted here yet has not queried this worker yet.
        if self.pages.load(Ordering::Relaxed) == 0 || !is_reported(observed) {
            return;
        }
        match observed {
            Observed::Began { .. } => {}
            Observed::Connected { socket } => self.connected(socket),
            Observed::Disconnected { socket, reason } => self.disconnected(socket, reason.as_str()),
            Observed::Joined { socket, room } if self.is_detailed => {
                let (namespace, room, id) = (socket.nsp.name.clone(), (*room).clone(), socket.id);
                self.happened(ServerEvent::Joined { namespace, room, id, at: now().1 });
            }
            Observed::Left { socket, room } if self.is_detailed => {
                let (namespace, room, id) = (socket.nsp.name.clone(), (*room).clone(), socket.id);
                self.happened(ServerEvent::Left { namespace, room, id, at: now().1 });
            }
            Observed::Joined { .. } | Observed::Left { .. } => {}
            Observed::Received { socket, name, args, limit_exceeded } => {
                let bytes = (Counter::BytesReceived, name.len() + args.size());
                self.event(bytes, Counter::Received, || {
                    Some(event_details::received(socket, name, args, *limit_exceeded))
                });
            }
            Observed::Sent { socket, frame } => {
                let bytes = (Counter::BytesSent, frame.len());
                self.event(bytes, Counter::Sent, || event_details::sent(socket, frame));
            }
        }
    }
}

/// Whether the event belongs to another namespace than `/admin`.
fn is_reported(observed: &Observed<'_>) -> bool {
    match observed {
        Observed::Began { .. } => false,
        Observed::Connected { socket }
        | Observed::Disconnected { socket, .. }
        | Observed::Joined { socket, .. }
        | Observed::Left { socket, .. }
        | Observed::Received { socket, .. }
        | Observed::Sent { socket, .. } => &*socket.nsp.name != NAMESPACE,
    }
}

fn now() -> (u64, String) {
    let now = clock::unix_millis();
    (now, clock::iso(now))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
