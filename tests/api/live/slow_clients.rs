//! A client that does not read costs little memory, and receives few coalesced messages afterwards.

use serde_json::{Value, json};

use crate::harness::{
    Client, Database, Engine, client::StalledClient, fixtures, http, process::ServerProcess,
};

/// Far more than connections and outboxes hold: about 7 kB each.
const WRITES: usize = 3000;
/// More than the system buffers for a connection.
const MAX_EVENTS: usize = WRITES / 2;
/// An eighth of what is written meanwhile.
const MAX_MEMORY_GROWTH: usize = 3 * 1024 * 1024;

#[actix_web::test]
async fn unread_changes_are_coalesced() {
    assert_coalesced(json!({ "live": "changes" }), "changes").await;
}

#[actix_web::test]
async fn unread_snapshots_are_coalesced() {
    assert_coalesced(json!({}), "workout_plans").await;
}

#[actix_web::test]
async fn unread_authored_events_are_dropped() {
    assert_coalesced(json!({ "live": "changes", "authors": true }), "authored").await;
}

async fn assert_coalesced(auth: Value, event: &str) {
    let database = Database::new(Engine::Sqlite).await;
    let program = ServerProcess::serve(&database.url(), &["--sqlite-synchronous", "normal"]);
    let address = program.address;
    let (writer, listener) = (Client::follow(address).await, Client::follow(address).await);
    let link = format!("https://example.com/{}", "x".repeat(1900));
    for name in ["Squat", "Plank", "Row"] {
        let long = json!({ "video_link": link, "description": "y".repeat(500) });
        let exercise = fixtures::with(fixtures::exercise_move(name), long);
        writer.request("new_exercise_move", exercise).await.unwrap_data();
    }
    for plan in 0..3 {
        writer
            .request("new_workout_plan", fixtures::workout_plan(&format!("Plan {plan}"), &[1, 2, 3]))
            .await
            .unwrap_data();
    }
    // The first writes make allocations that are kept.
    write(&writer, WRITES / 10, "First").await;
    let stalled = StalledClient::connect(address, &auth).await;
    http::until_metric(address, "socketio_sessions", |sessions| sessions == 3.0).await;
    write(&writer, WRITES / 2, "Second").await;
    let before = program.memory();
    write(&writer, WRITES, "Third").await;
    let after = program.memory();
    assert!(after < before + MAX_MEMORY_GROWTH, "{before} bytes became {after}");
    listener.assert_in_sync().await;
    assert_eq!(http::metric(address, "socketio_evictions_total").await, 0.0);
    writer.request("delete_workout_plan", json!({ "id": 3 })).await.unwrap_data();
    let last = writer.replica();

    let awake = stalled.resume_reading().await;
    awake
        .wait_for_replica("the last of it", |replica| {
            replica.rows("workout_plans") == last.rows("workout_plans")
        })
        .await;
    awake.assert_in_sync().await;
    assert!(event == "workout_plans" || http::metric(address, "rowcast_live_coalesced_total").await > 0.0);
    let received = awake.events_since(0).iter().filter(|name| *name == event).count();
    assert!(received < MAX_EVENTS, "{received} of {WRITES} and more");
    let row = writer.request("update_workout_plan", json!({ "id": 1, "name": "Awake" })).await.unwrap_data();
    awake.wait_for_replica("what happens from now on", |replica| replica.has("workout_plans", &row)).await;
}

/// Renames plans this many times, a hundred at a time.
async fn write(writer: &Client, count: usize, name: &str) {
    for batch in 0..count / 100 {
        let rename = |at| json!({ "id": at % 3 + 1, "name": format!("{name} {batch} {at}") });
        let asked: Vec<u64> = (0..100).map(|at| writer.emit("update_workout_plan", &[rename(at)])).collect();
        for id in asked {
            writer.ack(id).await.unwrap_data();
        }
    }
}
