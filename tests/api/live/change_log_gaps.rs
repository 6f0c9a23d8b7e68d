//! A change log with missing entries or state: the gap is detected.

use serde_json::{Value, json};

use super::cursors::{assert_receives_changes, assert_receives_snapshots, assert_resumes, cursor};
use crate::harness::{
    Client, Database, Engine, Node, TestApp, app_on_dedicated_clusters, fixtures, http,
    on_dedicated_clusters, process::ServerProcess, with_database, with_dedicated_app,
};

app_on_dedicated_clusters! {
    entries_deleted_before_read_are_published,
    entries_deleted_after_read_keep_cursors_valid,
    modified_entry_counts_as_missing,
    deleted_log_state_is_recreated,
    deleted_epochs_are_recreated,
}

on_dedicated_clusters! {
    log_cut_while_stopped_invalidates_cursors,
    server_starts_without_change_log,
    pruning_is_not_a_gap,
}

/// A changes client and a snapshots client of a seeded planner, and a cursor.
async fn connect_clients(app: &TestApp) -> (Client, Client, String) {
    let (client, snapshots) = (app.follow().await, app.connect().await);
    fixtures::seed_one_of_each(&client).await;
    snapshots.assert_in_sync().await;
    let before = cursor(&client);
    (client, snapshots, before)
}

/// Asserts that both clients receive the age, that the earlier cursor is invalid, and that later changes arrive.
async fn assert_gap_is_published(
    app: &TestApp,
    (client, snapshots, before): (Client, Client, String),
    age: i64,
) {
    client.wait_for_replica("the age", |replica| replica.rows("coaches")[0]["age"] == age).await;
    snapshots.wait_for_rows("coaches", |rows| rows[0]["age"] == age).await;
    let back = assert_receives_snapshots(app.address, &before).await;
    assert_receives_changes(&back).await;
    assert_resumes(app.address, &cursor(&back)).await;
    client.assert_in_sync().await;
}

async fn entries_deleted_before_read_are_published(app: &TestApp) {
    let opened = connect_clients(app).await;
    let sql = "begin; update coaches set age = 71; delete from rowcast_change_log; commit";
    app.database.execute(sql).await;
    assert_gap_is_published(app, opened, 71).await;
}

#[actix_web::test]
async fn entries_truncated_before_read_are_published() {
    with_dedicated_app(Engine::Postgres, async |app| {
        let opened = connect_clients(app).await;
        let beside = Node::start(&app.database.url(), &[]).await;
        let there = Client::follow(beside.address).await;
        let sql =
            "begin isolation level repeatable read; update coaches set age = 71; truncate rowcast_change_log; commit";
        app.database.execute(sql).await;
        there.wait_for_replica("the age", |replica| replica.rows("coaches")[0]["age"] == 71).await;
        assert_gap_is_published(app, opened, 71).await;
        there.assert_in_sync().await;
        // Both nodes have the same epoch, so a cursor of one is valid on the other.
        assert_resumes(beside.address, &cursor(&app.follow().await)).await;
        beside.stop().await;
    })
    .await;
}

/// The numbers are assigned again, below those that were read.
#[actix_web::test]
async fn log_emptied_with_its_counter_is_detected() {
    with_database(Engine::Sqlite, async |database| {
        let node = Node::start(&database.url(), &["--reconcile-rows", "0"]).await;
        let client = Client::follow(node.address).await;
        fixtures::seed_one_of_each(&client).await;
        for age in 20..60 {
            client.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
        }
        let before = cursor(&client);
        database
            .execute("delete from rowcast_change_log; delete from sqlite_sequence where name = 'rowcast_change_log'")
            .await;
        database.execute("update coaches set age = 71").await;
        client.wait_for_replica("the age", |replica| replica.rows("coaches")[0]["age"] == 71).await;
        database.execute("update coaches set age = 72").await;
        client
            .wait_for_replica("what comes after it", |replica| replica.rows("coaches")[0]["age"] == 72)
            .await;
        let back = assert_receives_snapshots(node.address, &before).await;
        assert_receives_changes(&back).await;
        client.assert_in_sync().await;
        node.stop().await;
    })
    .await;
}

async fn entries_deleted_after_read_keep_cursors_valid(app: &TestApp) {
    let (client, snapshots, before) = connect_clients(app).await;
    let row = client.request("update_coach", json!({ "id": 1, "age": 71 })).await.unwrap_data();
    let then = client.now();
    app.database.execute("delete from rowcast_change_log").await;
    app.database.execute("update coaches set age = 72").await;
    client.wait_for_replica("the age", |replica| replica.rows("coaches")[0]["age"] == 72).await;
    assert_eq!(client.changes_since(then).len(), 1);
    // The server remembers the entries that it has read.
    let back = Client::resume(app.address, crate::harness::ReplicaModel::at(before)).await;
    assert_eq!(back.events_since(0)[..2], ["connected", "changes"]);
    assert!(
        back.changes_since(0)[0]["coaches"]["upserted"][0]["version"].as_i64() >= row["version"].as_i64()
    );
    snapshots.assert_in_sync().await;
}

