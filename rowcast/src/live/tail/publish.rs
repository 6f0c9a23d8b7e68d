//! What a look brought is put into the caches, and what is new in them is sent.

use std::time::Duration;

use super::{Changes, Tail};
use crate::{
    bounds,
    live::{
        cache::Cache,
        cursor::Cursor,
        history::{Change, Changed},
        log::{Look, Seen},
        picture::Picture,
        position::Position,
        shared::News,
        view::{Beyond, View},
    },
};

impl Tail {
    /// Brings the caches up to date with rows, and sends what is new in them.
    pub(super) fn take(&mut self, seen: Seen, Changes { changes, rows, again, touched }: Changes) {
        let mut changed = Changed::new();
        for (place, rows) in rows {
            let Some(rows) = rows else {
                self.withhold(place, Duration::ZERO);
                continue;
            };
            let mut cache = self.views[place].rows.clone();
            let news = cache.update(&rows);
            match cache.bytes() > self.kinds.limit {
                true => self.withhold(place, Duration::ZERO),
                false => self.change(place, cache, news, &mut changed),
            }
        }
        self.withheld.touch(|place| touched.contains(&place));
        for (place, took, all) in again {
            match all {
                Some(rows) => self.release(place, rows, &seen.position),
                None => self.withheld.seen(place, took),
            }
        }
        self.publish(seen, changed, Some(changes));
    }

    /// A collection has become too large to be sent.
    fn withhold(&mut self, place: usize, took: Duration) {
        self.withheld.seen(place, took);
        let (view, limit) = (&mut self.views[place], self.kinds.limit);
        if !view.is_withheld() {
            view.withhold(limit, Beyond::Server, self.number + 1);
            say(view, limit);
        }
        measure(view);
    }

    /// It is not too large any more.
    fn release(&mut self, place: usize, rows: Cache, position: &Position) {
        self.withheld.remove(place);
        let view = &mut self.views[place];
        view.release(rows, self.number + 1, position.clone());
        measure(view);
        tracing::info!(collection = view.plural, "a collection is small enough to be sent again");
    }

    /// The same with everything there is. Cursors from before are worth nothing afterwards.
    pub(super) fn take_all(&mut self, look: Look, caches: Vec<Option<Cache>>) {
        let mut changed = Changed::new();
        for (place, cache) in caches.into_iter().enumerate() {
            match cache {
                None => self.withhold(place, Duration::ZERO),
                Some(cache) if self.views[place].is_withheld() => {
                    self.release(place, cache, &look.seen.position);
                }
                Some(cache) => {
                    let news = self.views[place].rows.difference(&cache);
                    self.change(place, cache, news, &mut changed);
                }
            }
        }
        (self.life, self.floor) = (Some(look.life), look.floor);
        self.publish(look.seen, changed, None);
    }

    fn change(&mut self, place: usize, cache: Cache, news: Vec<i64>, changed: &mut Changed) {
        if news.is_empty() {
            return;
        }
        let view = &mut self.views[place];
        view.change(cache, self.number + 1);
        measure(view);
        let place = u16::try_from(place).unwrap_or(u16::MAX);
        changed.extend(news.into_iter().map(|id| (place, id)));
    }

    fn publish(&mut self, seen: Seen, changed: Changed, changes: Option<Vec<Change>>) {
        let position = seen.position.clone();
        self.at = seen;
        let turned = self.views.iter().any(|view| view.has_turned(self.number + 1));
        let changes = match changes {
            Some(changes) if changed.is_empty() && !turned => return self.shared.passed(position, changes),
            changes => changes,
        };
        self.number += 1;
        let cursor = Cursor::new(self.epochs.now(), &position);
        let picture = Picture::new(self.number, cursor, self.views.clone());
        let news = News { picture, changed, changes };
        self.shared.publish(&self.hub, position, news, &self.epochs);
        metrics::gauge!("rowcast_live_remembered_changes").set(self.shared.remembered() as f64);
    }
}

/// That a collection is too large is said where somebody looks who can do something about it.
pub(super) fn say(view: &View, limit: usize) {
    if bounds::COLLECTIONS.met() {
        let collection = view.plural;
        tracing::warn!(collection, limit, "a collection is too large to be sent: clients must list it");
    }
}

pub(super) fn measure(view: &View) {
    let withheld = if view.is_withheld() { 1.0 } else { 0.0 };
    metrics::gauge!("rowcast_collection_withheld", "collection" => view.plural).set(withheld);
    let (name, rows) = (view.plural, &view.rows);
    metrics::gauge!("rowcast_collection_rows", "collection" => name).set(rows.len() as f64);
    metrics::gauge!("rowcast_collection_bytes", "collection" => name).set(rows.bytes() as f64);
    metrics::gauge!("rowcast_collection_memory_bytes", "collection" => name).set(rows.memory() as f64);
}
