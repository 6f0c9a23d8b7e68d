//! What was committed becomes what clients are sent.
//!
//! ```text
//! any writer ─▶ table + change log, one transaction
//!                     │ bell: our own commits; a timer for everybody else's
//!                     ▼
//!      tail:  log ─▶ rows that changed ─▶ cache ─▶ one frame per collection ─▶ every socket
//! ```
//!
//! Nothing reaches clients but through the change log, so our own writes, cascades and other programs' writes are
//! seen by the same eyes. A client that connects is served from the cache, without a query.

mod cache;
mod log;
mod prune;
mod tail;

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use socketio::{Frame, Hub, Message, Slot, Socket};
use tokio::sync::{oneshot, watch};

use crate::{
    database::{Commit, Database},
    error::Error,
    registry::Registry,
};

/// How long an ack waits for its own write to be published. The write is committed by then, so what comes late is
/// the picture, not the data.
const PATIENCE: Duration = Duration::from_secs(5);

/// The handle that the gateway holds; cheap to clone.
#[derive(Clone)]
pub struct Live {
    shared: Arc<Shared>,
    passed: watch::Receiver<u64>,
    closing: watch::Sender<bool>,
}

/// What the tail's thread leaves for those that serve sockets.
struct Shared {
    /// Each collection's snapshot, ready to send, in the registry's order.
    snapshots: RwLock<Vec<(Slot, Frame)>>,
    caught_up: AtomicBool,
}

impl Live {
    /// Reads every collection into the cache and follows the change log from there on.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the first reading fails.
    pub async fn start(db: &Database, registry: &Registry, hub: Hub) -> Result<Self, Error> {
        let shared = Arc::new(Shared { snapshots: RwLock::default(), caught_up: false.into() });
        let (passing, passed) = watch::channel(0);
        let closing = watch::Sender::new(false);
        let (ready, loaded) = oneshot::channel();
        let tail = tail::Tail::new(registry.kinds(), hub, shared.clone(), passing);
        let (commits, stop) = (db.commits(), closing.subscribe());
        db.attach("live", async move |db| tail.run(db, commits, stop, ready).await)?;
        actix_web::rt::spawn(prune::run(db.clone(), closing.subscribe()));
        loaded.await.map_err(|_| Error::Unavailable("live ended before it began".into()))??;
        Ok(Self { shared, passed, closing })
    }

    /// Puts every collection into a socket's outbox.
    pub fn send_snapshots<S>(&self, socket: &Socket<S>) {
        for (slot, frame) in self.snapshots() {
            socket.put(slot, frame);
        }
    }

    /// Waits until what `commit` changed has been sent to everybody.
    pub async fn passed(&self, commit: Commit) {
        let mut passed = self.passed.clone();
        let wait = passed.wait_for(|passed| *passed >= commit.0);
        if !matches!(tokio::time::timeout(PATIENCE, wait).await, Ok(Ok(_))) {
            tracing::warn!(commit = commit.0, "a write is acked before it was published");
        }
    }

    /// Whether the last look at the change log went well.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.shared.caught_up.load(Ordering::Relaxed)
    }

    /// Ends the tail.
    pub fn stop(&self) {
        self.closing.send_replace(true);
    }

    fn snapshots(&self) -> Vec<(Slot, Frame)> {
        self.shared.snapshots.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shared {
    /// Keeps snapshots for those who connect and sends them to those who are connected, under one lock: whoever reads
    /// one can be sure that its broadcast is on the way already, so no older one can follow it.
    fn publish(&self, hub: &Hub, news: Vec<(usize, Slot, Frame)>) {
        let mut snapshots = self.snapshots.write().unwrap_or_else(PoisonError::into_inner);
        let mut messages = Vec::with_capacity(news.len());
        for (at, slot, frame) in news {
            messages.push(Message::latest(slot, frame.clone()));
            match snapshots.get_mut(at) {
                Some(snapshot) => *snapshot = (slot, frame),
                None => snapshots.push((slot, frame)),
            }
        }
        hub.broadcast_all(&messages);
    }
}
