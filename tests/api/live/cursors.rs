//! Invalid cursors: the client receives snapshots, and then changes.

use std::net::SocketAddr;

use serde_json::json;

use crate::harness::{
    Client, Database, Engine, ReplicaModel, TestApp, client::COLLECTIONS, fixtures, http, on_both_databases,
    on_dedicated_clusters, process::ServerProcess,
};

on_both_databases! { invalid_cursor_leads_to_snapshots }

on_dedicated_clusters! {
    pruned_cursor_leads_to_snapshots,
    expired_cursor_leads_to_snapshots,
    cursor_expired_while_stopped_leads_to_snapshots,
}

async fn invalid_cursor_leads_to_snapshots(app: &TestApp) {
    let engine = match &app.database {
        Database::Sqlite(_) => Engine::Sqlite,
        Database::Postgres(_) | Database::Cluster(_) => Engine::Postgres,
    };
    let elsewhere = TestApp::spawn(engine, &[]).await;
    fixtures::seed_one_of_each(&elsewhere.connect().await).await;
    let foreign = cursor(&elsewhere.follow().await);
    fixtures::seed_one_of_each(&app.connect().await).await;
    let own = cursor(&app.follow().await);
    let (epoch, position) = own.split_once('.').expect("an epoch and a position");
    let later: u64 = position.split(['-', '_']).next().and_then(|next| next.parse().ok()).expect("a number");
    for cursor in [
        foreign.clone(),
        format!("{epoch}.{}", later + 100_000),
        format!("{epoch}.{}", u64::MAX),
        format!("{epoch}.-1"),
        format!("{epoch}.{later}-{later}"),
        format!("{epoch}.{later}-x"),
        format!("{epoch}.{later}_x"),
        format!("{epoch}.{}", "9".repeat(3000)),
        format!("{}.{position}", "0".repeat(36)),
        format!(".{position}"),
        epoch.to_owned(),
        position.to_owned(),
        "'; drop table coaches; --.1".to_owned(),
        "\u{0}".to_owned(),
        "null".to_owned(),
        String::new(),
    ] {
        assert_receives_changes(&assert_receives_snapshots(app.address, &cursor).await).await;
    }
    assert_resumes(app.address, &own).await;
    elsewhere.stop().await;
}

async fn pruned_cursor_leads_to_snapshots(database: &Database) {
    let url = database.url();
    let few = ["--change-log-rows", "5"];
    let mut program = ServerProcess::serve(&url, &few);
    let client = Client::follow(program.address).await;
    // No collection embeds this coach, so each update is one change.
    client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    let mut cursors = Vec::new();
    for age in 20..40 {
        client.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
        cursors.push(cursor(&client));
    }
    for (at, cursor) in cursors.iter().enumerate() {
        match at {
            0..14 => drop(assert_receives_snapshots(program.address, cursor).await),
            14.. => assert_resumes(program.address, cursor).await,
        }
    }
    for _ in 0..2 {
        program.terminate();
        assert!(program.wait_for_exit().await.success());
        program = ServerProcess::serve(&url, &few);
        let few = |left| left > 0.0 && left <= 5.0;
        http::until_metric(program.address, "rowcast_change_log_entries", few).await;
        assert_resumes(program.address, cursors.last().unwrap()).await;
        for cursor in &cursors[..14] {
            assert_receives_snapshots(program.address, cursor).await;
        }
    }
    assert_receives_changes(&assert_receives_snapshots(program.address, &cursors[0]).await).await;
}

async fn expired_cursor_leads_to_snapshots(database: &Database) {
    assert_cursor_expires(database, 3660).await;
}

async fn cursor_expired_while_stopped_leads_to_snapshots(database: &Database) {
    assert_cursor_expires(database, 7200).await;
}

/// The cursor ages by this many seconds; the limit is one hour.
async fn assert_cursor_expires(database: &Database, seconds: u32) {
    let url = database.url();
    let hour = ["--change-log-hours", "1"];
    let mut program = ServerProcess::serve(&url, &hour);
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    let old = cursor(&client);
    client.request("update_coach", json!({ "id": 1, "age": 50 })).await.unwrap_data();
    program.kill();
    // Each start records the end of the log; a later one prunes entries before a record that is old enough.
    program = ServerProcess::serve(&url, &hour);
    http::until_metric(program.address, "rowcast_change_log_entries", |left| left > 4.0).await;
    assert_resumes(program.address, &old).await;
    let client = Client::follow(program.address).await;
    client.request("update_coach", json!({ "id": 1, "age": 51 })).await.unwrap_data();
    let new = cursor(&client);
    program.kill();
    database.execute(&format!("update rowcast_change_log_marks set at = at - {seconds}")).await;
    program = ServerProcess::serve(&url, &hour);
    http::until_metric(program.address, "rowcast_change_log_entries", |left| left > 0.0 && left < 4.0).await;
    program.kill();

    let program = ServerProcess::serve(&url, &hour);
    assert_resumes(program.address, &new).await;
    assert_receives_changes(&assert_receives_snapshots(program.address, &old).await).await;
}

/// The client's cursor.
pub(super) fn cursor(client: &Client) -> String {
    client.replica().cursor().expect("a cursor").to_owned()
}

/// Asserts that a client with this cursor receives the missed changes.
pub(super) async fn assert_resumes(address: SocketAddr, cursor: &str) {
    let client = Client::resume(address, ReplicaModel::at(cursor)).await;
    assert_eq!(client.events_since(0)[..2], ["connected", "changes"], "{cursor}");
}

/// Asserts that a client with this cursor receives snapshots.
pub(super) async fn assert_receives_snapshots(address: SocketAddr, cursor: &str) -> Client {
    let client = Client::resume(address, ReplicaModel::at(cursor)).await;
    assert_eq!(client.events_since(0)[1..5], COLLECTIONS, "{cursor}");
    client.assert_in_sync().await;
    client
}

/// Asserts that the client receives changes.
pub(super) async fn assert_receives_changes(client: &Client) {
    let then = client.now();
    let row = client.request("new_exercise_move", fixtures::exercise_move("Marker")).await.unwrap_data();
    assert!(client.replica().has("exercise_moves", &row));
    assert_eq!(client.changes_since(then).len(), 1);
    client.request("delete_exercise_move", json!({ "id": row["id"] })).await.unwrap_data();
}
