//! Whether a database will do, found out once at the start and said in a sentence.
//!
//! Two sessions are opened and asked by turns which server process they have. Through a pooler that lends processes by the
//! transaction, one of them soon has another than before, or the other's.

use std::time::Duration;

use sea_orm::sqlx::{
    self, AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row, postgres::PgConnectOptions,
};

use super::{
    pool::{self, ACQUIRE},
    settings::{self, LIMITS, POOLED},
};
use crate::{database::DatabaseUrl, error::Error};

/// How long a statement may take that only looks.
const MOMENT: Duration = Duration::from_secs(5);
/// How often to look for a change of process; the first round shows it already, if nothing else uses the pooler.
const ROUNDS: usize = 3;
/// How long to wait before connecting once more.
const PAUSE: Duration = Duration::from_millis(200);

/// Looks at the database through two sessions.
///
/// # Errors
/// [`Error::Unavailable`] with the reason why it will not do.
pub(super) async fn check(url: &str) -> Result<(), Error> {
    let mut one = connect(url).await?;
    let encoding = text(&mut one, "show server_encoding").await.map_err(refused)?;
    if encoding != "UTF8" {
        return Err(Error::Unavailable(format!(
            "the database is encoded in {encoding}, which has no room for all text: make one by \
             create database … encoding 'UTF8' template template0, and bring the data there by pg_dump"
        )));
    }
    let mut two = connect(url).await?;
    match keeps_its_session(&mut one, &mut two).await {
        Ok(true) => {}
        Ok(false) => return Err(Error::Unavailable(POOLED.into())),
        // A pooler with one process to lend lets the second session wait, and one that lends by the statement refuses to begin.
        Err(error) => {
            let sentence = format!("two sessions do not get on side by side ({error}). Is there {POOLED}?");
            return Err(Error::Unavailable(sentence));
        }
    }
    settings::apply(&mut one, &LIMITS).await.map_err(refused)?;
    for session in [one, two] {
        let _ = tokio::time::timeout(MOMENT, session.close()).await;
    }
    Ok(())
}

/// A session of its own. A server that is about to start is waited for.
async fn connect(url: &str) -> Result<PgConnection, Error> {
    let options: PgConnectOptions = url.parse().map_err(refused)?;
    let options = pool::address(options).disable_statement_logging();
    let deadline = tokio::time::Instant::now() + ACQUIRE;
    loop {
        let error = match tokio::time::timeout_at(deadline, PgConnection::connect_with(&options)).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => error,
            Err(_) => silent(),
        };
        let starting = match &error {
            sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
            sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
            _ => false,
        };
        if !starting || deadline.duration_since(tokio::time::Instant::now()) < PAUSE {
            let name = DatabaseUrl::Postgres(url.to_owned());
            return Err(Error::Unavailable(format!(
                "{name} did not let us in within {ACQUIRE:?}; is it running there? ({error})"
            )));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn silent() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time"))
}

fn refused(error: sqlx::Error) -> Error {
    Error::Unavailable(error.to_string())
}

/// Whether both sessions keep their process while the other one comes and goes.
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

/// Without a prepared statement, which a pooler may lose.
async fn text(session: &mut PgConnection, sql: &'static str) -> Result<String, sqlx::Error> {
    let asked = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(session);
    tokio::time::timeout(MOMENT, asked).await.map_err(|_| silent())??.try_get(0)
}

async fn run(session: &mut PgConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    let ran = sqlx::raw_sql(AssertSqlSafe(sql)).execute(session);
    tokio::time::timeout(MOMENT, ran).await.map_err(|_| silent())?.map(drop)
}
