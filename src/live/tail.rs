//! The one task per node that reads the log and publishes: bell → log → cache → every socket.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use socketio::Hub;
use tokio::sync::{oneshot, watch};

use super::{
    cache::{Cache, Rows},
    cursor::Cursor,
    epoch::{self, Epochs},
    history::{Change, Changed, History},
    horizon::Horizon,
    log::{self, BULK, Life, Look},
    picture::{Picture, View},
    position::Position,
    reading::{Kinds, in_time},
    shared::{News, Shared},
};
use crate::{
    database::{Attached, Database, Transaction},
    error::Error,
};

/// How long to wait after a look that failed.
const PAUSE: Duration = Duration::from_millis(250);

/// What rings, what is told, and when to end.
pub(super) struct Signals {
    /// Counts our own commits.
    pub(super) commits: watch::Receiver<u64>,
    /// Counts those who need a look that begins after they asked.
    pub(super) asked: watch::Receiver<u64>,
    /// Up to which commit, and up to which asker, all has been published.
    pub(super) passing: watch::Sender<u64>,
    pub(super) answering: watch::Sender<u64>,
    pub(super) stop: watch::Receiver<bool>,
}

pub(super) struct Tail {
    kinds: Kinds,
    hub: Hub,
    db: Database,
    shared: Arc<Shared>,
    views: Vec<View>,
    number: u64,
    at: Position,
    epochs: Epochs,
    /// Which database was read last; nothing after an outage, and on SQLite.
    life: Option<Life>,
    /// Whether it may be another database, whatever it says of itself.
    moved: bool,
    horizon: Horizon,
}

/// What a look brought.
enum Found {
    /// Rows, by the place of their collection.
    Rows(Look, Changes),
    /// Too much to name, or not known what: all there is.
    Everything(Look, Vec<Cache>),
    /// The database is not the one it was.
    Elsewhere,
}

struct Changes {
    changes: Vec<Change>,
    rows: Vec<(usize, Rows)>,
}

impl Tail {
    /// Reads every collection, and what the log still holds.
    pub(super) async fn load(
        db: Database,
        attached: &Attached,
        kinds: Kinds,
        hub: Hub,
        remembered: usize,
    ) -> Result<Self, Error> {
        let epochs = epoch::begin(&db).await?;
        let load = async |db: &Transaction| {
            let look = log::end(db).await?;
            let (entries, floor) = log::newest(db, remembered).await?;
            Ok((look, kinds.everything(db).await?, kinds.changes(db, &entries).await?, floor))
        };
        let (look, caches, changes, floor) = attached.read(load).await?;
        let views: Vec<View> = kinds
            .iter()
            .zip(caches)
            .map(|(kind, rows)| View::new(kind.plural(), kind.is_sent(), rows))
            .collect();
        let mut history = History::new(remembered, look.floor.max(floor), 0);
        history.push(1, look.position.clone(), changes);
        let cursor = Cursor::new(epochs.now(), &look.position);
        let picture = Picture::new(1, cursor, views.clone());
        let shared =
            Shared::new(picture, look.position.clone(), history, epochs.clone(), attached.glance().is_some());
        let tail = Self {
            kinds,
            hub,
            db,
            shared,
            views,
            number: 1,
            at: look.position,
            epochs,
            life: look.life,
            moved: false,
            horizon: Horizon::default(),
        };
        tail.views.iter().for_each(measure);
        Ok(tail)
    }

    /// Publishes until told to stop. `ready` is given what the sockets are served from once it is there.
    pub(super) async fn run(
        mut self,
        mut attached: Attached,
        mut signals: Signals,
        ready: oneshot::Sender<Result<Arc<Shared>, Error>>,
    ) {
        let _ = ready.send(Ok(self.shared.clone()));
        // What was written while everything was read is not waited for.
        signals.commits.mark_changed();
        let mut told = 0;
        loop {
            let quiet = tokio::select! {
                biased;
                _ = signals.stop.wait_for(|stop| *stop) => break,
                _ = signals.commits.changed() => false,
                _ = signals.asked.changed() => true,
                () = attached.rung() => true,
            };
            let target = *signals.commits.borrow_and_update();
            let asker = *signals.asked.borrow_and_update();
            let looked = self.step(&attached, quiet).await;
            let was_caught_up = self.shared.caught_up.swap(looked.is_ok(), Ordering::Relaxed);
            if let Err(error) = looked {
                if was_caught_up {
                    tracing::warn!(%error, "the change log could not be read; trying until it can");
                }
                tokio::time::sleep(PAUSE).await;
                if attached.renew() {
                    // It may come back as another one: a backup, or a standby that took over.
                    self.life = None;
                    self.moved = true;
                }
                signals.commits.mark_changed();
                continue;
            }
            signals.passing.send_replace(target);
            signals.answering.send_replace(asker);
            if target > told {
                told = target;
                attached.ring().await;
            }
        }
    }

