//! What was committed becomes what clients are sent.
//!
//! ```text
//! any writer ─▶ table + change log, one transaction
//!                     │ bell: our own commits; another node's NOTIFY; a timer for everybody else's
//!                     ▼
//!      tail:  log ─▶ rows that changed ─▶ cache ─▶ picture ─▶ one frame per mode ─▶ every socket
//!                                                     └─▶ who connects, refreshes, comes back: without a query
//! ```
//!
//! Nothing reaches clients but through the change log, so our own writes, cascades and other programs' writes are
//! seen by the same eyes.

mod cache;
mod cursor;
mod digest;
mod epoch;
mod history;
mod horizon;
mod limit;
mod log;
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
use tokio::sync::{oneshot, watch};

pub use cursor::Cursor;
pub use limit::Limit;
pub use parts::PART_BYTES;
use reconcile::Reconciler;
pub use resync::resync;
use rows::CollectionReader;
use shared::PublishedState;
use tail::{Signals, Tail};

use crate::{
    clock,
    database::{Attached, Commit, Database},
    error::Error,
    registry::Registry,
};

/// How long an ack waits for its own write to be published. The write is committed by then, so what comes late is
/// the picture, not the data.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a client that comes back from another node waits for this one to have seen as much.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// Rooms of those who want the one or the other.
const SNAPSHOTS_ROOM: &str = "live:snapshots";
const CHANGES_ROOM: &str = "live:changes";
const PARTS_ROOM: &str = "live:parts";

/// How a client wants to be kept up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each collection that changed, whole.
    Snapshots {
        /// What the client takes at most, if that is known.
        limit: Option<Limit>,
    },
    /// What changed; from a cursor on, or from the snapshots.
    Changes {
        /// Where the client was when it was last here.
        since: Option<Cursor>,
        /// How it is sent what changes cannot tell.
        format: SnapshotFormat,
    },
}

/// How a client that wants changes is sent all that there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SnapshotFormat {
    /// By the snapshots.
    #[default]
    Snapshots,
    /// In parts, of which none is large.
    Parts,
    /// By the snapshots, for a client that takes no larger messages than that.
    Limited(Limit),
}

impl Default for Mode {
    fn default() -> Self {
        Self::Snapshots { limit: None }
    }
}

/// How much of what happened is kept for clients that come back.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Changes of rows.
    pub entries: usize,
    /// For how long.
    pub age: Duration,
}

/// What an operator decides about all this.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How much of what happened is kept.
    pub retention: Retention,
    /// A collection with more bytes of JSON is neither kept nor sent; clients are sent a notice in its place.
    pub collection_bytes: usize,
    /// Rows a second that are compared with what is shown of them; 0 compares none.
    pub reconcile_rows: u32,
}

/// The handle that the gateway holds; cheap to clone.
#[derive(Clone)]
pub struct Live {
    shared: Arc<PublishedState>,
    published: watch::Receiver<u64>,
    poll_requests: watch::Sender<u64>,
    polled: watch::Receiver<u64>,
    closing: watch::Sender<bool>,
}

/// A socket that is kept up to date, for as long as this lives.
pub struct Subscription {
    shared: Arc<PublishedState>,
    mode: Mode,
}

impl Live {
    /// Reads every collection into the cache and follows the change log from there on.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the first reading fails.
    pub async fn start(
        db: &Database,
        registry: &Registry,
        hub: Hub,
        Settings { retention, collection_bytes, reconcile_rows }: Settings,
    ) -> Result<Self, Error> {
        let (publish_tx, published) = watch::channel(0);
        let (polled_tx, polled) = watch::channel(0);
        let poll_requests = watch::Sender::new(0);
        let closing = watch::Sender::new(false);
        let signals = Signals {
            commits: db.commits(),
            poll_requests: poll_requests.subscribe(),
            published: publish_tx,
            polled: polled_tx,
            stop: closing.subscribe(),
        };
        let (ready, loaded) = oneshot::channel();
        let (reader, main) = (CollectionReader::new(registry.kinds(), collection_bytes), db.clone());
        let tables = reader.tables();
        db.attach("live", async move |attached: Attached| {
            let reconciler = Reconciler::new(reconcile_rows);
            match Tail::load(main, &attached, reader, hub, retention.entries, reconciler).await {
                Ok(tail) => tail.run(attached, signals, ready).await,
                Err(error) => drop(ready.send(Err(error))),
            }
        })?;
        let clock_state = clock::begin(db).await?;
        actix_web::rt::spawn(clock::run(db.clone(), clock_state, closing.subscribe()));
        actix_web::rt::spawn(prune::run(db.clone(), retention, closing.subscribe()));
        if db.notices().is_some() {
            actix_web::rt::spawn(triggers::run(db.clone(), tables, closing.subscribe()));
        }
        let shared = loaded.await.map_err(|_| Error::Unavailable("live ended before it began".into()))??;
        Ok(Self { shared, published, poll_requests, polled, closing })
    }

