//! A digest of the published state, to detect changes without a log entry that were made while no server ran.
//!
//! ```text
//! each collection ─▶ buckets by key ─▶ row count and sum of hashes of their JSON       at a position
//! ```
//!
//! Resuming clients receive the changes of the log. Rows without an entry are [logged](super::unlogged) afterwards if
//! they can be identified. If a bucket still differs, or if there is no digest to compare with, the missed changes are
//! unknown, and clients receive full snapshots.

mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait, Statement};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    cache::Cache,
    epoch::Epochs,
    history::UNKNOWN_TRANSACTION,
    log::{self, Entry, RELOAD_THRESHOLD, ReadProgress},
    position::Position,
    rows::CollectionReader,
    unlogged::{self, Unlogged},
};
use crate::{
    database::{DedicatedConnection, Transaction},
    error::Error,
    key::{KeyPart, KeyRef},
};
pub(super) use writer::DigestWriter;

/// How long to wait for the digest of another node that has begun the epoch and is still starting.
const WAIT_FOR_OTHER_NODE: Duration = Duration::from_secs(10);
const WAIT_INTERVAL: Duration = Duration::from_millis(100);
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

/// Changes since the last digest that have no log entry.
pub(super) enum OfflineChanges {
    Nothing,
    /// These rows.
    Rows(Unlogged),
    /// Unknown rows.
    Everything,
}

/// A digest that was saved, and the position of the state that it is of.
pub(super) struct SavedDigest {
    position: Position,
    collections: BTreeMap<String, Digest>,
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
        if attached.read(async |db| find(db, epochs).await).await?.is_some() {
            break;
        }
        tokio::time::sleep(WAIT_INTERVAL).await;
    }
    Ok(())
}

/// The last digest, if it can be compared in the current epoch.
pub(super) async fn find(db: &Transaction, epochs: &Epochs) -> Result<Option<SavedDigest>, Error> {
    let sql = "select epoch, position, digest from rowcast_change_log_digest";
    let Some(row) = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await? else {
        return Ok(None);
    };
    let text = |column: &str| row.try_get::<String>("", column);
    let (epoch, position) = (text("epoch")?, text("position")?.parse::<Position>().ok());
    let collections = serde_json::from_str(&text("digest")?).ok();
    let found = position.zip(collections).filter(|(position, _)| epochs.includes(&epoch, position));
    Ok(found.map(|(position, collections)| SavedDigest { position, collections }))
}

/// Logs that a start has found no digest, although clients may have positions from before.
pub(super) fn log_missing() {
    log_unknown("no server has recorded what it showed since the change log began anew");
}

/// Finds changes since the digest that have no log entry. They are unknown if the log was pruned or has too many entries
/// since.
pub(super) async fn find_offline_changes(
    db: &Transaction,
    reader: &CollectionReader,
    epochs: &Epochs,
    caches: &[Option<Cache>],
    SavedDigest { position, collections: noted }: SavedDigest,
) -> Result<OfflineChanges, Error> {
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
    for (kind, rows) in reader.by_collection(unlogged.clone()) {
        let entry = |(key, _)| Entry {
            transaction: UNKNOWN_TRANSACTION,
            collection: kind.log_name().to_owned(),
            key,
        };
        entries.extend(rows.into_iter().map(entry));
    }
    let is_withheld = |collection_index: usize| caches.get(collection_index).is_some_and(Option::is_none);
    let changes = reader.changes(db, &entries, &is_withheld).await?;
    let known: BTreeSet<(u16, u16)> =
        changes.iter().map(|change| (change.collection_index, bucket(change.key.as_key_ref()))).collect();
    for (collection_index, (kind, cache)) in (0..).zip(reader.iter().zip(caches)) {
        let noted = noted.get(kind.name()).filter(|_| kind.is_live());
        // Rows of a table that is new to this server have no entries.
        if noted.is_none()
            && kind.is_live()
            && kind.is_from_catalog()
            && cache.as_ref().is_some_and(|cache| cache.len() > 0)
        {
            return Ok(OfflineChanges::Everything);
        }
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
    log_unknown(why);
    OfflineChanges::Everything
}

fn log_unknown(why: &str) {
    tracing::info!("{why}: unrecorded changes cannot be ruled out, and all earlier cursors are invalid");
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
