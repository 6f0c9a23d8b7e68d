//! Where transactions run: embedded SQLite or PostgreSQL, behind one door.
//!
//! ```text
//! write(work) ─▶ lane ─▶ [ begin │ work │ commit ] ─▶ (value, Commit)
//! read(work)  ─▶ lane ─▶ [ begin │ work │ end    ] ─▶ value
//! ```
//!
//! Work is an async function over one [`Transaction`]; it has no pool, so it cannot wait for itself. It runs on a
//! thread that belongs to the database, never on one that serves sockets. Work that lost a race against another
//! transaction is run again, so it must have no effect but through its transaction.
//!
//! Each commit is counted ([`Database::commits`]); [`crate::live`] follows that count.

mod doubts;
mod notices;
mod postgres;
pub(crate) mod refusal;
mod sqlite;
mod transaction;
mod url;
mod violation;
mod work;

pub use notices::Notices;
pub use transaction::Transaction;
pub use url::{DatabaseUrl, EMBEDDED};
pub use violation::Violation;
pub(crate) use violation::{Verb, Writing};
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
use doubts::Doubts;

/// When SQLite waits for the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Synchronous {
    /// Every commit is on the disk before it is acked.
    #[default]
    Full,
    /// A commit survives the death of this process, but the last few may be lost with the machine's power.
    Normal,
}

/// How a database is opened.
#[derive(Clone)]
struct Setup {
    /// Of SQLite.
    synchronous: Synchronous,
    /// What brings its schema up to date.
    migrations: Migrations,
}

/// The place of a commit among all that this process has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Commit(pub u64);

/// Reads of clients that may wait.
const READS: QueueCapacity = QueueCapacity { total: 4096, per_client: 1024 };

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Database {
    engine: Arc<Engine>,
    commits: watch::Sender<u64>,
    doubts: Arc<Doubts>,
    read_queue: Arc<FairQueue>,
}

enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Database {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be reached or opened, with the reason.
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
        // One is always there for what must be quick, such as a sign-in or the question whether the database answers.
        let read_queue = FairQueue::new(readers - 1, READS);
        Ok(Self { engine: Arc::new(engine), commits, doubts: Arc::default(), read_queue })
    }

    /// Runs `work` in a transaction of its own and commits it if it succeeds.
    ///
    /// # Errors
    /// What `work` returns, after undoing it; [`Error::Unavailable`] if the database did not take it.
    pub async fn write<T, W>(&self, work: W) -> Result<(T, Commit), Error>
    where
        T: Send + 'static,
        W: AsyncFn(&Transaction) -> Result<T, Error> + Send + 'static,
    {
        self.write_to(None, work).await
    }

    /// The same for work that writes to a row that is known beforehand, by any number that stands for it. Writes to one row
    /// do not wait for each other's locks then: they take their turns.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn write_to<T, W>(&self, row: Option<u64>, work: W) -> Result<(T, Commit), Error>
    where
        T: Send + 'static,
        W: AsyncFn(&Transaction) -> Result<T, Error> + Send + 'static,
    {
        let (job, outcome) = work::job(work);
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.write(job).await?,
            Engine::Postgres(postgres) => postgres.write(row, job)?,
        }
        let outcome = outcome.await.map_err(|_| stopped())?;
        if let Engine::Postgres(postgres) = &*self.engine {
            postgres.heed(&outcome);
        }
        outcome
    }

    /// Runs `work` over one consistent picture of the database. It cannot write.
    ///
    /// # Errors
    /// What `work` returns, or [`Error::Unavailable`].
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

    /// The same for a client and one of its sockets, by any numbers that stand for them: clients take turns, and the
    /// sockets of each.
    ///
    /// # Errors
    /// As [`read`](Self::read), also when it is not the client's turn in time.
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

    /// Gives `body` a thread and a connection of its own, for reading without a hand-over.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the thread cannot be started or the connection opened.
    pub fn attach<B>(&self, name: &str, body: B) -> Result<std::thread::JoinHandle<()>, Error>
    where
        B: AsyncFnOnce(Attached) + Send + 'static,
    {
        let open: Box<dyn FnOnce() -> Result<Attached, Error> + Send> = match &*self.engine {
            Engine::Sqlite(sqlite) => {
                let follower = sqlite.attach()?;
                Box::new(move || Ok(Attached::Sqlite(follower)))
            }
            Engine::Postgres(postgres) => {
                let (url, notices) = (postgres.url().to_owned(), postgres.notices().clone());
                Box::new(move || postgres::Follower::new(&url, notices).map(Attached::Postgres))
            }
        };
        work::thread(name, async move || match open() {
            Ok(attached) => body(attached).await,
            Err(error) => tracing::error!(%error, "no connection for a background task"),
        })
    }

    /// Words between the nodes on this database, where there may be others. They are heard while something is attached.
    #[must_use]
    pub fn notices(&self) -> Option<&Notices> {
        match &*self.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(postgres) => Some(postgres.notices()),
        }
    }

    /// Whether there is still somebody to take work.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.is_open(),
            Engine::Postgres(postgres) => postgres.is_open(),
        }
    }

    /// Why commits are not confirmed just now, if they are not.
    #[must_use]
    pub fn unconfirmed(&self) -> Option<&'static str> {
        match &*self.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(postgres) => postgres.unconfirmed(),
        }
    }

    /// Requests of which it was said that it is not known whether they were carried out.
    pub(crate) fn doubts(&self) -> &Doubts {
        &self.doubts
    }

    /// Why the database cannot be used or not be written just now, as far as that has been noticed: for anybody to read.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.trouble(),
            Engine::Postgres(postgres) => postgres.trouble(),
        }
    }

    /// How many commits this process has made, as a value that can be awaited.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Finishes the work already given and closes. Later work is refused.
    pub async fn close(&self) {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close().await,
        }
    }
}

/// A connection that lives on the thread of whoever uses it; see [`Database::attach`].
pub enum Attached {
    /// One more connection to the file.
    Sqlite(sqlite::Follower),
    /// One more connection to the server, and one that listens.
    Postgres(postgres::Follower),
}

impl Attached {
    /// Runs `work` over one consistent picture of the database.
    ///
    /// # Errors
    /// What `work` returns, or [`Error::Unavailable`].
    pub async fn read<T>(&self, work: impl AsyncFn(&Transaction) -> Result<T, Error>) -> Result<T, Error> {
        match self {
            Self::Sqlite(follower) => follower.read(work).await,
            Self::Postgres(follower) => postgres::read(follower.pool(), work).await,
        }
    }

    /// The connection without a transaction, where that saves round trips: each statement is a picture of its own.
    #[must_use]
    pub fn glance(&self) -> Option<&DatabaseConnection> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(follower) => Some(follower.pool().connections()),
        }
    }

    /// Waits until somebody else may have written: another process says so, the file shows it, or it is time to look. May be
    /// dropped at any time.
    pub async fn rung(&mut self) {
        match self {
            Self::Sqlite(follower) => follower.rung().await,
            Self::Postgres(follower) => follower.rung().await,
        }
    }

    /// Lets other processes know that we have written, where they would not see it by themselves.
    pub async fn ring(&self) {
        match self {
            Self::Sqlite(_) => {}
            Self::Postgres(follower) => follower.ring().await,
        }
    }

    /// Starts anew after a failure; true if what answers next may be another database.
    pub fn renew(&mut self) -> bool {
        match self {
            Self::Sqlite(follower) => follower.renew(),
            Self::Postgres(follower) => follower.renew(),
        }
    }
}

fn stopped() -> Error {
    Error::Unavailable("the database has been closed".into())
}
