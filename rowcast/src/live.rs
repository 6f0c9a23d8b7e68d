//! Live updates: publishes committed changes to subscribed sockets.
//!
//! ```text
//! any writer ─▶ table + change log, one transaction
//!                     │ notification: our own commits, NOTIFY of other nodes, a timer for other programs
//!                     ▼
//!      tail:  log ─▶ changed rows ─▶ cache ─▶ state version ─▶ one frame per mode ─▶ every socket
//!                                                  └─▶ connect, refresh, resume: without a query
//! ```
//!
//! The change log is the only source of updates. So our own writes, cascades and the writes of other programs are
//! published in the same way.

mod cache;
mod coalesced;
mod cursor;
mod delivery;
mod digest;
mod epoch;
mod history;
mod horizon;
mod limit;
mod log;
mod marks;
mod parts;
mod position;
mod prune;
mod reconcile;
mod resync;
mod rows;
mod shared;
mod snapshot_format;
mod state;
mod tail;
mod triggers;
mod unlogged;
mod view;
mod withheld;

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use socketio::{Hub, Socket};
use tokio::sync::{mpsc, oneshot, watch};

pub use cursor::Cursor;
pub use limit::Limit;
pub use parts::PART_BYTES;
pub(crate) use prune::prune;
use reconcile::Reconciler;
pub use resync::resync;
use rows::CollectionReader;
use shared::PublishedState;
use tail::{Collections, Replacement, Signals, Tail};

use crate::{
    clock,
    database::{CommitSeq, Database, DedicatedConnection},
    error::Error,
    registry::Registry,
};

/// How long an ack waits for its write to be published. The write is committed by then, so only the update is late.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a start tries again after it has lost the database, and the pause between two tries.
const START_TIMEOUT: Duration = Duration::from_secs(10);
const START_RETRY_DELAY: Duration = Duration::from_millis(250);
/// How long a resuming client waits until this node has caught up with its cursor.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// The Socket.IO rooms of the modes.
const SNAPSHOTS_ROOM: &str = "live:snapshots";
/// The name of the mode without updates, in the place of a room.
const NO_ROOM: &str = "live:none";
const CHANGES_ROOM: &str = "live:changes";
const PARTS_ROOM: &str = "live:parts";

/// How a client receives updates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A full snapshot of each collection that changed.
    Snapshots {
        /// The largest message that the client accepts, if known.
        limit: Option<Limit>,
    },
    /// Changed rows, after a cursor or after full snapshots.
    Changes {
        /// The client's cursor.
        since: Option<Cursor>,
        /// The format of full snapshots, which are sent where changes do not suffice.
        format: SnapshotFormat,
    },
    /// Nothing but what the client asks for.
    OnRequest {
        /// The largest message that the client accepts, if known.
        limit: Option<Limit>,
    },
}

/// The format of full snapshots for clients that receive changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SnapshotFormat {
    /// One event per collection.
    #[default]
    Snapshots,
    /// A series of small parts.
    Parts,
    /// One event per collection, for a client with a message limit.
    Limited(Limit),
}

impl Default for Mode {
    fn default() -> Self {
        Self::Snapshots { limit: None }
    }
}

/// How much of the change log is retained for resuming clients.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// The number of changed rows.
    pub entries: usize,
    /// The maximum age.
    pub age: Duration,
}

/// The operator's settings.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The retention of the change log.
    pub retention: Retention,
    /// The maximum size of a collection's JSON. A larger collection is withheld: it is not cached, and clients
    /// receive a `withheld` notice instead.
    pub collection_bytes: usize,
    /// Rows per second that are compared with the published state; 0 disables the comparison.
    pub reconcile_rows: u32,
}

/// A handle for the gateway; cheap to clone.
#[derive(Clone)]
pub struct Live {
    shared: Arc<PublishedState>,
    published: watch::Receiver<u64>,
    poll_requests: watch::Sender<u64>,
    polled: watch::Receiver<u64>,
    closing: watch::Sender<bool>,
    replacements: mpsc::UnboundedSender<Replacement>,
}

/// A socket's subscription to updates, counted until it is dropped.
pub struct Subscription {
    shared: Arc<PublishedState>,
    mode: Mode,
}

