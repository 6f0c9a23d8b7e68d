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
    digest::DigestWriter,
    epoch::{self, Epochs},
    history::Change,
    horizon::Horizon,
    log::{self, Incarnation, LogPoll, RELOAD_THRESHOLD, ReadProgress},
    reconcile::Reconciler,
    rows::{CollectionReader, with_timeout},
    shared::PublishedState,
    view::CollectionView,
    withheld::{Withheld, well_below},
};
use crate::{
    database::{Attached, Database, Transaction},
    error::Error,
};

/// How long to wait after a look that failed.
const RETRY_DELAY: Duration = Duration::from_millis(250);

/// How long noting what is shown may hold up the beginning and the end.
const DIGEST_TIMEOUT: Duration = Duration::from_secs(2);

/// What rings, what is told, and when to end.
pub(super) struct Signals {
    /// Counts our own commits.
    pub(super) commits: watch::Receiver<u64>,
    /// Counts those who need a look that begins after they asked.
    pub(super) poll_requests: watch::Receiver<u64>,
    /// Up to which commit, and up to which asker, all has been published.
    pub(super) published: watch::Sender<u64>,
    pub(super) polled: watch::Sender<u64>,
    pub(super) stop: watch::Receiver<bool>,
}

pub(super) struct Tail {
    reader: CollectionReader,
    hub: Hub,
    db: Database,
    shared: Arc<PublishedState>,
    views: Vec<CollectionView>,
    number: u64,
    progress: ReadProgress,
    /// The log's floor when everything was last read: what was cut off below it is made good for.
    floor: u64,
    epochs: Epochs,
    /// Which database was read last; nothing after an outage.
    incarnation: Option<Incarnation>,
    /// Whether it may be another database, whatever it says of itself.
    maybe_replaced: bool,
    horizon: Horizon,
    withheld: Withheld,
    reconciler: Reconciler,
    digest_writer: DigestWriter,
}

/// What a look brought.
enum PollOutcome {
    /// Rows, by the place of their collection.
    Changes(LogPoll, ChangeSet),
    /// Too much to name, or not known what: all there is.
    Reload(LogPoll, Vec<Option<Cache>>),
    /// The database is not the one it was; or the log is not, for this reason.
    DatabaseReplaced(Option<&'static str>),
}

struct ChangeSet {
    changes: Vec<Change>,
    rows: Vec<(usize, Option<Rows>)>,
    /// Withheld collections that were looked at, how long that took, and all of them if they are not too large any more.
    rechecked: Vec<(usize, Duration, Option<Cache>)>,
    /// Withheld collections in which something has changed.
    changed_withheld: Vec<usize>,
}

impl Tail {
    /// Publishes until told to stop. `ready` is given what the sockets are served from once it is there.
    pub(super) async fn run(
        mut self,
        mut attached: Attached,
        mut signals: Signals,
        ready: oneshot::Sender<Result<Arc<PublishedState>, Error>>,
    ) {
        // Before anything is shown, so that whatever comes after it can be found, however this ends.
        let _ = tokio::time::timeout(DIGEST_TIMEOUT, self.save_digest()).await;
        let _ = ready.send(Ok(self.shared.clone()));
        // What was written while everything was read is not waited for.
        signals.commits.mark_changed();
        let mut notified = 0;
        loop {
            let quiet = tokio::select! {
                biased;
                _ = signals.stop.wait_for(|stop| *stop) => break,
                _ = signals.commits.changed() => false,
                _ = signals.poll_requests.changed() => true,
                () = attached.rung() => true,
                () = self.withheld.wait() => true,
            };
            let target = *signals.commits.borrow_and_update();
            let ticket = *signals.poll_requests.borrow_and_update();
            let result = self.poll_and_publish(&attached, quiet).await;
            let was_caught_up = self.shared.caught_up.swap(result.is_ok(), Ordering::Relaxed);
            if let Err(error) = result {
                if was_caught_up {
                    tracing::warn!(%error, "the change log could not be read; trying until it can");
                }
                tokio::time::sleep(RETRY_DELAY).await;
                if attached.renew() {
                    // It may come back as another one: a backup, or a standby that took over.
                    self.incarnation = None;
                    self.maybe_replaced = true;
                }
                signals.commits.mark_changed();
                continue;
            }
            signals.published.send_replace(target);
            signals.polled.send_replace(ticket);
            if target > notified {
                notified = target;
                attached.ring().await;
            }
            self.reconcile(&attached).await;
            if self.digest_writer.is_due(self.number) {
                tokio::task::spawn_local(self.save_digest());
            }
        }
        let _ = tokio::time::timeout(DIGEST_TIMEOUT, self.save_digest()).await;
    }

    /// Notes what is shown, for a server that starts later.
    fn save_digest(&mut self) -> impl Future<Output = ()> + use<> {
        let cursor = Cursor::new(self.epochs.current(), &self.progress.position);
        self.digest_writer.save(&self.db, self.number, cursor, &self.views)
    }

