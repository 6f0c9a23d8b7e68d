//! A collection that is too large is withheld: clients receive its name only, other collections are sent, and it is
//! sent once it is small enough.

use serde_json::{Value, json};

use crate::harness::{
    Client, Database, Engine, Node, ReplicaModel, client::StalledClient, fixtures, http, on_empty_databases,
};

on_empty_databases! {
    collection_size_limit_is_exact,
    withheld_collection_is_announced_and_sent_again,
    returning_client_receives_withheld_state,
    embedded_rows_count_toward_size,
    all_collections_withheld_leave_requests_working,
    cursor_after_restart_restores_withheld_state,
}

async fn start(database: &Database, limit: usize) -> Node {
    Node::start(&database.url(), &["--collection-bytes", &limit.to_string()]).await
}

/// Bytes of JSON of a collection as clients have it.
fn size(replica: &ReplicaModel, collection: &str) -> usize {
    replica.rows(collection).iter().map(|row| row.to_string().len()).sum()
}

/// Creates coaches of about 300 bytes.
async fn create_coaches(writer: &Client, count: usize) {
    for at in 0..count {
        let picture = format!("https://example.com/{}", "x".repeat(200));
        let coach = fixtures::with(fixtures::coach(&format!("Coach {at:03}")), json!({ "picture": picture }));
        writer.request("new_coach", coach).await.unwrap_data();
    }
}

/// Seeds ten coaches and one row of each other collection; returns the bytes of the coaches.
async fn seed_planner(database: &Database) -> usize {
    let node = Node::start(&database.url(), &[]).await;
    let client = Client::follow(node.address).await;
    fixtures::seed_one_of_each(&client).await;
    create_coaches(&client, 9).await;
    let size = size(&client.replica(), "coaches");
    node.stop().await;
    size
}

async fn wait_until_withheld(client: &Client, collection: &str) {
    client
        .wait_for_replica(&format!("{collection} withheld"), |replica| replica.is_withheld(collection))
        .await;
}

async fn collection_size_limit_is_exact(database: &Database) {
    let size = seed_planner(database).await;
    for (limit, is_sent) in [(size - 1, false), (size, true), (size + 1, true)] {
        let node = start(database, limit).await;
        for auth in [json!({}), json!({ "live": "changes" })] {
            let client = Client::connect_with(node.address, &auth).await.expect("to be connected");
            let first = if is_sent { "coaches" } else { "withheld" };
            let rest = ["workout_plans", "exercise_moves", "schedules"];
            let expected = [&["connected", first][..], &rest].concat();
            assert_eq!(client.events_since(0), expected, "{auth}, with {limit} of {size}");
            let then = client.now();
            client.request("refresh", Value::Null).await.unwrap_data();
            assert_eq!(client.events_since(then), expected[1..]);
            assert_eq!(client.list_all("coaches").await.len(), 10);
        }
        node.stop().await;
    }
    let node = start(database, size).await;
    let clients = [Client::follow(node.address).await, Client::connect(node.address).await];
    clients[0].request("update_coach", json!({ "id": 1, "name": "Ida" })).await.unwrap_data();
    clients[0].assert_in_sync().await;
    clients[0].request("update_coach", json!({ "id": 1, "name": "Adaa" })).await.unwrap_data();
    for client in &clients {
        wait_until_withheld(client, "coaches").await;
    }
    assert_eq!(http::metric(node.address, "rowcast_collection_withheld").await, 1.0);
    node.stop().await;
}