async fn modified_entry_counts_as_missing(app: &TestApp) {
    let opened = connect_clients(app).await;
    let sql = "begin; update coaches set age = 71;
        update rowcast_change_log set row_id = 99 where seq = (select max(seq) from rowcast_change_log); commit";
    app.database.execute(sql).await;
    assert_gap_is_published(app, opened, 71).await;
}

async fn deleted_log_state_is_recreated(app: &TestApp) {
    let opened = connect_clients(app).await;
    app.database
        .execute("begin; update coaches set age = 71; delete from rowcast_change_log_state; commit")
        .await;
    assert_gap_is_published(app, opened, 71).await;
}

async fn deleted_epochs_are_recreated(app: &TestApp) {
    let opened = connect_clients(app).await;
    app.database.execute("begin; update coaches set age = 71; delete from rowcast_epochs; commit").await;
    if matches!(app.database, Database::Postgres(_)) {
        app.database.execute("delete from rowcast_runs").await;
    }
    assert_gap_is_published(app, opened, 71).await;
}

/// A cursor from before the cut is invalid.
async fn log_cut_while_stopped_invalidates_cursors(database: &Database) {
    let url = database.url();
    let node = Node::start(&url, &[]).await;
    let client = Client::follow(node.address).await;
    fixtures::seed_one_of_each(&client).await;
    let mut before = cursor(&client);
    drop(client);
    node.stop().await;
    let mut cuts = vec!["delete from rowcast_change_log", "update rowcast_change_log set row_id = 99"];
    if matches!(database, Database::Postgres(_)) {
        cuts.extend([
            "truncate rowcast_change_log",
            "set session_replication_role = replica; delete from rowcast_change_log",
        ]);
    }
    for (age, cut) in (70..).zip(cuts) {
        database.execute(&format!("update coaches set age = {age}; {cut}")).await;
        let node = Node::start(&url, &[]).await;
        let client = assert_receives_snapshots(node.address, &before).await;
        assert_eq!(client.replica().rows("coaches")[0]["age"], age, "{cut}");
        assert_receives_changes(&client).await;
        before = cursor(&client);
        assert_resumes(node.address, &before).await;
        node.stop().await;
    }
}

/// As after a dump without the log's data.
async fn server_starts_without_change_log(database: &Database) {
    let url = database.url();
    let node = Node::start(&url, &[]).await;
    let client = Client::follow(node.address).await;
    fixtures::seed_one_of_each(&client).await;
    let before = cursor(&client);
    drop(client);
    node.stop().await;
    for lost in ["change_log", "change_log_state", "change_log_marks", "epochs"]
        .map(|table| format!("rowcast_{table}"))
    {
        database.execute(&format!("delete from {lost}")).await;
    }
    let node = Node::start(&url, &[]).await;
    let client = assert_receives_snapshots(node.address, &before).await;
    assert_receives_changes(&client).await;
    let then = client.now();
    database.execute("update coaches set age = 71").await;
    client.wait_for_replica("the age", |replica| replica.rows("coaches")[0]["age"] == 71).await;
    assert_eq!(client.changes_since(then).len(), 1);
    assert_resumes(node.address, &cursor(&client)).await;
    node.stop().await;
}

#[actix_web::test]
async fn server_starts_on_dump_without_change_log() {
    with_database(Engine::Postgres, async |database| {
        let program = ServerProcess::serve(&database.url(), &[]);
        let client = Client::follow(program.address).await;
        fixtures::seed_one_of_each(&client).await;
        let (before, rows) = (cursor(&client), client.replica().rows("schedules"));
        let dump = crate::harness::postgres::dump_with(
            &database.url(),
            &["--exclude-table-data=rowcast_change_log*"],
        );
        drop(program);
        let other = Database::new(Engine::Postgres).await;
        crate::harness::postgres::restore(&dump, &other.url());
        let program = ServerProcess::serve(&other.url(), &[]);
        let client = assert_receives_snapshots(program.address, &before).await;
        assert_eq!(client.replica().rows("schedules"), rows);
        assert_receives_changes(&client).await;
    })
    .await;
}

/// The server prunes the log while a client follows: nothing is reloaded.
async fn pruning_is_not_a_gap(database: &Database) {
    let url = database.url();
    let few = ["--change-log-rows", "5"];
    let mut program = ServerProcess::serve(&url, &few);
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    for age in 20..40 {
        client.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
    }
    let last = cursor(&client);
    program.kill();
    let program = ServerProcess::serve(&url, &few);
    http::until_metric(program.address, "rowcast_change_log_entries", |left| left > 0.0 && left <= 5.0).await;
    assert_resumes(program.address, &last).await;
    let client = Client::follow(program.address).await;
    let then = client.now();
    database.execute("update coaches set age = 50").await;
    client.wait_for_replica("the age", |replica| replica.rows("coaches")[0]["age"] == 50).await;
    let changes: Vec<Value> = client.changes_since(then);
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!(http::metric(program.address, "rowcast_live_epochs_total").await, 0.0);
    assert_eq!(http::metric(program.address, "rowcast_reconciled_rows_total").await, 0.0);
}
