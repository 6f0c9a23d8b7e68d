//! Embedded SQLite: one writer, several readers, each a thread with a connection of its own.
//!
//! ```text
//! write ─▶ queue ─▶ writer   begin │ job │ job │ job │ commit      (what is waiting shares one commit)
//! read  ─▶ queue ─▶ reader, reader, …
//! ```
//!
//! Statements run where the work runs, so a transaction costs one hand-over between threads, not one for each
//! statement. Jobs that wait while the writer is busy are committed together: each is still all or nothing, by a
//! savepoint of its own, and none is answered before the disk has it.
//!
//! The file may be taken away, replaced or written over while the server runs: see `keeper`.

mod aside;
mod catalog;
mod connection;
mod follower;
mod gate;
mod keeper;
mod lane;
mod limit;
mod opened;
mod place;
mod probe;
mod reader;
mod refusal;
mod soundness;
mod value;
mod wal;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crate::migration::Migrations;
use sea_orm::{DatabaseConnection, DbBackend};
use tokio::sync::{Mutex, mpsc, watch};

use super::{Setup, Transaction, stopped, transaction::Inner, work, work::Job};
use crate::error::Error;
use connection::Connection;
pub(super) use follower::Follower;
use gate::{Gate, Pass};
use keeper::Keeper;
use reader::Reader;
pub(super) use refusal::{Refusal, judge};

/// Threads that read. Each costs little while idle; more than this compete for the same page cache.
pub(super) const READERS: usize = 4;
/// Jobs that may wait for a lane.
const QUEUE: usize = 4096;
/// How long a job waits for a place in the queue.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a start waits for others that hold the file, such as one that migrates it.
const STARTING: Duration = Duration::from_secs(60 * 60);

type Queue = mpsc::Sender<Box<dyn Job>>;

pub(super) struct Sqlite {
    path: PathBuf,
    writer: Queue,
    readers: Queue,
    gate: Arc<Gate>,
    closing: watch::Sender<bool>,
    threads: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

/// A connection that can be sent to the thread which will use it.
struct Handle {
    connection: Arc<Connection>,
    transaction: Transaction,
    /// Given back last, when the connection is closed; the writer has none.
    _pass: Option<Pass>,
}

impl Handle {
    fn new(connection: Connection, pass: Option<Pass>) -> Self {
        let connection = Arc::new(connection);
        let transaction = Transaction::new(Inner::Sqlite(connection.clone().into_sea_orm()));
        Self { connection, transaction, _pass: pass }
    }
}

impl Sqlite {
    pub(super) async fn open(path: &Path, setup: Setup, commits: watch::Sender<u64>) -> Result<Self, Error> {
        let keeper = opened(path, setup).await?;
        let gate = keeper.gate.clone();
        let closing = watch::Sender::new(false);
        let (write, jobs) = mpsc::channel(QUEUE);
        let mut threads = vec![work::thread("sqlite-writer", {
            let closing = closing.subscribe();
            async move || lane::write(keeper, jobs, closing, commits).await
        })?];
        let (read, jobs) = mpsc::channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        for n in 0..READERS {
            let (reader, jobs) = (Reader::new(path.to_owned(), gate.clone())?, jobs.clone());
            let closing = closing.subscribe();
            threads.push(work::thread(&format!("sqlite-reader-{n}"), async move || {
                lane::read(reader, &jobs, closing).await;
            })?);
        }
        Ok(Self {
            path: path.to_owned(),
            writer: write,
            readers: read,
            gate,
            closing,
            threads: threads.into(),
        })
    }

    pub(super) async fn write(&self, job: Box<dyn Job>) -> Result<(), Error> {
        give(&self.writer, job).await
    }

    pub(super) async fn read(&self, job: Box<dyn Job>) -> Result<(), Error> {
        give(&self.readers, job).await
    }

    pub(super) fn is_open(&self) -> bool {
        !self.writer.is_closed() && !self.readers.is_closed()
    }

    pub(super) fn attach(&self) -> Result<Follower, Error> {
        Follower::new(Reader::new(self.path.clone(), self.gate.clone())?)
    }

    /// Why the file cannot be used, or not written.
    pub(super) fn trouble(&self) -> Option<String> {
        self.gate.trouble()
    }

    pub(super) async fn close(&self) {
        self.closing.send_replace(true);
        let threads = self.threads.lock().map(|mut threads| std::mem::take(&mut *threads));
        for thread in threads.unwrap_or_default() {
            // It ends soon: all that a lane waits for has a limit.
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }
}

async fn give(queue: &Queue, job: Box<dyn Job>) -> Result<(), Error> {
    queue.send_timeout(job, PATIENCE).await.map_err(|refused| match refused {
        mpsc::error::SendTimeoutError::Timeout(_) => {
            Error::Unavailable("too much work is waiting for the database".into())
        }
        mpsc::error::SendTimeoutError::Closed(_) => stopped(),
    })
}

/// The file, as soon as it is free for as long as it takes to bring the schema up to date.
async fn opened(path: &Path, setup: Setup) -> Result<Keeper, Error> {
    let began = Instant::now();
    loop {
        match Keeper::open(path, setup.clone()).await {
            Err(Error::Busy(reason)) if began.elapsed() < STARTING => {
                let seconds = began.elapsed().as_secs();
                tracing::warn!(
                    reason,
                    seconds,
                    "another program holds the database file: waiting until it is done"
                );
                // Busy waiting has passed by now; what wants to end the program comes in here.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            outcome => return outcome,
        }
    }
}

/// All pending migrations in one transaction, so that none is left half done.
async fn migrate(writer: &Handle, migrations: &Migrations) -> Result<(), Error> {
    writer.connection.batch("begin immediate")?;
    let outcome = match &writer.transaction.inner {
        Inner::Sqlite(db) => crate::migration::run(db, migrations).await.map_err(Error::from),
        Inner::Postgres(_) => Err(Error::Internal("a SQLite handle holds SQLite".into())),
    };
    match outcome {
        Ok(()) => writer.connection.batch("commit"),
        Err(error) => {
            writer.connection.undo();
            Err(error)
        }
    }
}

impl Connection {
    fn into_sea_orm(self: Arc<Self>) -> DatabaseConnection {
        let proxy = sea_orm::ProxyDatabaseConnection::new(
            DbBackend::Sqlite,
            Arc::new(Box::new(connection::Proxy(self))),
        );
        sea_orm::DatabaseConnectionType::ProxyDatabaseConnection(Arc::new(proxy)).into()
    }
}