    /// Publishes whatever has been committed by now. A `quiet` look expects nothing.
    async fn poll_and_publish(&mut self, attached: &Attached, quiet: bool) -> Result<(), Error> {
        let began = Instant::now();
        let due = !self.withheld.due(|_| false).is_empty();
        if quiet && !due && self.quick_check(attached).await? {
            return Ok(());
        }
        loop {
            match attached.read(async |db| self.poll(db).await).await? {
                PollOutcome::Changes(poll, changes) => break self.apply_changes(poll.progress, changes),
                PollOutcome::Reload(poll, caches) => break self.apply_reload(poll, caches),
                PollOutcome::DatabaseReplaced(inconsistency) => {
                    self.reload_replaced_database(attached, inconsistency).await?
                }
            }
        }
        self.horizon.observe(&self.progress.position, attached).await;
        metrics::histogram!("rowcast_live_publish_seconds").record(began.elapsed().as_secs_f64());
        Ok(())
    }

    /// Whether one statement shows that there is nothing new.
    async fn quick_check(&mut self, attached: &Attached) -> Result<bool, Error> {
        let Some(connection) = attached.glance() else { return Ok(false) };
        let poll = with_timeout(log::poll(connection, &self.progress, self.epochs.current())).await?;
        let nothing = self.is_nothing(&poll);
        if nothing {
            self.shared.advance(poll.progress.position.clone(), Vec::new());
            self.progress = poll.progress;
            self.horizon.observe(&self.progress.position, attached).await;
        }
        Ok(nothing)
    }

    async fn poll(&self, db: &Transaction) -> Result<PollOutcome, Error> {
        let poll = with_timeout(log::poll(db, &self.progress, self.epochs.current())).await?;
        if self.is_replaced(&poll) {
            return Ok(PollOutcome::DatabaseReplaced(poll.inconsistency));
        }
        if self.is_cut(&poll) || poll.entries.len() > RELOAD_THRESHOLD {
            let caches = self.reader.read_all(db).await?;
            return Ok(PollOutcome::Reload(poll, caches));
        }
        let is_withheld = |collection_index: usize| {
            self.views.get(collection_index).is_some_and(CollectionView::is_withheld)
        };
        let changes = self.reader.changes(db, &poll.entries, &is_withheld).await?;
        let rows = self.reader.rows(db, &changes).await?;
        let changed_withheld =
            (0..self.views.len()).filter(|collection_index| is_withheld(*collection_index));
        let changed_withheld: Vec<usize> = changed_withheld
            .filter(|collection_index| self.reader.affects(&poll.entries, *collection_index))
            .collect();
        let mut rechecked = Vec::new();
        for collection_index in
            self.withheld.due(|collection_index| changed_withheld.contains(&collection_index))
        {
            let began = Instant::now();
            let all =
                self.reader.read_collection(db, collection_index, well_below(self.reader.limit)).await?;
            rechecked.push((collection_index, began.elapsed(), all));
        }
        Ok(PollOutcome::Changes(poll, ChangeSet { changes, rows, rechecked, changed_withheld }))
    }

    /// Looks a second time, and compares some of what is shown with what there is.
    async fn reconcile(&mut self, attached: &Attached) {
        if !self.reconciler.is_due() {
            return;
        }
        let mut reconciler = std::mem::take(&mut self.reconciler);
        let nothing_new = async |db: &Transaction| {
            let poll = with_timeout(log::poll(db, &self.progress, self.epochs.current())).await?;
            Ok(self.is_nothing(&poll))
        };
        reconciler.run(attached, &self.db, &self.reader, &self.views, nothing_new).await;
        self.reconciler = reconciler;
    }

    fn is_replaced(&self, poll: &LogPoll) -> bool {
        self.maybe_replaced
            || poll.inconsistency.is_some()
            || self.incarnation.as_ref() != Some(&poll.incarnation)
    }

    /// Whether entries are gone that have not been read here: what they said is not known.
    fn is_cut(&self, poll: &LogPoll) -> bool {
        poll.floor > self.progress.position.horizon() && poll.floor > self.floor
    }

    fn is_nothing(&self, poll: &LogPoll) -> bool {
        poll.entries.is_empty() && !self.is_replaced(poll) && !self.is_cut(poll)
    }

    /// The database may be another one than before: finds out, and reads it as a whole if it is. A log in inconsistency is another one in
    /// any case.
    async fn reload_replaced_database(
        &mut self,
        attached: &Attached,
        inconsistency: Option<&str>,
    ) -> Result<(), Error> {
        let epochs =
            with_timeout(epoch::begin(&self.db, inconsistency.map(|_| self.epochs.current()))).await?;
        let same = epochs.current() == self.epochs.current();
        let load = async |db: &Transaction| {
            let poll = log::end(db, epochs.current()).await?;
            let caches = if same { None } else { Some(self.reader.read_all(db).await?) };
            Ok((poll, caches))
        };
        let (poll, caches) = attached.read(load).await?;
        // Not before it has been read: what fails is found out anew.
        (self.epochs, self.incarnation, self.maybe_replaced) =
            (epochs, Some(poll.incarnation.clone()), false);
        if let Some(caches) = caches {
            match inconsistency {
                Some(inconsistency) => {
                    tracing::warn!(
                        "the change log is not as it was: {inconsistency}; everything is read anew"
                    )
                }
                None => tracing::warn!("this is another database than before: everything is read anew"),
            }
            metrics::counter!("rowcast_live_epochs_total").increment(1);
            self.reconciler.reset();
            self.apply_reload(poll, caches);
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
