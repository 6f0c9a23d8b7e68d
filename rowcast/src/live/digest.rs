//! A digest of the published state, to detect changes without a log entry that were made while no server ran.
//!
//! ```text
//! each collection ─▶ buckets by key ─▶ row count and sum of hashes of their JSON       at a position
//! ```
//!
//! Resuming clients receive the changes of the log. Rows without an entry are [logged](super::unlogged) afterwards if
//! they can be identified. If a bucket still differs, or if there is no digest to compare with, the missed changes are
//! unknown, and clients receive full snapshots. The digest is saved at the start, when an epoch begins, every minute
//! if something changed, when the log was pruned beyond it, and at shutdown.

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
    history::UNKNOWN_TRANSACTION,
    log::{self, Entry, RELOAD_THRESHOLD, ReadProgress},
    position::Position,
    rows::CollectionReader,
    unlogged::{self, Unlogged},
    view::CollectionView,
};
use crate::{
    database::{Database, DedicatedConnection, Transaction},
    error::Error,
    key::{KeyPart, KeyRef},
};

/// How often to save the digest.
const INTERVAL: Duration = Duration::from_secs(60);
/// How often to save it if the log no longer reaches back to it.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait for the digest of another node that has begun the epoch and is still starting.
const WAIT_FOR_OTHER_NODE: Duration = Duration::from_secs(5);
const WAIT_INTERVAL: Duration = Duration::from_millis(100);
/// Hashing uses at most this fraction of one core.
const CPU_SHARE: u32 = 500;
const BUCKETS: u16 = 256;

/// The row count and the sum of hashes by bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Digest(Vec<(u64, u64)>);

impl Digest {
    fn of(rows: &Cache) -> Self {
        let mut buckets = vec![(0_u64, 0_u64); usize::from(BUCKETS)];
        for (key, row) in rows.all() {
            let (count, sum) = &mut buckets[usize::from(bucket(key))];
            let hash: [u8; 32] = Sha256::digest(row).into();
            let first = hash.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
            (*count, *sum) = (*count + 1, sum.wrapping_add(first));
        }
        Self(buckets)
    }

    /// The buckets that differ.
    fn difference<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u16> + 'a {
        (0..BUCKETS).filter(|bucket| {
            let at = usize::from(*bucket);
            self.0.get(at) != other.0.get(at)
        })
    }
}

/// The bucket of a row. It must not change from one start to the next, because buckets are compared with saved ones.
fn bucket(key: KeyRef<'_>) -> u16 {
    let mut hash = Sha256::new();
    match key {
        KeyRef::Number(number) => return number.rem_euclid(BUCKETS.into()) as u16,
        KeyRef::Text(text) => hash.update(text.as_bytes()),
        KeyRef::Columns(parts) => parts.iter().for_each(|part| match part {
            KeyPart::Number(number) => hash.update(number.to_be_bytes()),
            KeyPart::Text(text) => hash.update(text.as_bytes()),
        }),
    }
    u16::from(hash.finalize()[0]) % BUCKETS
}

/// The last digest that was saved: its time, the number of its version and its cursor.
pub(super) struct DigestWriter {
    saved_at: Instant,
    number: u64,
    cursor: Option<Cursor>,
    /// The duration in milliseconds, shared with a save in progress.
    took: Arc<AtomicU64>,
}

impl Default for DigestWriter {
    fn default() -> Self {
        Self { saved_at: Instant::now(), number: 0, cursor: None, took: Arc::default() }
    }
}

impl DigestWriter {
    /// Whether to save the digest of this version, which is at this position of a log with this floor.
    pub(super) fn is_due(&self, number: u64, epoch: &str, position: &Position, floor: u64) -> bool {
        let is_idle = Arc::strong_count(&self.took) == 1;
        let pause = Duration::from_millis(self.took.load(Ordering::Relaxed)) * CPU_SHARE;
        // The digest can be compared while the log is complete from its position on.
        let is_comparable = |cursor: &Cursor| cursor.epoch == epoch && cursor.position.horizon() >= floor;
        let is_lost = !self.cursor.as_ref().is_some_and(is_comparable) && position.horizon() >= floor;
        let interval = if is_lost { MIN_INTERVAL } else { INTERVAL };
        is_idle && self.saved_at.elapsed() >= interval.max(pause) && (is_lost || self.number != number)
    }

    /// Saves the digest at a position. Hashing runs on a blocking thread.
    pub(super) fn save(
        &mut self,
        db: &Database,
        number: u64,
        cursor: Cursor,
        views: &[CollectionView],
    ) -> impl Future<Output = ()> + use<> {
        (self.saved_at, self.number, self.cursor) = (Instant::now(), number, Some(cursor.clone()));
        let (db, took, views) = (db.clone(), self.took.clone(), views.to_vec());
        async move {
            let began = Instant::now();
            let digests = tokio::task::spawn_blocking(move || digests(&views)).await.unwrap_or_default();
            took.store(began.elapsed().as_millis() as u64, Ordering::Relaxed);
            let work = async move |db: &Transaction| Ok(write(db, &cursor, &digests).await?);
            if let Err(error) = db.write(work).await {
                tracing::debug!(%error, "the digest of the published state could not be saved; trying again in a minute");
            }
            drop(took);
        }
    }
}

fn digests(views: &[CollectionView]) -> String {
    // A withheld collection has no published rows.
    let shown = views.iter().filter(|view| !view.is_withheld());
    let all: BTreeMap<&str, Digest> = shown.map(|view| (view.plural, Digest::of(&view.rows))).collect();
    serde_json::to_string(&all).unwrap_or_default()
}

