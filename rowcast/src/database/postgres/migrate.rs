//! Migrations without timeouts, which log what they wait for.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use crate::migration::Migrations;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::{Pool, TIMEOUT};
use crate::error::Error;

/// The interval of log entries.
const LOG_INTERVAL: Duration = Duration::from_secs(5);

/// The session that blocks another one.
const BLOCKING: &str = "
select b.pid::text as pid, coalesce(b.usename::text, '') as username, b.application_name as application,
    coalesce(b.state, '') as state, me.wait_event = 'advisory' as migrates
from pg_stat_activity me
join lateral unnest(pg_blocking_pids(me.pid)) as blocking(pid) on true
join pg_stat_activity b on b.pid = blocking.pid
where me.pid = $1 limit 1";

/// Applies pending migrations on a pool of one connection without timeouts.
///
/// # Errors
/// Those of the migration; nothing has been changed then.
pub(super) async fn run(url: &str, pool: &Pool, migrations: &Migrations) -> Result<(), Error> {
    let db = pool.connections();
    let ask = Statement::from_string(DbBackend::Postgres, "select pg_backend_pid() as pid");
    let row = db.query_one_raw(ask).await?;
    let pid: i32 =
        row.ok_or_else(|| Error::Internal("a session has a process".into()))?.try_get("", "pid")?;
    Ok(logged(url, pid, crate::migration::run(db, migrations)).await??)
}

/// Runs `work` of the session with this process, and logs every few seconds what it waits for.
///
/// # Errors
/// [`Error::Unavailable`] if the URL is wrong.
pub(super) async fn logged<T>(url: &str, pid: i32, work: impl Future<Output = T>) -> Result<T, Error> {
    let monitor = Pool::new(url, 1, &[])?;
    let done = tokio::select! {
        done = work => done,
        never = log_progress(monitor.connections(), pid) => match never {},
    };
    monitor.close().await;
    Ok(done)
}

/// Logs every few seconds what the migration waits for.
async fn log_progress(db: &DatabaseConnection, pid: i32) -> Infallible {
    let began = Instant::now();
    loop {
        tokio::time::sleep(LOG_INTERVAL).await;
        let ask = Statement::from_sql_and_values(DbBackend::Postgres, BLOCKING, [pid.into()]);
        match tokio::time::timeout(TIMEOUT, db.query_one_raw(ask)).await {
            Ok(Ok(Some(row))) => {
                let text = |column: &str| row.try_get::<String>("", column).unwrap_or_default();
                let (pid, user, application, state) =
                    (text("pid"), text("username"), text("application"), text("state"));
                let seconds = began.elapsed().as_secs();
                match row.try_get("", "migrates") {
                    Ok(true) => tracing::warn!(
                        pid,
                        user,
                        application,
                        state,
                        seconds,
                        "another node is migrating this database: waiting until it is done"
                    ),
                    _ => tracing::warn!(
                        pid,
                        user,
                        application,
                        state,
                        seconds,
                        "the migration waits for a lock that another session holds"
                    ),
                }
            }
            Ok(Ok(None)) => {
                tracing::info!(seconds = began.elapsed().as_secs(), "the migration is running");
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "the lock that the migration may wait for could not be queried")
            }
            Err(_) => {}
        }
    }
}