async fn withheld_collection_is_announced_and_sent_again(database: &Database) {
    let size = seed_planner(database).await;
    let node = start(database, size + 400).await;
    let address = node.address;
    let writer = Client::follow(address).await;
    let snapshots = Client::connect(address).await;
    let stalled_clients = [
        StalledClient::connect(address, &json!({ "live": "changes" })).await,
        StalledClient::connect(address, &json!({})).await,
    ];
    http::until_metric(address, "socketio_sessions", |sessions| sessions == 4.0).await;
    for round in 0..2 {
        create_coaches(&writer, 3).await;
        wait_until_withheld(&writer, "coaches").await;
        wait_until_withheld(&snapshots, "coaches").await;
        // Other collections are sent, including rows that embed a coach.
        let then = writer.now();
        let name = format!("Ada {round}");
        writer.request("update_coach", json!({ "id": 1, "name": name })).await.unwrap_data();
        let changes = writer.changes_since(then);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0]["schedules"]["upserted"][0]["coach"]["name"], name.as_str());
        assert_eq!(changes[0].as_object().unwrap().len(), 1, "{changes:?}");
        snapshots.wait_for_rows("schedules", |rows| rows[0]["coach"]["name"] == name.as_str()).await;
        let late = [Client::follow(address).await, Client::connect(address).await];
        late.iter().for_each(|client| assert!(client.replica().is_withheld("coaches")));

        database.execute("delete from coaches where id > 9").await;
        for client in late.iter().chain([&writer, &snapshots]) {
            client.assert_in_sync().await;
        }
        let row = writer.request("update_coach", json!({ "id": 2, "age": 50 + round })).await.unwrap_data();
        for client in late.iter().chain([&writer, &snapshots]) {
            client.wait_for_replica("what happens from now on", |replica| replica.has("coaches", &row)).await;
        }
    }
    for stalled in stalled_clients {
        let awake = stalled.resume_reading().await;
        awake.wait_for_replica("the coaches", |replica| replica.rows("coaches").len() == 9).await;
        awake.assert_in_sync().await;
    }
    node.stop().await;
}

async fn returning_client_receives_withheld_state(database: &Database) {
    let size = seed_planner(database).await;
    let node = start(database, size + 400).await;
    let address = node.address;
    let writer = Client::follow(address).await;
    let before = Client::follow(address).await.replica();
    create_coaches(&writer, 2).await;
    wait_until_withheld(&writer, "coaches").await;
    for _ in 0..2 {
        let back = Client::resume(address, before.clone()).await;
        wait_until_withheld(&back, "coaches").await;
        assert_eq!(back.events_since(0)[..3], ["connected", "withheld", "changes"]);
    }
    let during = Client::resume(address, before.clone()).await;
    wait_until_withheld(&during, "coaches").await;
    let then = during.now();
    let row = writer.request("update_schedule", json!({ "id": 1, "hour": "1000" })).await.unwrap_data();
    during.wait_for_replica("a schedule", |replica| replica.has("schedules", &row)).await;
    assert_eq!(during.events_since(then), ["changes"], "announced once");
    let during = during.replica();

    database.execute("delete from coaches where id > 9").await;
    writer.assert_in_sync().await;
    for kept in [before, during] {
        let back = Client::resume(address, kept).await;
        back.assert_in_sync().await;
        assert_eq!(back.events_since(0)[..3], ["connected", "changes", "coaches"]);
        let row = writer.request("update_coach", json!({ "id": 3, "age": 70 })).await.unwrap_data();
        back.wait_for_replica("what happens from now on", |replica| replica.has("coaches", &row)).await;
        let again = Client::resume(address, back.replica()).await;
        assert_eq!(again.events_since(0), ["connected", "changes"], "it has all of it");
        again.assert_in_sync().await;
    }
    node.stop().await;
}

