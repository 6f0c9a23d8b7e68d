//! A write with an id of its own is carried out once, however often it is sent, and acked each time as the first time.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Client, TestApp, gym, on_both_databases, wire::Ack};

on_both_databases! {
    repeated_request_returns_stored_ack,
    concurrent_duplicates_write_once,
    stored_refusal_is_repeated,
    request_id_with_another_payload_is_refused,
    request_id_rejects_non_uuid,
    reads_ignore_request_id,
}

pub(crate) fn id() -> String {
    Uuid::new_v4().to_string()
}

pub(crate) async fn ask(client: &Client, id: &str, event: &str, payload: &Value) -> Ack {
    client.ask_with(event, &[payload.clone(), json!({ "request_id": id })]).await
}

async fn repeated_request_returns_stored_ack(app: &TestApp) {
    let (client, other) = (app.follow().await, app.connect().await);
    gym::open(&client).await;
    for (event, payload) in [
        ("new_coach", gym::coach("Grace")),
        ("update_coach", json!({ "id": 2, "age": 50 })),
        ("new_workout_plan", gym::workout_plan("Evening", &[1, 1])),
        ("update_workout_plan", json!({ "id": 2, "exercise_moves": [1] })),
        ("delete_workout_plan", json!({ "id": 2 })),
        ("new_exercise_moves", gym::exercise_move("Plank")),
        ("update_schedule", json!({ "id": 1, "hour": "1000" })),
    ] {
        let id = id();
        let first = ask(&client, &id, event, &payload).await;
        assert!(first.ok, "{event}: {first:?}");
        other.agrees().await;
        let (here, there) = (client.now(), other.now());
        for id in [id.clone(), id.to_uppercase(), format!("{{{id}}}"), id.replace('-', "")] {
            assert_eq!(ask(&client, &id, event, &payload).await, first, "{event} by {id}");
            assert_eq!(ask(&other, &id, event, &payload).await, first, "{event} by {id} on another socket");
        }
        assert_eq!(client.told(here), [] as [Value; 0], "{event}");
        assert_eq!(other.events_since(there), [] as [String; 0], "{event}");
        assert_eq!(ask(&client, &self::id(), event, &payload).await.ok, !event.starts_with("delete"));
    }
    client.agrees().await;
}

async fn concurrent_duplicates_write_once(app: &TestApp) {
    let (one, two) = (app.follow().await, app.connect().await);
    for round in 0..40 {
        let (id, coach) = (id(), gym::coach(&format!("Coach {round}")));
        let ask = async |client: &Client| {
            let ack = ask(client, &id, "new_coach", &coach).await;
            let row = ack.clone().done();
            assert!(client.copy().has("coaches", &row), "whoever is acked has been shown it");
            ack
        };
        let (first, second) = tokio::join!(ask(&one), ask(&two));
        assert_eq!(first, second, "round {round}");
        assert_eq!(one.copy().rows("coaches").len(), round + 1);
    }
    one.agrees().await;
    two.agrees().await;
}

async fn stored_refusal_is_repeated(app: &TestApp) {
    let client = app.connect().await;
    gym::open(&client).await;
    let stale = json!({ "id": 1, "version": 7, "age": 50 });
    let cases = [
        ("update_coach", json!({ "id": 2, "age": 50 }), "$not_found"),
        ("update_coach", stale, "$conflict"),
        ("delete_coach", json!({ "id": 1 }), "$in_use"),
        ("new_schedule", gym::with(gym::schedule("Friday", "900"), json!({ "coach": 2 })), "coach.id"),
        ("new_coach", json!({ "name": "A", "age": 17, "picture": gym::PICTURE }), "age"),
    ];
    let ids: Vec<String> = cases.iter().map(|_| id()).collect();
    let mut refused = Vec::new();
    for ((event, payload, key), id) in cases.iter().zip(&ids) {
        let ack = ask(&client, id, event, payload).await;
        assert!(ack.refused().contains(key), "{event}: {ack:?}");
        refused.push(ack);
    }
    // From here on most of them would be carried out.
    client.ask("new_coach", gym::coach("Grace")).await.done();
    for age in 40..46 {
        client.ask("update_coach", json!({ "id": 1, "age": age })).await.done();
    }
    client.ask("delete_schedule", json!({ "id": 1 })).await.done();
    for (((event, payload, _), id), refused) in cases.iter().zip(&ids).zip(&refused) {
        assert_eq!(ask(&client, id, event, payload).await, *refused, "{event}");
    }
    for ((event, payload, _), _) in cases.iter().zip(&ids).take(2) {
        assert!(ask(&client, &id(), event, payload).await.ok, "{event} under an id of its own");
    }
    client.agrees().await;
}

async fn request_id_with_another_payload_is_refused(app: &TestApp) {
    let client = app.connect().await;
    gym::open(&client).await;
    let id = id();
    let first = ask(&client, &id, "update_coach", &json!({ "id": 1, "age": 50 })).await;
    for (event, payload) in [
        ("update_coach", json!({ "id": 1, "age": 51 })),
        ("update_coach", json!({ "id": 1, "age": 5 })),
        ("delete_schedule", json!({ "id": 1 })),
        ("new_coach", gym::coach("Grace")),
    ] {
        let ack = ask(&client, &id, event, &payload).await;
        assert_eq!(ack.refused(), ["request_id"], "{event}");
    }
    assert_eq!(ask(&client, &id, "update_coach", &json!({ "id": 1, "age": 50 })).await, first);
    assert_eq!(client.latest("coaches"), [first.data]);
    client.agrees().await;
}

async fn request_id_rejects_non_uuid(app: &TestApp) {
    let client = app.connect().await;
    gym::open(&client).await;
    for wrong in [
        json!("7"),
        json!(7),
        json!([id()]),
        json!({}),
        json!("0".repeat(36)),
        json!(true),
        json!(""),
        json!(null),
    ] {
        let options = json!({ "request_id": wrong });
        let ack = client.ask_with("update_coach", &[json!({ "id": 1, "age": 50 }), options]).await;
        assert_eq!(ack.refused(), ["request_id"], "{wrong}");
    }
    let unknown = json!({ "request_id": id(), "retries": 3 });
    let ack = client.ask_with("update_coach", &[json!({ "id": 1, "age": 50 }), unknown]).await;
    assert_eq!(ack.refused(), ["retries"]);
    assert_eq!(client.latest("coaches")[0]["version"], 1);
}

async fn reads_ignore_request_id(app: &TestApp) {
    let client = app.connect().await;
    gym::open(&client).await;
    let id = id();
    for age in 40..44 {
        let row = client.ask("update_coach", json!({ "id": 1, "age": age })).await.done();
        assert_eq!(ask(&client, &id, "get_coach", &json!({ "id": 1 })).await.done(), row);
        assert_eq!(ask(&client, &id, "list_coaches", &json!({})).await.done()["rows"], json!([row]));
        assert!(ask(&client, &id, "refresh", &Value::Null).await.ok);
    }
    assert!(
        ask(&client, &id, "update_coach", &json!({ "id": 1, "age": 50 })).await.ok,
        "it has not been used"
    );
}
