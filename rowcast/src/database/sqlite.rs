//! Embedded SQLite: one writer and several readers, each a thread with its own connection.
//!
//! ```text
//! write ─▶ queue ─▶ writer   begin │ job │ job │ job │ commit      (queued jobs share one commit)
//! read  ─▶ queue ─▶ reader, reader, …
//! ```
//!
//! Statements run on the thread of the work, so a transaction needs one hand-over between threads, not one for each
//! statement. Queued jobs are committed together: each in its own savepoint, and none is acked before the commit is on
//! disk.
//!
//! The file may be removed, replaced or overwritten while the server runs: see `file_guard`.

mod alone;
mod catalog;
mod connection;
mod content;
mod deadline;
mod error;
mod file_guard;
mod files;
mod gate;
mod holders;
mod integrity;
mod log_reader;
mod open_file;
mod preserve;
mod probe;
mod reader;
mod remove;
mod script;
mod value;
mod wal;
mod worker;

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
pub(super) use alone::alone;
use connection::Connection;
pub(super) use content::content;
pub(super) use error::{SqliteError, classify};
use file_guard::FileGuard;
use gate::{Gate, GateGuard};
pub(super) use log_reader::LogReader;
use reader::Reader;
pub(super) use remove::remove;
pub(super) use script::ScriptRunner;

/// Reader threads. They cost little while idle; more of them would compete for the page cache.
pub(super) const READERS: usize = 4;
/// The most queued jobs.
const QUEUE_CAPACITY: usize = 4096;
/// The time that a job waits for space in the queue.
const ENQUEUE_TIMEOUT: Duration = Duration::from_secs(5);
/// The time that a start waits for other programs that lock the file, such as one that migrates it.
const OPEN_TIMEOUT: Duration = Duration::from_secs(60 * 60);

type Queue = mpsc::Sender<Box<dyn Job>>;

pub(super) struct Sqlite {
    path: PathBuf,
    writer: Queue,
    readers: Queue,
    gate: Arc<Gate>,
    closing: watch::Sender<bool>,
    threads: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

/// A connection that can be sent to the thread that uses it.
struct Handle {
    connection: Arc<Connection>,
    transaction: Transaction,
    /// Dropped last, when the connection is closed. The writer has none.
    _guard: Option<GateGuard>,
}

impl Handle {
    fn new(connection: Connection, guard: Option<GateGuard>) -> Self {
        let connection = Arc::new(connection);
        let transaction = Transaction::new(Inner::Sqlite(connection.clone().into_sea_orm()));
        Self { connection, transaction, _guard: guard }
    }
}

impl Sqlite {
    pub(super) async fn open(path: &Path, setup: Setup, commits: watch::Sender<u64>) -> Result<Self, Error> {
        let file_guard = open(path, setup).await?;
        let gate = file_guard.gate.clone();
        let closing = watch::Sender::new(false);
        let (write, jobs) = mpsc::channel(QUEUE_CAPACITY);
        let mut threads = vec![work::thread("sqlite-writer", {
            let closing = closing.subscribe();
            async move || worker::write(file_guard, jobs, closing, commits).await
        })?];
        let (read, jobs) = mpsc::channel(QUEUE_CAPACITY);
        let jobs = Arc::new(Mutex::new(jobs));
        for n in 0..READERS {
            let (reader, jobs) = (Reader::new(path.to_owned(), gate.clone())?, jobs.clone());
            let closing = closing.subscribe();
            threads.push(work::thread(&format!("sqlite-reader-{n}"), async move || {
                worker::read(reader, &jobs, closing).await;
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
        enqueue(&self.writer, job).await
    }

    pub(super) async fn read(&self, job: Box<dyn Job>) -> Result<(), Error> {
        enqueue(&self.readers, job).await
    }

    pub(super) fn is_open(&self) -> bool {
        !self.writer.is_closed() && !self.readers.is_closed()
    }

    pub(super) fn log_reader(&self) -> Result<LogReader, Error> {
        LogReader::new(Reader::new(self.path.clone(), self.gate.clone())?)
    }

    /// The reason why the file cannot be used or written.
    pub(super) fn trouble(&self) -> Option<String> {
        self.gate.trouble()
    }

    /// Logs other processes of this program that have the file open: a second server works, and knows nothing of the first.
    pub(super) fn warn_of_servers(&self) {
        let mut alike = holders::holders(&[&self.path]);
        alike.retain(holders::Holder::is_alike);
        if !alike.is_empty() {
            let processes = holders::in_words(&alike);
            tracing::warn!(
                processes,
                "another process of this program has the database file open: a file is meant for one server, so end the other if it is one"
            );
        }
    }

    pub(super) async fn close(&self) {
        self.closing.send_replace(true);
        let threads = self.threads.lock().map(|mut threads| std::mem::take(&mut *threads));
        for thread in threads.unwrap_or_default() {
            // It ends soon: all waits of a worker have timeouts.
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }
}

async fn enqueue(queue: &Queue, job: Box<dyn Job>) -> Result<(), Error> {
    queue.send_timeout(job, ENQUEUE_TIMEOUT).await.map_err(|refused| match refused {
        mpsc::error::SendTimeoutError::Timeout(_) => {
            Error::Unavailable("too much work is waiting for the database".into())
        }
        mpsc::error::SendTimeoutError::Closed(_) => stopped(),
    })
}

/// Opens and migrates the file, and waits while another program locks it.
async fn open(path: &Path, setup: Setup) -> Result<FileGuard, Error> {
    let began = Instant::now();
    loop {
        match FileGuard::open(path, setup.clone()).await {
            Err(Error::Busy(reason)) if began.elapsed() < OPEN_TIMEOUT => {
                let seconds = began.elapsed().as_secs();
                tracing::warn!(
                    reason,
                    seconds,
                    "another program holds the database file: waiting until it is done"
                );
                // SQLite's busy timeout blocks; the program can be stopped during this sleep.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            outcome => return outcome,
        }
    }
}

/// Applies all pending migrations in one transaction.
async fn migrate(writer: &Handle, migrations: &Migrations) -> Result<(), Error> {
    writer.connection.batch("begin immediate")?;
    let outcome = match &writer.transaction.inner {
        Inner::Sqlite(db) => crate::migration::run(db, migrations).await.map_err(Error::from),
        Inner::Postgres(_) => Err(Error::Internal("a SQLite handle holds SQLite".into())),
    };
    match outcome {
        Ok(()) => writer.connection.batch("commit"),
        Err(error) => {
            writer.connection.rollback();
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
