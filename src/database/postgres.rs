//! PostgreSQL: a pool on a thread of its own, a transaction per job, as many at once as the pool has connections.

use std::time::Duration;

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, IsolationLevel, Statement, TransactionTrait,
};
use tokio::sync::{mpsc, watch};

use super::{
    Commit, DatabaseUrl, Transaction, stopped,
    transaction::Inner,
    work::{self, Job, Verdict},
};
use crate::error::Error;

/// Connections to keep at most. Jobs beyond wait for one.
const CONNECTIONS: u32 = 20;
/// How long a job waits for a connection, new ones included.
const ACQUIRE: Duration = Duration::from_secs(4);
/// How often work that lost a race is run again.
const ATTEMPTS: usize = 8;
/// How long to ask what became of a commit whose answer was lost.
const INQUIRY: Duration = Duration::from_secs(6);
/// The server ends what hangs even when we cannot: milliseconds for one statement, and for a lock.
const LIMITS: [(&str, &str); 3] = [
    ("statement_timeout", "6000"),
    ("lock_timeout", "4000"),
    ("idle_in_transaction_session_timeout", "15000"),
];

pub(super) struct Postgres {
    url: String,
    jobs: mpsc::UnboundedSender<(Access, Box<dyn Job>)>,
    closing: watch::Sender<bool>,
}

#[derive(Clone, Copy)]
enum Access {
    Read,
    Write,
}

impl Postgres {
    pub(super) async fn connect(url: &str, commits: watch::Sender<u64>) -> Result<Self, Error> {
        let (jobs, queue) = mpsc::unbounded_channel();
        let (ready, connected) = tokio::sync::oneshot::channel();
        let closing = watch::Sender::new(false);
        let (address, stop) = (url.to_owned(), closing.clone());
        work::thread("postgres", async move || match open(&address).await {
            Ok(pool) => {
                let _ = ready.send(Ok(()));
                serve(pool, queue, stop, commits).await;
            }
            Err(error) => drop(ready.send(Err(error))),
        })?;
        connected.await.map_err(|_| stopped())??;
        Ok(Self { url: url.to_owned(), jobs, closing })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn write(&self, job: Box<dyn Job>) -> Result<(), Error> {
        self.jobs.send((Access::Write, job)).map_err(|_| stopped())
    }

    pub(super) fn read(&self, job: Box<dyn Job>) -> Result<(), Error> {
        self.jobs.send((Access::Read, job)).map_err(|_| stopped())
    }

    pub(super) fn is_open(&self) -> bool {
        !self.jobs.is_closed()
    }

    /// Waits until the jobs that were given have ended and the pool is closed.
    pub(super) async fn close(&self) {
        self.closing.send_replace(true);
        self.jobs.closed().await;
    }
}

/// A pool that makes its connections when they are needed.
pub(super) fn pool(url: &str, connections: u32) -> Result<DatabaseConnection, Error> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .sqlx_logging(false)
        .connect_lazy(true)
        .map_sqlx_postgres_opts(|options| options.options(LIMITS));
    futures_util::FutureExt::now_or_never(Database::connect(options))
        .unwrap_or_else(|| Err(DbErr::Custom("a lazy pool connects at once".into())))
        .map_err(|error| Error::Unavailable(error.to_string()))
}

async fn open(url: &str) -> Result<DatabaseConnection, Error> {
    let pool = pool(url, CONNECTIONS)?;
    pool.ping().await.map_err(|error| {
        let name = DatabaseUrl::Postgres(url.to_owned());
        Error::Unavailable(format!(
            "{name} did not let us in within {ACQUIRE:?}; is it running there? ({error})"
        ))
    })?;
    migration::run(&pool).await?;
    Ok(pool)
}

