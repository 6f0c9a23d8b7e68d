//! Events, their arguments and their acks.

use serde_json::{Value, json};

use crate::harness::{TestApp, fixtures, on_both_databases, wire::ServerPacket};

on_both_databases! {
    acks_keep_order_of_events,
    event_without_ack_is_executed,
    unknown_event_is_refused,
    event_accepts_payload_and_options,
    invalid_options_are_refused,
    non_object_payload_is_refused,
    acks_are_sent_to_their_own_client,
    list_filters_and_sorts_by_columns,
    null_sorts_first,
}

async fn acks_keep_order_of_events(app: &TestApp) {
    let client = app.connect().await;
    let then = client.now();
    // Writes, reads and refusals mixed: none overtakes another.
    let mut ids = Vec::new();
    for at in 0..200 {
        ids.push(match at % 4 {
            0 => client.emit("new_coach", &[fixtures::coach(&format!("Coach {at}"))]),
            1 => client.emit("get_coach", &[json!({ "id": at / 4 + 1 })]),
            2 => client.emit("new_coach", &[json!({})]),
            _ => client.emit("nothing", &[]),
        });
    }
    client.ack(*ids.last().unwrap()).await;
    let acked = client.since(then).into_iter().filter_map(|packet| match packet {
        ServerPacket::Ack(id, _) => Some(id),
        _ => None,
    });
    assert_eq!(acked.collect::<Vec<_>>(), ids);
    for (at, id) in ids.iter().enumerate() {
        let ack = client.ack(*id).await;
        let id = json!(at / 4 + 1);
        match at % 4 {
            0 | 1 => assert_eq!(ack.unwrap_data()["id"], id, "ids are given out in order from 1"),
            2 => assert_eq!(ack.error_keys().len(), 3),
            _ => assert_eq!(ack.error_keys(), ["$unknown_event"]),
        }
    }
}

