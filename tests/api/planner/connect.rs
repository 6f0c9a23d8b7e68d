//! Messages on connect and on `refresh`.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::harness::{
    Client, TestApp, client::COLLECTIONS, fixtures, http, on_both_databases, wire::ServerPacket,
};

on_both_databases! {
    connected_event_precedes_snapshots_in_order,
    invalid_auth_is_refused,
    refresh_sends_snapshots_to_caller_before_ack,
    new_client_receives_current_snapshots,
    client_without_live_is_sent_no_collection_unasked,
    probes_and_metrics_respond,
}

async fn connected_event_precedes_snapshots_in_order(app: &TestApp) {
    fixtures::seed_one_of_each(&app.connect().await).await;
    let client = app.connect().await;

    let packets = client.since(0);
    assert_eq!(packets.len(), 7, "{packets:?}");
    let ServerPacket::Open(_) = &packets[0] else { panic!("{:?}", packets[0]) };
    let ServerPacket::Connected(connected) = &packets[1] else { panic!("{:?}", packets[1]) };
    let sid = connected["sid"].as_str().unwrap();
    let ServerPacket::Event(name, greeting) = &packets[2] else { panic!("{:?}", packets[2]) };
    assert_eq!((name.as_str(), greeting.len()), ("connected", 1));
    assert_eq!(greeting[0]["data"], format!("id: {sid} is connected"));
    assert_eq!((&greeting[0]["sid"], &greeting[0]["user"]), (&connected["sid"], &Value::Null));
    assert_eq!(greeting[0]["access"], "open");
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
    let apart = u128::from(greeting[0]["time"].as_u64().unwrap()).abs_diff(now);
    assert!(apart < 60_000, "by the database's clock, in milliseconds: {apart} apart");
    assert_eq!(greeting[0]["schema"], json!(planner::product().registry.contract().hashes()));
    for (packet, collection) in packets[3..].iter().zip(COLLECTIONS) {
        let ServerPacket::Event(name, arguments) = packet else { panic!("{packet:?}") };
        assert_eq!((name.as_str(), arguments.len()), (collection, 2));
        assert_eq!(arguments[0].as_array().unwrap().len(), 1);
        assert!(arguments[1]["cursor"].is_string());
    }
    assert_eq!(keys(&client.latest("coaches")[0]), ["id", "name", "age", "picture", "username", "version"]);
    assert_eq!(
        client.latest("schedules"),
        [json!({
            "id": 1, "day": "Monday", "hour": "900", "version": 1,
            "coach": { "id": 1, "name": "Ada" },
            "workout_plan": { "id": 1, "name": "Morning", "difficulty": "Easy" },
        })]
    );
    let plan = client.latest("workout_plans").remove(0);
    assert_eq!(keys(&plan), ["id", "name", "difficulty", "description", "exercise_moves", "version"]);
    assert_eq!(plan["exercise_moves"], json!(client.latest("exercise_moves")));
}

async fn client_without_live_is_sent_no_collection_unasked(app: &TestApp) {
    let other = app.connect().await;
    fixtures::seed_one_of_each(&other).await;
    let client = Client::connect_only(app.address, &json!({ "live": "none" })).await.unwrap();
    other.request("update_coach", json!({ "id": 1, "name": "Augusta" })).await.unwrap_data();
    let own = client.request("update_coach", json!({ "id": 1, "age": 37 })).await.unwrap_data();
    assert_eq!((&own["name"], &own["age"]), (&json!("Augusta"), &json!(37)));
    assert_eq!(client.request("list_coaches", Value::Null).await.unwrap_data()["rows"], json!([own]));
    assert_eq!(client.events_since(0), ["connected"]);

    let then = client.now();
    client.request("refresh", json!({})).await.unwrap_data();
    assert_eq!(client.events_since(then), COLLECTIONS, "once, as it is now");
    assert_eq!(client.latest("coaches"), [own]);
    let then = client.now();
    other.request("update_coach", json!({ "id": 1, "name": "Ada" })).await.unwrap_data();
    client.request("list_coaches", Value::Null).await.unwrap_data();
    assert!(client.events_since(then).is_empty());
}

async fn invalid_auth_is_refused(app: &TestApp) {
    for auth in [
        json!({ "live": "all" }),
        json!({ "live": 7 }),
        json!({ "since": 7 }),
        json!({ "token": [1] }),
        json!(["a token", "changes"]),
        json!("a token"),
        json!(7),
        json!(true),
    ] {
        let refused = app.connect_with(&auth).await.err().expect("to be refused");
        assert_eq!(refused["message"], refused["data"]["errors"]["$bad_payload"], "{auth}: {refused}");
        assert!(refused["message"].as_str().is_some_and(|sentence| sentence.contains("auth")), "{refused}");
    }
    for auth in [json!({}), json!({ "live": "snapshots", "mine": [1] }), json!({ "token": null })] {
        assert!(app.connect_with(&auth).await.is_ok(), "{auth}");
    }
}

async fn refresh_sends_snapshots_to_caller_before_ack(app: &TestApp) {
    let (asking, other) = (app.connect().await, app.connect().await);
    let (before, elsewhere) = (asking.now(), other.now());

    for arguments in [vec![], vec![Value::Null]] {
        let then = asking.now();
        let ack = asking.request_with("refresh", &arguments).await;
        assert_eq!(ack.unwrap_data(), Value::Null);
        let packets = asking.since(then);
        let [sent @ .., ServerPacket::Ack(..)] = packets.as_slice() else { panic!("{packets:?}") };
        assert_eq!(sent.len(), 4);
        assert_eq!(asking.events_since(then), COLLECTIONS);
    }
    assert_eq!(asking.events_since(before).len(), 8);
    other.assert_responsive().await;
    assert!(other.events_since(elsewhere).is_empty(), "a refresh is the caller's alone");
}

async fn new_client_receives_current_snapshots(app: &TestApp) {
    let writer = app.connect().await;
    fixtures::seed_one_of_each(&writer).await;
    for name in ["Grace", "Edsger", "Barbara"] {
        writer.request("new_coach", fixtures::coach(name)).await.unwrap_data();
    }
    writer.request("delete_coach", json!({ "id": 3 })).await.unwrap_data();

    let late = app.connect().await;
    for collection in COLLECTIONS {
        assert_eq!(late.latest(collection), writer.latest(collection), "{collection}");
    }
    let sids: HashSet<String> = [&writer, &late].into_iter().map(sid).collect();
    assert_eq!(sids.len(), 2, "each socket has an id of its own");
}

async fn probes_and_metrics_respond(app: &TestApp) {
    assert_eq!(http::get(app.address, "/healthz").await.0, 200);
    assert_eq!(http::get(app.address, "/readyz").await.0, 200);
    app.connect().await.assert_responsive().await;
    let (status, metrics) = http::get(app.address, "/metrics").await;
    assert_eq!(status, 200);
    assert!(metrics.contains(r#"rowcast_events_total{event="list_coaches",outcome="ok"}"#));
}

fn keys(row: &Value) -> Vec<&str> {
    row.as_object().unwrap().keys().map(String::as_str).collect()
}

fn sid(client: &Client) -> String {
    let connected = client.since(0).into_iter().find_map(|packet| match packet {
        ServerPacket::Connected(connected) => connected["sid"].as_str().map(str::to_owned),
        _ => None,
    });
    connected.expect("a socket's id")
}
