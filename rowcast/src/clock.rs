//! The one clock by which what is stored grows old: a row of the database, which no jump of a clock moves.
//!
//! ```text
//! wound   every 16 s, by what has passed on a server's monotonic clock     while a server runs
//! read    in SQL: what it was wound to, and what the database's own        within a statement, by any node
//!         clock has done since, but for 32 s at most
//! ```
//!
//! So nodes need not agree on the time, and a clock that is set, a node's or the database's, moves what is read by 32 seconds,
//! and only until the next winding. From there on the difference is taken back slowly, one second in 16, so that a clock that
//! was set because it was wrong is followed in the end.
//!
//! While no server runs, nothing winds it. At the next start what has passed is read from the machine's time since boot, if it is
//! SQLite and the machine has not been started anew; otherwise the database's own clock is believed, as far as it went on.

mod uptime;

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use tokio::sync::watch;

use crate::{
    database::{Database, Transaction},
    error::Error,
};
use uptime::Uptime;

/// How often it is wound.
const EVERY: Duration = Duration::from_secs(16);
/// One second of so many may be added or left out, to follow the database's own clock.
const SLEW: i64 = 16;
/// A clock that was not wound for so long: no server has run, or the database's own clock has been set.
const STOPPED: i64 = 60;

/// What it shows, as an expression of SQL; where its row is lost, the database's own clock.
#[must_use]
pub fn sql(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "(select coalesce(max(at + least(greatest(extract(epoch from statement_timestamp())::bigint - wall, 0), 32)), \
             extract(epoch from statement_timestamp())::bigint) from clock)"
        }
        _ => "(select coalesce(max(at + min(max(unixepoch() - wall, 0), 32)), unixepoch()) from clock)",
    }
}

/// What it shows, in seconds since 1970.
///
/// # Errors
/// What the database says.
pub async fn now(db: &Transaction) -> Result<i64, DbErr> {
    let backend = db.get_database_backend();
    let statement = Statement::from_string(backend, format!("select {} as now", sql(backend)));
    let row = db.query_one_raw(statement).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("a clock always shows something".into()))?.try_get("", "now")
}

/// What a node knows of its last winding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Winding {
    /// When that was, since boot, less the fraction of a second that has not been counted yet.
    done: Duration,
    /// What the clock was wound to.
    at: i64,
    /// The row's `wall`, if it was too old to be believed.
    doubts: Option<i64>,
}

/// Winds it for the first time.
///
/// # Errors
/// What the database says.
pub(crate) async fn begin(db: &Database) -> Result<Winding, Error> {
    wind(db, None).await
}

/// Winds it until told to stop.
pub(crate) async fn run(db: Database, mut winding: Winding, mut stop: watch::Receiver<bool>) {
    loop {
        // A node that doubts gives those that may be running the time to wind it.
        let pause = if winding.doubts.is_some() { EVERY * 2 } else { EVERY };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = tokio::time::sleep(pause) => {}
        }
        match wind(&db, Some(winding)).await {
            Ok(wound) => winding = wound,
            Err(error) => tracing::warn!(%error, "the clock could not be wound; trying again later"),
        }
    }
}

async fn wind(db: &Database, before: Option<Winding>) -> Result<Winding, Error> {
    let (wound, _) = db.write(async move |db: &Transaction| turn(db, before).await).await?;
    Ok(wound)
}

async fn turn(db: &Transaction, before: Option<Winding>) -> Result<Winding, Error> {
    let backend = db.get_database_backend();
    let (row, uptime) = (row(db).await?, Uptime::now());
    let wound = match backend {
        DbBackend::Sqlite => next(&row, before, row.passed(&uptime), uptime.since),
        _ => next(&row, before, None, uptime.since),
    };
    if wound.doubts.is_none() {
        let sql = "update clock set at = $1, wall = $2, boot = $3, uptime = $4 where id = 1";
        let since = uptime.since.as_secs().cast_signed();
        let values = [wound.at.into(), row.today.into(), uptime.boot.into(), since.into()];
        db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    }
    Ok(wound)
}

/// The row, and what the database's own clock shows.
#[derive(Clone, Debug)]
struct Row {
    at: i64,
    wall: i64,
    boot: Option<String>,
    uptime: Option<i64>,
    today: i64,
}

