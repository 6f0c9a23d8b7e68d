//! The clock for expiry: a row of the database that is not affected by jumps of system clocks.
//!
//! ```text
//! advanced  every 16 s, by the elapsed time of a server's monotonic clock    while a server runs
//! read      in SQL: the stored time, plus the elapsed time of the            within a statement, by any node
//!           database's clock since then, at most 32 s
//! ```
//!
//! Nodes need not agree on the time. A jump of a node's or the database's clock shifts the time that is read by at most
//! 32 seconds, until the next advance. After that the difference is reduced slowly, by one second in 16, so that a
//! corrected clock is followed in the end.
//!
//! While no server runs, the clock is not advanced. At the next start the elapsed time is the machine's uptime on
//! SQLite, unless the machine was rebooted; otherwise it is that of the database's clock, unless it went backwards.

mod uptime;

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use tokio::sync::watch;

use crate::{
    database::{Database, Transaction},
    error::Error,
};
use uptime::Uptime;

/// The interval at which the clock is advanced.
const INTERVAL: Duration = Duration::from_secs(16);
/// One second in this number may be added or skipped, to follow the database's clock.
const SLEW: i64 = 16;
/// Seconds without an advance after which either no server has run, or the database's clock has been set.
const STOPPED_AFTER: i64 = 60;

/// The time as an SQL expression; without the clock's row, that of the database's clock.
#[must_use]
pub fn sql(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "(select coalesce(max(at + least(greatest(extract(epoch from statement_timestamp())::bigint - wall, 0), 32)), \
             extract(epoch from statement_timestamp())::bigint) from rowcast_clock)"
        }
        _ => {
            "(select coalesce(max(at + min(max(unixepoch() - wall, 0), 32)), unixepoch()) from rowcast_clock)"
        }
    }
}

/// The time in seconds since 1970.
///
/// # Errors
/// [`DbErr`] of the database.
pub async fn now(db: &Transaction) -> Result<i64, DbErr> {
    let backend = db.get_database_backend();
    let statement = Statement::from_string(backend, format!("select {} as now", sql(backend)));
    let row = db.query_one_raw(statement).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("a clock always shows something".into()))?.try_get("", "now")
}

/// A node's state after its last advance of the clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Advance {
    /// The uptime at that moment, minus the fraction of a second that has not been counted yet.
    done: Duration,
    /// The stored time.
    at: i64,
    /// The row's `wall`, if it was too old to be trusted.
    stale_wall: Option<i64>,
}

/// Advances the clock at start.
///
/// # Errors
/// [`Error`] of the database.
pub(crate) async fn begin(db: &Database) -> Result<Advance, Error> {
    advance(db, None).await
}

/// Advances the clock periodically until `stop`.
pub(crate) async fn run(db: Database, mut last: Advance, mut stop: watch::Receiver<bool>) {
    loop {
        // After a stale row, other nodes that may be running get the time to advance the clock.
        let interval = if last.stale_wall.is_some() { INTERVAL * 2 } else { INTERVAL };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = tokio::time::sleep(interval) => {}
        }
        match advance(&db, Some(last)).await {
            Ok(next) => last = next,
            Err(error) => tracing::warn!(%error, "the clock could not be advanced; trying again later"),
        }
    }
}

async fn advance(db: &Database, before: Option<Advance>) -> Result<Advance, Error> {
    let (advance, _) = db.write(async move |db: &Transaction| store_next(db, before).await).await?;
    Ok(advance)
}

async fn store_next(db: &Transaction, before: Option<Advance>) -> Result<Advance, Error> {
    let backend = db.get_database_backend();
    let (row, uptime) = (row(db).await?, Uptime::now());
    let advance = match backend {
        DbBackend::Sqlite => next(&row, before, row.passed(&uptime), uptime.since),
        _ => next(&row, before, None, uptime.since),
    };
    if advance.stale_wall.is_none() {
        let sql = "update rowcast_clock set at = $1, wall = $2, boot = $3, uptime = $4 where id = 1";
        let since = uptime.since.as_secs().cast_signed();
        let values = [advance.at.into(), row.today.into(), uptime.boot.into(), since.into()];
        db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    }
    Ok(advance)
}

/// The clock's row, and the time of the database's clock.
#[derive(Clone, Debug)]
struct Row {
    at: i64,
    wall: i64,
    boot: Option<String>,
    uptime: Option<i64>,
    today: i64,
}

impl Row {
    /// Seconds since the last advance, for a database that one machine uses: by uptime, or else by the database's
    /// clock.
    fn passed(&self, uptime: &Uptime) -> Option<i64> {
        let known = uptime.boot.is_some() && uptime.boot == self.boot;
        let passed =
            self.uptime.filter(|_| known).map(|before| uptime.since.as_secs().cast_signed() - before);
        Some(passed.filter(|passed| *passed >= 0).unwrap_or(self.today - self.wall))
    }
}

/// The next time to store. `passed` is the elapsed time since the last advance, if no other node can be running.
fn next(row: &Row, before: Option<Advance>, passed: Option<i64>, now: Duration) -> Advance {
    let stopped = row.today - row.wall;
    let after = |passed: i64| Advance { done: now, at: row.at + passed.max(0), stale_wall: None };
    match (before, passed) {
        (None, Some(passed)) => after(passed),
        (None, None) if stopped <= STOPPED_AFTER => after(stopped),
        // Other nodes may be running, and the database's clock may have been set.
        (None, None) => Advance { done: now, at: row.at, stale_wall: Some(row.wall) },
        (Some(Advance { stale_wall: Some(wall), .. }), _) if wall == row.wall => after(stopped),
        (Some(before), _) => {
            let passed = now.saturating_sub(before.done).as_secs();
            let mine = slewed(before.at, passed.cast_signed(), row.today);
            match mine < row.at {
                true => after(0),
                false => {
                    Advance { done: before.done + Duration::from_secs(passed), at: mine, stale_wall: None }
                }
            }
        }
    }
}

