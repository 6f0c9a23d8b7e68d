//! Events, their arguments and their acks.

use serde_json::{Value, json};

use crate::harness::{TestApp, gym, on_both_databases, wire::Heard};

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
    // Writes, reads and refusals mixed: each takes its own time, and none overtakes.
    let mut ids = Vec::new();
    for at in 0..200 {
        ids.push(match at % 4 {
            0 => client.emit("new_coach", &[gym::coach(&format!("Coach {at}"))]),
            1 => client.emit("get_coach", &[json!({ "id": at / 4 + 1 })]),
            2 => client.emit("new_coach", &[json!({})]),
            _ => client.emit("nothing", &[]),
        });
    }
    client.ack(*ids.last().unwrap()).await;
    let acked = client.since(then).into_iter().filter_map(|heard| match heard {
        Heard::Ack(id, _) => Some(id),
        _ => None,
    });
    assert_eq!(acked.collect::<Vec<_>>(), ids);
    for (at, id) in ids.iter().enumerate() {
        let ack = client.ack(*id).await;
        let id = json!(at / 4 + 1);
        match at % 4 {
            0 | 1 => assert_eq!(ack.done()["id"], id, "ids are given out in order from 1"),
            2 => assert_eq!(ack.refused().len(), 3),
            _ => assert_eq!(ack.refused(), ["$unknown_event"]),
        }
    }
}

