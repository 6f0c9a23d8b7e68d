//! Epochs: the validity of cursors after a restart, a restore or a move of the database.
//!
//! A restored backup also restores the transaction counter, so the same numbers are assigned again. An earlier cursor
//! then names transactions that never existed, or others with the same numbers. So a cursor also names an epoch:
//!
//! - On SQLite each start of a server is an epoch. A cursor of an earlier epoch is valid if it includes no more than
//!   the next epoch began with: what the backup contained, and nothing after it. Other programs may have written to the
//!   backup, so that its log has other entries with the same numbers. Each entry has a random mark, and the mark of the
//!   last entry that the cursor includes must be that of the log.
//! - On PostgreSQL, where nodes start and stop, an epoch is a place and a run: the cluster, its timeline, the
//!   database, the log's table, the start of the server, and the time since the last crash recovery. A restored dump
//!   has another table, a restored cluster another timeline, and a data directory that was copied back while the server
//!   was stopped another start. After a crash, transaction numbers that had not reached the disk are assigned
//!   again, even if nothing of those transactions was committed. The table `rowcast_runs` is unlogged, so crash recovery
//!   empties it; the node that finds it empty begins a new run. A truncated log is another file of the same table,
//!   and so another place.
//!
//! An epoch also begins if the log has lost its state or was rolled back to an earlier one, and at a start that cannot
//! rule out changes without a log entry. All earlier cursors are then invalid.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::{log, marks::Marks, position::Position};
use crate::{
    database::{Database, Transaction},
    error::Error,
};

/// The number of epochs that are stored.
const RETAINED: usize = 100;

/// An epoch's name, and the position at which it began.
#[derive(Clone, Debug)]
struct Epoch {
    name: String,
    began: u64,
}

/// The most entries whose marks are kept.
const MAX_MARKS: usize = 100_000;

/// The epochs up to the current one.
#[derive(Clone, Debug)]
pub(super) struct Epochs {
    all: Arc<[Epoch]>,
    /// The marks of the log's entries when the current epoch began.
    marks: Arc<Marks>,
    /// Whether this node has just begun the current epoch.
    is_new: bool,
}

impl Epochs {
    /// The current epoch.
    pub(super) fn current(&self) -> &str {
        self.all.last().map_or("", |epoch| &epoch.name)
    }

    /// Whether clients may have valid positions from before this node determined the epoch.
    pub(super) fn has_earlier_positions(&self) -> bool {
        let continues = |current: &Epoch| self.all.len() > 1 && current.began > 0;
        !self.is_new || self.all.last().is_some_and(continues)
    }

    /// Whether a client's position of that epoch is still valid.
    pub(super) fn is_valid(&self, epoch: &str, position: &Position) -> bool {
        self.includes(epoch, position) && (epoch == self.current() || self.has_entry_before(position))
    }

    /// Whether this database has the numbers of a position of that epoch. That suffices for a position that is stored in
    /// the database itself.
    pub(super) fn includes(&self, epoch: &str, position: &Position) -> bool {
        let Some(at) = self.all.iter().position(|known| known.name == epoch) else { return false };
        // All later epochs count: one that began lower than its predecessor has rolled it back.
        self.all[at + 1..].iter().all(|next| position.next() <= next.began)
    }

    /// Whether the log has the very entry that is the last one of the position.
    fn has_entry_before(&self, position: &Position) -> bool {
        let last = position.next().saturating_sub(1);
        last == 0 || position.mark().is_some_and(|mark| self.marks.get(last) == Some(mark))
    }
}

/// Determines the current epoch, and begins it if it is new. If `inconsistent` names the epoch of a log that cannot be
/// relied on, a new one begins, unless another node has begun it already.
///
/// # Errors
/// Any database error.
pub(super) async fn begin(db: &Database, inconsistent: Option<&str>) -> Result<Epochs, Error> {
    let name = uuid::Uuid::new_v4().to_string();
    let inconsistent = inconsistent.map(str::to_owned);
    let (epochs, _) = db.write(async move |db| Ok(open(db, &name, inconsistent.as_deref()).await?)).await?;
    Ok(epochs)
}

