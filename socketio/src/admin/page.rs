//! One connected page: its task tells it what happens, and every two seconds how the server is.

use std::{collections::HashSet, sync::Arc, thread::ThreadId, time::Duration};

use tokio::{
    select,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tracing::warn;

use super::{
    auth::Entered,
    feed::{Feed, Note, What},
    monitor::Watch,
    page_state::Mirror,
    socket_details::Shown,
    stats::{Server, Told},
};
use crate::{id::SocketId, socket::Socket};

/// From one set of figures to the next.
const TICK: Duration = Duration::from_secs(2);
/// How long the workers may take to say which sockets poll.
const PATIENCE: Duration = Duration::from_secs(1);
/// A page that lost something gets the whole list no more often than this.
const AGAIN: Duration = Duration::from_secs(10);
/// Bytes of the list of all sockets.
const MAX_LIST: usize = 4 * 1024 * 1024;
/// What may be held back while workers are still to answer.
const MAX_HELD: usize = 4096;

pub(super) struct Page {
    socket: Socket<Entered>,
    watch: Arc<Watch>,
    server: Arc<Server>,
    max_list: usize,
    mirror: Mirror,
    /// Workers that were asked for their sockets and have not answered.
    unseen: Vec<ThreadId>,
    seen: Vec<(ThreadId, Shown)>,
    /// What happened, on workers that have answered, before all have.
    held: Vec<(ThreadId, Arc<What>)>,
    looked: Instant,
    lost: bool,
    told: Told,
}

/// Nothing is put into a feed any more once its page's task has ended, however that was.
struct Open<'a>(&'a Watch, SocketId);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.close(self.1);
    }
}

impl Page {
    /// A page whose session's outbox holds `max_outbox` bytes.
    pub(super) fn new(
        socket: Socket<Entered>,
        watch: Arc<Watch>,
        server: Arc<Server>,
        max_outbox: usize,
    ) -> Self {
        Self {
            told: watch.totals.now(),
            max_list: MAX_LIST.min(max_outbox / 2),
            socket,
            watch,
            server,
            mirror: Mirror::default(),
            unseen: Vec::new(),
            seen: Vec::new(),
            held: Vec::new(),
            looked: Instant::now(),
            lost: false,
        }
    }

    /// Ends when the page has gone.
    pub(super) async fn run(mut self) {
        let (watch, id) = (self.watch.clone(), *self.socket.id());
        let feed = watch.open(id);
        let _open = Open(&watch, id);
        if watch.detailed {
            self.look(&feed);
        }
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.socket.is_connected() {
            select! {
                () = feed.changed() => self.take(&feed),
                _ = ticks.tick() => self.tick(&feed).await,
            }
        }
    }

    fn look(&mut self, feed: &Arc<Feed>) {
        self.seen.clear();
        self.held.clear();
        (self.lost, self.looked) = (false, Instant::now());
        self.unseen = self.watch.look(feed, self.max_list);
        if self.unseen.is_empty() {
            self.list();
        }
    }

    fn take(&mut self, feed: &Feed) {
        let (notes, lost) = feed.take();
        self.lost |= lost;
        for note in notes {
            match note {
                Note::Seen { on, sockets } => self.saw(on, sockets),
                Note::Happened { on, what } => self.happened(on, what),
            }
        }
    }

    fn saw(&mut self, on: ThreadId, sockets: Vec<Shown>) {
        let Some(at) = self.unseen.iter().position(|one| *one == on) else { return };
        self.unseen.swap_remove(at);
        self.seen.extend(sockets.into_iter().map(|socket| (on, socket)));
        if self.unseen.is_empty() {
            self.list();
        }
    }

    /// All workers have answered: the list, and what has happened since.
    fn list(&mut self) {
        let (frame, all) = self.mirror.list(&std::mem::take(&mut self.seen), self.max_list);
        self.socket.send(frame);
        if !all {
            warn!("an admin page is shown only some of the sockets: there are too many");
        }
        for (on, what) in std::mem::take(&mut self.held) {
            self.tell(on, &what);
        }
    }

    fn happened(&mut self, on: ThreadId, what: Arc<What>) {
        if self.unseen.is_empty() {
            self.tell(on, &what);
        } else if self.unseen.contains(&on) {
            // What its answer will show.
        } else if self.held.len() < MAX_HELD {
            self.held.push((on, what));
        } else {
            self.lost = true;
        }
    }

    fn tell(&mut self, on: ThreadId, what: &What) {
        let socket = &self.socket;
        self.mirror.tell(on, what, |frame| socket.send(frame));
    }

    async fn tick(&mut self, feed: &Arc<Feed>) {
        if self.lost && self.looked.elapsed() >= AGAIN {
            self.look(feed);
        }
        // What is not told meanwhile waits in the feed, so the mirror stays as it was when the workers were asked.
        let Ok(polling) = timeout(PATIENCE, self.watch.polling()).await else { return };
        let clients: HashSet<_> = polling.iter().map(|(_, client)| client).collect();
        let now = self.watch.totals.now();
        let stats = self.server.stats(&self.socket.hub(), clients.len(), &self.told, &now);
        self.socket.emit("server_stats", &stats);
        self.told = now;
        let (polling, socket) = (polling.iter().map(|(id, _)| *id).collect(), &self.socket);
        self.mirror.polling(&polling, |frame| socket.send(frame));
    }
}
