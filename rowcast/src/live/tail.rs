//! The one task per node that reads the log and publishes: bell → log → cache → every socket.

mod load;
mod publish;

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use socketio::Hub;
use tokio::sync::{oneshot, watch};

use super::{
    cache::{Cache, Rows},
    cursor::Cursor,
    digest::Keeper,
    epoch::{self, Epochs},
    history::Change,
    horizon::Horizon,
    log::{self, BULK, Life, Look, Seen},
    reading::{Kinds, in_time},
    reconcile::Reconciler,
    shared::Shared,
    view::View,
    withheld::{Withheld, well_below},
};
use crate::{
    database::{Attached, Database, Transaction},
    error::Error,
};

/// How long to wait after a look that failed.
const PAUSE: Duration = Duration::from_millis(250);

/// How long noting what is shown may hold up the beginning and the end.
const NOTING: Duration = Duration::from_secs(2);

/// What rings, what is told, and when to end.
pub(super) struct Signals {
    /// Counts our own commits.
    pub(super) commits: watch::Receiver<u64>,
    /// Counts those who need a look that begins after they asked.
    pub(super) asked: watch::Receiver<u64>,
    /// Up to which commit, and up to which asker, all has been published.
    pub(super) passing: watch::Sender<u64>,
    pub(super) answering: watch::Sender<u64>,
    pub(super) stop: watch::Receiver<bool>,
}

pub(super) struct Tail {
    kinds: Kinds,
    hub: Hub,
    db: Database,
    shared: Arc<Shared>,
    views: Vec<View>,
    number: u64,
    at: Seen,
    /// The log's floor when everything was last read: what was cut off below it is made good for.
    floor: u64,
    epochs: Epochs,
    /// Which database was read last; nothing after an outage.
    life: Option<Life>,
    /// Whether it may be another database, whatever it says of itself.
    moved: bool,
    horizon: Horizon,
    withheld: Withheld,
    reconciler: Reconciler,
    keeper: Keeper,
}

/// What a look brought.
enum Found {
    /// Rows, by the place of their collection.
    Rows(Look, Changes),
    /// Too much to name, or not known what: all there is.
    Everything(Look, Vec<Option<Cache>>),
    /// The database is not the one it was; or the log is not, for this reason.
    Elsewhere(Option<&'static str>),
}

struct Changes {
    changes: Vec<Change>,
    rows: Vec<(usize, Option<Rows>)>,
    /// Withheld collections that were looked at, how long that took, and all of them if they are not too large any more.
    again: Vec<(usize, Duration, Option<Cache>)>,
    /// Withheld collections in which something has changed.
    touched: Vec<usize>,
}

impl Tail {
    /// Publishes until told to stop. `ready` is given what the sockets are served from once it is there.
    pub(super) async fn run(
        mut self,
        mut attached: Attached,
        mut signals: Signals,
        ready: oneshot::Sender<Result<Arc<Shared>, Error>>,
    ) {
        // Before anything is shown, so that whatever comes after it can be found, however this ends.
        let _ = tokio::time::timeout(NOTING, self.keep()).await;
        let _ = ready.send(Ok(self.shared.clone()));
        // What was written while everything was read is not waited for.
        signals.commits.mark_changed();
        let mut told = 0;
        loop {
            let quiet = tokio::select! {
                biased;
                _ = signals.stop.wait_for(|stop| *stop) => break,
                _ = signals.commits.changed() => false,
                _ = signals.asked.changed() => true,
                () = attached.rung() => true,
                () = self.withheld.wait() => true,
            };
            let target = *signals.commits.borrow_and_update();
            let asker = *signals.asked.borrow_and_update();
            let looked = self.step(&attached, quiet).await;
            let was_caught_up = self.shared.caught_up.swap(looked.is_ok(), Ordering::Relaxed);
            if let Err(error) = looked {
                if was_caught_up {
                    tracing::warn!(%error, "the change log could not be read; trying until it can");
                }
                tokio::time::sleep(PAUSE).await;
                if attached.renew() {
                    // It may come back as another one: a backup, or a standby that took over.
                    self.life = None;
                    self.moved = true;
                }
                signals.commits.mark_changed();
                continue;
            }
            signals.passing.send_replace(target);
            signals.answering.send_replace(asker);
            if target > told {
                told = target;
                attached.ring().await;
            }
            self.reconcile(&attached).await;
            if self.keeper.is_due(self.number) {
                tokio::task::spawn_local(self.keep());
            }
        }
        let _ = tokio::time::timeout(NOTING, self.keep()).await;
    }

    /// Notes what is shown, for a server that starts later.
    fn keep(&mut self) -> impl Future<Output = ()> + use<> {
        let cursor = Cursor::new(self.epochs.now(), &self.at.position);
        self.keeper.keep(&self.db, self.number, cursor, &self.views)
    }

