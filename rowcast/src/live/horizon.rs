//! Whether a long transaction holds back what all have seen, and which session or prepared transaction that is.
//!
//! It delays no change and no ack. But the log cannot be pruned past it, and PostgreSQL cannot clean up behind it. It may be a
//! session's, or a prepared one that no session has any more. It is as old as the database says, also for a server that has
//! just been started.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use super::{position::Position, reading::in_time};
use crate::database::Attached;

/// From when on it is worth a line in the log, and how often.
const LONG: Duration = Duration::from_secs(60);
/// From when on the database is asked about it: most transactions are over by then.
const NOTABLE: Duration = Duration::from_millis(500);

/// The oldest open transaction, as long as it is the same.
#[derive(Default)]
pub(super) struct Horizon {
    held: Option<Held>,
}

struct Held {
    transaction: u64,
    since: Instant,
    /// Nothing before the database was asked.
    holder: Option<Holder>,
    named: Option<Instant>,
}

/// The session or the prepared transaction; all fields empty if the database does not say.
#[derive(Default)]
struct Holder {
    prepared: bool,
    /// Its age when it was asked for, and when that was.
    age: Option<(Duration, Instant)>,
    pid: String,
    user: String,
    application: String,
    database: String,
    state: String,
    gid: String,
}

/// The transaction by its number, of which both views show the lower half. A session's age is its transaction's; a prepared
/// transaction has been open since it was prepared at least.
const HOLDER: &str = "
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
    /// Notes which transaction holds a position back.
    pub(super) async fn observe(&mut self, position: &Position, attached: &Attached) {
        let first = position.open().first().copied();
        if self.held.as_ref().map(|held| held.transaction) != first {
            self.held = first.map(Held::new);
        }
        if let (Some(held), Some(connection)) = (&mut self.held, attached.glance()) {
            held.look(connection).await;
        }
        let age = self.held.as_ref().map_or(Duration::ZERO, Held::age);
        let prepared =
            self.held.as_ref().is_some_and(|held| held.holder().is_some_and(|holder| holder.prepared));
        metrics::gauge!("rowcast_log_horizon_seconds").set(age.as_secs_f64());
        metrics::gauge!("rowcast_log_horizon_prepared").set(f64::from(u8::from(prepared)));
    }
}

impl Held {
    fn new(transaction: u64) -> Self {
        Self { transaction, since: Instant::now(), holder: None, named: None }
    }

    fn holder(&self) -> Option<&Holder> {
        self.holder.as_ref()
    }

    fn age(&self) -> Duration {
        let said = self.holder().and_then(|holder| holder.age);
        said.map_or_else(|| self.since.elapsed(), |(age, asked)| age + asked.elapsed())
    }

    /// Asks for the holder once, and once more before it is named: a session may have prepared it since.
    async fn look(&mut self, connection: &DatabaseConnection) {
        if self.holder.is_none() && self.since.elapsed() >= NOTABLE {
            self.ask(connection).await;
            self.holder().into_iter().for_each(|holder| holder.note(self.transaction));
        }
        if self.age() > LONG && self.named.is_none_or(|named| named.elapsed() > LONG) {
            self.ask(connection).await;
            self.named = Some(Instant::now());
            self.name();
        }
    }

    async fn ask(&mut self, connection: &DatabaseConnection) {
        // A failure shows in the next look at the log.
        if let Ok(holder) = in_time(find(connection, self.transaction)).await {
            self.holder = Some(holder);
        }
    }

    fn name(&self) {
        let Some(holder) = self.holder() else { return };
        tracing::warn!(
            transaction = self.transaction,
            prepared = holder.prepared,
            gid = holder.gid,
            pid = holder.pid,
            user = holder.user,
            application = holder.application,
            database = holder.database,
            state = holder.state,
            seconds = self.age().as_secs(),
            "a long transaction holds back the change log's horizon: it cannot be pruned further until that ends"
        );
    }
}

impl Holder {
    fn note(&self, transaction: u64) {
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

async fn find(connection: &DatabaseConnection, transaction: u64) -> Result<Holder, DbErr> {
    let number = (transaction & u64::from(u32::MAX)).to_string();
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, HOLDER, [number.into()]);
    let Some(row) = connection.query_one_raw(statement).await? else { return Ok(Holder::default()) };
    let text = |column: &str| row.try_get::<String>("", column);
    let age: Option<i64> = row.try_get("", "age")?;
    let age = age.map(|age| Duration::from_millis(age.max(0).unsigned_abs()));
    Ok(Holder {
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
