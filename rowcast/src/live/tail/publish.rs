//! Applies the result of a poll to the caches, and publishes the difference.

use std::time::Duration;

use super::{ChangeSet, Tail};
use crate::{
    bounds,
    key::Key,
    live::{
        cache::Cache,
        cursor::Cursor,
        history::{Change, ChangedRows},
        log::{LogPoll, ReadProgress},
        position::Position,
        shared::Publication,
        state::StateVersion,
        view::{CollectionView, LimitSource},
    },
};

impl Tail {
    /// Applies changed rows to the caches and publishes them.
    pub(super) fn apply_changes(
        &mut self,
        progress: ReadProgress,
        ChangeSet { changes, rows, rechecked, changed_withheld }: ChangeSet,
    ) {
        let mut changed = ChangedRows::new();
        for (collection_index, rows) in rows {
            let Some(rows) = rows else {
                self.withhold(collection_index, Duration::ZERO);
                continue;
            };
            let mut cache = self.views[collection_index].rows.clone();
            let news = cache.update(&rows);
            match cache.bytes() > self.reader.limit {
                true => self.withhold(collection_index, Duration::ZERO),
                false => self.change(collection_index, cache, news, &mut changed),
            }
        }
        self.withheld.mark_changed(|collection_index| changed_withheld.contains(&collection_index));
        for (collection_index, took, all) in rechecked {
            match all {
                Some(rows) => self.release(collection_index, rows, &progress.position),
                None => self.withheld.schedule(collection_index, took),
            }
        }
        self.publish(progress, changed, Some(changes));
    }

    /// Withholds a collection that is above the limit.
    fn withhold(&mut self, collection_index: usize, took: Duration) {
        self.withheld.schedule(collection_index, took);
        let (view, limit) = (&mut self.views[collection_index], self.reader.limit);
        if !view.is_withheld() {
            view.withhold(limit, LimitSource::Server, self.number + 1);
            warn_withheld(view, limit);
        }
        measure(view);
    }

    /// Publishes a withheld collection again.
    fn release(&mut self, collection_index: usize, rows: Cache, position: &Position) {
        self.withheld.remove(collection_index);
        let view = &mut self.views[collection_index];
        view.release(rows, self.number + 1, position.clone());
        measure(view);
        tracing::info!(collection = view.plural, "a collection is small enough to be sent again");
    }

    /// Replaces all rows and publishes the difference. Earlier cursors become invalid.
    pub(super) fn apply_reload(&mut self, poll: LogPoll, caches: Vec<Option<Cache>>) {
        let mut changed = ChangedRows::new();
        for (collection_index, cache) in caches.into_iter().enumerate() {
            match cache {
                None => self.withhold(collection_index, Duration::ZERO),
                Some(cache) if self.views[collection_index].is_withheld() => {
                    self.release(collection_index, cache, &poll.progress.position);
                }
                Some(cache) => {
                    let news = self.views[collection_index].rows.difference(&cache);
                    self.change(collection_index, cache, news, &mut changed);
                }
            }
        }
        (self.incarnation, self.floor) = (Some(poll.incarnation), poll.floor);
        // The number of entries is unknown.
        self.digest_writer.observe(poll.floor, usize::MAX);
        self.publish(poll.progress, changed, None);
    }

    pub(super) fn change(
        &mut self,
        collection_index: usize,
        cache: Cache,
        news: Vec<Key>,
        changed: &mut ChangedRows,
    ) {
        if news.is_empty() {
            return;
        }
        let view = &mut self.views[collection_index];
        view.change(cache, self.number + 1);
        measure(view);
        let collection_index = u16::try_from(collection_index).unwrap_or(u16::MAX);
        changed.extend(news.into_iter().map(|key| (collection_index, key)));
    }

    pub(super) fn publish(
        &mut self,
        progress: ReadProgress,
        changed: ChangedRows,
        changes: Option<Vec<Change>>,
    ) {
        let position = progress.position.clone();
        self.progress = progress;
        let availability_changed_at =
            self.views.iter().any(|view| view.availability_changed_since(self.number + 1));
        let changes = match changes {
            Some(changes) if changed.is_empty() && !availability_changed_at => {
                return self.shared.advance(position, changes);
            }
            changes => changes,
        };
        self.number += 1;
        let cursor = Cursor::new(self.epochs.current(), &position);
        let version = StateVersion::new(self.number, cursor, self.views.clone());
        let news = Publication { version, changed, changes };
        self.shared.publish(&self.hub, position, news, &self.epochs);
        metrics::gauge!("rowcast_live_history_changes").set(self.shared.history_len() as f64);
    }
}

/// Logs that a collection is withheld, for the operator.
pub(super) fn warn_withheld(view: &CollectionView, limit: usize) {
    if bounds::COLLECTIONS.met() {
        let collection = view.plural;
        tracing::warn!(collection, limit, "a collection is too large to be sent: clients must list it");
    }
}

pub(super) fn measure(view: &CollectionView) {
    let withheld = if view.is_withheld() { 1.0 } else { 0.0 };
    metrics::gauge!("rowcast_collection_withheld", "collection" => view.plural).set(withheld);
    let (name, rows) = (view.plural, &view.rows);
    metrics::gauge!("rowcast_collection_rows", "collection" => name).set(rows.len() as f64);
    metrics::gauge!("rowcast_collection_bytes", "collection" => name).set(rows.bytes() as f64);
    metrics::gauge!("rowcast_collection_memory_bytes", "collection" => name).set(rows.memory() as f64);
}
