//! Connection pools, each with the settings of its kind of transaction.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::migration::Migrations;
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DbErr, TransactionTrait, sqlx::postgres::PgConnectOptions,
};

use super::{
    TIMEOUT, Transaction, migrate, own_schema, preflight,
    settings::{self, NO_TIMEOUTS, PREFER_INDEX, READ_ONLY_SNAPSHOT, SHORT_LOCK_TIMEOUT, Setting},
};
use crate::{database::transaction::Inner, error::Error};

/// Connections for batched writes: one works while the other waits for the disk. More of them made smaller batches, and
/// were slower.
const BATCH_WRITERS: usize = 2;
/// Connections for reads, and for unbatched writes. Further jobs wait. Together with those of `live`, a server uses
/// less than the 20 connections of PgBouncer's default.
pub(in crate::database) const READERS: u32 = 7;
const WRITERS: u32 = 8;
/// The time that a job waits for a connection, including its opening.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(4);
/// How often a start is tried that loses the database.
const OPEN_ATTEMPTS: usize = 3;
/// A connection that was idle for this time is tested before use.
const TEST_AFTER_IDLE: Duration = Duration::from_secs(1);

/// All pools, except those of `live`.
#[derive(Clone)]
pub(super) struct Pools {
    pub(super) batch_writers: Vec<Pool>,
    pub(super) writers: Pool,
    pub(super) readers: Pool,
}

impl Pools {
    /// Checks the server, applies pending migrations, and opens the pools.
    pub(super) async fn open(url: &str, migrations: &Migrations) -> Result<Self, Error> {
        let mut attempt = 1;
        loop {
            preflight::check(url).await?;
            let migrating = Pool::new(url, 1, &NO_TIMEOUTS)?;
            let migrated = migrate::run(url, &migrating, migrations).await;
            migrating.close().await;
            match migrated {
                // Lost since the check, which waits until it is back.
                Err(Error::Unavailable(_)) if attempt < OPEN_ATTEMPTS => attempt += 1,
                migrated => break migrated?,
            }
        }
        let batch_writers =
            (0..BATCH_WRITERS).map(|_| Pool::new(url, 1, &SHORT_LOCK_TIMEOUT)).collect::<Result<_, _>>()?;
        let (writers, readers) =
            (Pool::new(url, WRITERS, &[])?, Pool::new(url, READERS, &READ_ONLY_SNAPSHOT)?);
        Ok(Self { batch_writers, readers, writers })
    }

    pub(super) async fn close(self) {
        for pool in self.batch_writers.into_iter().chain([self.writers, self.readers]) {
            pool.close().await;
        }
    }
}

/// The connection that reads the change log.
pub(super) fn open_log_reader(url: &str) -> Result<Pool, Error> {
    Pool::new(url, 1, &[&READ_ONLY_SNAPSHOT[..], &PREFER_INDEX].concat())
}

/// The connect options of the URL, without parameters that poolers reject.
pub(super) fn connect_options(options: PgConnectOptions) -> PgConnectOptions {
    let options = options.extra_float_digits(None);
    match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("rowcast"),
    }
}

/// Connections of one kind.
#[derive(Clone)]
pub(in crate::database) struct Pool {
    connections: DatabaseConnection,
    size: u32,
    renewal: Arc<Renewal>,
}

impl Pool {
    /// Connections are opened when they are needed.
    pub(super) fn new(url: &str, size: u32, settings: &[Setting]) -> Result<Self, Error> {
        let settings: Arc<[Setting]> = settings::with_timeouts(settings).into();
        let renewal = Arc::new(Renewal::default());
        let known = renewal.clone();
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(size)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire_if_idle_for(TEST_AFTER_IDLE)
            .sqlx_logging(false)
            .connect_lazy(true)
            .map_sqlx_postgres_opts(connect_options)
            .map_sqlx_postgres_pool_opts(move |options| {
                let settings = settings.clone();
                options.after_connect(move |connection, _| {
                    let settings = settings.clone();
                    Box::pin(async move {
                        settings::apply(connection, &settings).await?;
                        own_schema::find(connection).await
                    })
                })
            })
            .map_sqlx_postgres_before_acquire(move |_, state| {
                let fresh = !known.is_stale(state.age);
                Box::pin(async move { Ok(fresh) })
            });
        let connections = futures_util::FutureExt::now_or_never(Database::connect(options))
            .unwrap_or_else(|| Err(DbErr::Custom("a lazy pool connects at once".into())))
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Self { connections, size, renewal })
    }

    /// Begins a transaction. If that fails on a dead connection, it tries another one, as many as the pool may hold.
    pub(super) async fn begin(&self) -> Result<Transaction, Error> {
        let begin = || tokio::time::timeout(TIMEOUT, self.connections.begin());
        let mut begun = begin().await;
        for _ in 0..self.size {
            if !matches!(begun, Ok(Err(DbErr::Exec(_) | DbErr::Query(_)))) {
                break;
            }
            begun = begin().await;
        }
        let silent = |_| Error::Unavailable("the database does not answer".into());
        Ok(Transaction::pooled(Inner::Postgres(begun.map_err(silent)??), self.renewal.clone()))
    }

    /// The connections without a transaction, where that saves round trips.
    pub(in crate::database) fn connections(&self) -> &DatabaseConnection {
        &self.connections
    }

    pub(super) async fn close(self) {
        let _ = tokio::time::timeout(TIMEOUT, self.connections.close()).await;
    }
}

/// The time at which prepared statements became stale. Connections opened earlier are replaced before their next use.
#[derive(Debug, Default)]
pub(in crate::database) struct Renewal(Mutex<Option<Instant>>);

impl Renewal {
    /// Records that a prepared statement is stale.
    pub(in crate::database) fn mark_stale(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether statements of a connection of this age are stale.
    fn is_stale(&self, age: Duration) -> bool {
        let stale_since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stale_since.is_some_and(|stale_since| stale_since.elapsed() <= age)
    }
}
