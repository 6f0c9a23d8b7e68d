//! The change log: polling for new entries.
//!
//! One poll reads one database snapshot: the entries of transactions that the previous [`Position`] does not include,
//! and the new position. Every transaction is read exactly once, however long another transaction stays open and
//! whatever its sequence numbers are.

mod entry;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

use super::{marks::Marks, position::Position};
use crate::{database::Transaction, error::Error};
pub(super) use entry::Entry;

/// For more new entries than this, reading whole collections is cheaper.
pub(super) const RELOAD_THRESHOLD: usize = 50_000;

/// The newest entry that was read. Unless it was pruned, it must still be in the log. If it is missing or differs,
/// the log was rolled back to an earlier state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LastEntry {
    seq: i64,
    /// Distinguishes entries with the same number: the transaction, or on SQLite a random number.
    mark: i64,
}

/// How far a reader has read the log.
#[derive(Clone, Debug)]
pub(super) struct ReadProgress {
    pub(super) position: Position,
    last: Option<LastEntry>,
}

impl ReadProgress {
    /// Progress up to a position, without a known last entry.
    pub(super) fn at(position: Position) -> Self {
        Self { position, last: None }
    }
}

/// The result of a poll. Rows that are read in the same transaction agree with it.
#[derive(Debug)]
pub(super) struct LogPoll {
    pub(super) progress: ReadProgress,
    /// In the order of their numbers; at most one more than [`RELOAD_THRESHOLD`].
    pub(super) entries: Vec<Entry>,
    /// The log is complete for transactions from here on.
    pub(super) floor: u64,
    /// The identity of the database.
    pub(super) incarnation: Incarnation,
    /// Why this is not the same log as before; none if it is.
    pub(super) inconsistency: Option<&'static str>,
}

/// The identity of a database, which changes when it is replaced under a running server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Incarnation {
    /// The newest epoch; on SQLite the reader's own epoch, if it exists.
    epoch: Option<String>,
    /// In an unlogged table, which PostgreSQL empties in crash recovery.
    run: Option<String>,
    /// The log's table and file; a restore or a truncation changes them.
    table: String,
}

impl Incarnation {
    /// Whether only the epoch differs, if anything does.
    pub(super) fn is_same_database(&self, other: &Self) -> bool {
        (&self.run, &self.table) == (&other.run, &other.table)
    }
}

/// Polls the log for entries after a position, for a reader of this epoch.
pub(super) async fn poll(
    db: &impl ConnectionTrait,
    after: &ReadProgress,
    epoch: &str,
) -> Result<LogPoll, Error> {
    match db.get_database_backend() {
        DbBackend::Postgres => postgres(db, after).await,
        _ => sqlite(db, after, epoch).await,
    }
}

/// Greater than all positions.
const MAX_POSITION: u64 = i64::MAX.cast_unsigned();

/// The end of the log.
pub(super) async fn end(db: &Transaction, epoch: &str) -> Result<LogPoll, Error> {
    let all = ReadProgress::at(Position::below(MAX_POSITION));
    let mut poll = poll(db, &all, epoch).await?;
    let mark = match db.get_database_backend() {
        DbBackend::Postgres => "txid::text::bigint",
        _ => "mark",
    };
    let sql = format!("select seq, {mark} as mark from rowcast_change_log order by seq desc limit 1");
    let newest = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    poll.progress.last = newest.map(|row| last(&row, "seq", "mark")).transpose()?;
    Ok(poll)
}

fn last(row: &QueryResult, seq: &str, mark: &str) -> Result<LastEntry, DbErr> {
    Ok(LastEntry { seq: row.try_get("", seq)?, mark: row.try_get("", mark)? })
}

const STATE_MISSING: &str = "its state is missing";
const ROLLED_BACK: &str = "it went back to an earlier state";

/// Entries per query; the rows of its result take much more memory than the entries.
const PAGE: usize = 2000;