/// Adds the elapsed seconds, and approaches the database's clock.
fn slewed(at: i64, passed: i64, today: i64) -> i64 {
    let max = passed / SLEW;
    at + passed + (today - at - passed).clamp(-max, max)
}

/// Reads and locks the row; inserts it if it is missing.
async fn row(db: &Transaction) -> Result<Row, Error> {
    let backend = db.get_database_backend();
    let (today, lock) = match backend {
        DbBackend::Postgres => ("extract(epoch from clock_timestamp())::bigint", "for update"),
        _ => ("unixepoch()", ""),
    };
    let find =
        format!("select at, wall, boot, uptime, {today} as today from rowcast_clock where id = 1 {lock}");
    let find = || db.query_one_raw(Statement::from_string(backend, find.clone()));
    let found = match find().await? {
        Some(row) => row,
        None => {
            let sql = format!("insert into rowcast_clock (id, at, wall) values (1, {today}, {today})");
            db.execute_unprepared(&sql).await?;
            find().await?.ok_or_else(|| Error::Internal("the clock was lost again".into()))?
        }
    };
    Ok(Row {
        at: found.try_get("", "at")?,
        wall: found.try_get("", "wall")?,
        boot: found.try_get("", "boot")?,
        uptime: found.try_get("", "uptime")?,
        today: found.try_get("", "today")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONTH: i64 = 31 * 24 * 60 * 60;
    const NOW: Duration = Duration::from_millis(5_000_900);

    fn row(at: i64, wall: i64, today: i64) -> Row {
        Row { at, wall, today, boot: None, uptime: None }
    }

    /// An advance this number of seconds ago.
    fn ago(seconds: u64, at: i64) -> Option<Advance> {
        Some(Advance { done: NOW - Duration::from_secs(seconds), at, stale_wall: None })
    }

    #[test]
    fn running_server_ignores_jumps_of_database_clock() {
        for today in [1016, 1016 + MONTH, 1016 - MONTH] {
            let advance = next(&row(1000, 1000, today), ago(16, 1000), Some(today - 1000), NOW);
            assert!((1015..=1017).contains(&advance.at), "{today}: {advance:?}");
        }
    }

    #[test]
    fn changed_database_clock_is_followed_slowly() {
        for set in [600, -600] {
            let (mut at, mut today) = (10_000, 10_000 + set);
            for _ in 0..700 {
                today += 16;
                let then = at;
                at = next(&row(at, today - 16, today), ago(16, at), None, NOW).at;
                assert!((15..=17).contains(&(at - then)));
            }
            assert_eq!(at, today, "set by {set}");
        }
    }

    #[test]
    fn fraction_of_second_is_counted_later() {
        let done = NOW - Duration::from_millis(16_700);
        let before = Advance { done, at: 1000, stale_wall: None };
        let advance = next(&row(1000, 1000, 1016), Some(before), None, NOW);
        assert_eq!((advance.at, advance.done), (1016, done + Duration::from_secs(16)));
    }

    #[test]
    fn most_advanced_node_is_followed() {
        let row = row(1010, 1010, 1012);
        assert_eq!(next(&row, ago(5, 1000), None, NOW).at, 1010);
        assert_eq!(next(&row, ago(15, 1000), None, NOW).at, 1015);
    }

    #[test]
    fn elapsed_time_is_uptime_unless_machine_was_rebooted() {
        let uptime = |boot: Option<&str>, since| Uptime {
            boot: boot.map(str::to_owned),
            since: Duration::from_secs(since),
        };
        let row = Row { boot: Some("a".into()), uptime: Some(500), ..row(1000, 1000, 1000 + MONTH) };
        assert_eq!(row.passed(&uptime(Some("a"), 600)), Some(100));
        assert_eq!(row.passed(&uptime(Some("b"), 600)), Some(MONTH), "it has been started anew");
        assert_eq!(row.passed(&uptime(Some("a"), 400)), Some(MONTH), "not the same one after all");
        assert_eq!(Row { boot: None, ..row }.passed(&uptime(None, 600)), Some(MONTH), "it cannot say");
        assert_eq!(next(&row, None, Some(100), NOW).at, 1100);
        assert_eq!(next(&row, None, Some(-MONTH), NOW).at, 1000, "it never goes back");
    }

    #[test]
    fn node_waits_before_it_accepts_jump_of_database_clock() {
        let stopped = row(1000, 5000, 5000 + MONTH);
        assert_eq!(next(&row(1000, 5000, 5030), None, None, NOW).at, 1030);
        let stale = next(&stopped, None, None, NOW);
        assert_eq!((stale.at, stale.stale_wall), (1000, Some(5000)));
        let (later, still) = (NOW + INTERVAL * 2, row(1000, 5000, 5032 + MONTH));
        assert_eq!(next(&still, Some(stale), None, later).at, 1032 + MONTH);
        let advance = row(1010, 5010 + MONTH, 5032 + MONTH);
        let joined = next(&advance, Some(stale), None, later).at;
        assert!((1030..=1034).contains(&joined), "others were running: {joined}");
    }
}
