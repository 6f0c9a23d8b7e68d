//! Reads the rows that log entries refer to, in the snapshot in which the entries were read.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use super::{
    cache::{Cache, Rows},
    history::{Change, UNKNOWN_TRANSACTION},
    log::Entry,
    unlogged::Unlogged,
};
use crate::{
    database::Transaction,
    error::Error,
    key::Key,
    registry::{Encoded, ErasedCollection},
};

/// Keys in one statement, below SQLite's limit of bound values.
const BATCH_SIZE: usize = 1000;
/// The maximum number of transactions stored for a row that embeds changed rows; with more it is stored without one.
const MAX_TRANSACTIONS: usize = 8;
/// The timeout of one query.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The collections, in the registry's order.
#[derive(Clone)]
pub(super) struct CollectionReader {
    collections: Vec<Arc<dyn ErasedCollection>>,
    collection_indexes: HashMap<&'static str, u16>,
    /// The maximum size of a collection that is sent.
    pub(super) limit: usize,
}

/// Whether a collection is withheld, by index; its rows are not read.
pub(super) type Withheld<'a> = &'a dyn Fn(usize) -> bool;

impl CollectionReader {
    pub(super) fn new(collections: &[Arc<dyn ErasedCollection>], limit: usize) -> Self {
        let collection_indexes = (0..)
            .zip(collections)
            .map(|(collection_index, kind)| (kind.log_name(), collection_index))
            .collect();
        Self { collections: collections.to_vec(), collection_indexes, limit }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<dyn ErasedCollection>> {
        self.collections.iter()
    }

    /// Whether entries refer to a collection, or to rows that it embeds.
    pub(super) fn affects(&self, entries: &[Entry], collection_index: usize) -> bool {
        let Some(kind) = self.collections.get(collection_index) else { return false };
        let embedded = kind.embedded();
        let is_shown = |name: &str| name == kind.log_name() || embedded.contains(&name);
        entries.iter().any(|entry| is_shown(&entry.collection))
    }

    /// The tables with a change log trigger.
    pub(super) fn tables(&self) -> Vec<&'static str> {
        let declared = || self.collections.iter().filter(|kind| !kind.is_from_catalog());
        let join = declared().flat_map(|kind| kind.embeds()).map(|nested| nested.table);
        let all: BTreeSet<_> = declared().map(|kind| kind.name()).chain(join).collect();
        all.into_iter().collect()
    }

    /// Rows by collection.
    pub(super) fn by_collection(
        &self,
        rows: Unlogged,
    ) -> impl Iterator<Item = (&dyn ErasedCollection, Vec<(Key, Option<i64>)>)> {
        rows.into_iter().filter_map(|(collection_index, rows)| {
            Some((&**self.collections.get(usize::from(collection_index))?, rows))
        })
    }

    /// The changes of log entries: the rows themselves, and the rows that embed them.
    pub(super) async fn changes(
        &self,
        db: &Transaction,
        entries: &[Entry],
        withheld: Withheld<'_>,
    ) -> Result<Vec<Change>, Error> {
        let mut changes: BTreeSet<Change> = BTreeSet::new();
        let mut by_row: BTreeMap<(u16, Key), BTreeSet<u64>> = BTreeMap::new();
        for Entry { transaction, collection, key } in entries {
            // Other programs may log changes of tables of their own.
            let Some(&collection_index) = self.collection_indexes.get(&**collection) else { continue };
            let key = self.collections[usize::from(collection_index)].logged_key(key.clone());
            changes.insert(Change { transaction: *transaction, collection_index, key: key.clone() });
            by_row.entry((collection_index, key)).or_default().insert(*transaction);
        }
        for (collection_index, kind) in (0..)
            .zip(&self.collections)
            .filter(|(collection_index, _)| !withheld(usize::from(*collection_index)))
        {
            for embedded in kind.embedded() {
                let Some(&of) = self.collection_indexes.get(embedded) else { continue };
                // Numbers come before all other keys.
                let logged = by_row.range((of, Key::from(i64::MIN))..).map(|(row, _)| row);
                let keys = logged.take_while(|(collection_index, _)| *collection_index == of);
                let keys: Vec<Key> = keys.map(|(_, key)| key.clone()).collect();
                for page in keys.chunks(BATCH_SIZE) {
                    for (key, shows) in with_timeout(kind.rows_embedding(db, embedded, &pad(page))).await? {
                        let Some(transactions) = by_row.get(&(of, shows)) else { continue };
                        let change = |transaction| Change { transaction, collection_index, key: key.clone() };
                        if transactions.len() > MAX_TRANSACTIONS {
                            changes.insert(change(UNKNOWN_TRANSACTION));
                        } else {
                            changes.extend(transactions.iter().copied().map(change));
                        }
                    }
                }
            }
        }
        // Collections that are not live matter only through the rows that embed theirs.
        let is_sent = |collection_index: usize| {
            self.collections.get(collection_index).is_some_and(|kind| kind.is_live())
                && !withheld(collection_index)
        };
        Ok(changes.into_iter().filter(|change| is_sent(usize::from(change.collection_index))).collect())
    }

