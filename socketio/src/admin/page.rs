//! The task of one connected page: sends it events, and statistics every two seconds.

use std::{collections::HashSet, sync::Arc, thread::ThreadId, time::Duration};

use tokio::{
    select,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tracing::warn;

use super::{
    auth::AdminSession,
    feed::{EventFeed, FeedItem, ServerEvent},
    monitor::Monitor,
    page_state::PageState,
    socket_details::SocketDetails,
    stats::{CounterSnapshot, ServerInfo},
};
use crate::{id::SocketId, socket::Socket};

/// Interval of the statistics.
const STATS_INTERVAL: Duration = Duration::from_secs(2);
/// Timeout of the query for polling sockets.
const QUERY_TIMEOUT: Duration = Duration::from_secs(1);
/// Minimum time between two complete lists after lost items.
const RESYNC_INTERVAL: Duration = Duration::from_secs(10);
/// Maximum bytes of the list of all sockets.
const MAX_LIST: usize = 4 * 1024 * 1024;
/// Maximum number of events held while workers have not answered.
const MAX_HELD: usize = 4096;

pub(super) struct AdminPage {
    socket: Socket<AdminSession>,
    monitor: Arc<Monitor>,
    server: Arc<ServerInfo>,
    max_list: usize,
    state: PageState,
    /// Workers that have not answered the query for their sockets.
    pending_workers: Vec<ThreadId>,
    listed: Vec<(ThreadId, SocketDetails)>,
    /// Events of workers that have answered, held until all have.
    held_events: Vec<(ThreadId, Arc<ServerEvent>)>,
    listed_at: Instant,
    incomplete: bool,
    last_counters: CounterSnapshot,
}

/// Closes the feed when the page's task ends, even if it is torn down.
struct FeedGuard<'a>(&'a Monitor, SocketId);

impl Drop for FeedGuard<'_> {
    fn drop(&mut self) {
        self.0.close(self.1);
    }
}

impl AdminPage {
    /// A page whose outbox holds `max_outbox` bytes.
    pub(super) fn new(
        socket: Socket<AdminSession>,
        monitor: Arc<Monitor>,
        server: Arc<ServerInfo>,
        max_outbox: usize,
    ) -> Self {
        Self {
            last_counters: monitor.counters.snapshot(),
            max_list: MAX_LIST.min(max_outbox / 2),
            socket,
            monitor,
            server,
            state: PageState::default(),
            pending_workers: Vec::new(),
            listed: Vec::new(),
            held_events: Vec::new(),
            listed_at: Instant::now(),
            incomplete: false,
        }
    }

    /// Runs until the page disconnects.
    pub(super) async fn run(mut self) {
        let (monitor, id) = (self.monitor.clone(), *self.socket.id());
        let feed = monitor.open(id);
        let _guard = FeedGuard(&monitor, id);
        if monitor.is_detailed {
            self.request_list(&feed);
        }
        let mut ticks = interval(STATS_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.socket.is_connected() {
            select! {
                () = feed.changed() => self.take(&feed),
                _ = ticks.tick() => self.tick(&feed).await,
            }
        }
    }

    fn request_list(&mut self, feed: &Arc<EventFeed>) {
        self.listed.clear();
        self.held_events.clear();
        (self.incomplete, self.listed_at) = (false, Instant::now());
        self.pending_workers = self.monitor.request_list(feed, self.max_list);
        if self.pending_workers.is_empty() {
            self.send_list();
        }
    }

    fn take(&mut self, feed: &EventFeed) {
        let (notes, incomplete) = feed.take();
        self.incomplete |= incomplete;
        for note in notes {
            match note {
                FeedItem::Seen { on, sockets } => self.sockets_listed(on, sockets),
                FeedItem::Happened { on, what } => self.happened(on, what),
            }
        }
    }

    fn sockets_listed(&mut self, on: ThreadId, sockets: Vec<SocketDetails>) {
        let Some(at) = self.pending_workers.iter().position(|one| *one == on) else { return };
        self.pending_workers.swap_remove(at);
        self.listed.extend(sockets.into_iter().map(|socket| (on, socket)));
        if self.pending_workers.is_empty() {
            self.send_list();
        }
    }

    /// Sends the list and the held events: all workers have answered.
    fn send_list(&mut self) {
        let (frame, all) = self.state.list(&std::mem::take(&mut self.listed), self.max_list);
        self.socket.send(frame);
        if !all {
            warn!("an admin page shows only some of the sockets, because there are too many");
        }
        for (on, what) in std::mem::take(&mut self.held_events) {
            self.apply(on, &what);
        }
    }

    fn happened(&mut self, on: ThreadId, what: Arc<ServerEvent>) {
        if self.pending_workers.is_empty() {
            self.apply(on, &what);
        } else if self.pending_workers.contains(&on) {
            // The worker's answer will include it.
        } else if self.held_events.len() < MAX_HELD {
            self.held_events.push((on, what));
        } else {
            self.incomplete = true;
        }
    }

    fn apply(&mut self, on: ThreadId, what: &ServerEvent) {
        let socket = &self.socket;
        self.state.apply(on, what, |frame| socket.send(frame));
    }

    async fn tick(&mut self, feed: &Arc<EventFeed>) {
        if self.incomplete && self.listed_at.elapsed() >= RESYNC_INTERVAL {
            self.request_list(feed);
        }
        // Later events wait in the feed, so the state matches the time of the query.
        let Ok(polling) = timeout(QUERY_TIMEOUT, self.monitor.polling()).await else { return };
        let clients: HashSet<_> = polling.iter().map(|(_, client)| client).collect();
        let now = self.monitor.counters.snapshot();
        let stats = self.server.stats(&self.socket.hub(), clients.len(), &self.last_counters, &now);
        self.socket.emit("server_stats", &stats);
        self.last_counters = now;
        let (polling, socket) = (polling.iter().map(|(id, _)| *id).collect(), &self.socket);
        self.state.polling(&polling, |frame| socket.send(frame));
    }
}
