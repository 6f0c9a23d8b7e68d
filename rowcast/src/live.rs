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
mod form;
mod history;
mod horizon;
mod limit;
mod log;
mod parts;
mod picture;
mod position;
mod prune;
mod reading;
mod reconcile;
mod resync;
mod shared;
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
pub use parts::PART;
use reading::Kinds;
use reconcile::Reconciler;
pub use resync::resync;
use shared::Shared;
use tail::{Signals, Tail};

use crate::{
    clock,
    database::{Attached, Commit, Database},
    error::Error,
    registry::Registry,
};

/// How long an ack waits for its own write to be published. The write is committed by then, so what comes late is
/// the picture, not the data.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a client that comes back from another node waits for this one to have seen as much.
const CATCHING_UP: Duration = Duration::from_secs(2);

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
        within: Option<Limit>,
    },
    /// What changed; from a cursor on, or from the snapshots.
    Changes {
        /// Where the client was when it was last here.
        since: Option<Cursor>,
        /// How it is sent what changes cannot tell.
        form: Form,
    },
}

/// How a client that wants changes is sent all that there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// By the snapshots.
    #[default]
    Snapshots,
    /// In parts, of which none is large.
    Parts,
    /// By the snapshots, for a client that takes no larger messages than that.
    Within(Limit),
}

impl Default for Mode {
    fn default() -> Self {
        Self::Snapshots { within: None }
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
    shared: Arc<Shared>,
    passed: watch::Receiver<u64>,
    asking: watch::Sender<u64>,
    answered: watch::Receiver<u64>,
    closing: watch::Sender<bool>,
}

/// A socket that is kept up to date, for as long as this lives.
pub struct Follower {
    shared: Arc<Shared>,
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
        let (passing, passed) = watch::channel(0);
        let (answering, answered) = watch::channel(0);
        let asking = watch::Sender::new(0);
        let closing = watch::Sender::new(false);
        let signals = Signals {
            commits: db.commits(),
            asked: asking.subscribe(),
            passing,
            answering,
            stop: closing.subscribe(),
        };
        let (ready, loaded) = oneshot::channel();
        let (kinds, main) = (Kinds::new(registry.kinds(), collection_bytes), db.clone());
        let tables = kinds.tables();
        db.attach("live", async move |attached: Attached| {
            let reconciler = Reconciler::new(reconcile_rows);
            match Tail::load(main, &attached, kinds, hub, retention.entries, reconciler).await {
                Ok(tail) => tail.run(attached, signals, ready).await,
                Err(error) => drop(ready.send(Err(error))),
            }
        })?;
        let winding = clock::begin(db).await?;
        actix_web::rt::spawn(clock::run(db.clone(), winding, closing.subscribe()));
        actix_web::rt::spawn(prune::run(db.clone(), retention, closing.subscribe()));
        if db.notices().is_some() {
            actix_web::rt::spawn(triggers::run(db.clone(), tables, closing.subscribe()));
        }
        let shared = loaded.await.map_err(|_| Error::Unavailable("live ended before it began".into()))??;
        Ok(Self { shared, passed, asking, answered, closing })
    }

    /// Gets ready for a client, which may come from another node and have been sent what this one has not seen yet: nobody is
    /// to be shown less than before. One look serves all who come in the meantime.
    pub async fn reach(&self, mode: &Mode) {
        let behind = match mode {
            Mode::Changes { since: Some(cursor), .. } => !self.shared.reaches(cursor),
            _ => self.shared.has_neighbours,
        };
        // While the database is away, what there is must do.
        if behind && self.is_caught_up() && !self.refreshed_within(CATCHING_UP).await {
            tracing::warn!("a client is let in by a node that may be behind");
        }
    }

    /// Puts into a socket's outbox what it needs to be up to date, and keeps it so.
    pub fn follow<S>(&self, socket: &Socket<S>, mode: Mode) -> Follower {
        mode.count(&self.shared).fetch_add(1, Ordering::Relaxed);
        socket.join(mode.room());
        // Counted by now, so that it stays.
        mode.limit().into_iter().for_each(|limit| self.shared.begin_within(limit));
        socket.send_messages_with(|| match &mode {
            Mode::Snapshots { within } => self.shared.all_snapshots(*within),
            Mode::Changes { since: None, form } => vec![self.shared.whole(*form)],
            Mode::Changes { since: Some(cursor), form } => {
                let resumed = self.shared.resume(cursor, *form);
                let outcome = if resumed.is_some() { "changes" } else { "snapshots" };
                metrics::counter!("rowcast_live_resumed_total", "with" => outcome).increment(1);
                vec![resumed.unwrap_or_else(|| self.shared.whole(*form))]
            }
        });
        Follower { shared: self.shared.clone(), mode }
    }

