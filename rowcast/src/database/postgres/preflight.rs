//! Checks of the database at start, with errors in full sentences.
//!
//! Two sessions alternately query their server process. Behind a pooler in transaction mode, a session soon gets
//! another process than before, or that of the other session.

use std::time::Duration;

use sea_orm::sqlx::{
    self, AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row, postgres::PgConnectOptions,
};

use super::{
    pool::{self, ACQUIRE_TIMEOUT},
    settings::{self, TIMEOUTS, TRANSACTION_POOLING},
};
use crate::{attach::quoted, database::DatabaseUrl, error::Error};

/// The timeout of each query.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The number of checks for a change of process; the first suffices if there are no other users of the pooler.
const ROUNDS: usize = 3;
/// The delay before connecting again.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// How often sessions that are lost are opened again.
const ATTEMPTS: usize = 3;

/// Why a check did not succeed.
enum Failure {
    /// The server has ended a session, as it does when it stops or crashes.
    Lost(Error),
    Unsuitable(Error),
}

/// Checks the database's encoding, its pooler and the persistence of settings.
///
/// # Errors
/// [`Error::Unavailable`] with the reason why the database is unsuitable.
pub(super) async fn check(url: &str) -> Result<(), Error> {
    let mut attempt = 1;
    loop {
        match check_once(url).await {
            Err(Failure::Lost(_)) if attempt < ATTEMPTS => attempt += 1,
            Err(Failure::Lost(error) | Failure::Unsuitable(error)) => return Err(error),
            Ok(()) => return Ok(()),
        }
    }
}

async fn check_once(url: &str) -> Result<(), Failure> {
    let mut one = connect(url).await.map_err(Failure::Unsuitable)?;
    let encoding = text(&mut one, "show server_encoding").await.map_err(failure)?;
    if encoding != "UTF8" {
        return Err(Failure::Unsuitable(Error::Unavailable(format!(
            "the database is encoded in {encoding}, which has no room for all text: make one by \
             create database … encoding 'UTF8' template template0, and bring the data there by pg_dump"
        ))));
    }
    let mut two = connect(url).await.map_err(Failure::Unsuitable)?;
    match keeps_its_session(&mut one, &mut two).await {
        Ok(true) => {}
        Ok(false) => return Err(Failure::Unsuitable(Error::Unavailable(TRANSACTION_POOLING.into()))),
        // A pooler with a single process blocks the second session, and one in statement mode rejects `begin`.
        Err(error) => {
            let sentence =
                format!("two sessions do not get on side by side ({error}). Is there {TRANSACTION_POOLING}?");
            let error_of = if is_lost(&error) { Failure::Lost } else { Failure::Unsuitable };
            return Err(error_of(Error::Unavailable(sentence)));
        }
    }
    settings::apply(&mut one, &TIMEOUTS).await.map_err(failure)?;
    for session in [one, two] {
        let _ = tokio::time::timeout(TIMEOUT, session.close()).await;
    }
    Ok(())
}

/// Opens a session, and waits for a server that is starting.
pub(in crate::database) async fn connect(url: &str) -> Result<PgConnection, Error> {
    let options: PgConnectOptions = url.parse().map_err(refused)?;
    let options = pool::connect_options(options).disable_statement_logging();
    let deadline = tokio::time::Instant::now() + ACQUIRE_TIMEOUT;
    loop {
        let error = match tokio::time::timeout_at(deadline, PgConnection::connect_with(&options)).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => error,
            Err(_) => silent(),
        };
        let starting = match &error {
            sqlx::Error::Io(io) => io.kind() == std::io::ErrorKind::ConnectionRefused || is_lost(&error),
            sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
            _ => false,
        };
        if !starting || deadline.duration_since(tokio::time::Instant::now()) < RETRY_DELAY {
            let name = DatabaseUrl::Postgres(url.to_owned());
            let database = options.get_database().or(Some(options.get_username()));
            return Err(Error::Unavailable(match database.filter(|_| is_missing_database(&error)) {
                Some(database) => format!(
                    "{name} does not exist: make it by `create database {}` in psql, or by the program createdb",
                    quoted(database)
                ),
                None => {
                    format!(
                        "{name} did not let us in within {ACQUIRE_TIMEOUT:?}; is it running there? ({error})"
                    )
                }
            }));
        }
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

/// Whether the server is there, and has no database of the URL's name.
fn is_missing_database(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.code().as_deref() == Some("3D000"))
}

fn silent() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time"))
}

/// Whether the connection was there and has ended.
fn is_lost(error: &sqlx::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let kinds = [BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof];
    match error {
        sqlx::Error::Io(error) => kinds.contains(&error.kind()),
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}

fn failure(error: sqlx::Error) -> Failure {
    let failure = if is_lost(&error) { Failure::Lost } else { Failure::Unsuitable };
    failure(refused(error))
}

fn refused(error: sqlx::Error) -> Error {
    Error::Unavailable(error.to_string())
}

/// Whether each session keeps its process while the other begins and ends a transaction.
async fn keeps_its_session(one: &mut PgConnection, two: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let first = process(one).await?;
    for _ in 0..ROUNDS {
        run(two, "begin").await?;
        let second = process(two).await?;
        let same = process(one).await? == first && process(one).await? == first && second != first;
        run(two, "rollback").await?;
        if !same || process(one).await? != first {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn process(session: &mut PgConnection) -> Result<String, sqlx::Error> {
    text(session, "select pg_backend_pid()::text").await
}

/// Queries a text without a prepared statement, which a pooler may lose.
async fn text(session: &mut PgConnection, sql: &'static str) -> Result<String, sqlx::Error> {
    let asked = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(session);
    tokio::time::timeout(TIMEOUT, asked).await.map_err(|_| silent())??.try_get(0)
}

async fn run(session: &mut PgConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    let ran = sqlx::raw_sql(AssertSqlSafe(sql)).execute(session);
    tokio::time::timeout(TIMEOUT, ran).await.map_err(|_| silent())?.map(drop)
}
