//! Locks of other programs: reported soon, and writes to other rows proceed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Engine, fixtures, postgres::Session, with_app};

/// How long the server waits for a lock.
const WAIT: Duration = Duration::from_secs(4);
const HOLD: &str = "select 1 from coaches where id = 1 for update";

#[actix_web::test]
async fn locked_row_is_reported_and_other_writes_proceed() {
    with_app(Engine::Postgres, async |app| {
        let (ada, bob) = (app.follow().await, app.connect().await);
        fixtures::seed_one_of_each(&ada).await;
        ada.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
        let holder = Session::begin(&app.database.url(), HOLD).await;
        let began = Instant::now();
        let held = ada.emit("update_coach", &[json!({ "id": 1, "age": 50 })]);
        for age in 40..50 {
            let asked = Instant::now();
            bob.request("update_coach", json!({ "id": 2, "age": age })).await.unwrap_data();
            bob.request("new_exercise_move", fixtures::exercise_move("Plank")).await.unwrap_data();
            assert!(asked.elapsed() < WAIT, "others waited for it: {:?}", asked.elapsed());
        }
        let ack = ada.ack(held).await;
        assert_eq!(ack.error_keys(), ["$locked"]);
        assert!(began.elapsed() < WAIT * 3, "{:?}", began.elapsed());
        holder.commit().await;
        ada.request("update_coach", json!({ "id": 1, "age": 51 })).await.unwrap_data();
        ada.assert_in_sync().await;
    })
    .await;
}

#[actix_web::test]
async fn writes_to_locked_row_leave_connections_free() {
    with_app(Engine::Postgres, async |app| {
        let clients = futures_util::future::join_all((0..24).map(|_| app.connect())).await;
        let other = app.connect().await;
        fixtures::seed_one_of_each(&other).await;
        let holder = Session::begin(&app.database.url(), HOLD).await;
        let write = |at: usize| clients[at].emit("update_coach", &[json!({ "id": 1, "age": 20 + at })]);
        let held: Vec<u64> = (0..clients.len()).map(write).collect();
        // A write that needs its own connection gets one: the database refuses this name.
        app.database.execute("create unique index moves_name on exercise_moves (name)").await;
        for round in 0..10 {
            let began = Instant::now();
            let twice = other.request("new_exercise_move", fixtures::exercise_move("Squat")).await;
            assert_eq!(twice.error_keys(), ["name"]);
            other
                .request("new_exercise_move", fixtures::exercise_move(&format!("Move {round}")))
                .await
                .unwrap_data();
            assert!(began.elapsed() < WAIT, "{:?}", began.elapsed());
        }
        holder.commit().await;
        let mut written = 0;
        for (client, id) in clients.iter().zip(held) {
            let ack = client.ack(id).await;
            written += i64::from(ack.ok);
            assert!(ack.ok || ack.error_keys() == ["$locked"], "{ack:?}");
        }
        let row = other.request("get_coach", json!({ "id": 1 })).await.unwrap_data();
        assert_eq!(row["version"], 1 + written, "each is there once or not at all");
        assert!(written > 0);
    })
    .await;
}

#[actix_web::test]
async fn writes_queued_for_locked_row_time_out_together() {
    with_app(Engine::Postgres, async |app| {
        let clients = futures_util::future::join_all((0..12).map(|_| app.connect())).await;
        fixtures::seed_one_of_each(&clients[0]).await;
        let holder = Session::begin(&app.database.url(), HOLD).await;
        let began = Instant::now();
        let asks = clients.iter().map(|client| client.request("update_coach", json!({ "id": 1, "age": 50 })));
        for ack in futures_util::future::join_all(asks).await {
            assert_eq!(ack.error_keys(), ["$locked"]);
        }
        assert!(began.elapsed() < WAIT * 3, "{:?}", began.elapsed());
        holder.commit().await;
        clients[3].request("update_coach", json!({ "id": 1, "age": 50 })).await.unwrap_data();
    })
    .await;
}

#[actix_web::test]
async fn references_to_locked_row_leave_connections_free() {
    with_app(Engine::Postgres, async |app| {
        let clients = futures_util::future::join_all((0..20).map(|_| app.connect())).await;
        let other = app.connect().await;
        fixtures::seed_one_of_each(&other).await;
        let holder = Session::begin(&app.database.url(), HOLD).await;
        let classes: Vec<u64> = clients
            .iter()
            .map(|client| client.emit("new_schedule", &[fixtures::schedule("Friday", "800")]))
            .collect();
        let list = other.request("list_coaches", Value::Null).await.unwrap_data();
        assert_eq!(list["rows"].as_array().map(Vec::len), Some(1));
        app.database.execute("create unique index moves_name on exercise_moves (name)").await;
        let twice = other.request("new_exercise_move", fixtures::exercise_move("Squat")).await;
        assert_eq!(twice.error_keys(), ["name"], "it needs a connection of its own, and has one");
        holder.commit().await;
        for (client, id) in clients.iter().zip(classes) {
            let ack = client.ack(id).await;
            assert!(ack.ok || ack.error_keys() == ["$locked"], "{ack:?}");
        }
    })
    .await;
}

/// The statement waits for one holder after the other, longer than the statement timeout.
#[actix_web::test]
async fn lock_passed_between_transactions_is_no_outage() {
    with_app(Engine::Postgres, async |app| {
        let client = app.connect().await;
        fixtures::seed_one_of_each(&client).await;
        let url = app.database.url();
        let holder = Session::begin(&url, HOLD).await;
        let (mut next, mut observer) = (Session::open(&url).await, Session::open(&url).await);
        let next = actix_web::rt::spawn(async move {
            next.execute(&format!("begin; {HOLD}; select pg_sleep(8); rollback")).await;
        });
        let waits = "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        observer.until(&format!("select (count(*) = 1)::text {waits}")).await;
        let held = client.emit("update_coach", &[json!({ "id": 1, "age": 50 })]);
        let long = "application_name = 'rowcast' and now() - query_start > interval '3 s'";
        observer.until(&format!("select (count(*) = 1)::text {waits} and {long}")).await;
        holder.commit().await;
        assert_eq!(client.ack(held).await.error_keys(), ["$locked"]);
        next.await.unwrap();
        client.request("update_coach", json!({ "id": 1, "age": 50 })).await.unwrap_data();
    })
    .await;
}

#[actix_web::test]
async fn locked_table_is_no_outage() {
    with_app(Engine::Postgres, async |app| {
        let client = app.connect().await;
        fixtures::seed_one_of_each(&client).await;
        let holder = Session::begin(&app.database.url(), "lock table coaches in share mode").await;
        assert_eq!(client.request("new_coach", fixtures::coach("Grace")).await.error_keys(), ["$locked"]);
        assert!(client.request("get_coach", json!({ "id": 1 })).await.ok);
        holder.commit().await;
        client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    })
    .await;
}

#[actix_web::test]
async fn locked_file_is_reported() {
    with_app(Engine::Sqlite, async |app| {
        let client = app.connect().await;
        let file = rusqlite::Connection::open(app.database.url().trim_start_matches("sqlite://")).unwrap();
        file.execute_batch("begin immediate").unwrap();
        let ack = client.request("new_coach", fixtures::coach("Ada")).await;
        assert_eq!(ack.error_keys(), ["$unavailable"]);
        assert!(ack.error("$unavailable").contains("another program holds the database file"), "{ack:?}");
        file.execute_batch("rollback").unwrap();
        client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    })
    .await;
}
