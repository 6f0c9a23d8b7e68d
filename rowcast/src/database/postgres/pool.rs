//! Connections, by what they are for: each kind begins its own kind of transaction.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::migration::Migrations;
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DbErr, TransactionTrait, sqlx::postgres::PgConnectOptions,
};

use super::{
    PATIENCE, Transaction, entry, migrating,
    settings::{self, BY_INDEX, HASTY, SNAPSHOT, Setting, UNLIMITED},
};
use crate::{database::transaction::Inner, error::Error};

/// Connections on which writes share transactions: one works while the other waits for the disk. More of them made smaller groups,
/// and were slower.
const LANES: usize = 2;
/// Connections for reads, and for writes that need one each. Jobs beyond wait for one. With those that live has, a server
/// keeps less than the 20 that PgBouncer grants it as it is shipped.
pub(in crate::database) const READERS: u32 = 7;
const WRITERS: u32 = 8;
/// How long a job waits for a connection, new ones included.
pub(super) const ACQUIRE: Duration = Duration::from_secs(4);
/// A connection that was idle for so long is tried before it is used.
const STALE: Duration = Duration::from_secs(1);

/// All that a server keeps, but for those that live has.
#[derive(Clone)]
pub(super) struct Pools {
    pub(super) lanes: Vec<Pool>,
    pub(super) writers: Pool,
    pub(super) readers: Pool,
}

impl Pools {
    /// Connects, and brings the schema up to date.
    pub(super) async fn open(url: &str, migrations: &Migrations) -> Result<Self, Error> {
        entry::check(url).await?;
        let migrating = Pool::new(url, 1, &UNLIMITED)?;
        let migrated = migrating::run(url, &migrating, migrations).await;
        migrating.close().await;
        migrated?;
        let lanes = (0..LANES).map(|_| Pool::new(url, 1, &HASTY)).collect::<Result<_, _>>()?;
        let (writers, readers) = (Pool::new(url, WRITERS, &[])?, Pool::new(url, READERS, &SNAPSHOT)?);
        Ok(Self { lanes, readers, writers })
    }

    pub(super) async fn close(self) {
        for pool in self.lanes.into_iter().chain([self.writers, self.readers]) {
            pool.close().await;
        }
    }
}

/// The connection that follows the change log.
pub(super) fn following(url: &str) -> Result<Pool, Error> {
    Pool::new(url, 1, &[&SNAPSHOT[..], &BY_INDEX].concat())
}

/// How to connect: what the URL says, without what a pooler refuses to pass on.
pub(super) fn address(options: PgConnectOptions) -> PgConnectOptions {
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
    /// How many there may be.
    size: u32,
    renewal: Arc<Renewal>,
}

impl Pool {
    /// Makes its connections when they are needed.
    pub(super) fn new(url: &str, size: u32, settings: &[Setting]) -> Result<Self, Error> {
        let settings: Arc<[Setting]> = settings::with_limits(settings).into();
        let renewal = Arc::new(Renewal::default());
        let known = renewal.clone();
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(size)
            .acquire_timeout(ACQUIRE)
            .test_before_acquire_if_idle_for(STALE)
            .sqlx_logging(false)
            .connect_lazy(true)
            .map_sqlx_postgres_opts(address)
            .map_sqlx_postgres_pool_opts(move |options| {
                let settings = settings.clone();
                options.after_connect(move |connection, _| {
                    let settings = settings.clone();
                    Box::pin(async move { settings::apply(connection, &settings).await })
                })
            })
            .map_sqlx_postgres_before_acquire(move |_, state| {
                let fresh = !known.has_passed(state.age);
                Box::pin(async move { Ok(fresh) })
            });
        let connections = futures_util::FutureExt::now_or_never(Database::connect(options))
            .unwrap_or_else(|| Err(DbErr::Custom("a lazy pool connects at once".into())))
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Self { connections, size, renewal })
    }

    /// Begins a transaction. A connection that has died meanwhile is found out so; nothing has been done by then, and another
    /// one is taken. All that a pool holds may have died together.
    pub(super) async fn begin(&self) -> Result<Transaction, Error> {
        let begin = || tokio::time::timeout(PATIENCE, self.connections.begin());
        let mut begun = begin().await;
        for _ in 0..self.size {
            if !matches!(begun, Ok(Err(DbErr::Exec(_) | DbErr::Query(_)))) {
                break;
            }
            begun = begin().await;
        }
        let silent = |_| Error::Unavailable("the database does not answer".into());
        Ok(Transaction::of(Inner::Postgres(begun.map_err(silent)??), self.renewal.clone()))
    }

    /// The connections without a transaction, where that saves round trips.
    pub(in crate::database) fn connections(&self) -> &DatabaseConnection {
        &self.connections
    }

    pub(super) async fn close(self) {
        let _ = tokio::time::timeout(PATIENCE, self.connections.close()).await;
    }
}

/// Since when a pool's connections have been of use: those from before have statements prepared for a table that has changed
/// since. Each is replaced when it is needed next.
#[derive(Debug, Default)]
pub(in crate::database) struct Renewal(Mutex<Option<Instant>>);

impl Renewal {
    /// Notes that a prepared statement does not fit any more.
    pub(in crate::database) fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether it has been noted since a connection of this age was made.
    fn has_passed(&self, age: Duration) -> bool {
        let noted = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.is_some_and(|noted| noted.elapsed() <= age)
    }
}
