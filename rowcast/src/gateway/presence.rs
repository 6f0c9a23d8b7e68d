//! Presence of author subscribers on the nodes, so that a node sends its messages only when another one has subscribers.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::database::NodeMessages;

/// A node's message that it has subscribers, and the query of a node that has just started.
const SUBSCRIBERS_PRESENT: &str = "here";
const PRESENCE_QUERY: &str = "who";
/// How often a node repeats its report, and how long a report is valid.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(10);
const PRESENCE_TTL: Duration = Duration::from_secs(30);

/// The subscribers of this node, and whether other nodes have any.
pub(super) struct Presence {
    notices: Option<NodeMessages>,
    subscribers: AtomicUsize,
    /// When another node last reported subscribers.
    remote_seen: Mutex<Option<Instant>>,
}

impl Presence {
    pub(super) fn new(notices: Option<NodeMessages>) -> Self {
        Self { notices, subscribers: 0.into(), remote_seen: Mutex::default() }
    }

    /// Counts a subscriber; the first one is reported to the other nodes.
    pub(super) fn add(&self) {
        if self.subscribers.fetch_add(1, Ordering::Relaxed) == 0 {
            self.publish(SUBSCRIBERS_PRESENT);
        }
    }

    pub(super) fn remove(&self) {
        self.subscribers.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn has_local_subscribers(&self) -> bool {
        self.subscribers.load(Ordering::Relaxed) > 0
    }

    pub(super) fn has_remote_subscribers(&self) -> bool {
        self.notices.is_some() && self.last_seen().is_some_and(|seen| seen.elapsed() < PRESENCE_TTL)
    }

    /// Sends a message to the other nodes.
    pub(super) fn publish(&self, message: impl Into<String>) {
        if let Some(notices) = &self.notices {
            notices.publish(message.into());
        }
    }

    /// Asks the other nodes for a report.
    pub(super) fn query(&self) {
        self.publish(PRESENCE_QUERY);
    }

    /// Reports this node's subscribers, if there are any.
    pub(super) fn report(&self) {
        if self.has_local_subscribers() {
            self.publish(SUBSCRIBERS_PRESENT);
        }
    }

    /// Handles a presence message of another node; returns any other message.
    pub(super) fn handle(&self, message: String) -> Option<String> {
        match &*message {
            SUBSCRIBERS_PRESENT => *self.last_seen() = Some(Instant::now()),
            PRESENCE_QUERY => self.report(),
            _ => return Some(message),
        }
        None
    }

    fn last_seen(&self) -> MutexGuard<'_, Option<Instant>> {
        self.remote_seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
