//! What was shown, in short: so that a server that starts sees what has changed meanwhile without an entry in the log.
//!
//! ```text
//! each collection ─▶ buckets, by id ─▶ rows and a sum of hashes of their JSON       with the position they belong to
//! ```
//!
//! Clients that come back with a cursor are sent what the log has. Where rows of a bucket differ of which the log has nothing,
//! that is not all that they have missed; so they are sent everything. It is noted every minute, if something changed, and
//! at the end.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait, DbErr, Statement};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    cache::Cache,
    cursor::Cursor,
    epoch::Epochs,
    log::{self, BULK, Seen},
    position::Position,
    reading::Kinds,
    view::View,
};
use crate::{
    database::{Database, Transaction},
    error::Error,
};

/// How often to note it.
const EVERY: Duration = Duration::from_secs(60);
/// It is made so seldom that it takes no more than one part in so many of a core.
const SHARE: u32 = 500;
const BUCKETS: u16 = 256;

/// How many rows, and the sum of their hashes, by bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Digest(Vec<(u64, u64)>);

impl Digest {
    fn of(rows: &Cache) -> Self {
        let mut buckets = vec![(0_u64, 0_u64); usize::from(BUCKETS)];
        for (id, row) in rows.after(i64::MIN) {
            let (count, sum) = &mut buckets[usize::from(bucket(id))];
            let hash: [u8; 32] = Sha256::digest(row).into();
            let first = hash.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
            (*count, *sum) = (*count + 1, sum.wrapping_add(first));
        }
        Self(buckets)
    }

    /// Buckets in which they differ.
    fn difference<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u16> + 'a {
        (0..BUCKETS).filter(|bucket| {
            let at = usize::from(*bucket);
            self.0.get(at) != other.0.get(at)
        })
    }
}

fn bucket(id: i64) -> u16 {
    id.rem_euclid(BUCKETS.into()) as u16
}

/// When what is shown was last noted, and the number of that picture.
pub(super) struct Keeper {
    kept: Instant,
    number: u64,
    /// How many milliseconds it took. Shared with the one that is being made.
    took: Arc<AtomicU64>,
}

impl Default for Keeper {
    fn default() -> Self {
        Self { kept: Instant::now(), number: 0, took: Arc::default() }
    }
}

impl Keeper {
    pub(super) fn is_due(&self, number: u64) -> bool {
        let is_idle = Arc::strong_count(&self.took) == 1;
        let pause = Duration::from_millis(self.took.load(Ordering::Relaxed)) * SHARE;
        is_idle && self.kept.elapsed() >= EVERY.max(pause) && self.number != number
    }

    /// Notes what is shown at a position. The hashing is done on another thread.
    pub(super) fn keep(
        &mut self,
        db: &Database,
        number: u64,
        cursor: Cursor,
        views: &[View],
    ) -> impl Future<Output = ()> + use<> {
        (self.kept, self.number) = (Instant::now(), number);
        let (db, took, views) = (db.clone(), self.took.clone(), views.to_vec());
        async move {
            let began = Instant::now();
            let digests = tokio::task::spawn_blocking(move || digests(&views)).await.unwrap_or_default();
            took.store(began.elapsed().as_millis() as u64, Ordering::Relaxed);
            let work = async move |db: &Transaction| Ok(save(db, &cursor, &digests).await?);
            if let Err(error) = db.write(work).await {
                tracing::debug!(%error, "what is shown could not be noted; trying again in a minute");
            }
            drop(took);
        }
    }
}

fn digests(views: &[View]) -> String {
    // Of a withheld collection nothing is shown.
    let shown = views.iter().filter(|view| !view.is_withheld());
    let all: BTreeMap<&str, Digest> = shown.map(|view| (view.plural, Digest::of(&view.rows))).collect();
    serde_json::to_string(&all).unwrap_or_default()
}

async fn save(db: &Transaction, cursor: &Cursor, digests: &str) -> Result<(), DbErr> {
    let sql = "insert into change_log_digest (id, epoch, position, digest) values (1, $1, $2, $3)
        on conflict (id) do update
        set epoch = excluded.epoch, position = excluded.position, digest = excluded.digest";
    let values = [cursor.epoch.as_str().into(), cursor.position.to_string().into(), digests.into()];
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await.map(drop)
}

/// Whether rows differ from what was last noted, and the log has nothing of it. Where it does not go back so far, or so much
/// has happened since, that cannot be said.
pub(super) async fn differs(
    db: &Transaction,
    kinds: &Kinds,
    epochs: &Epochs,
    caches: &[Option<Cache>],
) -> Result<bool, Error> {
    let sql = "select epoch, position, digest from change_log_digest";
    let Some(row) = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await? else {
        return Ok(false);
    };
    let text = |column: &str| row.try_get::<String>("", column);
    let (epoch, position) = (text("epoch")?, text("position")?.parse::<Position>());
    let noted: Option<BTreeMap<String, Digest>> = serde_json::from_str(&text("digest")?).ok();
    let (Ok(position), Some(noted)) = (position, noted) else { return Ok(false) };
    let look = log::look(db, &Seen::at(position.clone()), epochs.now()).await?;
    let is_whole = look.floor <= position.horizon() && look.entries.len() <= BULK && look.doubt.is_none();
    if !epochs.hold(&epoch, &position) || !is_whole {
        return Ok(false);
    }
    let is_withheld = |place: usize| caches.get(place).is_some_and(Option::is_none);
    let changes = kinds.changes(db, &look.entries, &is_withheld).await?;
    let logged: BTreeSet<(u16, u16)> =
        changes.iter().map(|change| (change.place, bucket(change.id))).collect();
    for (place, (kind, cache)) in (0..).zip(kinds.iter().zip(caches)) {
        let known = noted.get(kind.plural()).filter(|_| kind.is_sent());
        let Some((noted, cache)) = known.zip(cache.as_ref()) else { continue };
        if noted.difference(&Digest::of(cache)).any(|bucket| !logged.contains(&(place, bucket))) {
            tracing::warn!(
                collection = kind.plural(),
                "rows have changed while no server ran, and the change log has nothing of it: cursors from before are worth nothing"
            );
            return Ok(true);
        }
    }
    Ok(false)
}
