//! Sees what happens on all workers, and passes it on to the pages' feeds.
//!
//! A page's feed is there before the workers are asked for their sockets. A worker answers with all of them, at one moment,
//! and puts the answer into the feed between what happened before and after. So a page that drops what a worker said
//! before its answer misses nothing and is told nothing twice.

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
    NAMESPACE,
    budget::Allowance,
    clock, event_details,
    feed::{Feed, What},
    query::{self, Ask, Look},
    socket_details::Shown,
    stats::{Figure, Totals},
};
use crate::{
    hub::Hub,
    id::SocketId,
    observer::{Observed, Observer},
    wire::frame::Frame,
    worker::socket::Core,
};

pub(super) struct Watch {
    /// How many pages are connected.
    pages: AtomicUsize,
    feeds: Mutex<Vec<Arc<Feed>>>,
    workers: Mutex<Vec<(ThreadId, UnboundedSender<Ask>)>>,
    pub(super) totals: Totals,
    shown: Allowance,
    /// Whether sockets and events are shown, or figures only.
    pub(super) detailed: bool,
    /// Makes a client's name out of its session's id.
    clients: RandomState,
}

impl Watch {
    pub(super) fn new(detailed: bool) -> Self {
        Self {
            pages: AtomicUsize::new(0),
            feeds: Mutex::default(),
            workers: Mutex::default(),
            totals: Totals::default(),
            shown: Allowance::default(),
            detailed,
            clients: RandomState::new(),
        }
    }

    /// From now on a page is told what happens, until its feed is closed.
    pub(super) fn open(&self, page: SocketId) -> Arc<Feed> {
        let feed = Arc::new(Feed::new(page));
        let mut feeds = lock(&self.feeds);
        feeds.push(feed.clone());
        self.pages.store(feeds.len(), Ordering::Relaxed);
        feed
    }

    /// The page has gone.
    pub(super) fn close(&self, page: SocketId) {
        let mut feeds = lock(&self.feeds);
        feeds.iter().filter(|feed| feed.page == page).for_each(|feed| feed.wake());
        feeds.retain(|feed| feed.page != page);
        self.pages.store(feeds.len(), Ordering::Relaxed);
    }

    /// Asks all workers for their sockets; says which were asked. One that begins later has none yet.
    pub(super) fn look(&self, feed: &Arc<Feed>, max_bytes: usize) -> Vec<ThreadId> {
        let workers = lock(&self.workers).clone();
        for (on, asked) in &workers {
            // One that has gone answers by dropping what it is asked.
            let _ = asked.send(Ask::Sockets(Look::new(*on, feed.clone(), max_bytes)));
        }
        workers.into_iter().map(|(on, _)| on).collect()
    }

    /// Asks all workers which sockets poll, and to which clients they belong.
    pub(super) async fn polling(&self) -> Vec<(SocketId, u64)> {
        let (list, mut lists) = unbounded_channel();
        lock(&self.workers).retain(|(_, asked)| asked.send(Ask::Polling(list.clone())).is_ok());
        drop(list);
        let mut polling = Vec::new();
        while let Some(more) = lists.recv().await {
            polling.extend(more);
        }
        polling
    }

    /// A worker begins, on this thread.
    fn begin(&self, hub: &Hub) {
        let (asked, asking) = unbounded_channel();
        lock(&self.workers).push((thread::current().id(), asked));
        actix_web::rt::spawn(query::serve(hub.clone(), self.clients.clone(), asking));
    }

    fn happened(&self, what: What) {
        let (on, what) = (thread::current().id(), Arc::new(what));
        for feed in lock(&self.feeds).iter() {
            feed.happened(on, what.clone());
        }
    }

    fn connected(&self, socket: &Core) {
        self.totals.add(Figure::Connected, 1);
        if self.detailed {
            let (_, at) = now();
            self.happened(What::Connected { socket: Shown::of(socket, &self.clients, true), at });
        }
    }

    fn disconnected(&self, socket: &Core, reason: &'static str) {
        self.totals.add(Figure::Disconnected, 1);
        if self.detailed {
            let (namespace, id) = (socket.nsp.name.clone(), socket.id);
            self.happened(What::Disconnected { namespace, id, reason, at: now().1 });
        }
    }

    /// An event: counted, and shown if not too many were.
    fn event(&self, bytes: (Figure, usize), count: Figure, frame: impl FnOnce() -> Option<Frame>) {
        self.totals.add(count, 1);
        self.totals.add(bytes.0, bytes.1);
        if !self.detailed {
            return;
        }
        if !self.shown.take(clock::now() / 1000) {
            return self.totals.add(Figure::NotShown, 1);
        }
        if let Some(frame) = frame() {
            self.happened(What::Event(frame));
        }
    }
}

impl Observer for Watch {
    fn observe(&self, observed: &Observed<'_>) {
        if let Observed::Began { hub } = observed {
            return self.begin(hub);
        }
        // A page that is not seen here yet has not asked this worker for its sockets yet.
        if self.pages.load(Ordering::Relaxed) == 0 || !is_shown(observed) {
            return;
        }
        match observed {
            Observed::Began { .. } => {}
            Observed::Connected { socket } => self.connected(socket),
            Observed::Disconnected { socket, reason } => self.disconnected(socket, reason.as_str()),
            Observed::Joined { socket, room } if self.detailed => {
                let (namespace, room, id) = (socket.nsp.name.clone(), (*room).clone(), socket.id);
                self.happened(What::Joined { namespace, room, id, at: now().1 });
            }
            Observed::Left { socket, room } if self.detailed => {
                let (namespace, room, id) = (socket.nsp.name.clone(), (*room).clone(), socket.id);
                self.happened(What::Left { namespace, room, id, at: now().1 });
            }
            Observed::Joined { .. } | Observed::Left { .. } => {}
            Observed::Received { socket, event } => {
                let bytes = (Figure::BytesReceived, event.name.len() + event.args.size());
                self.event(bytes, Figure::Received, || Some(event_details::received(socket, event)));
            }
            Observed::Sent { socket, frame } => {
                let bytes = (Figure::BytesSent, frame.len());
                self.event(bytes, Figure::Sent, || event_details::sent(socket, frame));
            }
        }
    }
}

/// Whether it is not about the admins themselves.
fn is_shown(observed: &Observed<'_>) -> bool {
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
    let now = clock::now();
    (now, clock::iso(now))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
