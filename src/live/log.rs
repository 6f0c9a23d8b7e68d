//! The change log: what has been committed since we last looked.
//!
//! On SQLite there is one writer, so the order of `seq` is the order of commits and the last `seq` says it all.
//! PostgreSQL gives out `seq` before the commit, and transactions commit in any order: whoever remembers "the last
//! seq I saw" loses what commits late. So there the position is a horizon: every transaction below it has ended
//! and been seen; above it, each row seen is remembered until the horizon passes it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

use crate::database::Transaction;

/// More news than this at once is cheaper to get by reading the collections anew.
pub(super) const BULK: usize = 50_000;

/// How far the log has been read.
#[derive(Clone, Debug)]
pub(super) enum Position {
    /// Everything up to this `seq`.
    Sequence(i64),
    /// Everything of transactions below the horizon, and these rows of those above it.
    Horizon { horizon: u64, seen: HashSet<i64> },
}

/// Which rows were created, updated or deleted, by collection.
pub(super) type Changed = BTreeMap<String, BTreeSet<i64>>;

/// What a look at the log brought.
pub(super) enum News {
    /// These rows changed, perhaps none.
    Rows(Changed),
    /// Too many to name.
    Everything,
}

impl Position {
    /// The end of the log as this transaction sees it.
    pub(super) async fn end(db: &Transaction) -> Result<Self, DbErr> {
        match db.get_database_backend() {
            DbBackend::Postgres => {
                let horizon = xmin(db).await?;
                let seen = since(db, horizon).await?.into_iter().map(|entry| entry.seq).collect();
                Ok(Self::Horizon { horizon, seen })
            }
            _ => {
                let sql = "select coalesce(max(seq), 0) as seq from change_log";
                let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
                Ok(Self::Sequence(row.map_or(Ok(0), |row| row.try_get("", "seq"))?))
            }
        }
    }

    /// What was committed after this position, and the position after it. Both hold for this transaction's picture
    /// of the database, so rows read in it agree with them.
    pub(super) async fn news(&self, db: &Transaction) -> Result<(News, Self), DbErr> {
        let (entries, next) = match self {
            Self::Sequence(last) => {
                let entries = after(db, *last).await?;
                let next = entries.last().map_or(*last, |entry| entry.seq);
                (entries, Self::Sequence(next))
            }
            Self::Horizon { horizon, seen } => {
                let entries = since(db, *horizon).await?;
                let horizon = xmin(db).await?;
                let open = entries.iter().filter(|entry| entry.txid >= horizon);
                let next = Self::Horizon { horizon, seen: open.map(|entry| entry.seq).collect() };
                (entries.into_iter().filter(|entry| !seen.contains(&entry.seq)).collect(), next)
            }
        };
        if entries.len() > BULK {
            return Ok((News::Everything, Self::end(db).await?));
        }
        let mut changed = Changed::new();
        for entry in entries {
            changed.entry(entry.collection).or_default().insert(entry.row_id);
        }
        Ok((News::Rows(changed), next))
    }

    /// What clients are given as their cursor: never further than all they have been sent.
    pub(super) fn cursor(&self, epoch: &str) -> String {
        match self {
            Self::Sequence(seq) => format!("{epoch}.{seq}"),
            Self::Horizon { horizon, .. } => format!("{epoch}.{horizon}"),
        }
    }
}

/// The name of this database's log. Cursors of another log mean nothing here.
pub(super) async fn epoch(db: &Transaction) -> Result<String, DbErr> {
    let statement = Statement::from_string(db.get_database_backend(), "select epoch from live");
    let row = db.query_one_raw(statement).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("the change log's epoch".into()))?.try_get("", "epoch")
}

struct Entry {
    seq: i64,
    txid: u64,
    collection: String,
    row_id: i64,
}

impl Entry {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        Ok(Self {
            seq: row.try_get("", "seq")?,
            txid: number(&row.try_get::<String>("", "txid")?)?,
            collection: row.try_get("", "collection")?,
            row_id: row.try_get("", "row_id")?,
        })
    }
}

async fn after(db: &Transaction, seq: i64) -> Result<Vec<Entry>, DbErr> {
    let sql =
        "select seq, '0' as txid, collection, row_id from change_log where seq > ? order by seq limit ?";
    let limit = i64::try_from(BULK).unwrap_or(i64::MAX) + 1;
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [seq.into(), limit.into()]);
    db.query_all_raw(statement).await?.iter().map(Entry::read).collect()
}

async fn since(db: &Transaction, horizon: u64) -> Result<Vec<Entry>, DbErr> {
    let sql =
        "select seq, txid::text as txid, collection, row_id from change_log where txid >= $1::text::xid8";
    let horizon = horizon.to_string();
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [horizon.into()]);
    db.query_all_raw(statement).await?.iter().map(Entry::read).collect()
}

/// Every transaction below this has ended.
async fn xmin(db: &Transaction) -> Result<u64, DbErr> {
    let sql = "select pg_snapshot_xmin(pg_current_snapshot())::text as xmin";
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("the current snapshot".into()))?;
    number(&row.try_get::<String>("", "xmin")?)
}

fn number(text: &str) -> Result<u64, DbErr> {
    text.parse().map_err(|_| DbErr::Type(format!("not a transaction id: {text}")))
}
