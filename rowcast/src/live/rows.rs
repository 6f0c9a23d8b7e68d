//! From entries of the log to the rows that they concern, all within the picture of the database that they were read in.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use super::{
    cache::{Cache, Rows},
    history::{ANY, Change},
    log::Entry,
    unlogged::Unlogged,
};
use crate::{
    database::Transaction,
    error::Error,
    registry::{Encoded, Kind},
    store,
};

/// Ids in one statement, below SQLite's limit for one statement's values.
const PAGE: usize = 1000;
/// Transactions by which a row is remembered that shows one they changed; with more it is remembered without.
const NAMED: usize = 8;
/// How long the database may take for one page.
const PATIENCE: Duration = Duration::from_secs(10);

/// The collections, in the registry's order.
#[derive(Clone)]
pub(super) struct Kinds {
    kinds: Vec<Arc<dyn Kind>>,
    places: HashMap<&'static str, u16>,
    /// Bytes of a collection that is sent whole.
    pub(super) limit: usize,
}

/// Which collections are withheld, by their places: nothing is read of those.
pub(super) type Withheld<'a> = &'a dyn Fn(usize) -> bool;

impl Kinds {
    pub(super) fn new(kinds: &[Arc<dyn Kind>], limit: usize) -> Self {
        let places = (0..).zip(kinds).map(|(place, kind)| (kind.plural(), place)).collect();
        Self { kinds: kinds.to_vec(), places, limit }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<dyn Kind>> {
        self.kinds.iter()
    }

    /// Whether entries are about a collection, or about what it shows.
    pub(super) fn concern(&self, entries: &[Entry], place: usize) -> bool {
        let Some(kind) = self.kinds.get(place) else { return false };
        let shown = |name: &str| kind.nests().iter().any(|nested| nested.collection == name);
        entries.iter().any(|entry| entry.collection == kind.plural() || shown(&entry.collection))
    }

    /// The tables whose changes are logged.
    pub(super) fn tables(&self) -> Vec<&'static str> {
        let join = self.kinds.iter().flat_map(|kind| kind.nests()).map(|nested| nested.table);
        let all: BTreeSet<_> = self.kinds.iter().map(|kind| kind.plural()).chain(join).collect();
        all.into_iter().collect()
    }

    /// Rows by the plural names of their collections.
    pub(super) fn named(&self, rows: Unlogged) -> impl Iterator<Item = (&'static str, Vec<(i64, i64)>)> {
        rows.into_iter()
            .filter_map(|(place, rows)| Some((self.kinds.get(usize::from(place))?.plural(), rows)))
    }

    /// What entries say: which rows changed, and which rows show those.
    pub(super) async fn changes(
        &self,
        db: &Transaction,
        entries: &[Entry],
        withheld: Withheld<'_>,
    ) -> Result<Vec<Change>, Error> {
        let mut changes: BTreeSet<Change> = BTreeSet::new();
        let mut by_row: BTreeMap<(u16, i64), BTreeSet<u64>> = BTreeMap::new();
        for entry in entries {
            // Other programs may watch tables of their own.
            let Some(place) = self.places.get(&*entry.collection) else { continue };
            changes.insert(Change { transaction: entry.transaction, place: *place, id: entry.id });
            by_row.entry((*place, entry.id)).or_default().insert(entry.transaction);
        }
        for (place, kind) in (0..).zip(&self.kinds).filter(|(place, _)| !withheld(usize::from(*place))) {
            for nested in kind.nests() {
                let Some(of) = self.places.get(nested.collection) else { continue };
                let shown: Vec<i64> =
                    by_row.range((*of, i64::MIN)..=(*of, i64::MAX)).map(|((_, id), _)| *id).collect();
                for page in shown.chunks(PAGE) {
                    for (id, shows) in in_time(store::showing(db, nested, &rounded(page))).await? {
                        let Some(transactions) = by_row.get(&(*of, shows)) else { continue };
                        if transactions.len() > NAMED {
                            changes.insert(Change { transaction: ANY, place, id });
                        } else {
                            let change = |transaction: &u64| Change { transaction: *transaction, place, id };
                            changes.extend(transactions.iter().map(change));
                        }
                    }
                }
            }
        }
        // Collections that are not sent count only for those that show their rows.
        let is_sent =
            |place: usize| self.kinds.get(place).is_some_and(|kind| kind.is_sent()) && !withheld(place);
        Ok(changes.into_iter().filter(|change| is_sent(usize::from(change.place))).collect())
    }

