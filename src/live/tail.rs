//! The one task per node that reads the log and publishes: bell → log → cache → every socket.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use serde_json::value::RawValue;
use socketio::{Hub, Slot};
use tokio::sync::{oneshot, watch};

use super::{
    Shared,
    cache::Cache,
    log::{self, Changed, News, Position},
};
use crate::{
    database::{Attached, Transaction},
    error::Error,
    registry::Kind,
    store,
};

/// How often to look for what other programs wrote.
const POLL: Duration = Duration::from_millis(250);
/// Rows read at a time, below SQLite's limit for one statement's values.
const PAGE: usize = 1000;

/// Rows of one collection as they are now, or gone.
type Rows = BTreeMap<i64, Option<Box<RawValue>>>;

pub(super) struct Tail {
    kinds: Vec<Arc<dyn Kind>>,
    caches: Vec<Cache>,
    hub: Hub,
    shared: Arc<Shared>,
    passing: watch::Sender<u64>,
    /// Where the log was read to, and the name of the log; nothing before the first reading.
    at: Option<(Position, String)>,
}

/// What a look at the database brought: a collection's place, and its rows that may have changed.
struct Found {
    at: Position,
    epoch: String,
    rows: Vec<(usize, Rows)>,
    /// Whether rows that are not named are gone.
    whole: bool,
}

impl Tail {
    pub(super) fn new(
        kinds: &[Arc<dyn Kind>],
        hub: Hub,
        shared: Arc<Shared>,
        passing: watch::Sender<u64>,
    ) -> Self {
        let caches = kinds.iter().map(|_| Cache::default()).collect();
        Self { kinds: kinds.to_vec(), caches, hub, shared, passing, at: None }
    }

    /// Publishes until told to stop. `ready` hears how the first reading went; if it failed, there is no second.
    pub(super) async fn run(
        mut self,
        db: Attached,
        mut commits: watch::Receiver<u64>,
        mut stop: watch::Receiver<bool>,
        ready: oneshot::Sender<Result<(), Error>>,
    ) {
        let first = self.step(&db, 0).await;
        let failed = first.is_err();
        let _ = ready.send(first);
        if failed {
            return;
        }
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                _ = commits.changed() => {}
                () = tokio::time::sleep(POLL) => {}
            }
            let target = *commits.borrow_and_update();
            if let Err(error) = self.step(&db, target).await {
                tracing::warn!(%error, "the change log could not be read; trying again");
                tokio::time::sleep(POLL).await;
                commits.mark_changed();
            }
        }
    }

    /// Publishes everything up to the commit `target`, and whatever else has been committed by now.
    async fn step(&mut self, db: &Attached, target: u64) -> Result<(), Error> {
        let started = Instant::now();
        let found = db.read(async |db| self.look(db).await).await;
        self.shared.caught_up.store(found.is_ok(), Ordering::Relaxed);
        let found = found?;
        self.publish(found);
        self.passing.send_replace(target);
        metrics::histogram!("rowcast_live_publish_seconds").record(started.elapsed().as_secs_f64());
        Ok(())
    }

    async fn look(&self, db: &Transaction) -> Result<Found, Error> {
        let Some((at, epoch)) = &self.at else {
            let (at, epoch) = (Position::end(db).await?, log::epoch(db).await?);
            return Ok(Found { at, epoch, rows: self.everything(db).await?, whole: true });
        };
        let (news, at) = at.news(db).await?;
        let epoch = epoch.clone();
        Ok(match news {
            News::Rows(changed) => Found { at, epoch, rows: self.changed(db, changed).await?, whole: false },
            News::Everything => Found { at, epoch, rows: self.everything(db).await?, whole: true },
        })
    }

    async fn everything(&self, db: &Transaction) -> Result<Vec<(usize, Rows)>, Error> {
        let mut all = Vec::new();
        for (place, kind) in self.kinds.iter().enumerate() {
            let mut rows = Rows::new();
            loop {
                let last = rows.last_key_value().map_or(i64::MIN, |(id, _)| *id);
                let page = kind.page(db, last, PAGE as u64).await?;
                let full = page.len() == PAGE;
                rows.extend(page.into_iter().map(|(id, row)| (id, Some(row))));
                if !full {
                    break;
                }
            }
            all.push((place, rows));
        }
        Ok(all)
    }

    /// The rows that the log names, and those that show them.
    async fn changed(&self, db: &Transaction, changed: Changed) -> Result<Vec<(usize, Rows)>, Error> {
        let mut all = Vec::new();
        for (place, kind) in self.kinds.iter().enumerate() {
            let mut ids = changed.get(kind.plural()).cloned().unwrap_or_default();
            for nested in kind.nests() {
                let shown: Vec<i64> = changed.get(nested.collection).into_iter().flatten().copied().collect();
                for page in shown.chunks(PAGE) {
                    ids.extend(store::showing(db, nested, page).await?);
                }
            }
            if !ids.is_empty() {
                all.push((place, rows(kind, db, ids).await?));
            }
        }
        Ok(all)
    }

    /// Brings the caches up to date and sends what is new in them.
    fn publish(&mut self, found: Found) {
        let cursor = found.at.cursor(&found.epoch);
        let mut snapshots = Vec::new();
        for (place, mut rows) in found.rows {
            let (kind, cache) = (&self.kinds[place], &mut self.caches[place]);
            if found.whole {
                for id in cache.ids() {
                    rows.entry(id).or_default();
                }
            }
            let news = rows.into_iter().filter_map(|(id, row)| cache.set(id, row).then_some(())).count();
            if news == 0 && !found.whole {
                continue;
            }
            let slot = Slot(u16::try_from(place).unwrap_or(u16::MAX));
            snapshots.push((place, slot, cache.snapshot(kind.plural(), &cursor)));
            metrics::gauge!("rowcast_collection_rows", "collection" => kind.plural()).set(cache.len() as f64);
            metrics::gauge!("rowcast_collection_bytes", "collection" => kind.plural())
                .set(cache.bytes() as f64);
        }
        if !snapshots.is_empty() {
            self.shared.publish(&self.hub, snapshots);
        }
        self.at = Some((found.at, found.epoch));
    }
}

/// However the task ends, what it leaves behind is not caught up any more, and readiness says so.
impl Drop for Tail {
    fn drop(&mut self) {
        self.shared.caught_up.store(false, Ordering::Relaxed);
    }
}

async fn rows(kind: &Arc<dyn Kind>, db: &Transaction, ids: BTreeSet<i64>) -> Result<Rows, Error> {
    let ids: Vec<i64> = ids.into_iter().collect();
    let mut rows: Rows = ids.iter().map(|id| (*id, None)).collect();
    for page in ids.chunks(PAGE) {
        let page = kind.by_ids(db, page).await?;
        rows.extend(page.into_iter().map(|(id, row)| (id, Some(row))));
    }
    Ok(rows)
}