async fn event_without_ack_is_executed(app: &TestApp) {
    let client = app.connect().await;
    let then = client.now();
    client.send(format!("42{}", json!(["new_coach", gym::coach("Ada")])));
    client.send(format!("42{}", json!(["new_coach", { "name": "A" }])));
    client.send(r#"42["nothing"]"#);
    client.sees("coaches", |rows| rows.len() == 1).await;
    client.is_served().await;
    let acks = client.since(then).into_iter().filter(|heard| matches!(heard, Heard::Ack(..)));
    assert_eq!(acks.count(), 1, "only what asked for one has an ack");
}

async fn unknown_event_is_refused(app: &TestApp) {
    let client = app.connect().await;
    for event in ["nothing", "", "coaches", "connected", "NEW_COACH", "new_coach ", "__proto__", "💥"] {
        let ack = client.ask(event, json!({})).await;
        assert_eq!(ack.refused(), ["$unknown_event"], "{event}");
    }
    let ack = client.ask_with("nothing", &[]).await;
    assert_eq!(ack.refused(), ["$unknown_event"]);
}

async fn event_accepts_payload_and_options(app: &TestApp) {
    let client = app.connect().await;
    let ada = gym::coach("Ada");
    client.ask_with("new_coach", &[ada.clone(), json!({})]).await.done();
    client.ask_with("new_coach", &[ada.clone(), Value::Null]).await.done();
    let ack = client.ask_with("new_coach", &[ada.clone(), json!({}), json!({})]).await;
    assert_eq!(ack.refused(), ["$bad_payload"]);
    for event in ["new_coach", "update_coach", "delete_coach", "get_coach", "login"] {
        let ack = client.ask_with(event, &[]).await;
        assert_eq!(ack.refused(), ["$bad_payload"], "{event} without a payload");
    }
    assert!(client.ask_with("list_coaches", &[]).await.ok);
    assert!(client.ask_with("refresh", &[]).await.ok);
    assert_eq!(client.latest("coaches").len(), 2);
}

async fn invalid_options_are_refused(app: &TestApp) {
    let client = app.connect().await;
    for id in [json!("first"), json!(7), json!("00000000-0000-0000-0000-000000000000"), json!([])] {
        let ack = client.ask_with("new_coach", &[gym::coach("Ada"), json!({ "request_id": id })]).await;
        assert_eq!(ack.refused(), ["request_id"]);
    }
    let ack = client.ask_with("new_coach", &[gym::coach("Ada"), json!({ "urgent": true })]).await;
    assert_eq!(ack.refused(), ["urgent"]);
    let ack = client.ask_with("new_coach", &[gym::coach("Ada"), json!("now")]).await;
    assert_eq!(ack.refused(), ["$bad_payload"]);
    client.ask("refresh", Value::Null).await.done();
    assert_eq!(client.latest("coaches"), [] as [Value; 0]);
}

async fn non_object_payload_is_refused(app: &TestApp) {
    let client = app.connect().await;
    for payload in [json!(null), json!(1), json!("x"), json!(true), json!([]), json!([{ "id": 1 }])] {
        for event in ["new_coach", "update_coach", "delete_coach", "get_coach", "login"] {
            let ack = client.ask(event, payload.clone()).await;
            assert_eq!(ack.refused(), ["$bad_payload"], "{event} {payload}");
        }
        assert_eq!(client.ask("list_coaches", payload.clone()).await.ok, payload.is_null(), "{payload}");
    }
}

async fn acks_are_sent_to_their_own_client(app: &TestApp) {
    let (one, two) = (app.connect().await, app.connect().await);
    // The same ack number on both.
    let first = one.emit("new_coach", &[gym::coach("Ada")]);
    let second = two.emit("get_coach", &[json!({ "id": 99 })]);
    assert_eq!(first, second);
    assert_eq!(one.ack(first).await.done()["name"], "Ada");
    assert_eq!(two.ack(second).await.refused(), ["$not_found"]);
}

async fn list_filters_and_sorts_by_columns(app: &TestApp) {
    let client = app.connect().await;
    gym::open(&client).await;
    client.ask("new_coach", gym::coach("Grace")).await.done();
    for (day, hour, coach) in [("Monday", "1800", 2), ("Tuesday", "900", 2), ("Monday", "700", 1)] {
        let payload = gym::with(gym::schedule(day, hour), json!({ "coach": coach }));
        client.ask("new_schedule", payload).await.done();
    }
    let ids = async |request: Value| {
        let page = client.ask("list_schedules", request).await.done();
        let ids = page["rows"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(json!({ "where": { "day": "Monday" } })).await, [1, 2, 4]);
    assert_eq!(ids(json!({ "where": { "day": "Monday", "coach": 1 } })).await, [1, 4]);
    assert_eq!(ids(json!({ "where": { "hour": 900 } })).await, [1, 3]);
    assert_eq!(ids(json!({ "sort": "-coach,day" })).await, [2, 3, 1, 4]);
    let ack = client.ask("list_schedules", json!({ "where": { "coach": { "contains": "1" } } })).await;
    assert_eq!(ack.refused(), ["where.coach"]);
    let ack = client.ask("list_coaches", json!({ "where": { "password_hash": "x" } })).await;
    assert_eq!(ack.refused(), ["where.password_hash"], "what is not shown cannot be asked for");
    let ack = client.ask("list_coaches", json!({ "where": { "age": { "like": 1 }, "id": [1] } })).await;
    assert_eq!(ack.refused(), ["where.age", "where.id"]);
}

async fn null_sorts_first(app: &TestApp) {
    let client = app.connect().await;
    for username in [json!("zoe"), json!(null), json!("ada"), json!(null)] {
        let payload = gym::with(gym::coach("Ada"), json!({ "username": username }));
        client.ask("new_coach", payload).await.done();
    }
    for (sort, expected) in
        [("username", [2, 4, 3, 1]), ("-username", [1, 3, 2, 4]), ("-username,-id", [1, 3, 4, 2])]
    {
        let (mut found, mut after) = (Vec::new(), Value::Null);
        for _ in 0..4 {
            let request = json!({ "sort": sort, "limit": 1, "after": after });
            let page = client.ask("list_coaches", request).await.done();
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
        let page = client.ask("list_coaches", json!({ "where": { "username": filter } })).await.done();
        let ids: Vec<_> = page["rows"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
        assert_eq!(ids, expected, "{filter}");
    }
}
