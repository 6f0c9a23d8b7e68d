//! The task of each node that polls the log and publishes: notification → log → cache → every socket.

mod load;
mod publish;
mod replace;

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

pub(super) use replace::{Collections, Replacement};
use socketio::Hub;
use tokio::sync::{mpsc, oneshot, watch};

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
    withheld::{Withheld, release_threshold},
};
use crate::{
    database::{Database, DedicatedConnection, Transaction},
    error::Error,
};

/// The pause after a failed poll.
const RETRY_DELAY: Duration = Duration::from_millis(250);

/// How long saving the digest may delay start and shutdown.
const DIGEST_TIMEOUT: Duration = Duration::from_secs(2);

/// The channels between the tail and [`Live`](super::Live).
pub(super) struct Signals {
    /// Counts our own commits.
    pub(super) commits: watch::Receiver<u64>,
    /// Counts requests for a poll that begins after the request.
    pub(super) poll_requests: watch::Receiver<u64>,
    /// The commit and the poll request up to which everything is published.
    pub(super) published: watch::Sender<u64>,
    pub(super) polled: watch::Sender<u64>,
    pub(super) stop: watch::Receiver<bool>,
    /// Requests to replace the collections.
    pub(super) replacements: mpsc::UnboundedReceiver<Replacement>,
}

pub(super) struct Tail {
    reader: CollectionReader,
    hub: Hub,
    db: Database,
    shared: Arc<PublishedState>,
    views: Vec<CollectionView>,
    number: u64,
    progress: ReadProgress,
    /// The log's floor at the last reload. Entries pruned below it are included in the reload.
    floor: u64,
    epochs: Epochs,
    /// The database that was read last; none after an outage.
    incarnation: Option<Incarnation>,
    /// Whether the database may have been replaced, whatever its identity says.
    maybe_replaced: bool,
    horizon: Horizon,
    withheld: Withheld,
    reconciler: Reconciler,
    digest_writer: DigestWriter,
}