    /// The current rows of the changes, for live collections; none for a collection whose changed rows alone exceed
    /// the limit.
    pub(super) async fn rows(
        &self,
        db: &Transaction,
        changes: &[Change],
    ) -> Result<Vec<(usize, Option<Rows>)>, Error> {
        let mut all = Vec::new();
        for (collection_index, kind) in self.collections.iter().enumerate().filter(|(_, kind)| kind.is_live())
        {
            let changes =
                changes.iter().filter(|change| usize::from(change.collection_index) == collection_index);
            let keys: BTreeSet<Key> = changes.map(|change| change.key.clone()).collect();
            if keys.is_empty() {
                continue;
            }
            let keys: Vec<Key> = keys.into_iter().collect();
            all.push((collection_index, self.by_keys(db, kind, &keys).await?));
        }
        Ok(all)
    }

    async fn by_keys(
        &self,
        db: &Transaction,
        kind: &Arc<dyn ErasedCollection>,
        keys: &[Key],
    ) -> Result<Option<Rows>, Error> {
        let mut rows: Rows = keys.iter().map(|key| (key.clone(), None)).collect();
        let (mut batch, mut keys) = (BatchSizer::default(), keys);
        while let Some((next, rest)) =
            keys.split_at_checked(batch.next(keys.len())).filter(|_| !keys.is_empty())
        {
            let page = with_timeout(kind.by_keys(db, &pad(next))).await?;
            if batch.record(&page) > self.limit {
                return Ok(None);
            }
            rows.extend(page.into_iter().map(|(key, row)| (key, Some(row))));
            keys = rest;
        }
        Ok(Some(rows))
    }

    /// All rows of all live collections; none for a collection above the limit.
    pub(super) async fn read_all(&self, db: &Transaction) -> Result<Vec<Option<Cache>>, Error> {
        let mut all = Vec::new();
        for collection_index in 0..self.collections.len() {
            all.push(self.read_collection(db, collection_index, self.limit).await?);
        }
        Ok(all)
    }

    /// All rows of a live collection; none if they exceed the limit.
    pub(super) async fn read_collection(
        &self,
        db: &Transaction,
        collection_index: usize,
        limit: usize,
    ) -> Result<Option<Cache>, Error> {
        let (mut cache, mut last, mut batch) = (Cache::default(), None, BatchSizer::default());
        let Some(kind) = self.collections.get(collection_index).filter(|kind| kind.is_live()) else {
            return Ok(Some(cache));
        };
        loop {
            let wanted = batch.next(MAX_BATCH);
            let page = with_timeout(kind.page(db, last.as_ref(), wanted as u64)).await?;
            let full = page.len() == wanted;
            last = page.last().map(|(key, _)| key.clone()).or(last);
            if batch.record(&page) > limit {
                return Ok(None);
            }
            cache.append(page);
            if !full {
                return Ok(Some(cache));
            }
        }
    }
}

/// Adapts the number of rows per query to their size, which may be arbitrary.
struct BatchSizer {
    next: usize,
    rows: usize,
    bytes: usize,
}

/// The limits of the number of rows per query.
const MIN_BATCH: usize = 16;
const MAX_BATCH: usize = 256;
/// The target size of a query's result.
const TARGET_BYTES: usize = 1024 * 1024;

impl Default for BatchSizer {
    fn default() -> Self {
        Self { next: 64, rows: 0, bytes: 0 }
    }
}

impl BatchSizer {
    fn next(&self, left: usize) -> usize {
        self.next.min(left)
    }

    /// Records rows that were read; returns the size of all so far.
    fn record(&mut self, rows: &[Encoded]) -> usize {
        self.rows += rows.len();
        self.bytes += rows.iter().map(|(_, row)| row.get().len()).sum::<usize>();
        let average = self.bytes / self.rows.max(1);
        self.next = (TARGET_BYTES / average.max(1)).clamp(MIN_BATCH, MAX_BATCH);
        self.bytes
    }
}

/// Repeats the last key, so that statements have few different lengths and stay prepared.
fn pad<K: Clone>(keys: &[K]) -> Vec<K> {
    let length = keys.len().next_power_of_two().min(BATCH_SIZE.max(keys.len()));
    keys.iter().chain(keys.last().into_iter().cycle()).take(length).cloned().collect()
}

/// Treats a database that does not respond as unavailable.
pub(super) async fn with_timeout<T, E: Into<Error>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Error> {
    let ended = tokio::time::timeout(TIMEOUT, work).await;
    ended.map_err(|_| Error::Unavailable("the database does not answer".into()))?.map_err(Into::into)
}
