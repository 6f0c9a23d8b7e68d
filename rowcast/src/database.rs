//! Transactions on embedded SQLite or PostgreSQL.
//!
//! ```text
//! write(work) ─▶ writer ─▶ [ begin │ work │ commit ] ─▶ (value, CommitSeq)
//! read(work)  ─▶ reader ─▶ [ begin │ work │ end    ] ─▶ value
//! ```
//!
//! Work is an async function of one [`Transaction`]. It has no connection pool, so it cannot deadlock on it. It runs on
//! a thread of the database, never on one that serves sockets. Work is retried after a conflict with another
//! transaction, so it must have no effect except through its transaction.
//!
//! Commits are counted ([`Database::commits`]); [`crate::live`] waits for that count.

mod alone;
pub(crate) mod classify;
mod content;
mod node_messages;
mod partition_key;
mod postgres;
pub(crate) mod script;
mod sqlite;
mod transaction;
mod unknown_outcomes;
mod url;
mod violation;
mod work;

pub(crate) use alone::{alter, inspect};
pub(crate) use content::{Content, content};
pub use node_messages::NodeMessages;
pub use partition_key::PartitionKey;
pub(crate) use postgres::prune_commit_markers;
pub use transaction::Transaction;
pub use url::{DatabaseUrl, EMBEDDED};
pub use violation::Violation;
pub(crate) use violation::{Verb, WriteTarget};
pub(crate) use work::message as panic_message;

use std::sync::Arc;

use crate::migration::Migrations;
use clap::ValueEnum;
use sea_orm::DatabaseConnection;
use tokio::sync::watch;

use crate::{
    error::Error,
    fair_queue::{FairQueue, QueueCapacity, QueueError},
};
use unknown_outcomes::UnknownOutcomes;

/// SQLite's `synchronous` setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Synchronous {
    /// Every commit is synced to disk before it is acked.
    #[default]
    Full,
    /// Commits survive a crash of the process, but a power failure may lose the last few.
    Normal,
}

/// Options for opening a database.
#[derive(Clone)]
struct Setup {
    /// For SQLite only.
    synchronous: Synchronous,
    migrations: Migrations,
}

/// The sequence number of a commit among those of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitSeq(pub u64);

/// The most waiting reads, in total and for each client.
const READ_QUEUE: QueueCapacity = QueueCapacity { total: 4096, per_client: 1024 };

/// A handle to the database; cheap to clone.
#[derive(Clone)]
pub struct Database {
    engine: Arc<Engine>,
    commits: watch::Sender<u64>,
    unknown_outcomes: Arc<UnknownOutcomes>,
    read_queue: Arc<FairQueue>,
}

enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Database {
    /// Opens the database and applies pending migrations.
    ///
    /// # Errors
    /// [`Error::Unavailable`] with the reason.
    pub async fn connect(
        url: &DatabaseUrl,
        synchronous: Synchronous,
        migrations: &Migrations,
    ) -> Result<Self, Error> {
        let setup = Setup { synchronous, migrations: migrations.clone() };
        let commits = watch::Sender::new(0);
        let engine = match url {
            DatabaseUrl::Sqlite(path) => {
                Engine::Sqlite(sqlite::Sqlite::open(path, setup, commits.clone()).await?)
            }
            DatabaseUrl::Postgres(url) => {
                Engine::Postgres(postgres::Postgres::connect(url, setup.migrations, commits.clone()).await?)
            }
        };
        let readers = match &engine {
            Engine::Sqlite(_) => sqlite::READERS,
            Engine::Postgres(_) => postgres::READERS as usize,
        };
        // One reader is reserved for urgent reads, such as sign-ins and readiness checks.
        let read_queue = FairQueue::new(readers - 1, READ_QUEUE);
        Ok(Self { engine: Arc::new(engine), commits, unknown_outcomes: Arc::default(), read_queue })
    }

    /// Runs `work` in a transaction, and commits if it succeeds.
    ///
    /// # Errors
    /// The error of `work`, after a rollback; [`Error::Unavailable`].
    pub async fn write<T, W>(&self, work: W) -> Result<(T, CommitSeq), Error>
    where
        T: Send + 'static,
        W: AsyncFn(&Transaction) -> Result<T, Error> + Send + 'static,
    {
        self.write_to(None, work).await
    }

    /// Runs `work`, which writes the row of this key. Writes of one row run in order instead of waiting for each
    /// other's locks.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn write_to<T, W>(&self, key: Option<PartitionKey>, work: W) -> Result<(T, CommitSeq), Error>
    where
        T: Send + 'static,
        W: AsyncFn(&Transaction) -> Result<T, Error> + Send + 'static,
    {
        let (job, outcome) = work::job(work);
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.write(job).await?,
            Engine::Postgres(postgres) => postgres.write(key, job)?,
        }
        let outcome = outcome.await.map_err(|_| stopped())?;
        if let Engine::Postgres(postgres) = &*self.engine {
            postgres.record_outcome(&outcome);
        }
        outcome
    }

    /// Runs `work` in a read-only transaction over one snapshot.
    ///
    /// # Errors
    /// The error of `work`; [`Error::Unavailable`].
    pub async fn read<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: AsyncFn(&Transaction) -> Result<T, Error> + Send + 'static,
    {
        let (job, outcome) = work::job(work);
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.read(job).await?,
            Engine::Postgres(postgres) => postgres.read(job)?,
        }
        let (value, _) = outcome.await.map_err(|_| stopped())??;
        Ok(value)
    }

    /// Runs `work` as [`read`](Self::read) does, in a fair queue: clients take turns, and the sockets of each client.
    /// Both are identified by arbitrary numbers.
    ///
    /// # Errors
    /// As [`read`](Self::read), also if the read waits too long in the queue.
    pub async fn read_for<T, W>(&self, (client, socket): (u64, u64), work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: AsyncFn(&Transaction) -> Result<T, Error> + Send + 'static,
    {
        let turn = self.read_queue.acquire(client, socket).await;
        let _turn = turn.map_err(|no_turn| match no_turn {
            QueueError::Full => Error::Unavailable("too many reads are waiting for the database".into()),
            QueueError::Timeout => Error::Unavailable("other reads took too long".into()),
        })?;
        self.read(work).await
    }

    /// Runs `body` on a new thread with a dedicated connection.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the thread cannot be started or the connection opened.
    pub fn spawn_with_connection<B>(&self, name: &str, body: B) -> Result<std::thread::JoinHandle<()>, Error>
    where
        B: AsyncFnOnce(DedicatedConnection) + Send + 'static,
    {
        let open: Box<dyn FnOnce() -> Result<DedicatedConnection, Error> + Send> = match &*self.engine {
            Engine::Sqlite(sqlite) => {
                let reader = sqlite.log_reader()?;
                Box::new(move || Ok(DedicatedConnection::Sqlite(reader)))
            }
            Engine::Postgres(postgres) => {
                let (url, messages) = (postgres.url().to_owned(), postgres.node_messages().clone());
                Box::new(move || postgres::LogReader::new(&url, messages).map(DedicatedConnection::Postgres))
            }
        };
        work::thread(name, async move || match open() {
            Ok(connection) => body(connection).await,
            Err(error) => tracing::error!(%error, "the connection of a background task could not be opened"),
        })
    }

    /// Messages between the nodes of this database; `None` on SQLite. They are received while a [`DedicatedConnection`]
    /// is open.
    #[must_use]
    pub fn node_messages(&self) -> Option<&NodeMessages> {
        match &*self.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(postgres) => Some(postgres.node_messages()),
        }
    }

    /// Logs other servers on the database, where it is meant for one.
    pub(crate) fn warn_of_servers(&self) {
        if let Engine::Sqlite(sqlite) = &*self.engine {
            sqlite.warn_of_servers();
        }
    }

    /// Whether the database accepts work.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.is_open(),
            Engine::Postgres(postgres) => postgres.is_open(),
        }
    }

    /// The reason why commits are not confirmed, if there are any.
    #[must_use]
    pub fn unconfirmed(&self) -> Option<&'static str> {
        match &*self.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(postgres) => postgres.unconfirmed(),
        }
    }

    /// Requests that were acked with an unknown outcome.
    pub(crate) fn unknown_outcomes(&self) -> &UnknownOutcomes {
        &self.unknown_outcomes
    }

    /// The reason why the database cannot be read or written, if one has been observed. It contains no secrets.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.trouble(),
            Engine::Postgres(postgres) => postgres.trouble(),
        }
    }

    /// The number of commits of this process, as a value that can be awaited.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Finishes queued work and closes. Later work is refused.
    pub async fn close(&self) {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close().await,
        }
    }
}

/// A connection on the thread of its user; see [`Database::spawn_with_connection`].
pub enum DedicatedConnection {
    /// A connection to the file.
    Sqlite(sqlite::LogReader),
    /// A connection to the server, and one that listens for notifications.
    Postgres(postgres::LogReader),
}

impl DedicatedConnection {
    /// Runs `work` in a read-only transaction over one snapshot.
    ///
    /// # Errors
    /// The error of `work`; [`Error::Unavailable`].
    pub async fn read<T>(&self, work: impl AsyncFn(&Transaction) -> Result<T, Error>) -> Result<T, Error> {
        match self {
            Self::Sqlite(reader) => reader.read(work).await,
            Self::Postgres(reader) => postgres::read(reader.pool(), work).await,
        }
    }

    /// The connection without a transaction, where that saves round trips: each statement has its own snapshot.
    #[must_use]
    pub fn without_transaction(&self) -> Option<&DatabaseConnection> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(reader) => Some(reader.pool().connections()),
        }
    }

    /// Waits for a possible write of another process: a notification, a change of the file, or a timeout. Cancel-safe.
    pub async fn wait_for_external_write(&mut self) {
        match self {
            Self::Sqlite(reader) => reader.wait_for_external_write().await,
            Self::Postgres(reader) => reader.wait_for_external_write().await,
        }
    }

    /// Notifies other processes of a write, where they would not observe it themselves.
    pub async fn notify_peers(&self) {
        match self {
            Self::Sqlite(_) => {}
            Self::Postgres(reader) => reader.notify_peers().await,
        }
    }

    /// Reconnects after a failure; true if the new connection may be to another database.
    pub fn reconnect(&mut self) -> bool {
        match self {
            Self::Sqlite(reader) => reader.reconnect(),
            Self::Postgres(reader) => reader.reconnect(),
        }
    }
}

/// Removes everything from a database that consists of what scripts have made.
///
/// # Errors
/// A sentence with the reason, with nothing removed.
pub(crate) async fn reset(url: &DatabaseUrl) -> Result<(), String> {
    match url {
        DatabaseUrl::Sqlite(path) => sqlite::remove(path),
        DatabaseUrl::Postgres(url) => postgres::reset(url).await,
    }
}

fn stopped() -> Error {
    Error::Unavailable("the database has been closed".into())
}
