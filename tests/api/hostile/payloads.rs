//! Well-formed events with invalid payloads.

use serde_json::{Value, json};

use crate::harness::{Client, TestApp, fixtures, on_both_databases};

on_both_databases! {
    arbitrary_values_are_acked,
    id_out_of_range_is_refused,
    oversized_payload_is_refused,
    too_deep_payload_is_refused,
    sql_in_text_is_not_executed,
    nul_character_is_refused,
    lone_surrogate_is_refused,
    duplicate_field_uses_last_value,
    errors_for_many_unknown_fields_are_truncated,
    prototype_property_names_are_plain_keys,
}

/// JSON values of all types, including edge cases of number and text parsers.
const VALUES: [&str; 22] = [
    "null",
    "true",
    "false",
    "0",
    "-1",
    "-0",
    "1.5",
    "1e999",
    "-1e999",
    "1e-999",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "123456789012345678901234567890",
    r#""""#,
    r#"" ""#,
    r#""x""#,
    r#""NaN""#,
    "[]",
    "[[[[[]]]]]",
    "{}",
    r#"{"id":{"id":{"id":1}}}"#,
];

async fn arbitrary_values_are_acked(app: &TestApp) {
    let (client, other) = (app.connect().await, app.connect().await);
    fixtures::seed_one_of_each(&client).await;
    let coach = fixtures::with(fixtures::coach("Ada"), json!({ "username": "ada" }));
    let exercise_move = fixtures::exercise_move("Squat");
    let plan = fixtures::workout_plan("Morning", &[1]);
    let schedule = fixtures::schedule("Monday", "900");
    let list = json!({ "where": { "name": "x", "id": { "gt": 1 } }, "sort": "id", "limit": 1, "after": "x" });
    let login = json!({ "username": "nobody", "password": "x" });
    let mut asked = Vec::new();
    for (events, payload) in [
        (["new_coach", "update_coach"], &coach),
        (["new_exercise_move", "update_exercise_move"], &exercise_move),
        (["new_workout_plan", "update_workout_plan"], &plan),
        (["new_schedule", "update_schedule"], &schedule),
        (["list_coaches", "list_exercise_moves"], &list),
    ] {
        for event in events {
            asked.extend(emit_every_value(&client, event, payload));
        }
    }
    // A login hashes a password, so there are fewer of them.
    for value in VALUES {
        for event in ["refresh", "me", "logout"] {
            asked.push(client.emit_text(event, value));
        }
        asked.push(client.emit_text("login", &replaced(&login, "username", value)));
    }
    for id in asked {
        let ack = client.ack(id).await;
        for key in ["$internal", "$unavailable", "$unknown_event"] {
            assert!(!ack.errors.contains_key(key), "{ack:?}");
        }
    }
    other.assert_responsive().await;
}

