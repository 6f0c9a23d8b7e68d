//! A repeated request is recognized by its decoded payload, in any notation, and also if an earlier version of the
//! server executed it.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{request_id, request_with_id};
use crate::harness::{Client, TestApp, fixtures, on_both_databases, wire::Ack};

on_both_databases! {
    equivalent_payloads_are_the_same_request,
    equivalent_refused_payloads_are_the_same_request,
    different_payload_with_same_id_is_refused,
    request_stored_by_earlier_version_is_recognized,
}

async fn request_text(client: &Client, id: &str, event: &str, payload: &str) -> Ack {
    client.ack(client.emit_text(event, &format!(r#"{payload}, {{ "request_id": "{id}" }}"#))).await
}

/// Writes to each collection, each in several notations.
const SPELLINGS: [(&str, &[&str]); 9] = [
    (
        "new_coach",
        &[
            r#"{"name":"Grace","age":44,"picture":"https://e.x/p","username":null}"#,
            r#"{ "age": 44.0, "picture": "https:\/\/e.x\/p", "name": "Gr\u0061ce" }"#,
            r#"{"id":"","username":"","age":"44","name":"  Grace  ","picture":"https://e.x/p","version":7}"#,
            r#"{"age":1,"name":"Grace","age":4.4e1,"picture":"https://e.x/p"}"#,
        ],
    ),
    (
        "update_coach",
        &[
            r#"{"id":1,"age":50,"username":null}"#,
            r#"{"username":" ","age":"50","id":"1"}"#,
            "{\n\t\"age\": 5e1,\n\t\"id\": 1.0, \"username\": null }",
        ],
    ),
    (
        "new_exercise_move",
        &[
            r#"{"name":"Plank","focus":"Core","description":"Hold it, and hold it on.","video_link":"https://e.x/v"}"#,
            r#"{"video_link":"https://e.x/v","description":"Hold it,\u0020and hold it on. ","focus":"Core","name":"Plank"}"#,
        ],
    ),
    ("update_exercise_move", &[r#"{"id":1,"name":"Squats"}"#, r#"{"name":"\u0053quats","id":"1"}"#]),
    (
        "new_workout_plan",
        &[
            r#"{"name":"Evening","difficulty":"Easy","description":"A quiet end of the day.","exercise_moves":[1,1]}"#,
            r#"{"exercise_moves":[{"id":"1","name":"stale"},"1"],"description":"A quiet end of the day.","name":"Evening","difficulty":"Easy"}"#,
        ],
    ),
    (
        "update_workout_plan",
        &[r#"{"id":1,"exercise_moves":[1,1]}"#, r#"{"exercise_moves":[1.0,{"id":1}],"id":1}"#],
    ),
    (
        "new_schedule",
        &[
            r#"{"day":"Friday","hour":"800","coach":1,"workout_plan":1}"#,
            r#"{"coach":{"id":"1","name":"somebody else"},"hour":800,"workout_plan":{"id":1},"day":"Friday"}"#,
        ],
    ),
    ("update_schedule", &[r#"{"id":1,"hour":"1000"}"#, r#"{"hour":1000,"id":"1"}"#]),
    ("delete_schedule", &[r#"{"id":1}"#, r#"{"id":"1","day":"Monday","anything":[1,2]}"#]),
];

async fn equivalent_payloads_are_the_same_request(app: &TestApp) {
    let (client, other) = (app.follow().await, app.connect().await);
    fixtures::seed_one_of_each(&client).await;
    for (event, spellings) in SPELLINGS {
        let id = request_id();
        let first = request_text(&client, &id, event, spellings[0]).await;
        assert!(first.ok, "{event}: {first:?}");
        let then = client.now();
        for spelling in spellings {
            assert_eq!(request_text(&client, &id, event, spelling).await, first, "{event} {spelling}");
            assert_eq!(request_text(&other, &id, event, spelling).await, first, "{event} {spelling}");
        }
        assert_eq!(client.changes_since(then), [] as [Value; 0], "{event}");
    }
    let alias = request_id();
    let plank = fixtures::exercise_move("Plank");
    let first = request_with_id(&client, &alias, "new_exercise_moves", &plank).await;
    assert_eq!(request_with_id(&client, &alias, "new_exercise_move", &plank).await, first);
    client.assert_in_sync().await;
}

async fn equivalent_refused_payloads_are_the_same_request(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    for (event, spellings) in [
        (
            "new_coach",
            [r#"{"name":"A","age":17,"picture":"no"}"#, r#"{"picture":"no","age":"17","name":" A"}"#],
        ),
        ("update_coach", [r#"{"id":1,"agee":5}"#, r#"{ "agee": [1, 2], "id": "1" }"#]),
        ("update_coach", [r#"{"id":77,"age":50}"#, r#"{"age":50.0,"id":77}"#]),
        ("update_coach", [r#"{"id":1,"version":9}"#, r#"{"version":"9","id":1}"#]),
    ] {
        let id = request_id();
        let first = request_text(&client, &id, event, spellings[0]).await;
        assert!(!first.ok && first.errors.keys().all(|key| key != "request_id"), "{first:?}");
        assert_eq!(request_text(&client, &id, event, spellings[1]).await, first, "{event}");
    }
}

/// Events and payloads.
type OtherRequests = &'static [(&'static str, &'static str)];

async fn different_payload_with_same_id_is_refused(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    let cases: [(&str, &str, OtherRequests); 3] = [
        (
            "update_coach",
            r#"{"id":1,"age":50}"#,
            &[
                ("update_coach", r#"{"id":1,"age":51}"#),
                ("update_coach", r#"{"id":1,"age":50,"name":"Ada"}"#),
                ("update_coach", r#"{"id":1,"age":50,"username":null}"#),
                ("update_coach", r#"{"id":1,"age":50,"version":2}"#),
                ("update_coach", r#"{"id":2,"age":50}"#),
                ("update_coach", r#"{"id":1,"age":50,"agee":50}"#),
                ("delete_coach", r#"{"id":1}"#),
            ],
        ),
        (
            "update_workout_plan",
            r#"{"id":1,"exercise_moves":[1,2]}"#,
            &[
                ("update_workout_plan", r#"{"id":1,"exercise_moves":[2,1]}"#),
                ("update_workout_plan", r#"{"id":1,"exercise_moves":[1,2,2]}"#),
            ],
        ),
        (
            "delete_schedule",
            r#"{"id":1}"#,
            &[("delete_schedule", r#"{"id":2}"#), ("delete_coach", r#"{"id":1}"#)],
        ),
    ];
    for (event, payload, others) in cases {
        let id = request_id();
        request_text(&client, &id, event, payload).await;
        for (other, payload) in others {
            let ack = request_text(&client, &id, other, payload).await;
            assert_eq!(ack.error_keys(), ["request_id"], "{other} {payload}");
        }
    }
    client.assert_in_sync().await;
}

/// Its digest is that of the raw text, and it has no user.
async fn request_stored_by_earlier_version_is_recognized(app: &TestApp) {
    let client = app.connect().await;
    let text = r#"{"name": "Ada",  "age": 36.0}"#;
    let digest: String =
        Sha256::digest(format!("new_coach\0{text}")).iter().map(|byte| format!("{byte:02x}")).collect();
    let (id, ack) = (request_id(), r#"{"ok":true,"data":{"id":7},"errors":{}}"#);
    let now = app.database.number("select at from rowcast_clock").await;
    let row = format!(
        "insert into rowcast_requests (id, digest, ack, at) values ('{id}', '{digest}', '{ack}', {now})"
    );
    app.database.execute(&row).await;

    assert_eq!(request_text(&client, &id, "new_coach", text).await.unwrap_data(), json!({ "id": 7 }));
    let other = request_text(&client, &id, "new_coach", r#"{"name": "Eve",  "age": 36.0}"#).await;
    assert_eq!(other.error_keys(), ["request_id"]);
    assert!(client.latest("coaches").is_empty());
}
