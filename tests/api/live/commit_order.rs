//! External transactions that commit in another order than they wrote: each is published at its commit, and an open
//! one delays no other.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{
    Client, Database, Engine, Node, TestApp, fixtures, http,
    postgres::{Cluster, Session},
    process::ServerProcess,
    with_app,
};

fn new_coach(name: &str) -> String {
    format!("insert into coaches (name, age, picture) values ('{name}', 40, 'http://x.y')")
}

fn names(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["name"].as_str().unwrap()).collect()
}

async fn wait_for_coaches(client: &Client, names: &[&str]) {
    let all = |replica: &crate::harness::ReplicaModel| {
        names.iter().all(|name| replica.rows("coaches").iter().any(|row| row["name"] == *name))
    };
    client.wait_for_replica(&format!("{names:?}"), all).await;
}

#[actix_web::test]
async fn late_commit_with_lower_sequence_is_published() {
    with_app(Engine::Postgres, async |app| {
        let (client, snapshots) = (app.follow().await, app.connect().await);
        let url = app.database.url();
        let first = Session::begin(&url, &new_coach("First")).await;
        let second = Session::begin(&url, &new_coach("Second")).await;
        let third = Session::begin(&url, &new_coach("Third")).await;
        second.commit().await;
        wait_for_coaches(&client, &["Second"]).await;
        assert_eq!(names(&snapshots.wait_for_rows("coaches", |rows| rows.len() == 1).await), ["Second"]);
        third.commit().await;
        wait_for_coaches(&client, &["Second", "Third"]).await;
        first.commit().await;
        wait_for_coaches(&client, &["First", "Second", "Third"]).await;
        snapshots.wait_for_rows("coaches", |rows| rows.len() == 3).await;
        assert_eq!(client.changes_since(0).len(), 3, "each once");
        client.assert_in_sync().await;
    })
    .await;
}

#[actix_web::test]
async fn open_transaction_delays_no_change_or_ack() {
    with_app(Engine::Postgres, async |app| {
        let (client, snapshots) = (app.follow().await, app.connect().await);
        fixtures::seed_one_of_each(&client).await;
        let open = Session::begin(&app.database.url(), &new_coach("Late")).await;
        let began = Instant::now();
        for age in 20..40 {
            let row = client.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
            assert!(client.replica().has("coaches", &row), "read your writes");
            let row =
                snapshots.request("update_coach", json!({ "id": 1, "age": age + 20 })).await.unwrap_data();
            assert!(snapshots.latest("coaches").contains(&row), "read your writes");
        }
        // An ack waits for a late publication for at most five seconds.
        assert!(began.elapsed() < Duration::from_secs(40), "{:?} for 40 writes", began.elapsed());
        http::until_metric(app.address, "rowcast_log_horizon_seconds", |seconds| seconds > 0.0).await;
        assert_eq!(http::get(app.address, "/readyz").await.0, 200);
        app.database.execute("update exercise_moves set name = 'Marker'").await;
        client
            .wait_for_replica("another's change", |replica| {
                replica.rows("exercise_moves")[0]["name"] == "Marker"
            })
            .await;
        assert_eq!(client.replica().rows("coaches").len(), 1);

        open.commit().await;
        wait_for_coaches(&client, &["Late"]).await;
        snapshots.wait_for_rows("coaches", |rows| rows.len() == 2).await;
        client.assert_in_sync().await;
    })
    .await;
}

#[actix_web::test]
async fn cursor_taken_during_open_transaction_includes_it() {
    with_app(Engine::Postgres, async |app: &TestApp| {
        let url = app.database.url();
        let beside = Node::start(&url, &[]).await;
        let client = app.follow().await;
        let open = Session::begin(&url, &new_coach("Late")).await;
        let other = Session::begin(&url, &new_coach("Early")).await;
        let early = client.replica();
        other.commit().await;
        wait_for_coaches(&client, &["Early"]).await;
        let kept = client.replica();
        drop(client);
        let back = Client::resume(app.address, kept.clone()).await;
        assert_eq!(back.changes_since(0), [json!({})], "it has not committed");
        open.commit().await;
        wait_for_coaches(&back, &["Late"]).await;

        let late = Node::start(&url, &[]).await;
        for address in [app.address, beside.address, late.address] {
            let back = Client::resume(address, kept.clone()).await;
            let changes = back.changes_since(0);
            wait_for_coaches(&back, &["Late"]).await;
            assert_eq!(names(changes[0]["coaches"]["upserted"].as_array().unwrap()), ["Late"], "{changes:?}");
            let back = Client::resume(address, early.clone()).await;
            assert_eq!(back.changes_since(0)[0]["coaches"]["upserted"].as_array().unwrap().len(), 2);
            back.assert_in_sync().await;
        }
        beside.stop().await;
        late.stop().await;
    })
    .await;
}

/// A cursor lists a limited number of open transactions.
#[actix_web::test]
async fn cursor_with_many_open_transactions_includes_all() {
    with_app(Engine::Postgres, async |app| {
        let url = app.database.url();
        let client = app.follow().await;
        let mut open = Vec::new();
        for at in 0..70 {
            open.push(Session::begin(&url, &new_coach(&format!("Late {at}"))).await);
        }
        app.database.execute(&new_coach("Early")).await;
        wait_for_coaches(&client, &["Early"]).await;
        let kept = client.replica();
        drop(client);
        for session in open {
            session.commit().await;
        }
        let fresh = app.follow().await;
        fresh.wait_for_replica("all of them", |replica| replica.rows("coaches").len() == 71).await;
        let back = Client::resume(app.address, kept).await;
        assert_eq!(back.events_since(0)[..2], ["connected", "changes"]);
        assert_eq!(back.replica().rows("coaches").len(), 71);
        back.assert_in_sync().await;
    })
    .await;
}

#[actix_web::test]
async fn open_transaction_delays_pruning() {
    let database = Database::Cluster(Cluster::start());
    let (url, one) = (database.url(), ["--change-log-rows", "1"]);
    let mut program = ServerProcess::serve(&url, &one);
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    let open = Session::begin(&url, &new_coach("Late")).await;
    for age in 20..30 {
        client.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
    }
    program.kill();
    program = ServerProcess::serve(&url, &one);
    http::until_metric(program.address, "rowcast_change_log_entries", |left| left > 0.0).await;
    let left = http::metric(program.address, "rowcast_change_log_entries").await;
    assert!(left >= 10.0, "what came after it is kept: {left}");

    let client = Client::follow(program.address).await;
    open.commit().await;
    wait_for_coaches(&client, &["Late"]).await;
    program.kill();
    program = ServerProcess::serve(&url, &one);
    http::until_metric(program.address, "rowcast_change_log_entries", |left| left > 0.0 && left <= 1.0).await;
    let client = Client::follow(program.address).await;
    client.assert_in_sync().await;
    let row = client.request("update_coach", json!({ "id": 1, "age": 50 })).await.unwrap_data();
    assert!(client.replica().has("coaches", &row));
}