async fn serve(
    pool: DatabaseConnection,
    mut queue: mpsc::UnboundedReceiver<(Access, Box<dyn Job>)>,
    closing: watch::Sender<bool>,
    commits: watch::Sender<u64>,
) {
    let mut stop = closing.subscribe();
    let mut running = tokio::task::JoinSet::new();
    loop {
        let next = tokio::select! {
            biased;
            next = queue.recv() => next,
            Some(_) = running.join_next() => continue,
            _ = stop.wait_for(|stop| *stop) => queue.try_recv().ok(),
        };
        let Some((access, job)) = next else { break };
        let (pool, commits) = (pool.clone(), commits.clone());
        running.spawn_local(async move { run(&pool, access, job, &commits).await });
    }
    while running.join_next().await.is_some() {}
    let _ = pool.close().await;
}

async fn run(pool: &DatabaseConnection, access: Access, mut job: Box<dyn Job>, commits: &watch::Sender<u64>) {
    let outcome = match access {
        Access::Read => read_job(pool, &mut job).await,
        Access::Write => write_job(pool, &mut job, commits).await,
    };
    job.finish(outcome);
}

async fn read_job(pool: &DatabaseConnection, job: &mut Box<dyn Job>) -> Result<Commit, Error> {
    read(pool, async |transaction| {
        job.run(transaction).await;
        Ok(Commit(0))
    })
    .await
}

async fn write_job(
    pool: &DatabaseConnection,
    job: &mut Box<dyn Job>,
    commits: &watch::Sender<u64>,
) -> Result<Commit, Error> {
    for _ in 0..ATTEMPTS {
        let transaction = Transaction(Inner::Postgres(pool.begin().await?));
        let (verdict, name) = work::in_time(async {
            let verdict = job.run(&transaction).await;
            let name = match verdict {
                Verdict::Keep => Some(name(&transaction).await?),
                _ => None,
            };
            Ok((verdict, name))
        })
        .await?;
        let transaction = take(transaction)?;
        let Some(name) = name else {
            let _ = transaction.rollback().await;
            if verdict == Verdict::Again {
                continue;
            }
            return Ok(Commit(0));
        };
        match transaction.commit().await.map_err(Error::from) {
            Ok(()) => {}
            Err(Error::Raced(_)) => continue,
            Err(error) => inquire(pool, &name, error).await?,
        }
        commits.send_modify(|count| *count += 1);
        return Ok(Commit(*commits.borrow()));
    }
    Err(Error::Unavailable("lost the race against other transactions too often".into()))
}

/// The transaction's name, by which its fate can be asked for once the connection is lost.
async fn name(transaction: &Transaction) -> Result<String, Error> {
    let sql = "select pg_current_xact_id()::text as name";
    let row = transaction.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let row = row.ok_or_else(|| Error::Internal("a transaction has a name".into()))?;
    Ok(row.try_get("", "name")?)
}

/// `commit` got no answer: asks on another connection whether it took place, until that is known.
async fn inquire(pool: &DatabaseConnection, name: &str, lost: Error) -> Result<(), Error> {
    let sql = format!("select pg_xact_status('{name}'::xid8) as fate");
    let deadline = tokio::time::Instant::now() + INQUIRY;
    loop {
        let statement = Statement::from_string(DbBackend::Postgres, sql.clone());
        let fate = match pool.query_one_raw(statement).await {
            Ok(Some(row)) => row.try_get::<Option<String>>("", "fate").ok().flatten(),
            _ => None,
        };
        match fate.as_deref() {
            Some("committed") => return Ok(()),
            Some("aborted") => return Err(Error::Unavailable(lost.to_string())),
            _ if tokio::time::Instant::now() > deadline => return Err(Error::Unknown(lost.to_string())),
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Runs `body` over one snapshot; nothing can be written.
pub(super) async fn read<T>(
    pool: &DatabaseConnection,
    body: impl AsyncFnOnce(&Transaction) -> Result<T, Error>,
) -> Result<T, Error> {
    let begin =
        pool.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await?;
    let transaction = Transaction(Inner::Postgres(begin));
    let outcome = body(&transaction).await;
    let _ = take(transaction)?.rollback().await;
    outcome
}

fn take(transaction: Transaction) -> Result<DatabaseTransaction, Error> {
    match transaction.0 {
        Inner::Postgres(transaction) => Ok(transaction),
        Inner::Sqlite(_) => Err(Error::Internal("a PostgreSQL transaction is one".into())),
    }
}