    /// The rows that changes name, as they are now; those of collections that are sent. Nothing for a collection of which they
    /// alone would be too much.
    pub(super) async fn rows(
        &self,
        db: &Transaction,
        changes: &[Change],
    ) -> Result<Vec<(usize, Option<Rows>)>, Error> {
        let mut all = Vec::new();
        for (place, kind) in self.kinds.iter().enumerate().filter(|(_, kind)| kind.is_sent()) {
            let ids = changes.iter().filter(|change| usize::from(change.place) == place);
            let ids: BTreeSet<i64> = ids.map(|change| change.id).collect();
            if ids.is_empty() {
                continue;
            }
            all.push((place, self.by_ids(db, kind, &ids.into_iter().collect::<Vec<_>>()).await?));
        }
        Ok(all)
    }

    async fn by_ids(
        &self,
        db: &Transaction,
        kind: &Arc<dyn Kind>,
        ids: &[i64],
    ) -> Result<Option<Rows>, Error> {
        let mut rows: Rows = ids.iter().map(|id| (*id, None)).collect();
        let (mut stride, mut ids) = (Stride::default(), ids);
        while let Some((next, rest)) =
            ids.split_at_checked(stride.next(ids.len())).filter(|_| !ids.is_empty())
        {
            let page = in_time(kind.by_ids(db, &rounded(next))).await?;
            if stride.take(&page) > self.limit {
                return Ok(None);
            }
            rows.extend(page.into_iter().map(|(id, row)| (id, Some(row))));
            ids = rest;
        }
        Ok(Some(rows))
    }

    /// Every row of every collection that is sent; nothing for one that is too large for that.
    pub(super) async fn everything(&self, db: &Transaction) -> Result<Vec<Option<Cache>>, Error> {
        let mut all = Vec::new();
        for place in 0..self.kinds.len() {
            all.push(self.all_of(db, place, self.limit).await?);
        }
        Ok(all)
    }

    /// Every row of a collection, if it is sent; nothing if those have more than so many bytes.
    pub(super) async fn all_of(
        &self,
        db: &Transaction,
        place: usize,
        limit: usize,
    ) -> Result<Option<Cache>, Error> {
        let (mut cache, mut last, mut stride) = (Cache::default(), i64::MIN, Stride::default());
        let Some(kind) = self.kinds.get(place).filter(|kind| kind.is_sent()) else { return Ok(Some(cache)) };
        loop {
            let wanted = stride.next(MOST);
            let page = in_time(kind.page(db, last, wanted as u64)).await?;
            let full = page.len() == wanted;
            last = page.last().map_or(last, |(id, _)| *id);
            if stride.take(&page) > limit {
                return Ok(None);
            }
            cache.append(page);
            if !full {
                return Ok(Some(cache));
            }
        }
    }
}

/// Rows read at a time: few to begin with, and more as long as they are small. Rows of others may have any size.
struct Stride {
    next: usize,
    rows: usize,
    bytes: usize,
}

/// Rows read at a time, at least and at most.
const FEWEST: usize = 16;
const MOST: usize = 256;
/// Bytes that are to be read at a time.
const BYTES: usize = 1024 * 1024;

impl Default for Stride {
    fn default() -> Self {
        Self { next: 64, rows: 0, bytes: 0 }
    }
}

impl Stride {
    fn next(&self, left: usize) -> usize {
        self.next.min(left)
    }

    /// Rows that were read; returns how many bytes all of them had.
    fn take(&mut self, rows: &[Encoded]) -> usize {
        self.rows += rows.len();
        self.bytes += rows.iter().map(|(_, row)| row.get().len()).sum::<usize>();
        let average = self.bytes / self.rows.max(1);
        self.next = (BYTES / average.max(1)).clamp(FEWEST, MOST);
        self.bytes
    }
}

/// The same ids, some of them repeated: so that statements come in a few lengths and stay prepared.
fn rounded(ids: &[i64]) -> Vec<i64> {
    let length = ids.len().next_power_of_two().min(PAGE.max(ids.len()));
    let last = ids.last().copied();
    ids.iter().copied().chain(last.into_iter().cycle()).take(length).collect()
}

/// A database that does not answer at all, not even with a failure, is out of reach.
pub(super) async fn in_time<T, E: Into<Error>>(work: impl Future<Output = Result<T, E>>) -> Result<T, Error> {
    let ended = tokio::time::timeout(PATIENCE, work).await;
    ended.map_err(|_| Error::Unavailable("the database does not answer".into()))?.map_err(Into::into)
}