/// Opens the current epoch; `name` is that of a new one.
async fn open(db: &Transaction, name: &str, inconsistent: Option<&str>) -> Result<Epochs, DbErr> {
    match db.get_database_backend() {
        DbBackend::Postgres => {
            let place = read_place(db).await?;
            let (has_state, known) = (has_state(db, "0").await?, places(db).await?);
            let is_here = known.last().is_some_and(|(_, newest)| *newest == place);
            if !is_here
                || !has_state
                || is_restored(db).await?
                || inconsistent.is_some_and(|inconsistent| is_last(&known, inconsistent))
            {
                add(db, name, &place, 0).await?;
                // Transaction numbers may be another cluster's or be assigned again. All nodes reload.
                for statement in RESET_LOG {
                    db.execute_unprepared(statement).await?;
                }
            }
        }
        _ => {
            let has_state = has_state(db, SEQUENCE).await?;
            for statement in RESTORE_SEQUENCE {
                db.execute_unprepared(statement).await?;
            }
            let began = if has_state && inconsistent.is_none() { end(db).await? } else { 0 };
            add(db, name, "", began).await?;
        }
    }
    let backend = db.get_database_backend();
    let found = Statement::from_string(backend, "select epoch, began from rowcast_epochs order by id");
    let read = |row: &sea_orm::QueryResult| {
        let began: i64 = row.try_get("", "began")?;
        Ok(Epoch { name: row.try_get("", "epoch")?, began: began.unsigned_abs() })
    };
    let all = db.query_all_raw(found).await?.iter().map(read).collect::<Result<Arc<[Epoch]>, DbErr>>()?;
    let is_new = all.last().is_some_and(|current| current.name == name);
    Ok(Epochs { all, marks: log::marks(db, MAX_MARKS).await?.into(), is_new })
}

/// On SQLite the sequence may have been rolled back too: entries numbered below the floor would never be read.
const RESTORE_SEQUENCE: [&str; 2] = [
    "insert into sqlite_sequence (name, seq) select 'rowcast_change_log', 0
        where not exists (select 1 from sqlite_sequence where name = 'rowcast_change_log')",
    "update sqlite_sequence set seq = max(seq, (select coalesce(max(floor), 0) from rowcast_change_log_state))
        where name = 'rowcast_change_log'",
];

async fn add(db: &Transaction, name: &str, place: &str, began: i64) -> Result<(), DbErr> {
    let sql = "insert into rowcast_epochs (epoch, place, began) values ($1, $2, $3)";
    let values = [name.into(), place.into(), began.into()];
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    let sql = format!(
        "delete from rowcast_epochs where id not in (select id from rowcast_epochs order by id desc limit {RETAINED})"
    );
    db.execute_unprepared(&sql).await?;
    Ok(())
}

/// On SQLite, the next number of the sequence.
const SEQUENCE: &str = "coalesce((select seq from sqlite_sequence where name = 'rowcast_change_log'), 0) + 1";

/// Whether the log's state exists; creates it with that floor if not.
async fn has_state(db: &Transaction, floor: &str) -> Result<bool, DbErr> {
    let sql = format!(
        "insert into rowcast_change_log_state (id, floor) select 1, {floor}
         where not exists (select 1 from rowcast_change_log_state)"
    );
    let created = db.execute_unprepared(&sql).await?.rows_affected() > 0;
    if created {
        tracing::warn!(
            "the change log's state was missing and has been created: all earlier cursors are invalid"
        );
    }
    Ok(!created)
}

/// The names and places of all epochs.
async fn places(db: &Transaction) -> Result<Vec<(String, String)>, DbErr> {
    let sql = "select epoch, place from rowcast_epochs order by id";
    let found = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    found.iter().map(|row| Ok((row.try_get("", "epoch")?, row.try_get("", "place")?))).collect()
}

/// Whether no epoch has begun after that one, or it is unknown.
fn is_last(known: &[(String, String)], name: &str) -> bool {
    known.last().is_none_or(|(last, _)| last == name) || known.iter().all(|(other, _)| other != name)
}

/// Whether the log was restored from a dump: one transaction wrote the entries of several.
async fn is_restored(db: &Transaction) -> Result<bool, DbErr> {
    let sql = "select 'yes' as text from rowcast_change_log group by xmin::text
        having min(txid::text::bigint) <> max(txid::text::bigint) limit 1";
    Ok(text(db, sql).await?.is_some())
}

const RESET_LOG: [&str; 3] = [
    "delete from rowcast_change_log",
    "delete from rowcast_change_log_marks",
    "update rowcast_change_log_state set floor = 0",
];