    /// Gets ready for a client, which may come from another node and have been sent what this one has not seen yet: nobody is
    /// to be shown less than before. One look serves all who come in the meantime.
    pub async fn catch_up_to(&self, mode: &Mode) {
        let behind = match mode {
            Mode::Changes { since: Some(cursor), .. } => !self.shared.covers(cursor),
            _ => self.shared.is_multi_node,
        };
        // While the database is away, what there is must do.
        if behind && self.is_caught_up() && !self.poll_within(CATCH_UP_TIMEOUT).await {
            tracing::warn!("a client is let in by a node that may be behind");
        }
    }

    /// Puts into a socket's outbox what it needs to be up to date, and keeps it so.
    pub fn subscribe<S>(&self, socket: &Socket<S>, mode: Mode) -> Subscription {
        mode.subscriber_count(&self.shared).fetch_add(1, Ordering::Relaxed);
        socket.join(mode.room());
        // Counted by now, so that it stays.
        mode.limit().into_iter().for_each(|limit| self.shared.add_limit(limit));
        socket.give(|| match &mode {
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

    /// Puts every collection into a socket's outbox once more.
    pub fn send_snapshots<S>(&self, socket: &Socket<S>, mode: &Mode) {
        socket.give(|| match mode {
            Mode::Snapshots { limit } => self.shared.all_snapshots(*limit),
            Mode::Changes { format, .. } => vec![self.shared.full_snapshot(*format)],
        });
    }

    /// Waits until what `commit` changed has been sent to everybody.
    pub async fn wait_published(&self, commit: Commit) {
        let (began, mut published) = (Instant::now(), self.published.clone());
        let wait = published.wait_for(|published| *published >= commit.0);
        if !matches!(tokio::time::timeout(PUBLISH_TIMEOUT, wait).await, Ok(Ok(_))) {
            tracing::warn!(commit = commit.0, "a write is acked before it was published");
        }
        metrics::histogram!("rowcast_live_lag_seconds").record(began.elapsed().as_secs_f64());
    }

    /// Waits until everything that is committed now, by whomever, has been sent to everybody.
    pub async fn wait_caught_up(&self) {
        if !self.poll_now().await {
            tracing::warn!("an ack is sent before what it tells of was published");
        }
    }

    /// The same, and whether it came to that.
    pub(crate) async fn poll_now(&self) -> bool {
        self.poll_within(PUBLISH_TIMEOUT).await
    }

    /// Waits for a look at the log that begins after this call.
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

    /// Whether the last look at the change log went well.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.shared.caught_up.load(Ordering::Relaxed)
    }

    /// Ends the tail, and waits for it to have noted what it showed.
    pub async fn stop(&self) {
        self.closing.send_replace(true);
        let mut published = self.published.clone();
        let ended = async { while published.changed().await.is_ok() {} };
        let _ = tokio::time::timeout(PUBLISH_TIMEOUT, ended).await;
    }
}

/// Sends a socket that follows so nothing more of what is published from now on; its [`Subscription`] goes as well.
pub fn unsubscribe<S>(socket: &Socket<S>, mode: &Mode) {
    socket.leave(&mode.room());
}

impl Mode {
    fn limit(&self) -> Option<Limit> {
        match self {
            Self::Snapshots { limit } => *limit,
            Self::Changes { format, .. } => format.limit(),
        }
    }

    /// Where those are who follow so.
    pub(crate) fn room(&self) -> Cow<'static, str> {
        match self {
            Self::Snapshots { limit: None } => SNAPSHOTS_ROOM.into(),
            Self::Snapshots { limit: Some(limit) } => format!("{SNAPSHOTS_ROOM}:{}", limit.bytes()).into(),
            Self::Changes { format: SnapshotFormat::Snapshots, .. } => CHANGES_ROOM.into(),
            Self::Changes { format: SnapshotFormat::Parts, .. } => PARTS_ROOM.into(),
            Self::Changes { format: SnapshotFormat::Limited(limit), .. } => {
                format!("{CHANGES_ROOM}:{}", limit.bytes()).into()
            }
        }
    }

    /// How many follow so.
    fn subscriber_count<'a>(&self, shared: &'a PublishedState) -> &'a AtomicUsize {
        match self {
            Self::Snapshots { limit: None } => &shared.snapshots,
            Self::Snapshots { limit: Some(limit) } => &shared.limited[limit.index()].snapshots,
            Self::Changes { format, .. } => shared.change_subscribers(*format),
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.mode.subscriber_count(&self.shared).fetch_sub(1, Ordering::Relaxed);
    }
}
