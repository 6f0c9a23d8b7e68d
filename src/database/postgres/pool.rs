//! Connections, by what they are for: each kind begins its own kind of transaction.

use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, TransactionTrait};

use super::{PATIENCE, Transaction};
use crate::{
    database::{DatabaseUrl, transaction::Inner},
    error::Error,
};

/// Connections on which writes share transactions: one works while the other waits for the disk. More of them made smaller groups,
/// and were slower.
const LANES: usize = 2;
/// Connections for reads, and for writes that need one each. Jobs beyond wait for one.
pub(in crate::database) const READERS: u32 = 8;
const WRITERS: u32 = 9;
/// How long a job waits for a connection, new ones included.
const ACQUIRE: Duration = Duration::from_secs(4);
/// A connection that was idle for so long is tried before it is used.
const STALE: Duration = Duration::from_secs(1);

type Setting = (&'static str, &'static str);

/// The server ends what hangs even when we cannot: milliseconds for one statement, for a lock, and for a process that was
/// stopped in the middle of a transaction, whose rows others wait for.
const LIMITS: [Setting; 3] = [
    ("statement_timeout", "6000"),
    ("lock_timeout", "4000"),
    ("idle_in_transaction_session_timeout", "5000"),
];
/// Others wait behind whoever waits for a lock here.
const HASTY: [Setting; 1] = [("lock_timeout", "50")];
/// One snapshot, nothing written: set once, it takes no round trips each time.
const SNAPSHOT: [Setting; 2] =
    [("default_transaction_isolation", "repeatable read"), ("default_transaction_read_only", "on")];
/// A table that has grown fast is not scanned as a whole for its newest rows, whatever the statistics say; and nothing is
/// compiled for a scan that cannot be avoided, because it then looks dear.
const BY_INDEX: [Setting; 2] = [("enable_seqscan", "off"), ("jit", "off")];

/// All that a server keeps, but for those that live has.
#[derive(Clone)]
pub(super) struct Pools {
    pub(super) lanes: Vec<DatabaseConnection>,
    pub(super) writers: DatabaseConnection,
    pub(super) readers: DatabaseConnection,
}

impl Pools {
    /// Connects, and brings the schema up to date.
    pub(super) async fn open(url: &str) -> Result<Self, Error> {
        let writers = pool(url, WRITERS, &[])?;
        writers.ping().await.map_err(|error| {
            let name = DatabaseUrl::Postgres(url.to_owned());
            Error::Unavailable(format!(
                "{name} did not let us in within {ACQUIRE:?}; is it running there? ({error})"
            ))
        })?;
        migration::run(&writers).await?;
        let lanes = (0..LANES).map(|_| pool(url, 1, &HASTY)).collect::<Result<_, _>>()?;
        Ok(Self { lanes, readers: pool(url, READERS, &SNAPSHOT)?, writers })
    }

    pub(super) async fn close(self) {
        for pool in self.lanes.into_iter().chain([self.writers, self.readers]) {
            let _ = tokio::time::timeout(PATIENCE, pool.close()).await;
        }
    }
}

/// The connection that follows the change log.
pub(super) fn following(url: &str) -> Result<DatabaseConnection, Error> {
    pool(url, 1, &[&SNAPSHOT[..], &BY_INDEX].concat())
}

/// Makes its connections when they are needed.
fn pool(url: &str, connections: u32, settings: &[Setting]) -> Result<DatabaseConnection, Error> {
    let settings = [&LIMITS, settings].concat();
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire_if_idle_for(STALE)
        .sqlx_logging(false)
        .connect_lazy(true)
        .map_sqlx_postgres_opts(move |options| options.options(settings.iter().copied()));
    futures_util::FutureExt::now_or_never(Database::connect(options))
        .unwrap_or_else(|| Err(DbErr::Custom("a lazy pool connects at once".into())))
        .map_err(|error| Error::Unavailable(error.to_string()))
}

/// Begins a transaction. A connection that has died meanwhile is found out so; nothing has been done by then, and another
/// one is taken.
pub(super) async fn begin(pool: &DatabaseConnection) -> Result<Transaction, Error> {
    let begin = || tokio::time::timeout(PATIENCE, pool.begin());
    let begun = match begin().await {
        Ok(Err(DbErr::Exec(_) | DbErr::Query(_))) => begin().await,
        begun => begun,
    };
    let silent = |_| Error::Unavailable("the database does not answer".into());
    Ok(Transaction::new(Inner::Postgres(begun.map_err(silent)??)))
}