    /// Publishes whatever has been committed by now. A `quiet` look expects nothing.
    async fn step(&mut self, attached: &Attached, quiet: bool) -> Result<(), Error> {
        let began = Instant::now();
        if quiet && self.glance(attached).await? {
            return Ok(());
        }
        loop {
            match attached.read(async |db| self.look(db).await).await? {
                Found::Rows(look, changes) => break self.take(look.position, changes),
                Found::Everything(look, caches) => break self.take_all(look, caches),
                Found::Elsewhere => self.move_over(attached).await?,
            }
        }
        self.horizon.observe(&self.at, attached).await;
        metrics::histogram!("rowcast_live_publish_seconds").record(began.elapsed().as_secs_f64());
        Ok(())
    }

    /// Whether one statement shows that there is nothing new.
    async fn glance(&mut self, attached: &Attached) -> Result<bool, Error> {
        let Some(connection) = attached.glance() else { return Ok(false) };
        let look = in_time(log::look(connection, &self.at)).await?;
        let nothing = look.entries.is_empty() && !self.is_elsewhere(&look) && look.floor <= self.at.horizon();
        if nothing {
            self.at = look.position.clone();
            self.shared.passed(look.position, Vec::new());
            self.horizon.observe(&self.at, attached).await;
        }
        Ok(nothing)
    }

    async fn look(&self, db: &Transaction) -> Result<Found, Error> {
        let look = in_time(log::look(db, &self.at)).await?;
        if self.is_elsewhere(&look) {
            return Ok(Found::Elsewhere);
        }
        // What was pruned before it was read here is not known to have changed; and a file that has become shorter is not
        // the one that it was.
        let lost = look.floor > self.at.horizon() || look.position.next() < self.at.next();
        if lost || look.entries.len() > BULK {
            let caches = self.kinds.everything(db).await?;
            return Ok(Found::Everything(look, caches));
        }
        let changes = self.kinds.changes(db, &look.entries).await?;
        let rows = self.kinds.rows(db, &changes).await?;
        Ok(Found::Rows(look, Changes { changes, rows }))
    }

    fn is_elsewhere(&self, look: &Look) -> bool {
        self.moved || look.life != self.life
    }

    /// Brings the caches up to date with rows, and sends what is new in them.
    fn take(&mut self, position: Position, Changes { changes, rows }: Changes) {
        let mut changed = Changed::new();
        for (place, rows) in rows {
            let mut cache = self.views[place].rows.clone();
            let news = cache.update(&rows);
            self.change(place, cache, news, &mut changed);
        }
        self.publish(position, changed, Some(changes));
    }

    /// The same with everything there is. Cursors from before are worth nothing afterwards.
    fn take_all(&mut self, look: Look, caches: Vec<Cache>) {
        let mut changed = Changed::new();
        for (place, cache) in caches.into_iter().enumerate() {
            let news = self.views[place].rows.difference(&cache);
            self.change(place, cache, news, &mut changed);
        }
        self.life = look.life;
        self.publish(look.position, changed, None);
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

    fn publish(&mut self, position: Position, changed: Changed, changes: Option<Vec<Change>>) {
        self.at = position.clone();
        let changes = match changes {
            Some(changes) if changed.is_empty() => return self.shared.passed(position, changes),
            changes => changes,
        };
        self.number += 1;
        let cursor = Cursor::new(self.epochs.now(), &position);
        let picture = Picture::new(self.number, cursor, self.views.clone());
        let news = News { picture, changed, changes };
        self.shared.publish(&self.hub, position, news, &self.epochs);
        metrics::gauge!("rowcast_live_remembered_changes").set(self.shared.remembered() as f64);
    }

    /// The database may be another one than before: finds out, and reads it as a whole if it is.
    async fn move_over(&mut self, attached: &Attached) -> Result<(), Error> {
        let epochs = in_time(epoch::begin(&self.db)).await?;
        let same = epochs.now() == self.epochs.now();
        let load = async |db: &Transaction| {
            let look = log::end(db).await?;
            let caches = if same { None } else { Some(self.kinds.everything(db).await?) };
            Ok((look, caches))
        };
        let (look, caches) = attached.read(load).await?;
        // Not before it has been read: what fails is found out anew.
        (self.epochs, self.life, self.moved) = (epochs, look.life.clone(), false);
        if let Some(caches) = caches {
            tracing::warn!("this is another database than before: everything is read anew");
            self.take_all(look, caches);
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

fn measure(view: &View) {
    let (name, rows) = (view.plural, &view.rows);
    metrics::gauge!("rowcast_collection_rows", "collection" => name).set(rows.len() as f64);
    metrics::gauge!("rowcast_collection_bytes", "collection" => name).set(rows.bytes() as f64);
    metrics::gauge!("rowcast_collection_memory_bytes", "collection" => name).set(rows.memory() as f64);
}
