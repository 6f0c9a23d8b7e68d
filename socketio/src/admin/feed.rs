//! Queue of events for a page: filled by all workers, emptied by the page's task.
//!
//! The items of one worker stay in order. The queue never blocks and is bounded: further items are dropped, and the
//! page's task learns that some are missing.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::ThreadId,
};

use tokio::sync::Notify;

use super::socket_details::SocketDetails;
use crate::{id::SocketId, wire::frame::Frame, worker::target::Room};

/// Maximum number of queued items.
const LIMIT: usize = 4096;

/// An item from a worker.
pub(super) enum FeedItem {
    /// All sockets of the worker, including the effects of its earlier items.
    Seen { on: ThreadId, sockets: Vec<SocketDetails> },
    /// An event on the worker.
    Happened { on: ThreadId, what: Arc<ServerEvent> },
}

/// An event on the server, with its time.
pub(super) enum ServerEvent {
    Connected {
        socket: SocketDetails,
        at: String,
    },
    Disconnected {
        namespace: Arc<str>,
        id: SocketId,
        reason: &'static str,
        at: String,
    },
    Joined {
        namespace: Arc<str>,
        room: Room,
        id: SocketId,
        at: String,
    },
    Left {
        namespace: Arc<str>,
        room: Room,
        id: SocketId,
        at: String,
    },
    /// An event as it is sent to pages.
    Event(Frame),
}

pub(super) struct EventFeed {
    /// The page's socket.
    pub(super) page: SocketId,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    notes: Vec<FeedItem>,
    lost: bool,
}

impl EventFeed {
    pub(super) fn new(page: SocketId) -> Self {
        Self { page, state: Mutex::default(), changed: Notify::new() }
    }

    pub(super) fn happened(&self, on: ThreadId, what: Arc<ServerEvent>) {
        let mut state = self.state();
        if state.notes.len() < LIMIT {
            state.notes.push(FeedItem::Happened { on, what });
        } else {
            state.lost |= !matches!(*what, ServerEvent::Event(_));
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Adds a list; never dropped, because there is one per query.
    pub(super) fn seen(&self, on: ThreadId, sockets: Vec<SocketDetails>) {
        self.state().notes.push(FeedItem::Seen { on, sockets });
        self.changed.notify_one();
    }

    /// Wakes the page's task to notice its disconnect.
    pub(super) fn wake(&self) {
        self.changed.notify_one();
    }

    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Takes the queued items, and whether some are missing since the last call.
    pub(super) fn take(&self) -> (Vec<FeedItem>, bool) {
        let mut state = self.state();
        (std::mem::take(&mut state.notes), std::mem::take(&mut state.lost))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_feed_reports_lost_items_and_accepts_lists() {
        let (feed, on) = (EventFeed::new(SocketId::random()), std::thread::current().id());
        let left = || {
            let (namespace, room, id) = ("/".into(), "a".into(), SocketId::random());
            Arc::new(ServerEvent::Left { namespace, room, id, at: String::new() })
        };
        (0..LIMIT).for_each(|_| feed.happened(on, left()));
        feed.happened(on, Arc::new(ServerEvent::Event(Frame::text("4"))));
        feed.seen(on, Vec::new());
        let (notes, lost) = feed.take();
        assert_eq!((notes.len(), lost), (LIMIT + 1, false), "an event is not missed");
        (0..=LIMIT).for_each(|_| feed.happened(on, left()));
        assert!(feed.take().1);
        assert!(!feed.take().1);
    }
}