/// Emits every value in place of every field, and as payload and options.
fn emit_every_value(client: &Client, event: &str, payload: &Value) -> Vec<u64> {
    let payload = fixtures::with(payload.clone(), json!({ "id": 1, "version": 1 }));
    let fields: Vec<String> = payload.as_object().unwrap().keys().cloned().collect();
    let mut asked = Vec::new();
    for value in VALUES {
        asked.push(client.emit_text(event, value));
        asked.push(client.emit_text(event, &format!("{payload},{value}")));
        for field in &fields {
            asked.push(client.emit_text(event, &replaced(&payload, field, value)));
            asked.push(client.emit_text(event, &replaced(&payload, field, &format!("[{value}]"))));
            asked.push(client.emit_text(event, &replaced(&payload, field, &format!(r#"{{"id":{value}}}"#))));
            asked.push(client.emit_text(event, &replaced(&payload, field, &format!(r#"{{"eq":{value}}}"#))));
        }
    }
    asked
}

/// The payload with raw text in place of one field's value.
fn replaced(payload: &Value, field: &str, value: &str) -> String {
    let fields = payload.as_object().unwrap().iter().map(|(name, old)| {
        let value = if name == field { value.to_owned() } else { old.to_string() };
        format!("{}:{value}", json!(name))
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

async fn id_out_of_range_is_refused(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    let refused = async |event: &str, payload: &str| {
        let ack = client.ack(client.emit_text(event, payload)).await;
        ack.error_keys().join(" ")
    };
    let beyond = [
        "9007199254740992",
        "-9007199254740992",
        "9223372036854775807",
        "-9223372036854775808",
        r#""9223372036854775808""#,
        "1e30",
    ];
    for id in beyond {
        for name in ["coach", "exercise_move", "workout_plan", "schedule"] {
            for verb in ["get", "update", "delete"] {
                let event = format!("{verb}_{name}");
                assert_eq!(refused(&event, &format!(r#"{{"id":{id}}}"#)).await, "id", "{event} {id}");
            }
        }
        let coach = format!(r#"{{"id":1,"coach":{{"id":{id}}}}}"#);
        assert_eq!(refused("update_schedule", &coach).await, "coach.id");
        let moves = format!(r#"{{"id":1,"exercise_moves":[{{"id":{id}}}]}}"#);
        assert_eq!(refused("update_workout_plan", &moves).await, "exercise_moves.0.id");
        assert_eq!(refused("update_coach", &format!(r#"{{"id":1,"version":{id}}}"#)).await, "version");
        assert_eq!(refused("list_coaches", &format!(r#"{{"where":{{"id":{id}}}}}"#)).await, "where.id");
        assert_eq!(refused("list_coaches", &format!(r#"{{"limit":{id}}}"#)).await, "limit");
    }
    for id in ["9007199254740991", "-9007199254740991", "0", "-1"] {
        assert_eq!(refused("get_coach", &format!(r#"{{"id":{id}}}"#)).await, "$not_found");
        let coach = format!(r#"{{"id":1,"coach":{id}}}"#);
        assert_eq!(refused("update_schedule", &coach).await, "coach.id");
    }
}

async fn oversized_payload_is_refused(app: &TestApp) {
    let (client, other) = (app.connect().await, app.connect().await);
    let before = other.now();
    for megabytes in [1, 5, 20] {
        let text = "x".repeat(megabytes * 1_000_000);
        let ack = client.request("new_coach", fixtures::coach(&text)).await;
        assert_eq!(ack.error_keys(), ["$bad_payload"], "{megabytes} MB");
        assert!(ack.error("$bad_payload").contains("1000000"), "{ack:?}");
    }
    // Just below the limit, the field is refused.
    let ack = client.request("new_coach", fixtures::coach(&"x".repeat(999_000))).await;
    assert_eq!(ack.error_keys(), ["name"]);
    client.assert_responsive().await;
    assert!(other.events_since(before).is_empty());
}

async fn too_deep_payload_is_refused(app: &TestApp) {
    let client = app.connect().await;
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let refused = async |payload: &str| {
        let ack = client.ack(client.emit_text("new_coach", payload)).await;
        ack.error_keys().join(" ")
    };
    // The payload itself is the first level.
    assert_eq!(refused(&format!(r#"{{"colour":{}}}"#, nested(31))).await, "age colour name picture");
    assert_eq!(refused(&format!(r#"{{"colour":{}}}"#, nested(32))).await, "$bad_payload");
    assert_eq!(refused(&nested(33)).await, "$bad_payload");
    assert_eq!(refused(&nested(450_000)).await, "$bad_payload");
    assert_eq!(
        refused(&format!(r#"{}1{}"#, r#"{"a":"#.repeat(150_000), "}".repeat(150_000))).await,
        "$bad_payload"
    );
    client.assert_responsive().await;
}

async fn sql_in_text_is_not_executed(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    let rows = client.latest("coaches");
    for sql in [
        "' or '1'='1",
        "x'; delete from coaches; --",
        "\\'; drop table coaches",
        "$1",
        "?1",
        ":id",
        "%",
        "1); --",
    ] {
        let found = client.request("list_coaches", json!({ "where": { "name": sql } })).await.unwrap_data();
        assert_eq!(found["rows"], json!([]), "{sql}");
        let found = client
            .request("list_coaches", json!({ "where": { "name": { "contains": sql } } }))
            .await
            .unwrap_data();
        assert_eq!(found["rows"], json!([]), "{sql}");
        for (request, wrong) in [
            (json!({ "where": { sql: 1 } }), format!("where.{sql}")),
            (json!({ "after": sql }), "after".into()),
        ] {
            assert_eq!(client.request("list_coaches", request).await.error_keys(), [wrong]);
        }
        assert!(!client.request("list_coaches", json!({ "sort": sql })).await.ok, "{sql}");
        assert!(!client.request("login", json!({ "username": sql, "password": sql })).await.ok);
    }
    assert_eq!(client.request("list_coaches", json!({})).await.unwrap_data()["rows"], json!(rows));
}

async fn nul_character_is_refused(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    for (event, payload, wrong) in [
        ("update_coach", json!({ "id": 1, "name": "A\0da" }), "name"),
        ("update_coach", json!({ "id": 1, "picture": "https://example.com/\0" }), "picture"),
        ("update_coach", json!({ "id": 1, "username": "ada\0" }), "username"),
        ("update_schedule", json!({ "id": 1, "day": "Monday\0" }), "day"),
        ("list_coaches", json!({ "where": { "name": "\0" } }), "where.name"),
        ("list_coaches", json!({ "where": { "name": { "contains": "\0" } } }), "where.name"),
        ("list_coaches", json!({ "where": { "name": { "in": ["\0"] } } }), "where.name"),
        ("list_coaches", json!({ "after": "\0" }), "after"),
        ("login", json!({ "username": "\0", "password": "x" }), "username"),
        ("get_coach", json!({ "id": "1\0" }), "id"),
    ] {
        assert_eq!(client.request(event, payload.clone()).await.error_keys(), [wrong], "{event} {payload}");
    }
    let ack = client.request("update_coach", json!({ "id": 1, "\0": 1 })).await;
    assert_eq!(ack.error_keys(), ["\0"]);
    let ack = client.request("login", json!({ "username": "ada", "password": "\0" })).await;
    assert_eq!(ack.error_keys(), ["password", "username"]);
}

async fn lone_surrogate_is_refused(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    for half in [r#""\ud800""#, r#""\udc00x""#, r#""\ud800\ud800""#] {
        for (event, payload, wrong) in [
            ("update_coach", format!(r#"{{"id":1,"name":{half}}}"#), "name"),
            ("list_coaches", format!(r#"{{"where":{{"name":{half}}}}}"#), "where.name"),
            ("get_coach", format!(r#"{{"id":{half}}}"#), "id"),
        ] {
            let ack = client.ack(client.emit_text(event, &payload)).await;
            assert_eq!(ack.error_keys(), [wrong], "{payload}");
        }
        let ack = client.ack(client.emit_text("get_coach", &format!("{{{half}:1}}"))).await;
        assert!(!ack.ok, "{ack:?}");
    }
}

async fn duplicate_field_uses_last_value(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    let ack = client.ack(client.emit_text("update_coach", r#"{"id":9,"age":30,"id":1,"age":40}"#)).await;
    assert_eq!(ack.unwrap_data()["age"], 40, "the last counts, as in JavaScript");
}

async fn errors_for_many_unknown_fields_are_truncated(app: &TestApp) {
    let client = app.connect().await;
    let fields = (0..50_000).map(|at| (format!("field{at}"), json!(1)));
    let ack = client.request("new_coach", Value::Object(fields.collect())).await;
    assert!((4..100).contains(&ack.error_keys().len()), "{}", ack.errors.len());
    let ids: Vec<i64> = vec![1; 50_000];
    let ack = client.request("new_workout_plan", json!({ "exercise_moves": ids })).await;
    assert!(ack.error_keys().contains(&"exercise_moves"), "{ack:?}");
    let ack = client.request("list_coaches", json!({ "where": { "id": { "in": ids } } })).await;
    assert_eq!(ack.error_keys(), ["where.id"]);
}

async fn prototype_property_names_are_plain_keys(app: &TestApp) {
    let client = app.connect().await;
    for name in ["__proto__", "constructor", "toString", "hasOwnProperty", ""] {
        let ack = client.request("get_coach", json!({ name: 1 })).await;
        assert_eq!(ack.error_keys(), ["id"], "{name}");
        let ack =
            client.request("new_coach", fixtures::with(fixtures::coach("Ada"), json!({ name: 1 }))).await;
        assert_eq!(ack.error_keys(), [name]);
    }
    let ack =
        client.request("new_coach", fixtures::with(fixtures::coach("Ada"), json!({ "$internal": 1 }))).await;
    assert_eq!(ack.error_keys(), ["$bad_payload"], "no client makes our own keys");
}
