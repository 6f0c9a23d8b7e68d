//! Transactions of other programs that commit in another order than they wrote: each is published when it commits, and an open
//! one delays no other.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{
    Client, Database, Engine, Node, TestApp, gym, http,
    postgres::{Cluster, Session},
    program::Program,
    tell,
};

fn new_coach(name: &str) -> String {
    format!("insert into coaches (name, age, picture) values ('{name}', 40, 'http://x.y')")
}

fn names(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["name"].as_str().unwrap()).collect()
}

async fn wait_for_coaches(client: &Client, names: &[&str]) {
    let all = |copy: &crate::harness::Copy| {
        names.iter().all(|name| copy.rows("coaches").iter().any(|row| row["name"] == *name))
    };
    client.keeps(&format!("{names:?}"), all).await;
}

#[actix_web::test]
async fn late_commit_with_lower_sequence_is_published() {
    tell(Engine::Postgres, async |app| {
        let (client, snapshots) = (app.follow().await, app.connect().await);
        let url = app.database.url();
        let first = Session::begin(&url, &new_coach("First")).await;
        let second = Session::begin(&url, &new_coach("Second")).await;
        let third = Session::begin(&url, &new_coach("Third")).await;
        second.commit().await;
        wait_for_coaches(&client, &["Second"]).await;
        assert_eq!(names(&snapshots.sees("coaches", |rows| rows.len() == 1).await), ["Second"]);
        third.commit().await;
        wait_for_coaches(&client, &["Second", "Third"]).await;
        first.commit().await;
        wait_for_coaches(&client, &["First", "Second", "Third"]).await;
        snapshots.sees("coaches", |rows| rows.len() == 3).await;
        assert_eq!(client.told(0).len(), 3, "each once");
        client.agrees().await;
    })
    .await;
}

#[actix_web::test]
async fn open_transaction_delays_no_change_or_ack() {
    tell(Engine::Postgres, async |app| {
        let (client, snapshots) = (app.follow().await, app.connect().await);
        gym::open(&client).await;
        let open = Session::begin(&app.database.url(), &new_coach("Late")).await;
        let began = Instant::now();
        for age in 20..40 {
            let row = client.ask("update_coach", json!({ "id": 1, "age": age })).await.done();
            assert!(client.copy().has("coaches", &row), "read your writes");
            let row = snapshots.ask("update_coach", json!({ "id": 1, "age": age + 20 })).await.done();
            assert!(snapshots.latest("coaches").contains(&row), "read your writes");
        }
        // An ack that is published late waits for five seconds.
        assert!(began.elapsed() < Duration::from_secs(40), "{:?} for 40 writes", began.elapsed());
        http::until_metric(app.address, "rowcast_log_horizon_seconds", |seconds| seconds > 0.0).await;
        assert_eq!(http::get(app.address, "/readyz").await.0, 200);
        app.database.execute("update exercise_moves set name = 'Marker'").await;
        client.keeps("another's change", |copy| copy.rows("exercise_moves")[0]["name"] == "Marker").await;
        assert_eq!(client.copy().rows("coaches").len(), 1);

        open.commit().await;
        wait_for_coaches(&client, &["Late"]).await;
        snapshots.sees("coaches", |rows| rows.len() == 2).await;
        client.agrees().await;
    })
    .await;
}

#[actix_web::test]
async fn cursor_taken_during_open_transaction_includes_it() {
    tell(Engine::Postgres, async |app: &TestApp| {
        let url = app.database.url();
        let beside = Node::start(&url, &[]).await;
        let client = app.follow().await;
        let open = Session::begin(&url, &new_coach("Late")).await;
        let other = Session::begin(&url, &new_coach("Early")).await;
        let early = client.copy();
        other.commit().await;
        wait_for_coaches(&client, &["Early"]).await;
        let kept = client.copy();
        drop(client);
        let back = Client::resume(app.address, kept.clone()).await;
        assert_eq!(back.told(0), [json!({})], "it has not committed");
        open.commit().await;
        wait_for_coaches(&back, &["Late"]).await;

        let late = Node::start(&url, &[]).await;
        for address in [app.address, beside.address, late.address] {
            let back = Client::resume(address, kept.clone()).await;
            let told = back.told(0);
            wait_for_coaches(&back, &["Late"]).await;
            assert_eq!(names(told[0]["coaches"]["upserted"].as_array().unwrap()), ["Late"], "{told:?}");
            let back = Client::resume(address, early.clone()).await;
            assert_eq!(back.told(0)[0]["coaches"]["upserted"].as_array().unwrap().len(), 2);
            back.agrees().await;
        }
        beside.stop().await;
        late.stop().await;
    })
    .await;
}

/// A cursor names so many open transactions and no more.
#[actix_web::test]
async fn cursor_with_many_open_transactions_includes_all() {
    tell(Engine::Postgres, async |app| {
        let url = app.database.url();
        let client = app.follow().await;
        let mut open = Vec::new();
        for at in 0..70 {
            open.push(Session::begin(&url, &new_coach(&format!("Late {at}"))).await);
        }
        app.database.execute(&new_coach("Early")).await;
        wait_for_coaches(&client, &["Early"]).await;
        let kept = client.copy();
        drop(client);
        for session in open {
            session.commit().await;
        }
        let fresh = app.follow().await;
        fresh.keeps("all of them", |copy| copy.rows("coaches").len() == 71).await;
        let back = Client::resume(app.address, kept).await;
        assert_eq!(back.events_since(0)[..2], ["connected", "changes"]);
        assert_eq!(back.copy().rows("coaches").len(), 71);
        back.agrees().await;
    })
    .await;
}

#[actix_web::test]
async fn open_transaction_delays_pruning() {
    let database = Database::Cluster(Cluster::start());
    let (url, one) = (database.url(), ["--change-log-rows", "1"]);
    let mut program = Program::serve(&url, &one);
    let client = Client::follow(program.address).await;
    gym::open(&client).await;
    let open = Session::begin(&url, &new_coach("Late")).await;
    for age in 20..30 {
        client.ask("update_coach", json!({ "id": 1, "age": age })).await.done();
    }
    program.kill();
    program = Program::serve(&url, &one);
    http::until_metric(program.address, "rowcast_change_log_entries", |left| left > 0.0).await;
    let left = http::metric(program.address, "rowcast_change_log_entries").await;
    assert!(left >= 10.0, "what came after it is kept: {left}");

    let client = Client::follow(program.address).await;
    open.commit().await;
    wait_for_coaches(&client, &["Late"]).await;
    program.kill();
    program = Program::serve(&url, &one);
    http::until_metric(program.address, "rowcast_change_log_entries", |left| left > 0.0 && left <= 1.0).await;
    let client = Client::follow(program.address).await;
    client.agrees().await;
    let row = client.ask("update_coach", json!({ "id": 1, "age": 50 })).await.done();
    assert!(client.copy().has("coaches", &row));
}
