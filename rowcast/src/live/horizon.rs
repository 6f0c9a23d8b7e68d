//! Monitors long transactions that hold back the log's horizon, by session or prepared transaction.
//!
//! Such a transaction delays neither changes nor acks, but it blocks pruning of the log and vacuum. Its owner may be
//! a session, or a prepared transaction without one. Its age is the database's, so it is correct after a server start
//! too.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use super::{position::Position, rows::with_timeout};
use crate::database::DedicatedConnection;

/// The age at which a transaction is logged, and how often.
const WARN_AFTER: Duration = Duration::from_secs(60);
/// The age at which the owner is queried; most transactions end before.
const QUERY_AFTER: Duration = Duration::from_millis(500);

/// The oldest open transaction.
#[derive(Default)]
pub(super) struct Horizon {
    oldest: Option<OpenTransaction>,
}

struct OpenTransaction {
    transaction: u64,
    since: Instant,
    /// None before the first query.
    owner: Option<TransactionOwner>,
    warned: Option<Instant>,
}

/// The owning session or prepared transaction; all fields are empty if it was not found.
#[derive(Default)]
struct TransactionOwner {
    prepared: bool,
    /// Its age when it was queried, and the time of the query.
    age: Option<(Duration, Instant)>,
    pid: String,
    user: String,
    application: String,
    database: String,
    state: String,
    gid: String,
}

/// Finds the owner by the lower half of the transaction's number, which is what both views contain. The age of a
/// prepared transaction is the time since it was prepared.
const OWNER: &str = "
    select false as prepared, pid::text as pid, coalesce(usename::text, '') as owner,
        application_name as application, coalesce(datname::text, '') as database, coalesce(state, '') as state,
        '' as gid, (extract(epoch from clock_timestamp() - xact_start) * 1000)::bigint as age
    from pg_stat_activity where backend_xid = $1::text::xid
    union all
    select true, '', owner::text, '', database::text, 'prepared', gid,
        (extract(epoch from clock_timestamp() - prepared) * 1000)::bigint
    from pg_prepared_xacts where transaction = $1::text::xid
    limit 1";

impl Horizon {
    /// Records which transaction is the oldest open one.
    pub(super) async fn observe(&mut self, position: &Position, attached: &DedicatedConnection) {
        let first = position.open().first().copied();
        if self.oldest.as_ref().map(|oldest| oldest.transaction) != first {
            self.oldest = first.map(OpenTransaction::new);
        }
        if let (Some(oldest), Some(connection)) = (&mut self.oldest, attached.without_transaction()) {
            oldest.update(connection).await;
        }
        let age = self.oldest.as_ref().map_or(Duration::ZERO, OpenTransaction::age);
        let prepared =
            self.oldest.as_ref().is_some_and(|oldest| oldest.owner().is_some_and(|owner| owner.prepared));
        metrics::gauge!("rowcast_log_horizon_seconds").set(age.as_secs_f64());
        metrics::gauge!("rowcast_log_horizon_prepared").set(f64::from(u8::from(prepared)));
    }
}

impl OpenTransaction {
    fn new(transaction: u64) -> Self {
        Self { transaction, since: Instant::now(), owner: None, warned: None }
    }

    fn owner(&self) -> Option<&TransactionOwner> {
        self.owner.as_ref()
    }

    fn age(&self) -> Duration {
        let reported = self.owner().and_then(|owner| owner.age);
        reported.map_or_else(|| self.since.elapsed(), |(age, asked)| age + asked.elapsed())
    }

    /// Queries the owner once, and again before a warning, because a session may have prepared the transaction
    /// meanwhile.
    async fn update(&mut self, connection: &DatabaseConnection) {
        if self.owner.is_none() && self.since.elapsed() >= QUERY_AFTER {
            self.query(connection).await;
            self.owner().into_iter().for_each(|owner| owner.log(self.transaction));
        }
        if self.age() > WARN_AFTER && self.warned.is_none_or(|warned| warned.elapsed() > WARN_AFTER) {
            self.query(connection).await;
            self.warned = Some(Instant::now());
            self.warn();
        }
    }

    async fn query(&mut self, connection: &DatabaseConnection) {
        // The next poll reports a failure.
        if let Ok(owner) = with_timeout(find(connection, self.transaction)).await {
            self.owner = Some(owner);
        }
    }

    fn warn(&self) {
        let Some(owner) = self.owner() else { return };
        tracing::warn!(
            transaction = self.transaction,
            prepared = owner.prepared,
            gid = owner.gid,
            pid = owner.pid,
            user = owner.user,
            application = owner.application,
            database = owner.database,
            state = owner.state,
            seconds = self.age().as_secs(),
            "a long transaction holds back the change log's horizon: it cannot be pruned further until that ends"
        );
    }
}

impl TransactionOwner {
    fn log(&self, transaction: u64) {
        let Self { prepared, gid, pid, user, application, .. } = self;
        tracing::debug!(
            transaction,
            prepared,
            gid,
            pid,
            user,
            application,
            "the oldest transaction that is open"
        );
    }
}

async fn find(connection: &DatabaseConnection, transaction: u64) -> Result<TransactionOwner, DbErr> {
    let number = (transaction & u64::from(u32::MAX)).to_string();
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, OWNER, [number.into()]);
    let Some(row) = connection.query_one_raw(statement).await? else {
        return Ok(TransactionOwner::default());
    };
    let text = |column: &str| row.try_get::<String>("", column);
    let age: Option<i64> = row.try_get("", "age")?;
    let age = age.map(|age| Duration::from_millis(age.max(0).unsigned_abs()));
    Ok(TransactionOwner {
        prepared: row.try_get("", "prepared")?,
        age: age.map(|age| (age, Instant::now())),
        pid: text("pid")?,
        user: text("owner")?,
        application: text("application")?,
        database: text("database")?,
        state: text("state")?,
        gid: text("gid")?,
    })
}
