//! The change log: what has been committed since we last looked.
//!
//! One look is one picture of the database: the entries of transactions that the [`Position`] before has not seen, and the
//! position after. What becomes visible between two looks is read by the second, whatever its number; nothing is read
//! twice, however long another transaction stays open.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

use super::position::Position;
use crate::{database::Transaction, error::Error};

/// More news than this at once is cheaper to get by reading the collections anew.
pub(super) const BULK: usize = 50_000;

/// That a transaction created, updated or deleted a row.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// On SQLite the entry's own `seq`.
    pub(super) transaction: u64,
    pub(super) collection: String,
    pub(super) id: i64,
}

/// What a look at the log brought. All of it holds for the transaction it was read in, so rows read there agree with it.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) position: Position,
    /// In the order in which they were written; one more than [`BULK`] at most.
    pub(super) entries: Vec<Entry>,
    /// All of transactions from here on is still in the log.
    pub(super) floor: u64,
    /// What may have changed with the database under a server that runs; nothing on SQLite.
    pub(super) life: Option<Life>,
}

/// Which database it was that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Life {
    epoch: Option<String>,
    /// Emptied by PostgreSQL itself when it recovers from a crash.
    run: Option<String>,
    /// Another one after a restore.
    table: i64,
}

/// What was committed after a position.
pub(super) async fn look(db: &impl ConnectionTrait, after: &Position) -> Result<Look, Error> {
    match db.get_database_backend() {
        DbBackend::Postgres => postgres(db, after).await,
        _ => sqlite(db, after).await,
    }
}

/// Where the log ends.
pub(super) async fn end(db: &Transaction) -> Result<Look, Error> {
    look(db, &Position::below(i64::MAX.cast_unsigned())).await
}

/// Entries read at a time where there may be many: rows on their way from the database take far more room than entries.
const PAGE: usize = 2000;

/// The newest entries, at most `limit` of them, and a transaction below which there may be others.
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
            "select seq, {transaction} as tx, collection, row_id from change_log where seq < {oldest}
             order by seq desc limit {page}"
        );
        let found = db.query_all_raw(Statement::from_string(backend, sql)).await?;
        let Some(last) = found.last() else { return Ok((entries, 0)) };
        oldest = last.try_get("", "seq")?;
        for row in &found {
            entries.push(entry(row)?);
        }
    }
    let sql =
        format!("select coalesce(max({transaction}) + 1, 0) as floor from change_log where seq < {oldest}");
    let others = db.query_one_raw(Statement::from_string(backend, sql)).await?;
    Ok((entries, others.map_or(Ok(0), |row| number(&row, "floor"))?))
}

const STATE: &str = "select state.floor, (select coalesce(max(seq), 0) from change_log) as last from change_log_state as state";
const AFTER: &str = "select seq as tx, collection, row_id from change_log where seq > ? order by seq limit ?";

async fn sqlite(db: &impl ConnectionTrait, after: &Position) -> Result<Look, Error> {
    let state = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, STATE)).await?;
    let state = state.ok_or_else(unset)?;
    let (floor, last) = (number(&state, "floor")?, number(&state, "last")?);
    // A log that has been pruned to nothing has still been read to its end.
    let next = (last + 1).max(floor);
    let entries = if next > after.next() { after_sequence(db, after.next()).await? } else { Vec::new() };
    Ok(Look { position: Position::below(next), entries, floor, life: None })
}

async fn after_sequence(db: &impl ConnectionTrait, next: u64) -> Result<Vec<Entry>, Error> {
    let values = [signed(next.saturating_sub(1)).into(), signed(BULK as u64 + 1).into()];
    let found = db.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, AFTER, values)).await?;
    Ok(found.iter().map(entry).collect::<Result<_, _>>()?)
}

// One statement is one snapshot. Without news it is one row, whose entry is null.
const NEWS: &str = "
    with news as (
        select seq, txid, collection, row_id from change_log where txid >= $1::text::xid8
        union all
        select seq, txid, collection, row_id from change_log where txid = any(string_to_array($2, ',')::xid8[])
    )
    select pg_current_snapshot()::text as snapshot, state.floor, 'change_log'::regclass::oid::bigint as log,
        (select epoch from epochs order by id desc limit 1) as epoch, (select id from runs limit 1) as run,
        news.txid::text::bigint as tx, news.collection, news.row_id
    from change_log_state as state left join news on true
    order by news.seq limit $3";

async fn postgres(db: &impl ConnectionTrait, after: &Position) -> Result<Look, Error> {
    let open: Vec<String> = after.open().iter().map(ToString::to_string).collect();
    let values = [after.next().to_string().into(), open.join(",").into(), signed(BULK as u64 + 1).into()];
    let found = db.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, NEWS, values)).await?;
    let first = found.first().ok_or_else(unset)?;
    let snapshot: String = first.try_get("", "snapshot")?;
    let position = Position::from_snapshot(&snapshot)
        .ok_or_else(|| Error::Internal(format!("not a snapshot: {snapshot}")))?;
    let is_entry = |row: &&QueryResult| row.try_get::<Option<i64>>("", "row_id").is_ok_and(|id| id.is_some());
    Ok(Look {
        position,
        entries: found.iter().filter(is_entry).map(entry).collect::<Result<_, _>>()?,
        floor: number(first, "floor")?,
        life: Some(Life {
            epoch: first.try_get("", "epoch")?,
            run: first.try_get("", "run")?,
            table: first.try_get("", "log")?,
        }),
    })
}

fn entry(row: &QueryResult) -> Result<Entry, DbErr> {
    Ok(Entry {
        transaction: number(row, "tx")?,
        collection: row.try_get("", "collection")?,
        id: row.try_get("", "row_id")?,
    })
}

fn number(row: &QueryResult, column: &str) -> Result<u64, DbErr> {
    let number: i64 = row.try_get("", column)?;
    u64::try_from(number).map_err(|_| DbErr::Type(format!("{column} is below 0")))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unset() -> Error {
    Error::Internal("the change log's state is missing".into())
}
