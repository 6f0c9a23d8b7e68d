//! Saving the digest: at the start, every minute if something changed, and at shutdown; and soon after the last one
//! became incomparable, because an epoch has begun, the log was pruned beyond it, or many entries followed it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::{Digest, RELOAD_THRESHOLD};
use crate::{
    database::{Database, Transaction},
    live::{cursor::Cursor, position::Position, view::CollectionView},
};

/// How often to save the digest.
const INTERVAL: Duration = Duration::from_secs(60);
/// Hashing uses at most this fraction of one core.
const CPU_SHARE: u32 = 500;
/// The same while no digest can be compared.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
const URGENT_CPU_SHARE: u32 = 20;
/// A start compares no digest that more entries than [`RELOAD_THRESHOLD`] follow.
const MAX_ENTRIES: usize = RELOAD_THRESHOLD / 2;

/// Decides when to save, and saves in the background.
pub(in crate::live) struct DigestWriter {
    began_at: Instant,
    /// The floor of the log at the last poll.
    floor: u64,
    /// The number of entries that were read since the last save began.
    entries: usize,
    /// Shared with a save in progress.
    saved: Arc<Mutex<Saved>>,
}

/// The last digest that was saved.
#[derive(Default)]
struct Saved {
    /// The number of its version.
    number: u64,
    /// None if there is none, or the last save failed.
    cursor: Option<Cursor>,
    /// The duration of hashing.
    took: Duration,
}

impl DigestWriter {
    /// For a log with this floor.
    pub(in crate::live) fn new(floor: u64) -> Self {
        Self { began_at: Instant::now(), floor, entries: 0, saved: Arc::default() }
    }

    /// Notes a poll of the log: its floor, and the number of new entries.
    pub(in crate::live) fn observe(&mut self, floor: u64, entries: usize) {
        self.floor = floor;
        self.entries = self.entries.saturating_add(entries);
    }

    /// Whether to save the digest of this version, which is at this position.
    pub(in crate::live) fn is_due(&self, number: u64, epoch: &str, position: &Position) -> bool {
        let is_idle = Arc::strong_count(&self.saved) == 1;
        let saved = lock(&self.saved);
        let is_complete = |position: &Position| position.horizon() >= self.floor;
        let is_comparable = |cursor: &Cursor| cursor.epoch == epoch && is_complete(&cursor.position);
        let has_digest = self.entries <= MAX_ENTRIES && saved.cursor.as_ref().is_some_and(is_comparable);
        // Another one would be comparable.
        let is_urgent = !has_digest && is_complete(position);
        let (interval, share) =
            if is_urgent { (MIN_INTERVAL, URGENT_CPU_SHARE) } else { (INTERVAL, CPU_SHARE) };
        let is_time = self.began_at.elapsed() >= interval.max(saved.took * share);
        is_idle && is_time && (is_urgent || saved.number != number)
    }

    /// Saves the digest at a position. Hashing runs on a blocking thread.
    pub(in crate::live) fn save(
        &mut self,
        db: &Database,
        number: u64,
        cursor: Cursor,
        views: &[CollectionView],
    ) -> impl Future<Output = ()> + use<> {
        (self.began_at, self.entries) = (Instant::now(), 0);
        let (db, saved, views) = (db.clone(), self.saved.clone(), views.to_vec());
        lock(&saved).cursor = None;
        async move {
            let began = Instant::now();
            let digests = tokio::task::spawn_blocking(move || digests(&views)).await.unwrap_or_default();
            lock(&saved).took = began.elapsed();
            let at = cursor.clone();
            let work = async move |db: &Transaction| Ok(write(db, &at, &digests).await?);
            match db.write(work).await {
                Ok(_) => {
                    let mut saved = lock(&saved);
                    (saved.number, saved.cursor) = (number, Some(cursor));
                }
                Err(error) => {
                    tracing::debug!(%error, "the digest of the published state could not be saved; trying again");
                }
            }
        }
    }
}

fn lock(saved: &Mutex<Saved>) -> MutexGuard<'_, Saved> {
    saved.lock().unwrap_or_else(PoisonError::into_inner)
}

fn digests(views: &[CollectionView]) -> String {
    // A withheld collection has no published rows.
    let shown = views.iter().filter(|view| !view.is_withheld());
    let all: BTreeMap<&str, Digest> = shown.map(|view| (view.plural, Digest::of(&view.rows))).collect();
    serde_json::to_string(&all).unwrap_or_default()
}

async fn write(db: &Transaction, cursor: &Cursor, digests: &str) -> Result<(), DbErr> {
    let sql = "insert into rowcast_change_log_digest (id, epoch, position, digest) values (1, $1, $2, $3)
        on conflict (id) do update
        set epoch = excluded.epoch, position = excluded.position, digest = excluded.digest";
    let values = [cursor.epoch.as_str().into(), cursor.position.to_string().into(), digests.into()];
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: &str = "epoch";

    fn below(next: u64) -> Position {
        Position::below(next)
    }

    /// A writer that saved version 3 at position 10 of a log with floor 5, that many seconds ago.
    fn writer(seconds: u64) -> DigestWriter {
        let mut writer = DigestWriter::new(5);
        writer.began_at = Instant::now() - Duration::from_secs(seconds);
        *lock(&writer.saved) =
            Saved { number: 3, cursor: Some(Cursor::new(EPOCH, &below(10))), took: Duration::ZERO };
        writer
    }

    #[test]
    fn digest_is_due_after_a_minute_if_something_changed() {
        assert!(writer(61).is_due(4, EPOCH, &below(12)));
        assert!(!writer(61).is_due(3, EPOCH, &below(12)));
        assert!(!writer(30).is_due(4, EPOCH, &below(12)));
    }

    #[test]
    fn incomparable_digest_is_due_soon() {
        let is_due = |seconds: u64, change: &dyn Fn(&mut DigestWriter)| {
            let mut writer = writer(seconds);
            change(&mut writer);
            writer.is_due(3, EPOCH, &below(12))
        };
        let changes: [&dyn Fn(&mut DigestWriter); 4] = [
            &|writer| writer.observe(11, 0),
            &|writer| writer.observe(5, MAX_ENTRIES + 1),
            &|writer| lock(&writer.saved).cursor = None,
            &|writer| lock(&writer.saved).cursor = Some(Cursor::new("another", &below(10))),
        ];
        for change in changes {
            assert!(is_due(2, change));
            assert!(!is_due(0, change), "at most once a second");
        }
        assert!(!is_due(2, &|writer| writer.observe(5, MAX_ENTRIES)));
        assert!(!is_due(2, &|writer| writer.observe(13, 0)), "the next one would be incomparable too");
    }

    #[test]
    fn digest_is_not_due_during_a_save_or_soon_after_a_long_one() {
        let busy = writer(61);
        let _save = busy.saved.clone();
        assert!(!busy.is_due(4, EPOCH, &below(12)));
        let slow = writer(61);
        lock(&slow.saved).took = Duration::from_secs(1);
        assert!(!slow.is_due(4, EPOCH, &below(12)));
        assert!(slow.is_due(4, "another", &below(12)), "20 times the duration have passed");
    }
}
