//! Pruning of the change log by age and size.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::Retention;
use crate::database::Transaction;

/// The time for which a mark is kept beyond the age of the entries that it dates.
const MARK_MARGIN: Duration = Duration::from_secs(120);

/// Deletes entries that are too old or too many. Returns the number of remaining entries.
///
/// # Errors
/// [`DbErr`] of the database.
pub(crate) async fn prune(db: &Transaction, retention: Retention, now: i64) -> Result<Option<i64>, DbErr> {
    let sql = "select max(next) as number from rowcast_change_log_marks where at <= ";
    let old = number(db, &format!("{sql}{}", now - seconds(retention.age))).await?.unwrap_or(0);
    record_mark(db, retention, now).await?;
    let over =
        number(db, &format!("select max(seq) - {} as number from rowcast_change_log", retention.entries))
            .await?;
    match db.get_database_backend() {
        DbBackend::Postgres => postgres(db, old, over.unwrap_or(0)).await?,
        _ => sqlite(db, old, over.unwrap_or(0)).await?,
    }
    number(db, "select count(*) as number from rowcast_change_log").await
}

/// Records the current transaction number with the time, and deletes marks that are no longer needed.
async fn record_mark(db: &Transaction, retention: Retention, now: i64) -> Result<(), DbErr> {
    let next = match db.get_database_backend() {
        DbBackend::Postgres => "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
        _ => "select coalesce(max(seq), 0) + 1 from rowcast_change_log",
    };
    db.execute_unprepared(&format!("insert into rowcast_change_log_marks (at, next) select {now}, ({next})"))
        .await?;
    let old = now - seconds(retention.age) - seconds(MARK_MARGIN);
    db.execute_unprepared(&format!("delete from rowcast_change_log_marks where at < {old}")).await?;
    Ok(())
}

/// Deletes entries of transactions below `old`, and those up to `seq` `over`. Entries above an open transaction stay:
/// a reader that has read all others must not treat it as lost. The log's trigger raises the floor.
async fn postgres(db: &Transaction, old: i64, over: i64) -> Result<(), DbErr> {
    let sql = format!(
        "delete from rowcast_change_log
         where txid < pg_snapshot_xmin(pg_current_snapshot()) and (txid < '{old}'::xid8 or seq <= {over})"
    );
    db.execute_unprepared(&sql).await.map(drop)
}

/// Raises the floor first, so that the log's trigger, which runs for each entry, has nothing to do. The newest entry
/// stays: its mark confirms the cursors of clients that have everything.
async fn sqlite(db: &Transaction, old: i64, over: i64) -> Result<(), DbErr> {
    let newest = number(db, "select max(seq) as number from rowcast_change_log").await?.unwrap_or(0);
    let last = (old - 1).max(over).min(newest - 1);
    let raise = format!(
        "update rowcast_change_log_state set floor = {last} + 1 where floor <= {last}
         and exists (select 1 from rowcast_change_log where seq <= {last})"
    );
    db.execute_unprepared(&raise).await?;
    db.execute_unprepared(&format!("delete from rowcast_change_log where seq <= {last}")).await.map(drop)
}

async fn number(db: &Transaction, sql: &str) -> Result<Option<i64>, DbErr> {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    row.map_or(Ok(None), |row| row.try_get("", "number"))
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX / 4)
}