impl Live {
    /// Reads every collection into the cache and starts to poll the change log. If the database is lost meanwhile, it
    /// tries again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database is not back in time.
    pub async fn start(
        db: &Database,
        registry: &Registry,
        hub: Hub,
        settings: Settings,
    ) -> Result<Self, Error> {
        let began = Instant::now();
        loop {
            match Self::try_start(db, registry, hub.clone(), settings).await {
                Err(Error::Unavailable(reason)) if began.elapsed() < START_TIMEOUT => {
                    tracing::warn!(reason, "the rows could not be read; trying again");
                    tokio::time::sleep(START_RETRY_DELAY).await;
                }
                started => return started,
            }
        }
    }

    async fn try_start(
        db: &Database,
        registry: &Registry,
        hub: Hub,
        Settings { retention, collection_bytes, reconcile_rows }: Settings,
    ) -> Result<Self, Error> {
        let (publish_tx, published) = watch::channel(0);
        let (polled_tx, polled) = watch::channel(0);
        let poll_requests = watch::Sender::new(0);
        let closing = watch::Sender::new(false);
        let (replacements, requested) = mpsc::unbounded_channel();
        let signals = Signals {
            commits: db.commits(),
            poll_requests: poll_requests.subscribe(),
            published: publish_tx,
            polled: polled_tx,
            stop: closing.subscribe(),
            replacements: requested,
        };
        let (ready, loaded) = oneshot::channel();
        let (reader, main) = (CollectionReader::new(registry.collections(), collection_bytes), db.clone());
        let tables = reader.tables();
        db.spawn_with_connection("live", async move |attached: DedicatedConnection| {
            let reconciler = Reconciler::new(reconcile_rows);
            match Tail::load(main, &attached, reader, hub, retention.entries, reconciler).await {
                Ok(tail) => tail.run(attached, signals, ready).await,
                Err(error) => drop(ready.send(Err(error))),
            }
        })?;
        let clock_state = clock::begin(db).await?;
        actix_web::rt::spawn(clock::run(db.clone(), clock_state, closing.subscribe()));
        if db.node_messages().is_some() {
            actix_web::rt::spawn(triggers::run(db.clone(), tables, closing.subscribe()));
        }
        let shared = loaded.await.map_err(|_| Error::Unavailable("live ended before it began".into()))??;
        Ok(Self { shared, published, poll_requests, polled, closing, replacements })
    }

    /// Catches up with the log before a client subscribes, because another node may have sent it newer changes.
    /// Concurrent calls share one poll.
    pub async fn catch_up_to(&self, mode: &Mode) {
        let behind = match mode {
            Mode::Changes { since: Some(cursor), .. } => !self.shared.covers(cursor),
            _ => self.shared.is_multi_node,
        };
        // While the database is unreachable, the published state is the best there is.
        if behind && self.is_caught_up() && !self.poll_within(CATCH_UP_TIMEOUT).await {
            tracing::warn!("a client is accepted although this node may be behind the state of the client");
        }
    }

    /// Sends a socket the current state or what it has missed, and subscribes it to updates.
    pub fn subscribe<S>(&self, socket: &Socket<S>, mode: Mode) -> Subscription {
        let Some(subscribers) = mode.subscriber_count(&self.shared) else {
            return Subscription { shared: self.shared.clone(), mode };
        };
        subscribers.fetch_add(1, Ordering::Relaxed);
        socket.join(mode.room());
        // The subscriber is counted by now, so the limited version stays.
        mode.limit().into_iter().for_each(|limit| self.shared.add_limit(limit));
        socket.send_messages_with(|| match &mode {
            Mode::OnRequest { .. } => Vec::new(),
            Mode::Snapshots { limit } => self.shared.all_snapshots(*limit),
            Mode::Changes { since: None, format } => vec![self.shared.full_snapshot(*format)],
            Mode::Changes { since: Some(cursor), format } => {
                let resumed = self.shared.resume(cursor, *format);
                let outcome = if resumed.is_some() { "changes" } else { "snapshots" };
                metrics::counter!("rowcast_live_resumed_total", "with" => outcome).increment(1);
                vec![resumed.unwrap_or_else(|| self.shared.full_snapshot(*format))]
            }
        });
        Subscription { shared: self.shared.clone(), mode }
    }

    /// Sends a socket full snapshots of all collections again.
    pub fn send_snapshots<S>(&self, socket: &Socket<S>, mode: &Mode) {
        if let Mode::OnRequest { limit: Some(limit) } = mode {
            // No subscriber keeps the limited version.
            self.shared.add_limit(*limit);
        }
        socket.send_messages_with(|| match mode {
            Mode::Snapshots { limit } | Mode::OnRequest { limit } => self.shared.all_snapshots(*limit),
            Mode::Changes { format, .. } => vec![self.shared.full_snapshot(*format)],
        });
    }