/// The result of a poll.
enum PollOutcome {
    /// Changed rows by collection.
    Changes(LogPoll, ChangeSet),
    /// All rows, because the changes are unknown or too many.
    Reload(LogPoll, Vec<Option<Cache>>),
    /// The database was replaced; or its log was, for this reason.
    DatabaseReplaced(Option<&'static str>),
}

struct ChangeSet {
    changes: Vec<Change>,
    rows: Vec<(usize, Option<Rows>)>,
    /// Withheld collections that were read again: the time it took, and the rows if they are within the limit now.
    rechecked: Vec<(usize, Duration, Option<Cache>)>,
    /// Withheld collections with new changes.
    changed_withheld: Vec<usize>,
}

impl Tail {
    /// Polls and publishes until stopped; `ready` receives the published state.
    pub(super) async fn run(
        mut self,
        mut attached: DedicatedConnection,
        mut signals: Signals,
        ready: oneshot::Sender<Result<Arc<PublishedState>, Error>>,
    ) {
        // Saved before the first publication, so that a later start finds every change after it, even after a crash.
        let _ = tokio::time::timeout(DIGEST_TIMEOUT, self.save_digest()).await;
        let _ = ready.send(Ok(self.shared.clone()));
        // Polls at once for commits during the initial read.
        signals.commits.mark_changed();
        let mut notified = 0;
        loop {
            let quiet = tokio::select! {
                biased;
                _ = signals.stop.wait_for(|stop| *stop) => break,
                Some(replacement) = signals.replacements.recv() => {
                    self.replace(&attached, replacement).await;
                    false
                }
                _ = signals.commits.changed() => false,
                _ = signals.poll_requests.changed() => true,
                () = attached.wait_for_external_write() => true,
                () = self.withheld.wait() => true,
            };
            let target = *signals.commits.borrow_and_update();
            let ticket = *signals.poll_requests.borrow_and_update();
            let result = self.poll_and_publish(&attached, quiet).await;
            let was_caught_up = self.shared.caught_up.swap(result.is_ok(), Ordering::Relaxed);
            if let Err(error) = result {
                if was_caught_up {
                    tracing::warn!(%error, "the change log could not be read; trying again");
                }
                tokio::time::sleep(RETRY_DELAY).await;
                if attached.reconnect() {
                    // The database may have been replaced: by a backup, or by a standby that was promoted.
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
                attached.notify_peers().await;
            }
            self.reconcile(&attached).await;
            if self.digest_writer.is_due(self.number, self.epochs.current(), &self.progress.position) {
                tokio::task::spawn_local(self.save_digest());
            }
        }
        let _ = tokio::time::timeout(DIGEST_TIMEOUT, self.save_digest()).await;
    }

    /// Saves a digest of the published state, for a later start.
    fn save_digest(&mut self) -> impl Future<Output = ()> + use<> {
        let cursor = Cursor::new(self.epochs.current(), &self.progress.position);
        self.digest_writer.save(&self.db, self.number, cursor, &self.views)
    }

    /// Publishes all changes that are committed by now. A `quiet` poll expects none.
    async fn poll_and_publish(&mut self, attached: &DedicatedConnection, quiet: bool) -> Result<(), Error> {
        let began = Instant::now();
        let due = !self.withheld.due(|_| false).is_empty();
        if quiet && !due && self.quick_check(attached).await? {
            return Ok(());
        }
        loop {
            match attached.read(async |db| self.poll(db).await).await? {
                PollOutcome::Changes(poll, changes) => {
                    self.digest_writer.observe(poll.floor, poll.entries.len());
                    break self.apply_changes(poll.progress, changes);
                }
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

    /// Whether a single statement shows that nothing is new.
    async fn quick_check(&mut self, attached: &DedicatedConnection) -> Result<bool, Error> {
        let Some(connection) = attached.without_transaction() else { return Ok(false) };
        let poll = with_timeout(log::poll(connection, &self.progress, self.epochs.current())).await?;
        let nothing = self.is_unchanged(&poll);
        if nothing {
            self.digest_writer.observe(poll.floor, 0);
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
        if self.is_pruned(&poll) || poll.entries.len() > RELOAD_THRESHOLD {
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
            let all = self
                .reader
                .read_collection(db, collection_index, release_threshold(self.reader.limit))
                .await?;
            rechecked.push((collection_index, began.elapsed(), all));
        }
        Ok(PollOutcome::Changes(poll, ChangeSet { changes, rows, rechecked, changed_withheld }))
    }

    /// Compares part of the published state with the database.
    async fn reconcile(&mut self, attached: &DedicatedConnection) {
        if !self.reconciler.is_due() {
            return;
        }
        let mut reconciler = std::mem::take(&mut self.reconciler);
        let nothing_new = async |db: &Transaction| {
            let poll = with_timeout(log::poll(db, &self.progress, self.epochs.current())).await?;
            Ok(self.is_unchanged(&poll))
        };
        reconciler.run(attached, &self.db, &self.reader, &self.views, nothing_new).await;
        self.reconciler = reconciler;
    }

    fn is_replaced(&self, poll: &LogPoll) -> bool {
        self.maybe_replaced
            || poll.inconsistency.is_some()
            || self.incarnation.as_ref() != Some(&poll.incarnation)
    }

    /// Whether entries were pruned before they were read here.
    fn is_pruned(&self, poll: &LogPoll) -> bool {
        poll.floor > self.progress.position.horizon() && poll.floor > self.floor
    }

    fn is_unchanged(&self, poll: &LogPoll) -> bool {
        poll.entries.is_empty() && !self.is_replaced(poll) && !self.is_pruned(poll)
    }

    /// Checks whether the database was replaced, and reloads it if so. An inconsistent log always counts as replaced.
    async fn reload_replaced_database(
        &mut self,
        attached: &DedicatedConnection,
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
        let is_same_database =
            self.incarnation.as_ref().is_some_and(|before| before.is_same_database(&poll.incarnation));
        // Set after the read: if the read fails, the check is repeated.
        (self.epochs, self.incarnation, self.maybe_replaced) =
            (epochs, Some(poll.incarnation.clone()), false);
        if let Some(caches) = caches {
            match inconsistency {
                Some(inconsistency) => {
                    tracing::warn!("the change log is inconsistent: {inconsistency}; reloading all data")
                }
                None if is_same_database => {
                    tracing::warn!("another server has begun the change log anew: reloading all data")
                }
                None => tracing::warn!("the database is another one than before: reloading all data"),
            }
            metrics::counter!("rowcast_live_epochs_total").increment(1);
            self.reconciler.reset();
            self.apply_reload(poll, caches);
        }
        Ok(())
    }
}

/// However the task ends, readiness reports that live is not caught up.
impl Drop for Tail {
    fn drop(&mut self) {
        self.shared.caught_up.store(false, Ordering::Relaxed);
    }
}