async fn event_without_ack_is_executed(app: &TestApp) {
    let client = app.connect().await;
    let then = client.now();
    client.send(format!("42{}", json!(["new_coach", fixtures::coach("Ada")])));
    client.send(format!("42{}", json!(["new_coach", { "name": "A" }])));
    client.send(r#"42["nothing"]"#);
    client.wait_for_rows("coaches", |rows| rows.len() == 1).await;
    client.assert_responsive().await;
    let acks = client.since(then).into_iter().filter(|packet| matches!(packet, ServerPacket::Ack(..)));
    assert_eq!(acks.count(), 1, "only what asked for one has an ack");
}

async fn unknown_event_is_refused(app: &TestApp) {
    let client = app.connect().await;
    for event in ["nothing", "", "coaches", "connected", "NEW_COACH", "new_coach ", "__proto__", "💥"] {
        let ack = client.request(event, json!({})).await;
        assert_eq!(ack.error_keys(), ["$unknown_event"], "{event}");
    }
    let ack = client.request_with("nothing", &[]).await;
    assert_eq!(ack.error_keys(), ["$unknown_event"]);
}

async fn event_accepts_payload_and_options(app: &TestApp) {
    let client = app.connect().await;
    let ada = fixtures::coach("Ada");
    client.request_with("new_coach", &[ada.clone(), json!({})]).await.unwrap_data();
    client.request_with("new_coach", &[ada.clone(), Value::Null]).await.unwrap_data();
    let ack = client.request_with("new_coach", &[ada.clone(), json!({}), json!({})]).await;
    assert_eq!(ack.error_keys(), ["$bad_payload"]);
    for event in ["new_coach", "update_coach", "delete_coach", "get_coach", "login"] {
        let ack = client.request_with(event, &[]).await;
        assert_eq!(ack.error_keys(), ["$bad_payload"], "{event} without a payload");
    }
    assert!(client.request_with("list_coaches", &[]).await.ok);
    assert!(client.request_with("refresh", &[]).await.ok);
    assert_eq!(client.latest("coaches").len(), 2);
}

async fn invalid_options_are_refused(app: &TestApp) {
    let client = app.connect().await;
    for id in [json!("first"), json!(7), json!("00000000-0000-0000-0000-000000000000"), json!([])] {
        let ack =
            client.request_with("new_coach", &[fixtures::coach("Ada"), json!({ "request_id": id })]).await;
        assert_eq!(ack.error_keys(), ["request_id"]);
    }
    let ack = client.request_with("new_coach", &[fixtures::coach("Ada"), json!({ "urgent": true })]).await;
    assert_eq!(ack.error_keys(), ["urgent"]);
    let ack = client.request_with("new_coach", &[fixtures::coach("Ada"), json!("now")]).await;
    assert_eq!(ack.error_keys(), ["$bad_payload"]);
    client.request("refresh", Value::Null).await.unwrap_data();
    assert_eq!(client.latest("coaches"), [] as [Value; 0]);
}

async fn non_object_payload_is_refused(app: &TestApp) {
    let client = app.connect().await;
    for payload in [json!(null), json!(1), json!("x"), json!(true), json!([]), json!([{ "id": 1 }])] {
        for event in ["new_coach", "update_coach", "delete_coach", "get_coach", "login"] {
            let ack = client.request(event, payload.clone()).await;
            assert_eq!(ack.error_keys(), ["$bad_payload"], "{event} {payload}");
        }
        assert_eq!(client.request("list_coaches", payload.clone()).await.ok, payload.is_null(), "{payload}");
    }
}

async fn acks_are_sent_to_their_own_client(app: &TestApp) {
    let (one, two) = (app.connect().await, app.connect().await);
    // The ack id is the same on both sockets.
    let first = one.emit("new_coach", &[fixtures::coach("Ada")]);
    let second = two.emit("get_coach", &[json!({ "id": 99 })]);
    assert_eq!(first, second);
    assert_eq!(one.ack(first).await.unwrap_data()["name"], "Ada");
    assert_eq!(two.ack(second).await.error_keys(), ["$not_found"]);
}

async fn list_filters_and_sorts_by_columns(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    for (day, hour, coach) in [("Monday", "1800", 2), ("Tuesday", "900", 2), ("Monday", "700", 1)] {
        let payload = fixtures::with(fixtures::schedule(day, hour), json!({ "coach": coach }));
        client.request("new_schedule", payload).await.unwrap_data();
    }
    let ids = async |request: Value| {
        let page = client.request("list_schedules", request).await.unwrap_data();
        let ids = page["rows"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(json!({ "where": { "day": "Monday" } })).await, [1, 2, 4]);
    assert_eq!(ids(json!({ "where": { "day": "Monday", "coach": 1 } })).await, [1, 4]);
    assert_eq!(ids(json!({ "where": { "hour": 900 } })).await, [1, 3]);
    assert_eq!(ids(json!({ "sort": "-coach,day" })).await, [2, 3, 1, 4]);
    let ack = client.request("list_schedules", json!({ "where": { "coach": { "contains": "1" } } })).await;
    assert_eq!(ack.error_keys(), ["where.coach"]);
    let ack = client.request("list_coaches", json!({ "where": { "password_hash": "x" } })).await;
    assert_eq!(ack.error_keys(), ["where.password_hash"], "what is not shown cannot be asked for");
    let ack = client.request("list_coaches", json!({ "where": { "age": { "like": 1 }, "id": [1] } })).await;
    assert_eq!(ack.error_keys(), ["where.age", "where.id"]);
}

async fn null_sorts_first(app: &TestApp) {
    let client = app.connect().await;
    for username in [json!("zoe"), json!(null), json!("ada"), json!(null)] {
        let payload = fixtures::with(fixtures::coach("Ada"), json!({ "username": username }));
        client.request("new_coach", payload).await.unwrap_data();
    }
    for (sort, expected) in
        [("username", [2, 4, 3, 1]), ("-username", [1, 3, 2, 4]), ("-username,-id", [1, 3, 4, 2])]
    {
        let (mut found, mut after) = (Vec::new(), Value::Null);
        for _ in 0..4 {
            let request = json!({ "sort": sort, "limit": 1, "after": after });
            let page = client.request("list_coaches", request).await.unwrap_data();
            found.push(page["rows"][0]["id"].clone());
            after = page["next"].clone();
        }
        assert_eq!((found, after), (expected.map(Value::from).to_vec(), Value::Null), "{sort}");
    }
    for (filter, expected) in [
        (json!(null), vec![2, 4]),
        (json!({ "ne": null }), vec![1, 3]),
        (json!({ "ne": "ada" }), vec![1, 2, 4]),
    ] {
        let page =
            client.request("list_coaches", json!({ "where": { "username": filter } })).await.unwrap_data();
        let ids: Vec<_> = page["rows"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
        assert_eq!(ids, expected, "{filter}");
    }
}