async fn write(db: &Transaction, cursor: &Cursor, digests: &str) -> Result<(), DbErr> {
    let sql = "insert into change_log_digest (id, epoch, position, digest) values (1, $1, $2, $3)
        on conflict (id) do update
        set epoch = excluded.epoch, position = excluded.position, digest = excluded.digest";
    let values = [cursor.epoch.as_str().into(), cursor.position.to_string().into(), digests.into()];
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await.map(drop)
}

/// Changes since the last digest that have no log entry.
pub(super) enum OfflineChanges {
    Nothing,
    /// These rows.
    Rows(Unlogged),
    /// Unknown rows.
    Everything,
}

/// Waits until another node that has begun the current epoch has saved its first digest. After a timeout, the start
/// goes on without one.
pub(super) async fn wait_for_other_node(
    attached: &DedicatedConnection,
    epochs: &Epochs,
) -> Result<(), Error> {
    let is_multi_node = attached.without_transaction().is_some();
    let began = Instant::now();
    while is_multi_node && epochs.has_earlier_positions() && began.elapsed() < WAIT_FOR_OTHER_NODE {
        if attached.read(async |db| load(db, epochs).await).await?.is_some() {
            break;
        }
        tokio::time::sleep(WAIT_INTERVAL).await;
    }
    Ok(())
}

/// Finds changes without a log entry. They are unknown if no digest can be compared: there is none of this epoch, the
/// log was pruned, or it has too many entries since.
pub(super) async fn find_offline_changes(
    db: &Transaction,
    reader: &CollectionReader,
    epochs: &Epochs,
    caches: &[Option<Cache>],
) -> Result<OfflineChanges, Error> {
    if !epochs.has_earlier_positions() {
        return Ok(OfflineChanges::Nothing);
    }
    let Some((position, noted)) = load(db, epochs).await? else {
        return Ok(unknown("no server has recorded what it showed since the change log began anew"));
    };
    let poll = log::poll(db, &ReadProgress::at(position.clone()), epochs.current()).await?;
    if poll.floor > position.horizon() || poll.inconsistency.is_some() {
        return Ok(unknown(
            "entries of the change log are missing since the last server recorded what it showed",
        ));
    }
    if poll.entries.len() > RELOAD_THRESHOLD {
        return Ok(unknown("the change log is long since the last server recorded what it showed"));
    }
    let unlogged = unlogged::since(db, reader, &position).await?;
    if unlogged.values().any(|rows| rows.len() > unlogged::MAX_ROWS) {
        return Ok(OfflineChanges::Everything);
    }
    let mut entries = poll.entries;
    for (plural, rows) in reader.named(unlogged.clone()) {
        let entry = |(key, _)| Entry { transaction: UNKNOWN_TRANSACTION, collection: plural.to_owned(), key };
        entries.extend(rows.into_iter().map(entry));
    }
    let is_withheld = |collection_index: usize| caches.get(collection_index).is_some_and(Option::is_none);
    let changes = reader.changes(db, &entries, &is_withheld).await?;
    let known: BTreeSet<(u16, u16)> =
        changes.iter().map(|change| (change.collection_index, bucket(change.key.as_key_ref()))).collect();
    for (collection_index, (kind, cache)) in (0..).zip(reader.iter().zip(caches)) {
        let noted = noted.get(kind.name()).filter(|_| kind.is_live());
        let Some((noted, cache)) = noted.zip(cache.as_ref()) else { continue };
        if noted.difference(&Digest::of(cache)).any(|bucket| !known.contains(&(collection_index, bucket))) {
            tracing::warn!(
                collection = kind.name(),
                "rows differ from those that the last server showed, and the change log has no entry for them: a program \
                 changed them without a trigger, or the product shows other fields now; all earlier cursors are invalid"
            );
            return Ok(OfflineChanges::Everything);
        }
    }
    Ok(if unlogged.is_empty() { OfflineChanges::Nothing } else { OfflineChanges::Rows(unlogged) })
}

fn unknown(why: &str) -> OfflineChanges {
    tracing::info!("{why}: unrecorded changes cannot be ruled out, and all earlier cursors are invalid");
    OfflineChanges::Everything
}

/// The last digest, if it is valid in the current epoch.
async fn load(
    db: &Transaction,
    epochs: &Epochs,
) -> Result<Option<(Position, BTreeMap<String, Digest>)>, Error> {
    let sql = "select epoch, position, digest from change_log_digest";
    let Some(row) = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await? else {
        return Ok(None);
    };
    let text = |column: &str| row.try_get::<String>("", column);
    let (epoch, position) = (text("epoch")?, text("position")?.parse::<Position>().ok());
    let noted = serde_json::from_str(&text("digest")?).ok();
    Ok(position.zip(noted).filter(|(position, _)| epochs.includes(&epoch, position)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Key, tests::sample};

    #[test]
    fn buckets_stay_the_same() {
        let composite = Key::from(vec![7.into(), "north".into()]);
        let keys: [Key; 5] = [0.into(), 255.into(), (-1).into(), "north".into(), composite];
        assert_eq!(keys.each_ref().map(|key| bucket(key.as_key_ref())), [0, 255, 255, 220, 214]);
    }

    #[test]
    fn rows_of_each_kind_of_key_are_divided_between_buckets() {
        for kind in 0..3 {
            let keys: Vec<Key> = (0..=255).map(|number| sample(kind, number)).collect();
            let used: BTreeSet<u16> = keys.iter().map(|key| bucket(key.as_key_ref())).collect();
            assert!(used.len() > 100 && used.iter().all(|bucket| *bucket < BUCKETS), "{used:?}");
        }
    }
}
