//! Reconciliation: finds rows that differ from the published state although no trigger has logged them.
//!
//! ```text
//! every second ─▶ [ poll: nothing new │ a page's fingerprint │ if it differs: compare its rows with the cache ]
//!                   one database snapshot                                │
//!                        differences ─▶ entries in the change log ◀──────┘   published like any other change
//! ```
//!
//! So a difference reaches all nodes, histories and cursors. A row that changed without a new `version` gets the next
//! one, so that stale updates conflict. Rows per second and time per run are limited.

mod difference;
mod fingerprint;
mod page_end;
pub(super) mod repair;

use std::{
    collections::BTreeMap,
    ops::Bound,
    time::{Duration, Instant},
};

use tokio::task::JoinHandle;

use super::{
    rows::{CollectionReader, with_timeout},
    view::CollectionView,
};
use crate::{
    database::{Database, DedicatedConnection, Transaction},
    error::Error,
    key::{Key, KeyForm, KeyRef},
    registry::{Encoded, ErasedCollection},
};
pub(super) use difference::log;
use difference::{Difference, TableOf};
use fingerprint::Fingerprint;
use page_end::PageEnd;

/// How often to compare.
const INTERVAL: Duration = Duration::from_secs(1);
/// The time budget of one run, which delays changes. `MIN_PAGES` are compared in any case; this covers a small
/// database completely even on a slow machine.
const TIME_BUDGET: Duration = Duration::from_millis(20);
const MIN_PAGES: usize = 8;
/// Rows per page, and the number at which a page is split.
const PAGE_ROWS: usize = 250;
const MAX_PAGE_ROWS: usize = 2 * PAGE_ROWS;
/// Reading a row costs as much as fingerprinting this many rows.
const READ_COST: i64 = 8;

/// The progress of the comparison, and the known fingerprints.
#[derive(Default)]
pub(super) struct Reconciler {
    /// Rows per second; 0 disables the comparison.
    rows: i64,
    /// The remaining rows of this second; negative after a page that exceeded it.
    budget: i64,
    last: Option<Instant>,
    /// The start of the current pass over all collections.
    began: Option<Instant>,
    collection_index: usize,
    /// The end of the page before; none at the start of a collection.
    after: Option<Key>,
    /// By collection: the end of each page, and the fingerprint at which its rows equalled the published ones.
    pages: Vec<BTreeMap<PageEnd, Option<Fingerprint>>>,
    /// The write of the last differences. It may wait for locks, so it runs in the background.
    publishing: Option<JoinHandle<()>>,
}

impl Reconciler {
    /// Compares this many rows per second.
    pub(super) fn new(rows: u32) -> Self {
        Self { rows: rows.into(), ..Self::default() }
    }

    /// Whether the next comparison is due.
    pub(super) fn is_due(&self) -> bool {
        let is_idle = self.publishing.as_ref().is_none_or(JoinHandle::is_finished);
        self.rows > 0 && is_idle && self.last.is_none_or(|last| last.elapsed() >= INTERVAL)
    }

    /// Discards the fingerprints, because the database was replaced.
    pub(super) fn reset(&mut self) {
        *self = Self { rows: self.rows, last: self.last, ..Self::default() };
    }

    /// Compares the next rows, provided that there is `nothing_new` in the same snapshot.
    pub(super) async fn run(
        &mut self,
        attached: &DedicatedConnection,
        db: &Database,
        reader: &CollectionReader,
        views: &[CollectionView],
        nothing_new: impl AsyncFn(&Transaction) -> Result<bool, Error>,
    ) {
        // A read may be retried, but never concurrently.
        let this = tokio::sync::Mutex::new(self);
        let compared = attached.read(async |db| match nothing_new(db).await? {
            true => this.lock().await.compare(db, reader, views).await,
            false => Ok(Vec::new()),
        });
        let compared = compared.await;
        let this = this.into_inner();
        match compared {
            Ok(differences) if differences.is_empty() => {}
            Ok(differences) => {
                let published = difference::publish(db.clone(), differences);
                this.publishing = Some(tokio::task::spawn_local(published));
            }
            Err(error) => {
                tracing::warn!(%error, "the published state could not be compared with the database; trying again");
            }
        }
    }

