//! Programs that write meanwhile.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use rowcast::attach::{self, Detachment, Options, Statement};
use sea_orm::ConnectionTrait;

use super::database::Attached;

const TABLES: &str = "
create table one (id integer primary key, note text);
create table two (id integer primary key references one, note text);
create table events (id integer primary key) partition by range (id);
create table events_low partition of events for values from (0) to (1000);
create table events_high partition of events default;";

/// As a server does: a table that is in use is tried again.
async fn execute(postgres: &Attached, statements: &[Statement]) {
    postgres.execute("set lock_timeout = '200ms'").await;
    for group in statements.chunk_by(|one, other| one.table.is_some() && one.table == other.table) {
        while let Err(error) = attach::execute(&postgres.db, group).await {
            assert!(error.to_string().contains("lock timeout"), "{error}");
        }
    }
}

#[actix_web::test]
async fn programs_write_while_a_database_is_attached_and_detached_on_postgres() {
    let postgres = Attached::before(TABLES).await;
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let mut writers = Vec::new();
    for writer in 0..4 {
        let connection = postgres.connect_as_clerk().await;
        let (stop, written) = (stop.clone(), written.clone());
        writers.push(actix_web::rt::spawn(async move {
            let tables = if writer % 2 == 0 { ["events", "one"] } else { ["one", "events"] };
            for id in (writer * 100_000..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                let [first, second] = tables;
                let sql = format!(
                    "insert into {first} (id) values ({id}); insert into {second} (id) values ({id});
                     insert into two values ({id}, ''); update two set note = 'x' where id = {id}"
                );
                connection.execute_unprepared(&sql).await.unwrap();
                written.fetch_add(1, Ordering::Relaxed);
            }
            connection.close().await.unwrap();
        }));
    }
    for _ in 0..5 {
        postgres.prepare().await;
        execute(&postgres, &postgres.planned(&Options::default()).await).await;
        assert_eq!(postgres.planned(&Options::default()).await, []);
        let before = written.load(Ordering::Relaxed);
        while written.load(Ordering::Relaxed) < before + 20 {
            actix_web::rt::task::yield_now().await;
        }
        let Detachment { obstacles, statements } = Detachment::read(&postgres.db).await.unwrap();
        assert_eq!(obstacles, [""; 0]);
        execute(&postgres, &statements).await;
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    postgres.remove().await;
}

#[actix_web::test]
async fn every_row_that_is_there_after_attaching_is_logged_or_was_there_before_on_postgres() {
    let postgres = Attached::before(TABLES).await;
    let stop = Arc::new(AtomicBool::new(false));
    let connection = postgres.connect_as_clerk().await;
    let writer = actix_web::rt::spawn({
        let stop = stop.clone();
        async move {
            for id in (0..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                connection.execute_unprepared(&format!("insert into one (id) values ({id})")).await.unwrap();
            }
            connection.close().await.unwrap();
        }
    });
    postgres.prepare().await;
    execute(&postgres, &postgres.planned(&Options::default()).await).await;
    let there = postgres.texts("select coalesce(max(id), -1)::text as text from one").await;
    let there: i64 = there[0].parse().unwrap();
    while postgres.log().await.len() < 50 {}
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    let unlogged = postgres
        .texts(&format!(
            "select id::text as text from one where id > {there} and not exists (
                select from rowcast.rowcast_change_log where row_key = '[' || id || ']')"
        ))
        .await;
    assert_eq!(unlogged, [""; 0]);
    postgres.remove().await;
}