/// The newest entries, up to `limit`, and the transaction below which there may be more.
pub(super) async fn newest(db: &Transaction, limit: usize) -> Result<(Vec<Entry>, u64), Error> {
    let backend = db.get_database_backend();
    let transaction = match backend {
        DbBackend::Postgres => "txid::text::bigint",
        _ => "seq",
    };
    let (mut entries, mut oldest) = (Vec::new(), i64::MAX);
    while entries.len() < limit {
        let page = PAGE.min(limit - entries.len());
        let sql = format!(
            "select seq, {transaction} as tx, collection, row_id, row_key from rowcast_change_log where seq < {oldest}
             order by seq desc limit {page}"
        );
        let found = db.query_all_raw(Statement::from_string(backend, sql)).await?;
        let Some(last) = found.last() else { return Ok((entries, 0)) };
        oldest = last.try_get("", "seq")?;
        for row in &found {
            entries.push(Entry::read(row)?);
        }
    }
    let sql = format!(
        "select coalesce(max({transaction}) + 1, 0) as floor from rowcast_change_log where seq < {oldest}"
    );
    let others = db.query_one_raw(Statement::from_string(backend, sql)).await?;
    Ok((entries, others.map_or(Ok(0), |row| number(&row, "floor"))?))
}

// The newest entry, the last entry that was read, and whether the reader's epoch exists.
const STATE: &str = "
    select state.floor, coalesce(newest.seq, 0) as last, newest.mark, old.mark as found,
        (select epoch from rowcast_epochs where epoch = ?) as epoch
    from (select 1) left join rowcast_change_log_state as state on true
    left join (select seq, mark from rowcast_change_log order by seq desc limit 1) as newest on true
    left join rowcast_change_log as old on old.seq = ?";

async fn sqlite(db: &impl ConnectionTrait, after: &ReadProgress, epoch: &str) -> Result<LogPoll, Error> {
    let values = [epoch.into(), after.last.map_or(0, |last| last.seq).into()];
    let state = Statement::from_sql_and_values(DbBackend::Sqlite, STATE, values);
    let state = db.query_one_raw(state).await?.ok_or_else(missing_state)?;
    let floor: Option<i64> = state.try_get("", "floor")?;
    let has_state = floor.is_some();
    let (floor, newest) = (floor.unwrap_or(0).cast_unsigned(), number(&state, "last")?);
    // A log that was pruned completely has still been read to its end.
    let next = (newest + 1).max(floor);
    let found: Option<i64> = state.try_get("", "found")?;
    // The sequence survives pruning; it is lower only if it was rolled back.
    let counts_on = newest == 0 || after.last.is_none_or(|last| newest >= last.seq.cast_unsigned());
    let is_there = after.last.is_none_or(|last| found == Some(last.mark) || floor > last.seq.cast_unsigned());
    let has_new = next > after.position.next();
    let entries = if has_new { after_sequence(db, after.position.next()).await? } else { Vec::new() };
    let last = if newest > 0 { Some(last(&state, "last", "mark")?) } else { after.last };
    let before_next = last.filter(|last| last.seq.cast_unsigned() + 1 == next);
    let position = Position::below(next).marked(before_next.map(|last| short(last.mark)));
    Ok(LogPoll {
        progress: ReadProgress { position, last },
        entries,
        floor,
        incarnation: Incarnation { epoch: state.try_get("", "epoch")?, run: None, table: String::new() },
        inconsistency: inconsistency(has_state, is_there && counts_on && !is_shorter(after, next)),
    })
}

/// The marks of the newest entries, up to `limit`. PostgreSQL has none.
pub(super) async fn marks(db: &Transaction, limit: usize) -> Result<Marks, DbErr> {
    let (mut marks, mut oldest) = (Marks::default(), i64::MAX);
    while marks.len() < limit && db.get_database_backend() == DbBackend::Sqlite {
        let page = PAGE.min(limit - marks.len());
        let sql = format!(
            "select seq, mark from rowcast_change_log where seq < {oldest} order by seq desc limit {page}"
        );
        let found = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
        let Some(last) = found.last() else { break };
        oldest = last.try_get("", "seq")?;
        for row in &found {
            marks.push(number(row, "seq")?, short(row.try_get("", "mark")?));
        }
    }
    marks.shrink();
    Ok(marks)
}

/// What a cursor holds of a mark.
fn short(mark: i64) -> u32 {
    (mark & i64::from(u32::MAX)) as u32
}