    /// Waits until the changes of a commit are published.
    pub async fn wait_published(&self, commit: CommitSeq) {
        let (began, mut published) = (Instant::now(), self.published.clone());
        let wait = published.wait_for(|published| *published >= commit.0);
        if !matches!(tokio::time::timeout(PUBLISH_TIMEOUT, wait).await, Ok(Ok(_))) {
            tracing::warn!(commit = commit.0, "a write is acked before it was published");
        }
        metrics::histogram!("rowcast_live_lag_seconds").record(began.elapsed().as_secs_f64());
    }

    /// Waits until everything that is committed now is published.
    pub async fn wait_caught_up(&self) {
        if !self.poll_now().await {
            tracing::warn!("a repeated request is acked before the changes of its first run were published");
        }
    }

    /// As [`wait_caught_up`](Self::wait_caught_up); returns whether it succeeded in time.
    pub(crate) async fn poll_now(&self) -> bool {
        self.poll_within(PUBLISH_TIMEOUT).await
    }

    /// Waits for a poll that begins after this call.
    async fn poll_within(&self, timeout: Duration) -> bool {
        let mut ticket = 0;
        self.poll_requests.send_modify(|requested| {
            *requested += 1;
            ticket = *requested;
        });
        let mut polled = self.polled.clone();
        let wait = polled.wait_for(|polled| *polled >= ticket);
        matches!(tokio::time::timeout(timeout, wait).await, Ok(Ok(_)))
    }

    /// Replaces the collections; done when clients have been sent the difference. `switch` is called before that, so
    /// that a client which has rows of the new form can write them.
    ///
    /// # Errors
    /// [`Error`] of the database. Everything is as before then, and `switch` is not called.
    pub(crate) async fn replace(
        &self,
        collections: Collections,
        switch: impl FnOnce() + Send + 'static,
    ) -> Result<(), Error> {
        let (done, replaced) = oneshot::channel();
        let stopped = || Error::Unavailable("live has ended".into());
        let replacement = Replacement { collections, switch: Box::new(switch), done };
        self.replacements.send(replacement).map_err(|_| stopped())?;
        replaced.await.map_err(|_| stopped())?
    }

    /// Whether the last poll succeeded.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.shared.caught_up.load(Ordering::Relaxed)
    }

    /// Stops the tail, and waits until it has saved its digest.
    pub async fn stop(&self) {
        self.closing.send_replace(true);
        let mut published = self.published.clone();
        let ended = async { while published.changed().await.is_ok() {} };
        let _ = tokio::time::timeout(PUBLISH_TIMEOUT, ended).await;
    }
}

/// Stops further updates to a socket; the caller drops its [`Subscription`] as well.
pub fn unsubscribe<S>(socket: &Socket<S>, mode: &Mode) {
    socket.leave(&mode.room());
}

impl Mode {
    fn limit(&self) -> Option<Limit> {
        match self {
            Self::Snapshots { limit } | Self::OnRequest { limit } => *limit,
            Self::Changes { format, .. } => format.limit(),
        }
    }

    /// The Socket.IO room of the mode.
    pub(crate) fn room(&self) -> Cow<'static, str> {
        match self {
            // Nobody is in it.
            Self::OnRequest { .. } => NO_ROOM.into(),
            Self::Snapshots { limit: None } => SNAPSHOTS_ROOM.into(),
            Self::Snapshots { limit: Some(limit) } => format!("{SNAPSHOTS_ROOM}:{}", limit.bytes()).into(),
            Self::Changes { format: SnapshotFormat::Snapshots, .. } => CHANGES_ROOM.into(),
            Self::Changes { format: SnapshotFormat::Parts, .. } => PARTS_ROOM.into(),
            Self::Changes { format: SnapshotFormat::Limited(limit), .. } => {
                format!("{CHANGES_ROOM}:{}", limit.bytes()).into()
            }
        }
    }

    /// The number of subscribers in the mode; none if it has no updates.
    fn subscriber_count<'a>(&self, shared: &'a PublishedState) -> Option<&'a AtomicUsize> {
        match self {
            Self::Snapshots { limit: None } => Some(&shared.snapshots),
            Self::Snapshots { limit: Some(limit) } => Some(&shared.limited[limit.index()].snapshots),
            Self::Changes { format, .. } => Some(shared.change_subscribers(*format)),
            Self::OnRequest { .. } => None,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(subscribers) = self.mode.subscriber_count(&self.shared) {
            subscribers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