    /// Puts every collection into a socket's outbox once more.
    pub fn send_snapshots<S>(&self, socket: &Socket<S>, mode: &Mode) {
        socket.send_messages_with(|| match mode {
            Mode::Snapshots { within } => self.shared.all_snapshots(*within),
            Mode::Changes { form, .. } => vec![self.shared.whole(*form)],
        });
    }

    /// Waits until what `commit` changed has been sent to everybody.
    pub async fn passed(&self, commit: Commit) {
        let (began, mut passed) = (Instant::now(), self.passed.clone());
        let wait = passed.wait_for(|passed| *passed >= commit.0);
        if !matches!(tokio::time::timeout(PATIENCE, wait).await, Ok(Ok(_))) {
            tracing::warn!(commit = commit.0, "a write is acked before it was published");
        }
        metrics::histogram!("rowcast_live_lag_seconds").record(began.elapsed().as_secs_f64());
    }

    /// Waits until everything that is committed now, by whomever, has been sent to everybody.
    pub async fn caught_up(&self) {
        if !self.refreshed().await {
            tracing::warn!("an ack is sent before what it tells of was published");
        }
    }

    /// The same, and whether it came to that.
    pub(crate) async fn refreshed(&self) -> bool {
        self.refreshed_within(PATIENCE).await
    }

    /// Waits for a look at the log that begins after this call.
    async fn refreshed_within(&self, patience: Duration) -> bool {
        let mut asker = 0;
        self.asking.send_modify(|asked| {
            *asked += 1;
            asker = *asked;
        });
        let mut answered = self.answered.clone();
        let wait = answered.wait_for(|answered| *answered >= asker);
        matches!(tokio::time::timeout(patience, wait).await, Ok(Ok(_)))
    }

    /// Whether the last look at the change log went well.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.shared.caught_up.load(Ordering::Relaxed)
    }

    /// Ends the tail, and waits for it to have noted what it showed.
    pub async fn stop(&self) {
        self.closing.send_replace(true);
        let mut passed = self.passed.clone();
        let ended = async { while passed.changed().await.is_ok() {} };
        let _ = tokio::time::timeout(PATIENCE, ended).await;
    }
}

/// Sends a socket that follows so nothing more of what is published from now on; its [`Follower`] goes as well.
pub fn unfollow<S>(socket: &Socket<S>, mode: &Mode) {
    socket.leave(&mode.room());
}

impl Mode {
    fn limit(&self) -> Option<Limit> {
        match self {
            Self::Snapshots { within } => *within,
            Self::Changes { form, .. } => form.limit(),
        }
    }

    /// Where those are who follow so.
    pub(crate) fn room(&self) -> Cow<'static, str> {
        match self {
            Self::Snapshots { within: None } => SNAPSHOTS_ROOM.into(),
            Self::Snapshots { within: Some(limit) } => format!("{SNAPSHOTS_ROOM}:{}", limit.bytes()).into(),
            Self::Changes { form: Form::Snapshots, .. } => CHANGES_ROOM.into(),
            Self::Changes { form: Form::Parts, .. } => PARTS_ROOM.into(),
            Self::Changes { form: Form::Within(limit), .. } => {
                format!("{CHANGES_ROOM}:{}", limit.bytes()).into()
            }
        }
    }

    /// How many follow so.
    fn count<'a>(&self, shared: &'a Shared) -> &'a AtomicUsize {
        match self {
            Self::Snapshots { within: None } => &shared.snapshots,
            Self::Snapshots { within: Some(limit) } => &shared.within[limit.place()].snapshots,
            Self::Changes { form, .. } => shared.follow_in(*form),
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.mode.count(&self.shared).fetch_sub(1, Ordering::Relaxed);
    }
}
