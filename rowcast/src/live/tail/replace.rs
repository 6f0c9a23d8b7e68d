//! Replacement of the collections while clients are connected, because the tables of the database have changed.
//!
//! ```text
//! before │ a b c           after │ a · c′ d        b is gone, c has other columns, d is new
//! ```
//!
//! A collection keeps its index as long as its key stays the same; one that is gone leaves its index unused. Clients
//! receive the difference. Earlier cursors become invalid, because the history does not know rows of another form.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{Tail, publish::measure};
use crate::{
    database::{DedicatedConnection, Transaction},
    error::Error,
    key::Key,
    live::{
        cache::Cache, history::ChangedRows, log, resync::resync, rows::CollectionReader, view::CollectionView,
    },
    registry::ErasedCollection,
};

/// The collections that replace the current ones.
pub(in crate::live) type Collections = Vec<Arc<dyn ErasedCollection>>;

/// A request to replace the collections.
pub(in crate::live) struct Replacement {
    pub(in crate::live) collections: Collections,
    /// Called when all rows are read, before the difference is published.
    pub(in crate::live) switch: Box<dyn FnOnce() + Send>,
    /// Answered when the difference is published.
    pub(in crate::live) done: oneshot::Sender<Result<(), Error>>,
}

impl Tail {
    /// Replaces the collections, and publishes the difference.
    pub(super) async fn replace(&mut self, attached: &DedicatedConnection, replacement: Replacement) {
        let Replacement { collections, switch, done } = replacement;
        let _ = done.send(self.replace_with(attached, &collections, switch).await);
    }

    async fn replace_with(
        &mut self,
        attached: &DedicatedConnection,
        collections: &Collections,
        switch: Box<dyn FnOnce() + Send>,
    ) -> Result<(), Error> {
        let (kinds, gone) = merge(self.reader.iter(), collections);
        let reader = CollectionReader::new(&kinds, self.reader.limit);
        // Rows of another form: earlier cursors are invalid on every node, and after a restart.
        resync(&self.db).await?;
        let load = async |db: &Transaction| {
            let poll = log::end(db, self.epochs.current()).await?;
            Ok((poll, reader.read_all(db).await?))
        };
        // Read first: if that fails, everything is as before.
        let (poll, caches) = attached.read(load).await?;
        switch();
        self.withdraw(&gone);
        for (at, kind) in kinds.iter().enumerate() {
            match self.views.get_mut(at) {
                Some(view) => (view.sent, view.key_columns) = (kind.is_live(), kind.key_columns()),
                None => {
                    let (name, key) = (kind.name(), kind.key_columns());
                    self.views.push(CollectionView::new(name, key, kind.is_live(), Cache::default()));
                }
            }
        }
        let is_same = self.incarnation.as_ref() == Some(&poll.incarnation);
        self.maybe_replaced |= !is_same && self.incarnation.is_some();
        self.reader = reader;
        self.reconciler.reset();
        self.apply_reload(poll, caches);
        Ok(())
    }

    /// Publishes that collections have no rows any more, while clients still receive their changes.
    fn withdraw(&mut self, gone: &[usize]) {
        let mut changed = ChangedRows::new();
        for &at in gone {
            let keys: Vec<Key> = self.views[at].rows.all().map(|(key, _)| key.to_key()).collect();
            self.withheld.remove(at);
            self.change(at, Cache::default(), keys, &mut changed);
            measure(&self.views[at]);
        }
        if !changed.is_empty() {
            self.publish(self.progress.clone(), changed, None);
        }
    }
}

/// The collections by index, and the indexes of those that are gone.
fn merge<'a>(
    before: impl Iterator<Item = &'a Arc<dyn ErasedCollection>>,
    after: &Collections,
) -> (Collections, Vec<usize>) {
    let (mut kinds, mut gone, mut kept) = (Collections::new(), Vec::new(), Vec::new());
    for (at, kind) in before.enumerate() {
        let same = after.iter().position(|other| is_same(&**kind, &**other));
        match same.filter(|index| !kept.contains(index)) {
            Some(index) => {
                kept.push(index);
                kinds.push(after[index].clone());
            }
            None => {
                if kind.is_live() {
                    gone.push(at);
                }
                kinds.push(kind.without_rows());
            }
        }
    }
    let new = after.iter().enumerate().filter(|(at, _)| !kept.contains(at)).map(|(_, kind)| kind.clone());
    kinds.extend(new);
    (kinds, gone)
}

/// Whether rows of both may be the same, by their keys.
fn is_same(one: &dyn ErasedCollection, other: &dyn ErasedCollection) -> bool {
    let identity = |kind: &dyn ErasedCollection| (kind.name(), kind.key_columns());
    one.is_live() == other.is_live() && identity(one) == identity(other)
}
