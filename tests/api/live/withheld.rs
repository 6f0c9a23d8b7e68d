//! A collection that is too large is sent to no client, and each is sent its name; the rest goes on, and once it is small enough
//! again everybody has it.

use serde_json::{Value, json};

use crate::harness::{Client, Copy, Database, Engine, Node, client::Sleeper, from_both_databases, gym, http};

from_both_databases! {
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

/// Bytes of JSON of a collection, as clients have it.
fn size(copy: &Copy, collection: &str) -> usize {
    copy.rows(collection).iter().map(|row| row.to_string().len()).sum()
}

/// Coaches of some 300 bytes.
async fn create_coaches(writer: &Client, count: usize) {
    for at in 0..count {
        let picture = format!("https://example.com/{}", "x".repeat(200));
        let coach = gym::with(gym::coach(&format!("Coach {at:03}")), json!({ "picture": picture }));
        writer.ask("new_coach", coach).await.done();
    }
}

/// The gym, ten coaches, and how many bytes they have.
async fn seed_planner(database: &Database) -> usize {
    let node = Node::start(&database.url(), &[]).await;
    let client = Client::follow(node.address).await;
    gym::open(&client).await;
    create_coaches(&client, 9).await;
    let size = size(&client.copy(), "coaches");
    node.stop().await;
    size
}

async fn wait_until_withheld(client: &Client, collection: &str) {
    client.keeps(&format!("{collection} withheld"), |copy| copy.is_withheld(collection)).await;
}

async fn collection_size_limit_is_exact(database: &Database) {
    let size = seed_planner(database).await;
    for (limit, is_sent) in [(size - 1, false), (size, true), (size + 1, true)] {
        let node = start(database, limit).await;
        for auth in [json!({}), json!({ "live": "changes" })] {
            let client = Client::connect_with(node.address, &auth).await.expect("to be let in");
            let first = if is_sent { "coaches" } else { "withheld" };
            let rest = ["workout_plans", "exercise_moves", "schedules"];
            let expected = [&["connected", first][..], &rest].concat();
            assert_eq!(client.events_since(0), expected, "{auth}, with {limit} of {size}");
            let then = client.now();
            client.ask("refresh", Value::Null).await.done();
            assert_eq!(client.events_since(then), expected[1..]);
            assert_eq!(client.every("coaches").await.len(), 10);
        }
        node.stop().await;
    }
    let node = start(database, size).await;
    let clients = [Client::follow(node.address).await, Client::connect(node.address).await];
    clients[0].ask("update_coach", json!({ "id": 1, "name": "Ida" })).await.done();
    clients[0].agrees().await;
    clients[0].ask("update_coach", json!({ "id": 1, "name": "Adaa" })).await.done();
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
    let sleepers = [
        Sleeper::connect(address, &json!({ "live": "changes" })).await,
        Sleeper::connect(address, &json!({})).await,
    ];
    http::until_metric(address, "socketio_sessions", |sessions| sessions == 4.0).await;
    for round in 0..2 {
        create_coaches(&writer, 3).await;
        wait_until_withheld(&writer, "coaches").await;
        wait_until_withheld(&snapshots, "coaches").await;
        // The rest goes on, what shows a coach included.
        let then = writer.now();
        let name = format!("Ada {round}");
        writer.ask("update_coach", json!({ "id": 1, "name": name })).await.done();
        let told = writer.told(then);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["schedules"]["upserted"][0]["coach"]["name"], name.as_str());
        assert_eq!(told[0].as_object().unwrap().len(), 1, "{told:?}");
        snapshots.sees("schedules", |rows| rows[0]["coach"]["name"] == name.as_str()).await;
        let late = [Client::follow(address).await, Client::connect(address).await];
        late.iter().for_each(|client| assert!(client.copy().is_withheld("coaches")));

        database.execute("delete from coaches where id > 9").await;
        for client in late.iter().chain([&writer, &snapshots]) {
            client.agrees().await;
        }
        let row = writer.ask("update_coach", json!({ "id": 2, "age": 50 + round })).await.done();
        for client in late.iter().chain([&writer, &snapshots]) {
            client.keeps("what happens from now on", |copy| copy.has("coaches", &row)).await;
        }
    }
    for sleeper in sleepers {
        let awake = sleeper.wake().await;
        awake.keeps("the coaches", |copy| copy.rows("coaches").len() == 9).await;
        awake.agrees().await;
    }
    node.stop().await;
}