impl Row {
    /// What has passed since the last winding by the only machine that there is, in seconds: as it knows, or as its clock says.
    fn passed(&self, uptime: &Uptime) -> Option<i64> {
        let known = uptime.boot.is_some() && uptime.boot == self.boot;
        let passed =
            self.uptime.filter(|_| known).map(|before| uptime.since.as_secs().cast_signed() - before);
        Some(passed.filter(|passed| *passed >= 0).unwrap_or(self.today - self.wall))
    }
}

/// What to wind it to. `passed` is what has passed since the last winding, if no other node can be running.
fn next(row: &Row, before: Option<Winding>, passed: Option<i64>, now: Duration) -> Winding {
    let stopped = row.today - row.wall;
    let after = |passed: i64| Winding { done: now, at: row.at + passed.max(0), doubts: None };
    match (before, passed) {
        (None, Some(passed)) => after(passed),
        (None, None) if stopped <= STOPPED => after(stopped),
        // Perhaps others are running, and it is the database's own clock that has been set.
        (None, None) => Winding { done: now, at: row.at, doubts: Some(row.wall) },
        (Some(Winding { doubts: Some(wall), .. }), _) if wall == row.wall => after(stopped),
        (Some(before), _) => {
            let passed = now.saturating_sub(before.done).as_secs();
            let mine = slewed(before.at, passed.cast_signed(), row.today);
            match mine < row.at {
                true => after(0),
                false => Winding { done: before.done + Duration::from_secs(passed), at: mine, doubts: None },
            }
        }
    }
}

/// So many seconds later, a little nearer to the database's own clock.
fn slewed(at: i64, passed: i64, today: i64) -> i64 {
    let most = passed / SLEW;
    at + passed + (today - at - passed).clamp(-most, most)
}

/// The row, kept for this transaction; made anew where it is lost.
async fn row(db: &Transaction) -> Result<Row, Error> {
    let backend = db.get_database_backend();
    let (today, lock) = match backend {
        DbBackend::Postgres => ("extract(epoch from clock_timestamp())::bigint", "for update"),
        _ => ("unixepoch()", ""),
    };
    let find = format!("select at, wall, boot, uptime, {today} as today from clock where id = 1 {lock}");
    let find = || db.query_one_raw(Statement::from_string(backend, find.clone()));
    let found = match find().await? {
        Some(row) => row,
        None => {
            let sql = format!("insert into clock (id, at, wall) values (1, {today}, {today})");
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

    /// A winding of so many seconds ago.
    fn ago(seconds: u64, at: i64) -> Option<Winding> {
        Some(Winding { done: NOW - Duration::from_secs(seconds), at, doubts: None })
    }

    #[test]
    fn while_a_server_runs_only_what_has_passed_counts() {
        for today in [1016, 1016 + MONTH, 1016 - MONTH] {
            let wound = next(&row(1000, 1000, today), ago(16, 1000), Some(today - 1000), NOW);
            assert!((1015..=1017).contains(&wound.at), "{today}: {wound:?}");
        }
    }

    #[test]
    fn a_clock_that_was_set_is_followed_slowly() {
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
    fn a_fraction_of_a_second_counts_the_next_time() {
        let done = NOW - Duration::from_millis(16_700);
        let before = Winding { done, at: 1000, doubts: None };
        let wound = next(&row(1000, 1000, 1016), Some(before), None, NOW);
        assert_eq!((wound.at, wound.done), (1016, done + Duration::from_secs(16)));
    }

    #[test]
    fn of_several_nodes_the_one_that_is_ahead_is_followed() {
        let row = row(1010, 1010, 1012);
        assert_eq!(next(&row, ago(5, 1000), None, NOW).at, 1010);
        assert_eq!(next(&row, ago(15, 1000), None, NOW).at, 1015);
    }

    #[test]
    fn a_machine_knows_what_has_passed_since_it_was_started() {
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
    fn a_node_that_may_not_be_alone_waits_before_it_believes_a_jump() {
        let stopped = row(1000, 5000, 5000 + MONTH);
        assert_eq!(next(&row(1000, 5000, 5030), None, None, NOW).at, 1030);
        let doubts = next(&stopped, None, None, NOW);
        assert_eq!((doubts.at, doubts.doubts), (1000, Some(5000)));
        let (later, still) = (NOW + EVERY * 2, row(1000, 5000, 5032 + MONTH));
        assert_eq!(next(&still, Some(doubts), None, later).at, 1032 + MONTH);
        let wound = row(1010, 5010 + MONTH, 5032 + MONTH);
        let joined = next(&wound, Some(doubts), None, later).at;
        assert!((1030..=1034).contains(&joined), "others were running: {joined}");
    }
}
