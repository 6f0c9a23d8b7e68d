//! A write with a request id is executed once, and acked each time as the first time.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Client, TestApp, fixtures, on_both_databases, wire::Ack};

on_both_databases! {
    repeated_request_returns_stored_ack,
    concurrent_duplicates_write_once,
    stored_refusal_is_repeated,
    request_id_with_another_payload_is_refused,
    request_id_rejects_non_uuid,
    reads_ignore_request_id,
}

pub(crate) fn request_id() -> String {
    Uuid::new_v4().to_string()
}

pub(crate) async fn request_with_id(client: &Client, id: &str, event: &str, payload: &Value) -> Ack {
    client.request_with(event, &[payload.clone(), json!({ "request_id": id })]).await
}

async fn repeated_request_returns_stored_ack(app: &TestApp) {
    let (client, other) = (app.follow().await, app.connect().await);
    fixtures::seed_one_of_each(&client).await;
    for (event, payload) in [
        ("new_coach", fixtures::coach("Grace")),
        ("update_coach", json!({ "id": 2, "age": 50 })),
        ("new_workout_plan", fixtures::workout_plan("Evening", &[1, 1])),
        ("update_workout_plan", json!({ "id": 2, "exercise_moves": [1] })),
        ("delete_workout_plan", json!({ "id": 2 })),
        ("new_exercise_moves", fixtures::exercise_move("Plank")),
        ("update_schedule", json!({ "id": 1, "hour": "1000" })),
    ] {
        let id = request_id();
        let first = request_with_id(&client, &id, event, &payload).await;
        assert!(first.ok, "{event}: {first:?}");
        other.assert_in_sync().await;
        let (here, there) = (client.now(), other.now());
        for id in [id.clone(), id.to_uppercase(), format!("{{{id}}}"), id.replace('-', "")] {
            assert_eq!(request_with_id(&client, &id, event, &payload).await, first, "{event} by {id}");
            assert_eq!(
                request_with_id(&other, &id, event, &payload).await,
                first,
                "{event} by {id} on another socket"
            );
        }
        assert_eq!(client.changes_since(here), [] as [Value; 0], "{event}");
        assert_eq!(other.events_since(there), [] as [String; 0], "{event}");
        assert_eq!(
            request_with_id(&client, &request_id(), event, &payload).await.ok,
            !event.starts_with("delete")
        );
    }
    client.assert_in_sync().await;
}

async fn concurrent_duplicates_write_once(app: &TestApp) {
    let (one, two) = (app.follow().await, app.connect().await);
    for round in 0..40 {
        let (id, coach) = (request_id(), fixtures::coach(&format!("Coach {round}")));
        let write = async |client: &Client| {
            let ack = request_with_id(client, &id, "new_coach", &coach).await;
            let row = ack.clone().unwrap_data();
            assert!(client.replica().has("coaches", &row), "shown before its ack");
            ack
        };
        let (first, second) = tokio::join!(write(&one), write(&two));
        assert_eq!(first, second, "round {round}");
        assert_eq!(one.replica().rows("coaches").len(), round + 1);
    }
    one.assert_in_sync().await;
    two.assert_in_sync().await;
}

async fn stored_refusal_is_repeated(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    let stale = json!({ "id": 1, "version": 7, "age": 50 });
    let cases = [
        ("update_coach", json!({ "id": 2, "age": 50 }), "$not_found"),
        ("update_coach", stale, "$conflict"),
        ("delete_coach", json!({ "id": 1 }), "$in_use"),
        (
            "new_schedule",
            fixtures::with(fixtures::schedule("Friday", "900"), json!({ "coach": 2 })),
            "coach.id",
        ),
        ("new_coach", json!({ "name": "A", "age": 17, "picture": fixtures::PICTURE }), "age"),
    ];
    let ids: Vec<String> = cases.iter().map(|_| request_id()).collect();
    let mut refused = Vec::new();
    for ((event, payload, key), id) in cases.iter().zip(&ids) {
        let ack = request_with_id(&client, id, event, payload).await;
        assert!(ack.error_keys().contains(key), "{event}: {ack:?}");
        refused.push(ack);
    }
    // From now on most of them would succeed.
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    for age in 40..46 {
        client.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
    }
    client.request("delete_schedule", json!({ "id": 1 })).await.unwrap_data();
    for (((event, payload, _), id), refused) in cases.iter().zip(&ids).zip(&refused) {
        assert_eq!(request_with_id(&client, id, event, payload).await, *refused, "{event}");
    }
    for ((event, payload, _), _) in cases.iter().zip(&ids).take(2) {
        assert!(
            request_with_id(&client, &request_id(), event, payload).await.ok,
            "{event} under an id of its own"
        );
    }
    client.assert_in_sync().await;
}

async fn request_id_with_another_payload_is_refused(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    let id = request_id();
    let first = request_with_id(&client, &id, "update_coach", &json!({ "id": 1, "age": 50 })).await;
    for (event, payload) in [
        ("update_coach", json!({ "id": 1, "age": 51 })),
        ("update_coach", json!({ "id": 1, "age": 5 })),
        ("delete_schedule", json!({ "id": 1 })),
        ("new_coach", fixtures::coach("Grace")),
    ] {
        let ack = request_with_id(&client, &id, event, &payload).await;
        assert_eq!(ack.error_keys(), ["request_id"], "{event}");
    }
    assert_eq!(request_with_id(&client, &id, "update_coach", &json!({ "id": 1, "age": 50 })).await, first);
    assert_eq!(client.latest("coaches"), [first.data]);
    client.assert_in_sync().await;
}

async fn request_id_rejects_non_uuid(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    for wrong in [
        json!("7"),
        json!(7),
        json!([request_id()]),
        json!({}),
        json!("0".repeat(36)),
        json!(true),
        json!(""),
        json!(null),
    ] {
        let options = json!({ "request_id": wrong });
        let ack = client.request_with("update_coach", &[json!({ "id": 1, "age": 50 }), options]).await;
        assert_eq!(ack.error_keys(), ["request_id"], "{wrong}");
    }
    let unknown = json!({ "request_id": request_id(), "retries": 3 });
    let ack = client.request_with("update_coach", &[json!({ "id": 1, "age": 50 }), unknown]).await;
    assert_eq!(ack.error_keys(), ["retries"]);
    assert_eq!(client.latest("coaches")[0]["version"], 1);
}

async fn reads_ignore_request_id(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    let id = request_id();
    for age in 40..44 {
        let row = client.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
        assert_eq!(request_with_id(&client, &id, "get_coach", &json!({ "id": 1 })).await.unwrap_data(), row);
        assert_eq!(
            request_with_id(&client, &id, "list_coaches", &json!({})).await.unwrap_data()["rows"],
            json!([row])
        );
        assert!(request_with_id(&client, &id, "refresh", &Value::Null).await.ok);
    }
    assert!(
        request_with_id(&client, &id, "update_coach", &json!({ "id": 1, "age": 50 })).await.ok,
        "it has not been used"
    );
}
