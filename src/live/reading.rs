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
};
use crate::{database::Transaction, error::Error, registry::Kind, store};

/// Rows read at a time, below SQLite's limit for one statement's values.
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
}

impl Kinds {
    pub(super) fn new(kinds: &[Arc<dyn Kind>]) -> Self {
        let places = (0..).zip(kinds).map(|(place, kind)| (kind.plural(), place)).collect();
        Self { kinds: kinds.to_vec(), places }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<dyn Kind>> {
        self.kinds.iter()
    }

    /// The tables whose changes are logged.
    pub(super) fn tables(&self) -> Vec<&'static str> {
        let join = self.kinds.iter().flat_map(|kind| kind.nests()).map(|nested| nested.table);
        let all: BTreeSet<_> = self.kinds.iter().map(|kind| kind.plural()).chain(join).collect();
        all.into_iter().collect()
    }

    /// What entries say: which rows changed, and which rows show those.
    pub(super) async fn changes(&self, db: &Transaction, entries: &[Entry]) -> Result<Vec<Change>, Error> {
        let mut changes: BTreeSet<Change> = BTreeSet::new();
        let mut by_row: BTreeMap<(u16, i64), BTreeSet<u64>> = BTreeMap::new();
        for entry in entries {
            // Other programs may watch tables of their own.
            let Some(place) = self.places.get(&*entry.collection) else { continue };
            changes.insert(Change { transaction: entry.transaction, place: *place, id: entry.id });
            by_row.entry((*place, entry.id)).or_default().insert(entry.transaction);
        }
        for (place, kind) in (0..).zip(&self.kinds) {
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
        let is_sent = |place: u16| self.kinds.get(usize::from(place)).is_some_and(|kind| kind.is_sent());
        Ok(changes.into_iter().filter(|change| is_sent(change.place)).collect())
    }

    /// The rows that changes name, as they are now; those of collections that are sent.
    pub(super) async fn rows(
        &self,
        db: &Transaction,
        changes: &[Change],
    ) -> Result<Vec<(usize, Rows)>, Error> {
        let mut all = Vec::new();
        for (place, kind) in self.kinds.iter().enumerate().filter(|(_, kind)| kind.is_sent()) {
            let ids = changes.iter().filter(|change| usize::from(change.place) == place);
            let ids: BTreeSet<i64> = ids.map(|change| change.id).collect();
            if ids.is_empty() {
                continue;
            }
            let mut rows: Rows = ids.iter().map(|id| (*id, None)).collect();
            let ids: Vec<i64> = ids.into_iter().collect();
            for page in ids.chunks(PAGE) {
                let page = in_time(kind.by_ids(db, &rounded(page))).await?;
                rows.extend(page.into_iter().map(|(id, row)| (id, Some(row))));
            }
            all.push((place, rows));
        }
        Ok(all)
    }

    /// Every row of every collection that is sent.
    pub(super) async fn everything(&self, db: &Transaction) -> Result<Vec<Cache>, Error> {
        let mut all = Vec::new();
        for kind in &self.kinds {
            let (mut cache, mut last) = (Cache::default(), i64::MIN);
            while kind.is_sent() {
                let page = in_time(kind.page(db, last, PAGE as u64)).await?;
                let full = page.len() == PAGE;
                last = page.last().map_or(last, |(id, _)| *id);
                cache.append(page);
                if !full {
                    break;
                }
            }
            all.push(cache);
        }
        Ok(all)
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