    async fn compare(
        &mut self,
        db: &Transaction,
        reader: &CollectionReader,
        views: &[CollectionView],
    ) -> Result<Vec<Difference>, Error> {
        let began = Instant::now();
        let seconds = self.last.map_or(1, |last| last.elapsed().as_secs().clamp(1, 10)).cast_signed();
        self.budget = (self.budget + self.rows * seconds).min(self.rows);
        self.last = Some(began);
        self.pages.resize_with(views.len(), BTreeMap::new);
        let mut found = Vec::new();
        let is_shown = |collection_index: usize| !views[collection_index].is_withheld();
        let sent = reader
            .iter()
            .enumerate()
            .filter(|(collection_index, kind)| kind.is_live() && is_shown(*collection_index));
        let sent: Vec<_> = sent.collect();
        for at in 0.. {
            if self.budget <= 0 || at >= MIN_PAGES && began.elapsed() >= TIME_BUDGET {
                break;
            }
            let Some((collection_index, kind)) =
                sent.iter().find(|(collection_index, _)| *collection_index >= self.collection_index)
            else {
                self.finish_pass();
                break;
            };
            if *collection_index != self.collection_index || self.after.is_none() {
                self.start_collection(*collection_index, &views[*collection_index]);
            }
            self.began.get_or_insert(began);
            found.extend(self.page(db, kind.as_ref(), &views[*collection_index]).await?);
        }
        Ok(found)
    }

    fn start_collection(&mut self, collection_index: usize, view: &CollectionView) {
        (self.collection_index, self.after) = (collection_index, None);
        // After most rows were deleted, the pages are built again.
        if self.pages[collection_index].len() > 2 + 2 * view.rows.len() / PAGE_ROWS {
            self.pages[collection_index].clear();
        }
    }

    /// Ends the pass; the next one begins with the first collection.
    fn finish_pass(&mut self) {
        (self.collection_index, self.after) = (0, None);
        if let Some(began) = self.began.take() {
            metrics::gauge!("rowcast_reconcile_pass_seconds").set(began.elapsed().as_secs_f64());
        }
    }

    /// Compares one page, and moves on to the next.
    async fn page(
        &mut self,
        db: &Transaction,
        kind: &dyn ErasedCollection,
        view: &CollectionView,
    ) -> Result<Option<Difference>, Error> {
        let (after, end) = (self.after.clone(), self.end(view));
        // Without a fingerprint the rows are compared each time.
        let is_number = matches!(kind.key_columns(), [column] if column.form != KeyForm::Text);
        let stamp = match end.number_bounds(after.as_ref()).filter(|_| is_number) {
            Some((start, end)) => Some(with_timeout(fingerprint::of(db, kind, start, end)).await?),
            None => None,
        };
        let shown = || view.rows.after(after.as_ref()).take_while(|(key, _)| end.includes(*key));
        let known = self.pages[self.collection_index].get(&end).and_then(Option::as_ref);
        if stamp.is_some() && known == stamp.as_ref() {
            let rows = shown().count();
            self.advance(end, rows, 1);
            return Ok(None);
        }
        let rows = with_timeout(kind.page(db, after.as_ref(), (MAX_PAGE_ROWS + 1) as u64)).await?;
        // A longer page is compared up to its maximum.
        let cut = rows.get(MAX_PAGE_ROWS).map(|_| PageEnd::Key(rows[MAX_PAGE_ROWS - 1].0.clone()));
        let reached = cut.map_or_else(|| end.clone(), |cut| cut.min(end.clone()));
        let is_reached = |key: KeyRef<'_>| reached.includes(key);
        let rows: Vec<Encoded> = rows.into_iter().filter(|(key, _)| is_reached(key.as_key_ref())).collect();
        let shown = shown().take_while(|(key, _)| is_reached(*key));
        let difference = Difference::between(TableOf::new(kind), shown, &rows);
        let known = stamp.filter(|_| difference.is_none() && reached == end);
        self.pages[self.collection_index].insert(reached.clone(), known);
        self.advance(reached, rows.len(), READ_COST);
        Ok(difference)
    }

    /// The end of the next page: the known one, unless the page has grown too large.
    fn end(&self, view: &CollectionView) -> PageEnd {
        let after = self.after.as_ref();
        let start = after.map_or(Bound::Unbounded, |after| Bound::Excluded(PageEnd::Key(after.clone())));
        let known = self.pages[self.collection_index].range((start, Bound::Unbounded)).next();
        let end = known.map_or(PageEnd::Open, |(end, _)| end.clone());
        let is_large = view.rows.after(after).nth(MAX_PAGE_ROWS).is_some_and(|(key, _)| end.includes(key));
        let cut = || view.rows.after(after).nth(PAGE_ROWS - 1).map(|(key, _)| PageEnd::Key(key.to_key()));
        if is_large { cut().unwrap_or(end) } else { end }
    }

    fn advance(&mut self, end: PageEnd, rows: usize, cost: i64) {
        // A statement has a minimum cost.
        self.budget -= (rows as i64 * cost).max(PAGE_ROWS as i64 / 10);
        match end {
            PageEnd::Key(key) => self.after = Some(key),
            PageEnd::Open => {
                self.collection_index += 1;
                self.after = None;
            }
        }
    }
}