async fn returning_client_receives_withheld_state(database: &Database) {
    let size = seed_planner(database).await;
    let node = start(database, size + 400).await;
    let address = node.address;
    let writer = Client::follow(address).await;
    let before = Client::follow(address).await.copy();
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
    let row = writer.ask("update_schedule", json!({ "id": 1, "hour": "1000" })).await.done();
    during.keeps("a schedule", |copy| copy.has("schedules", &row)).await;
    assert_eq!(during.events_since(then), ["changes"], "told once");
    let during = during.copy();

    database.execute("delete from coaches where id > 9").await;
    writer.agrees().await;
    for kept in [before, during] {
        let back = Client::resume(address, kept).await;
        back.agrees().await;
        assert_eq!(back.events_since(0)[..3], ["connected", "changes", "coaches"]);
        let row = writer.ask("update_coach", json!({ "id": 3, "age": 70 })).await.done();
        back.keeps("what happens from now on", |copy| copy.has("coaches", &row)).await;
        let again = Client::resume(address, back.copy()).await;
        assert_eq!(again.events_since(0), ["connected", "changes"], "it has all of it");
        again.agrees().await;
    }
    node.stop().await;
}

async fn embedded_rows_count_toward_size(database: &Database) {
    const LIMIT: usize = 300_000;
    let node = start(database, LIMIT).await;
    let (writer, snapshots) = (Client::follow(node.address).await, Client::connect(node.address).await);
    let moves: Vec<i64> = vec![1; 60];
    writer.ask("new_exercise_move", gym::exercise_move("Squat")).await.done();
    for at in 0..10 {
        writer.ask("new_workout_plan", gym::workout_plan(&format!("Plan {at}"), &moves)).await.done();
    }
    snapshots.agrees().await;
    let then = [writer.now(), snapshots.now()];
    // Of a few bytes the plans would become some 2 MB.
    let long = json!({ "id": 1, "description": "\u{1F9D8}".repeat(500), "video_link": format!("https://e.com/{}", "x".repeat(1900)) });
    writer.ask("update_exercise_move", long).await.done();
    for (client, then) in [&writer, &snapshots].into_iter().zip(then) {
        wait_until_withheld(client, "workout_plans").await;
        let heard: usize = client.since(then).iter().map(|heard| format!("{heard:?}").len()).sum();
        assert!(heard < 20_000, "{heard} bytes of what changed");
    }
    for bytes in ["rowcast_collection_bytes", "rowcast_collection_memory_bytes"] {
        let bytes = http::metric(node.address, bytes).await;
        assert!(bytes < LIMIT as f64, "{bytes}");
    }
    let plans = writer.every("workout_plans").await;
    assert_eq!(plans.len(), 10);
    assert!(plans.iter().all(|plan| plan.to_string().len() > 200_000));

    writer
        .ask(
            "update_exercise_move",
            json!({ "id": 1, "description": "Down and up.", "video_link": "https://e.com" }),
        )
        .await
        .done();
    for client in [&writer, &snapshots] {
        client.agrees().await;
    }
    node.stop().await;
}

async fn all_collections_withheld_leave_requests_working(database: &Database) {
    seed_planner(database).await;
    let node = start(database, 1024).await;
    let writer = Client::follow(node.address).await;
    for _ in 0..9 {
        writer.ask("new_schedule", gym::schedule("Monday", "900")).await.done();
        writer.ask("new_exercise_move", gym::exercise_move("Plank")).await.done();
        writer.ask("new_workout_plan", gym::workout_plan("Long", &[1; 10])).await.done();
    }
    for collection in ["coaches", "workout_plans", "schedules"] {
        wait_until_withheld(&writer, collection).await;
    }
    writer
        .ask(
            "new_exercise_move",
            gym::with(gym::exercise_move("Row"), json!({ "description": "x".repeat(500) })),
        )
        .await
        .done();
    wait_until_withheld(&writer, "exercise_moves").await;
    for auth in [json!({}), json!({ "live": "changes" })] {
        let client = Client::connect_with(node.address, &auth).await.expect("to be let in");
        assert_eq!(client.events_since(0), ["connected", "withheld", "withheld", "withheld", "withheld"]);
        let row = client.ask("update_coach", json!({ "id": 1, "name": "Ada L." })).await.done();
        assert_eq!(client.ask("get_coach", json!({ "id": 1 })).await.done(), row);
    }
    node.stop().await;
}

async fn cursor_after_restart_restores_withheld_state(database: &Database) {
    let size = seed_planner(database).await;
    let node = start(database, size - 1).await;
    let without = Client::follow(node.address).await.copy();
    node.stop().await;

    let node = start(database, size).await;
    let client = Client::resume(node.address, without.clone()).await;
    client.agrees().await;
    let with = client.copy();
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
    let mut kept = Client::follow(small.address).await.copy();
    for round in 0..4 {
        let there = Client::resume(large.address, kept).await;
        there.agrees().await;
        let row = there.ask("update_coach", json!({ "id": 4, "age": 40 + round })).await.done();
        let back = Client::resume(small.address, there.copy()).await;
        wait_until_withheld(&back, "coaches").await;
        assert_eq!(back.ask("get_coach", json!({ "id": 4 })).await.done(), row);
        kept = back.copy();
    }
    small.stop().await;
    large.stop().await;
}