/// On SQLite, a lower bound of the next entry's number.
async fn end(db: &Transaction) -> Result<i64, DbErr> {
    let sql = "select max(floor, (select coalesce(max(seq), 0) + 1 from rowcast_change_log)) as next from rowcast_change_log_state";
    let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    row.map_or(Ok(0), |row| row.try_get("", "next"))
}

/// Prevents nodes that start together from each beginning an epoch: `epochs` in ASCII.
const LOCK: i64 = 0x65_706f_6368_7300;

async fn read_place(db: &Transaction) -> Result<String, DbErr> {
    db.execute_unprepared(&format!("select pg_advisory_xact_lock({LOCK})")).await?;
    let allowed = "select case when has_function_privilege('pg_control_system()', 'execute')
        then 'yes' end as text";
    let cluster = match text(db, allowed).await? {
        Some(_) => text(db, "select system_identifier::text as text from pg_control_system()").await?,
        None => None,
    };
    // The first eight digits of a WAL file name are the timeline, which changes with each failover and point-in-time
    // recovery.
    let rest = "select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' || oid || '/' ||
        'rowcast_change_log'::regclass::oid || '/' || pg_relation_filenode('rowcast_change_log'::regclass) || '/' ||
        extract(epoch from pg_postmaster_start_time())::text as text
        from pg_database where datname = current_database()";
    let rest = text(db, rest).await?;
    let run = "select id as text from rowcast_runs limit 1";
    if text(db, run).await?.is_none() {
        db.execute_unprepared("insert into rowcast_runs (id) values (gen_random_uuid()::text)").await?;
    }
    let run = text(db, run).await?;
    Ok([cluster, rest, run].map(Option::unwrap_or_default).join("/"))
}

async fn text(db: &Transaction, sql: &str) -> Result<Option<String>, DbErr> {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    row.map_or(Ok(None), |row| row.try_get("", "text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(began: &[(&str, u64)], marks: &[(u64, u32)]) -> Epochs {
        let epoch = |(name, began): &(&str, u64)| Epoch { name: (*name).to_owned(), began: *began };
        let mut found = Marks::default();
        marks.iter().rev().for_each(|(number, mark)| found.push(*number, *mark));
        Epochs { all: began.iter().map(epoch).collect(), marks: found.into(), is_new: true }
    }

    #[test]
    fn position_is_included_up_to_the_start_of_the_next_epoch() {
        let all = epochs(&[("a", 1), ("b", 10), ("c", 20)], &[]);
        let includes = |name: &str, next| all.includes(name, &Position::below(next));
        assert!(includes("a", 10) && !includes("a", 11));
        assert!(includes("b", 20) && !includes("b", 21));
        assert!(includes("c", 1000) && !includes("d", 1));
        assert_eq!(all.current(), "c");
        let all = epochs(&[("a", 1), ("b", 10), ("inconsistent", 0), ("c", 20)], &[]);
        let includes = |name: &str, next| all.includes(name, &Position::below(next));
        assert!(!includes("a", 5) && !includes("b", 5));
        assert!(includes("inconsistent", 20) && !includes("inconsistent", 21));
    }

    #[test]
    fn earlier_positions_exist_unless_the_epoch_is_new_and_continues_none() {
        let has =
            |began: &[(&str, u64)], is_new| Epochs { is_new, ..epochs(began, &[]) }.has_earlier_positions();
        assert!(!has(&[("a", 1)], true), "the first epoch");
        assert!(!has(&[("a", 1), ("b", 0)], true), "an epoch that invalidates all cursors");
        assert!(has(&[("a", 1), ("b", 1)], true), "an epoch that continues the one before");
        assert!(has(&[("a", 0)], false), "another node's epoch");
    }

    #[test]
    fn cursor_of_an_earlier_epoch_is_valid_with_the_mark_of_its_last_entry() {
        let all = epochs(&[("a", 1), ("b", 10)], &[(8, 0xa), (9, 0xb)]);
        let is_valid = |epoch: &str, next, mark| all.is_valid(epoch, &Position::below(next).marked(mark));
        assert!(is_valid("a", 10, Some(0xb)) && is_valid("a", 9, Some(0xa)));
        assert!(!is_valid("a", 10, Some(0xa)), "another entry with the same number");
        assert!(!is_valid("a", 10, None), "the entry was not known");
        assert!(!is_valid("a", 8, Some(0xa)), "the entry was pruned");
        assert!(is_valid("a", 1, None), "a log without entries");
        assert!(is_valid("b", 12, Some(0xc)) && is_valid("b", 12, None), "the current epoch");
    }
}