async fn embedded_rows_count_toward_size(database: &Database) {
    const LIMIT: usize = 300_000;
    let node = start(database, LIMIT).await;
    let (writer, snapshots) = (Client::follow(node.address).await, Client::connect(node.address).await);
    let moves: Vec<i64> = vec![1; 60];
    writer.request("new_exercise_move", fixtures::exercise_move("Squat")).await.unwrap_data();
    for at in 0..10 {
        writer
            .request("new_workout_plan", fixtures::workout_plan(&format!("Plan {at}"), &moves))
            .await
            .unwrap_data();
    }
    snapshots.assert_in_sync().await;
    let then = [writer.now(), snapshots.now()];
    // The plans would grow from a few bytes to 2 MB.
    let long = json!({ "id": 1, "description": "\u{1F9D8}".repeat(500), "video_link": format!("https://e.com/{}", "x".repeat(1900)) });
    writer.request("update_exercise_move", long).await.unwrap_data();
    for (client, then) in [&writer, &snapshots].into_iter().zip(then) {
        wait_until_withheld(client, "workout_plans").await;
        let received: usize = client.since(then).iter().map(|packet| format!("{packet:?}").len()).sum();
        assert!(received < 20_000, "{received} bytes of what changed");
    }
    for bytes in ["rowcast_collection_bytes", "rowcast_collection_memory_bytes"] {
        let bytes = http::metric(node.address, bytes).await;
        assert!(bytes < LIMIT as f64, "{bytes}");
    }
    let plans = writer.list_all("workout_plans").await;
    assert_eq!(plans.len(), 10);
    assert!(plans.iter().all(|plan| plan.to_string().len() > 200_000));

    writer
        .request(
            "update_exercise_move",
            json!({ "id": 1, "description": "Down and up.", "video_link": "https://e.com" }),
        )
        .await
        .unwrap_data();
    for client in [&writer, &snapshots] {
        client.assert_in_sync().await;
    }
    node.stop().await;
}

async fn all_collections_withheld_leave_requests_working(database: &Database) {
    seed_planner(database).await;
    let node = start(database, 1024).await;
    let writer = Client::follow(node.address).await;
    for _ in 0..9 {
        writer.request("new_schedule", fixtures::schedule("Monday", "900")).await.unwrap_data();
        writer.request("new_exercise_move", fixtures::exercise_move("Plank")).await.unwrap_data();
        writer.request("new_workout_plan", fixtures::workout_plan("Long", &[1; 10])).await.unwrap_data();
    }
    for collection in ["coaches", "workout_plans", "schedules"] {
        wait_until_withheld(&writer, collection).await;
    }
    writer
        .request(
            "new_exercise_move",
            fixtures::with(fixtures::exercise_move("Row"), json!({ "description": "x".repeat(500) })),
        )
        .await
        .unwrap_data();
    wait_until_withheld(&writer, "exercise_moves").await;
    for auth in [json!({}), json!({ "live": "changes" })] {
        let client = Client::connect_with(node.address, &auth).await.expect("to be connected");
        assert_eq!(client.events_since(0), ["connected", "withheld", "withheld", "withheld", "withheld"]);
        let row = client.request("update_coach", json!({ "id": 1, "name": "Ada L." })).await.unwrap_data();
        assert_eq!(client.request("get_coach", json!({ "id": 1 })).await.unwrap_data(), row);
    }
    node.stop().await;
}

async fn cursor_after_restart_restores_withheld_state(database: &Database) {
    let size = seed_planner(database).await;
    let node = start(database, size - 1).await;
    let without = Client::follow(node.address).await.replica();
    node.stop().await;

    let node = start(database, size).await;
    let client = Client::resume(node.address, without.clone()).await;
    client.assert_in_sync().await;
    let with = client.replica();
    node.stop().await;

    let node = start(database, size - 1).await;
    let client = Client::resume(node.address, with).await;
    wait_until_withheld(&client, "coaches").await;
    assert_eq!(client.events_since(0), ["connected", "withheld", "changes"]);
    node.stop().await;
}

#[actix_web::test]
async fn client_moves_between_nodes_with_different_limits() {
    let database = Database::new(Engine::Postgres).await;
    let size = seed_planner(&database).await;
    let (small, large) = (start(&database, size - 1).await, start(&database, size + 10_000).await);
    let mut kept = Client::follow(small.address).await.replica();
    for round in 0..4 {
        let there = Client::resume(large.address, kept).await;
        there.assert_in_sync().await;
        let row = there.request("update_coach", json!({ "id": 4, "age": 40 + round })).await.unwrap_data();
        let back = Client::resume(small.address, there.replica()).await;
        wait_until_withheld(&back, "coaches").await;
        assert_eq!(back.request("get_coach", json!({ "id": 4 })).await.unwrap_data(), row);
        kept = back.replica();
    }
    small.stop().await;
    large.stop().await;
}