    /// Publishes whatever has been committed by now. A `quiet` look expects nothing.
    async fn step(&mut self, attached: &Attached, quiet: bool) -> Result<(), Error> {
        let began = Instant::now();
        let due = !self.withheld.due(|_| false).is_empty();
        if quiet && !due && self.glance(attached).await? {
            return Ok(());
        }
        loop {
            match attached.read(async |db| self.look(db).await).await? {
                Found::Rows(look, changes) => break self.take(look.seen, changes),
                Found::Everything(look, caches) => break self.take_all(look, caches),
                Found::Elsewhere(doubt) => self.move_over(attached, doubt).await?,
            }
        }
        self.horizon.observe(&self.at.position, attached).await;
        metrics::histogram!("rowcast_live_publish_seconds").record(began.elapsed().as_secs_f64());
        Ok(())
    }

    /// Whether one statement shows that there is nothing new.
    async fn glance(&mut self, attached: &Attached) -> Result<bool, Error> {
        let Some(connection) = attached.glance() else { return Ok(false) };
        let look = in_time(log::look(connection, &self.at, self.epochs.now())).await?;
        let nothing = self.is_nothing(&look);
        if nothing {
            self.shared.passed(look.seen.position.clone(), Vec::new());
            self.at = look.seen;
            self.horizon.observe(&self.at.position, attached).await;
        }
        Ok(nothing)
    }

    async fn look(&self, db: &Transaction) -> Result<Found, Error> {
        let look = in_time(log::look(db, &self.at, self.epochs.now())).await?;
        if self.is_elsewhere(&look) {
            return Ok(Found::Elsewhere(look.doubt));
        }
        if self.is_cut(&look) || look.entries.len() > BULK {
            let caches = self.kinds.everything(db).await?;
            return Ok(Found::Everything(look, caches));
        }
        let is_withheld = |place: usize| self.views.get(place).is_some_and(View::is_withheld);
        let changes = self.kinds.changes(db, &look.entries, &is_withheld).await?;
        let rows = self.kinds.rows(db, &changes).await?;
        let touched = (0..self.views.len()).filter(|place| is_withheld(*place));
        let touched: Vec<usize> = touched.filter(|place| self.kinds.concern(&look.entries, *place)).collect();
        let mut again = Vec::new();
        for place in self.withheld.due(|place| touched.contains(&place)) {
            let began = Instant::now();
            let all = self.kinds.all_of(db, place, well_below(self.kinds.limit)).await?;
            again.push((place, began.elapsed(), all));
        }
        Ok(Found::Rows(look, Changes { changes, rows, again, touched }))
    }

    /// Looks a second time, and compares some of what is shown with what there is.
    async fn reconcile(&mut self, attached: &Attached) {
        if !self.reconciler.is_due() {
            return;
        }
        let mut reconciler = std::mem::take(&mut self.reconciler);
        let nothing_new = async |db: &Transaction| {
            let look = in_time(log::look(db, &self.at, self.epochs.now())).await?;
            Ok(self.is_nothing(&look))
        };
        reconciler.run(attached, &self.db, &self.kinds, &self.views, nothing_new).await;
        self.reconciler = reconciler;
    }

    fn is_elsewhere(&self, look: &Look) -> bool {
        self.moved || look.doubt.is_some() || self.life.as_ref() != Some(&look.life)
    }

    /// Whether entries are gone that have not been read here: what they said is not known.
    fn is_cut(&self, look: &Look) -> bool {
        look.floor > self.at.position.horizon() && look.floor > self.floor
    }

    fn is_nothing(&self, look: &Look) -> bool {
        look.entries.is_empty() && !self.is_elsewhere(look) && !self.is_cut(look)
    }

    /// The database may be another one than before: finds out, and reads it as a whole if it is. A log in doubt is another one in
    /// any case.
    async fn move_over(&mut self, attached: &Attached, doubt: Option<&str>) -> Result<(), Error> {
        let epochs = in_time(epoch::begin(&self.db, doubt.map(|_| self.epochs.now()))).await?;
        let same = epochs.now() == self.epochs.now();
        let load = async |db: &Transaction| {
            let look = log::end(db, epochs.now()).await?;
            let caches = if same { None } else { Some(self.kinds.everything(db).await?) };
            Ok((look, caches))
        };
        let (look, caches) = attached.read(load).await?;
        // Not before it has been read: what fails is found out anew.
        (self.epochs, self.life, self.moved) = (epochs, Some(look.life.clone()), false);
        if let Some(caches) = caches {
            match doubt {
                Some(doubt) => {
                    tracing::warn!("the change log is not as it was: {doubt}; everything is read anew")
                }
                None => tracing::warn!("this is another database than before: everything is read anew"),
            }
            metrics::counter!("rowcast_live_epochs_total").increment(1);
            self.reconciler.forget();
            self.take_all(look, caches);
        }
        Ok(())
    }
}

/// However the task ends, what it leaves behind is not caught up any more, and readiness says so.
impl Drop for Tail {
    fn drop(&mut self) {
        self.shared.caught_up.store(false, Ordering::Relaxed);
    }
}
