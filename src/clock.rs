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
//! was set because it was wrong is followed in the end. While no server runs nothing else counts the time, and the
//! database's own clock is believed at the next start: as far as it went on, never back.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use tokio::sync::watch;

use crate::{
    database::{Database, Transaction},
    error::Error,
};

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

/// Winds it for the first time.
///
/// # Errors
/// What the database says.
pub(crate) async fn begin(db: &Database) -> Result<Winding, Error> {
    wind(db, None).await
}

async fn wind(db: &Database, before: Option<Winding>) -> Result<Winding, Error> {
    let (wound, _) = db.write(async move |db: &Transaction| turn(db, before).await).await?;
    Ok(wound)
}

/// What a node knows of its last winding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Winding {
    /// When that was, less the fraction of a second that has not been counted yet.
    done: Instant,
    /// What the clock was wound to.
    at: i64,
    /// The row's `wall`, if it was too old to be believed.
    doubts: Option<i64>,
}

/// The row, and what the database's own clock shows.
#[derive(Clone, Copy, Debug)]
struct Row {
    at: i64,
    wall: i64,
    today: i64,
}

async fn turn(db: &Transaction, before: Option<Winding>) -> Result<Winding, Error> {
    let row = row(db).await?;
    let alone = db.get_database_backend() == DbBackend::Sqlite;
    let wound = next(row, before, alone, Instant::now());
    if wound.doubts.is_none() {
        let sql = format!("update clock set at = {}, wall = {} where id = 1", wound.at, row.today);
        db.execute_unprepared(&sql).await?;
    }
    Ok(wound)
}

/// What to wind it to. A node that is `alone` knows that no other was running.
fn next(row: Row, before: Option<Winding>, alone: bool, now: Instant) -> Winding {
    let stopped = row.today - row.wall;
    let believed = Winding { done: now, at: row.at + stopped.max(0), doubts: None };
    match before {
        None if stopped <= STOPPED || alone => believed,
        // Perhaps others are running, and it is the database's own clock that has been set.
        None => Winding { done: now, at: row.at, doubts: Some(row.wall) },
        Some(Winding { doubts: Some(wall), .. }) if wall == row.wall => believed,
        Some(before) => {
            let passed = now.saturating_duration_since(before.done).as_secs();
            let mine = slewed(before.at, passed.cast_signed(), row.today);
            match mine < row.at {
                true => Winding { done: now, at: row.at, doubts: None },
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
    let sql = format!(
        "insert into clock (id, at, wall) select 1, {today}, {today} where not exists (select 1 from clock)"
    );
    let find = format!("select at, wall, {today} as today from clock where id = 1 {lock}");
    let find = || db.query_one_raw(Statement::from_string(backend, find.clone()));
    let found = match find().await? {
        Some(row) => row,
        None => {
            db.execute_unprepared(&sql).await?;
            find().await?.ok_or_else(|| Error::Internal("the clock was lost again".into()))?
        }
    };
    let number = |column| found.try_get::<i64>("", column);
    Ok(Row { at: number("at")?, wall: number("wall")?, today: number("today")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONTH: i64 = 31 * 24 * 60 * 60;

    /// A winding of so many seconds ago.
    fn ago(seconds: u64, at: i64, now: Instant) -> Winding {
        Winding { done: now - Duration::from_secs(seconds), at, doubts: None }
    }

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(100_000)
    }

    #[test]
    fn while_a_server_runs_only_what_has_passed_counts() {
        let now = later();
        for today in [1016, 1016 + MONTH, 1016 - MONTH] {
            let row = Row { at: 1000, wall: 1000, today };
            let wound = next(row, Some(ago(16, 1000, now)), true, now);
            assert!((1015..=1017).contains(&wound.at), "{today}: {wound:?}");
        }
    }

    #[test]
    fn a_clock_that_was_set_is_followed_slowly() {
        let (mut at, mut now, mut today) = (1000, later(), 1000 + 600);
        for _ in 0..700 {
            now += EVERY;
            today += 16;
            at = next(Row { at, wall: today - 16, today }, Some(ago(16, at, now)), true, now).at;
        }
        assert_eq!(at, today);
    }

    #[test]
    fn of_several_nodes_the_one_that_is_ahead_is_followed() {
        let now = later();
        let row = Row { at: 1010, wall: 1010, today: 1012 };
        assert_eq!(next(row, Some(ago(5, 1000, now)), false, now).at, 1010);
        assert_eq!(next(row, Some(ago(15, 1000, now)), false, now).at, 1015);
    }

    #[test]
    fn what_passed_while_no_server_ran_is_believed() {
        let now = later();
        let row = Row { at: 1000, wall: 5000, today: 5000 + MONTH };
        assert_eq!(next(row, None, true, now).at, 1000 + MONTH);
        assert_eq!(next(Row { today: 5030, ..row }, None, false, now).at, 1030);
        assert_eq!(next(Row { today: 4000, ..row }, None, true, now).at, 1000, "it never goes back");
        let doubts = next(row, None, false, now);
        assert_eq!((doubts.at, doubts.doubts), (1000, Some(5000)));
        let later = now + EVERY * 2;
        assert_eq!(
            next(Row { today: row.today + 32, ..row }, Some(doubts), false, later).at,
            1000 + MONTH + 32
        );
        let wound = Row { at: 1010, wall: 5010 + MONTH, today: 5032 + MONTH };
        let joined = next(wound, Some(doubts), false, later).at;
        assert!((1030..=1034).contains(&joined), "others were running: {joined}");
    }
}