fn inconsistency(has_state: bool, is_there: bool) -> Option<&'static str> {
    match (has_state, is_there) {
        (false, _) => Some(STATE_MISSING),
        (_, false) => Some(ROLLED_BACK),
        _ => None,
    }
}

fn is_shorter(after: &ReadProgress, next: u64) -> bool {
    after.position.next() != MAX_POSITION && next < after.position.next()
}

async fn after_sequence(db: &impl ConnectionTrait, next: u64) -> Result<Vec<Entry>, Error> {
    // SQLite prepares a statement again for each bound limit.
    let sql = format!(
        "select seq as tx, collection, row_id, row_key from rowcast_change_log where seq > ? order by seq limit {}",
        RELOAD_THRESHOLD + 1
    );
    let values = [signed(next.saturating_sub(1)).into()];
    let found = db.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    Ok(found.iter().map(Entry::read).collect::<Result<_, _>>()?)
}

// One statement is one snapshot. Without new entries it returns one row with a null entry.
const NEW_ENTRIES: &str = "
    with news as (
        select seq, txid, collection, row_id, row_key from rowcast_change_log where txid >= $1::text::xid8
        union all
        select seq, txid, collection, row_id, row_key from rowcast_change_log where txid = any(string_to_array($2, ',')::xid8[])
    )
    select pg_current_snapshot()::text as snapshot, state.floor,
        'rowcast_change_log'::regclass::oid || '/' || pg_relation_filenode('rowcast_change_log'::regclass) as log,
        (select epoch from rowcast_epochs order by id desc limit 1) as epoch, (select id from rowcast_runs limit 1) as run,
        exists (select from rowcast_change_log where seq = $4 and txid = $5::text::xid8) as found,
        news.seq, news.txid::text::bigint as tx, news.collection, news.row_id, news.row_key
    from (select) as one left join rowcast_change_log_state as state on true left join news on true
    order by news.seq limit $3";

async fn postgres(db: &impl ConnectionTrait, after: &ReadProgress) -> Result<LogPoll, Error> {
    let open: Vec<String> = after.position.open().iter().map(ToString::to_string).collect();
    let LastEntry { seq, mark } = after.last.unwrap_or(LastEntry { seq: 0, mark: 0 });
    let next = after.position.next().to_string();
    let limit = signed(RELOAD_THRESHOLD as u64 + 1);
    let values = [next.into(), open.join(",").into(), limit.into(), seq.into(), mark.to_string().into()];
    let found =
        db.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, NEW_ENTRIES, values)).await?;
    let first = found.first().ok_or_else(missing_state)?;
    let snapshot: String = first.try_get("", "snapshot")?;
    let position = Position::from_snapshot(&snapshot)
        .ok_or_else(|| Error::Internal(format!("not a snapshot: {snapshot}")))?;
    let is_shorter = is_shorter(after, position.next());
    let is_entry = |row: &&QueryResult| row.try_get::<Option<i64>>("", "seq").is_ok_and(|seq| seq.is_some());
    let newest = found.iter().rfind(is_entry).map(|row| last(row, "seq", "tx")).transpose()?;
    let newer = newest.filter(|newest| after.last.is_none_or(|last| last.seq < newest.seq));
    let floor: Option<i64> = first.try_get("", "floor")?;
    let is_there =
        after.last.is_none() || first.try_get("", "found")? || floor.is_some_and(|floor| floor > mark);
    Ok(LogPoll {
        progress: ReadProgress { position, last: newer.or(after.last) },
        entries: found.iter().filter(is_entry).map(Entry::read).collect::<Result<_, _>>()?,
        floor: floor.unwrap_or(0).cast_unsigned(),
        incarnation: Incarnation {
            epoch: first.try_get("", "epoch")?,
            run: first.try_get("", "run")?,
            table: first.try_get("", "log")?,
        },
        inconsistency: inconsistency(floor.is_some(), is_there && !is_shorter),
    })
}

fn number(row: &QueryResult, column: &str) -> Result<u64, DbErr> {
    let number: i64 = row.try_get("", column)?;
    u64::try_from(number).map_err(|_| DbErr::Type(format!("{column} is below 0")))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn missing_state() -> Error {
    Error::Internal("the change log's state is missing".into())
}

#[cfg(test)]
mod tests;
