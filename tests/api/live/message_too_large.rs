//! A client that closes its connection because a message is too large reconnects without that collection; other
//! clients receive it.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

use crate::harness::{Client, ReplicaModel, TestApp, fixtures, http, on_both_databases};

on_both_databases! {
    snapshots_client_reconnects_without_large_collection,
    changes_client_reconnects_without_large_collection,
    other_clients_receive_large_collection,
    client_in_parts_receives_parts_again,
    withheld_collection_is_sent_once_small_enough,
}

/// Some 250 kB, more than a client with a limit of 64 KiB accepts.
const COACHES: usize = 500;

async fn seed_large_collection(app: &TestApp) -> Client {
    let writer = app.follow().await;
    fixtures::seed_one_of_each(&writer).await;
    let picture = format!("https://example.com/{}", "x".repeat(400));
    let numbers = format!(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < {COACHES}) \
         insert into coaches (name, age, picture) select 'Coach ' || i, 30, '{picture}' from n"
    );
    app.database.execute(&numbers).await;
    writer.assert_in_sync().await;
    writer
}

/// Closes the connection as stock clients do when a message is too large.
async fn close_as_too_large(app: &TestApp, client: Client) {
    let before = limits_met(app).await;
    let close = CloseFrame { code: 1009.into(), reason: "".into() };
    client.send_message(Message::Close(Some(close)));
    client.closed().await;
    http::until_metric(app.address, "rowcast_bounds_met_total", |met| met > before).await;
}

async fn limits_met(app: &TestApp) -> f64 {
    http::metric(app.address, "rowcast_bounds_met_total").await
}

fn withheld_reason(client: &Client) -> String {
    let received = client.since(0).into_iter().find_map(|packet| match packet {
        crate::harness::wire::ServerPacket::Event(name, what) if name == "withheld" => {
            what.into_iter().next()
        }
        _ => None,
    });
    received.expect("something withheld")["reason"].as_str().unwrap().to_owned()
}

async fn snapshots_client_reconnects_without_large_collection(app: &TestApp) {
    let writer = seed_large_collection(app).await;
    close_as_too_large(app, app.connect().await).await;
    let back = app.connect().await;
    let expected = ["connected", "withheld", "workout_plans", "exercise_moves", "schedules"];
    assert_eq!(back.events_since(0), expected);
    let reason = withheld_reason(&back);
    assert!(reason.contains("65536") && reason.contains("raise its limit"), "{reason}");

    let then = back.now();
    let name = json!({ "id": 1, "name": "Ada Byron" });
    writer.request("update_coach", name).await.unwrap_data();
    back.wait_for_rows("schedules", |rows| rows[0]["coach"]["name"] == "Ada Byron").await;
    assert_eq!(back.events_since(then), ["schedules"], "and not the coaches");
    let then = back.now();
    back.request("refresh", Value::Null).await.unwrap_data();
    assert_eq!(back.events_since(then), expected[1..]);
    assert_eq!(back.list_all("coaches").await, writer.replica().rows("coaches"));

    let again = app.connect().await;
    assert!(again.events_since(0).contains(&"coaches".to_owned()), "once");
}

async fn changes_client_reconnects_without_large_collection(app: &TestApp) {
    let writer = seed_large_collection(app).await;
    close_as_too_large(app, app.follow().await).await;
    let back = app.follow().await;
    back.wait_for_replica("coaches withheld", |replica| replica.is_withheld("coaches")).await;
    let then = back.now();
    writer.request("update_coach", json!({ "id": 1, "name": "Ada Byron" })).await.unwrap_data();
    let row = writer.request("update_schedule", json!({ "id": 1, "hour": "1100" })).await.unwrap_data();
    back.wait_for_replica("a schedule", |replica| replica.has("schedules", &row)).await;
    for change in back.changes_since(then) {
        assert_eq!(change.as_object().unwrap().keys().collect::<Vec<_>>(), ["schedules"]);
    }
    let own = back.request("update_coach", json!({ "id": 2, "age": 44 })).await.unwrap_data();
    assert_eq!(own["age"], 44);

    let free = Client::resume(app.address, back.replica()).await;
    free.assert_in_sync().await;
    assert!(free.replica().has("coaches", &own), "it takes them, and is sent them whole");
}

async fn other_clients_receive_large_collection(app: &TestApp) {
    seed_large_collection(app).await;
    close_as_too_large(app, app.connect().await).await;
    for auth in [json!({ "live": "changes" }), json!({ "authors": true })] {
        let other = app.connect_with(&auth).await.expect("to be connected");
        assert!(!other.events_since(0).contains(&"withheld".to_owned()), "{auth}");
    }
    let back = app.connect().await;
    assert!(back.events_since(0).contains(&"withheld".to_owned()));
}

async fn client_in_parts_receives_parts_again(app: &TestApp) {
    let client = Client::in_parts(app.address, ReplicaModel::default()).await;
    seed_large_collection(app).await;
    client.wait_for_replica("the coaches, at once", |replica| replica.rows("coaches").len() > COACHES).await;
    close_as_too_large(app, client).await;
    let back = Client::in_parts(app.address, ReplicaModel::default()).await;
    back.assert_in_sync().await;
    assert!(!back.events_since(0).contains(&"withheld".to_owned()));
}

async fn withheld_collection_is_sent_once_small_enough(app: &TestApp) {
    let writer = seed_large_collection(app).await;
    close_as_too_large(app, app.follow().await).await;
    let changes = app.follow().await;
    close_as_too_large(app, app.connect().await).await;
    let snapshots = app.connect().await;
    for round in 0..2 {
        for client in [&changes, &snapshots] {
            client.wait_for_replica("coaches withheld", |replica| replica.is_withheld("coaches")).await;
        }
        app.database.execute("delete from coaches where id > 50").await;
        for client in [&changes, &snapshots] {
            client.assert_in_sync().await;
        }
        let row = writer.request("update_coach", json!({ "id": 2, "age": 50 + round })).await.unwrap_data();
        for client in [&changes, &snapshots] {
            client.wait_for_replica("what happens from now on", |replica| replica.has("coaches", &row)).await;
        }
        let picture = format!("https://example.com/{}", "x".repeat(800));
        app.database.execute(&format!("update coaches set picture = '{picture}' where id <= 50")).await;
        app.database
            .execute(&format!(
                "with recursive n(i) as (select 1 union all select i + 1 from n where i < 100) \
                 insert into coaches (name, age, picture) select 'Coach ' || i, 30, '{picture}' from n"
            ))
            .await;
    }
}
