//! A polling client receives the same as one with a WebSocket.

use serde_json::{Value, json};

use crate::harness::{
    TestApp,
    client::COLLECTIONS,
    fixtures, http, on_both_databases,
    wire::{self, ServerPacket},
};

on_both_databases! { polling_client_receives_snapshots_and_changes }

async fn polling_client_receives_snapshots_and_changes(app: &TestApp) {
    let writer = app.connect().await;
    fixtures::seed_one_of_each(&writer).await;
    let path = "/socket.io/?EIO=4&transport=polling";
    let (_, open) = http::get(app.address, path).await;
    let ServerPacket::Open(open) = wire::read(&open) else { panic!("{open}") };
    let path = format!("{path}&sid={}", open["sid"].as_str().unwrap());
    let mut packets = Vec::new();
    let enter = r#"40{"live":"changes"}"#;
    assert_eq!(http::post(app.address, &path, enter).await, (200, "ok".into()));
    let first = events(app, &path, &mut packets, 5).await;
    let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [&["connected"][..], &COLLECTIONS].concat());
    assert_eq!(first[1].1[0], json!(writer.latest("coaches")));

    let row = writer.request("update_coach", json!({ "id": 1, "age": 50 })).await.unwrap_data();
    let later = events(app, &path, &mut packets, 6).await;
    assert_eq!((later[5].0.as_str(), &later[5].1[0]["coaches"]["upserted"]), ("changes", &json!([row])));
}

/// Polls until this many events have been received in all.
async fn events(
    app: &TestApp,
    path: &str,
    packets: &mut Vec<ServerPacket>,
    count: usize,
) -> Vec<(String, Vec<Value>)> {
    loop {
        let events = packets.iter().filter_map(|packet| match packet {
            ServerPacket::Event(name, arguments) => Some((name.clone(), arguments.clone())),
            _ => None,
        });
        let events: Vec<_> = events.collect();
        if events.len() >= count {
            return events;
        }
        let (status, payload) = http::get(app.address, path).await;
        assert_eq!(status, 200, "{payload}");
        packets.extend(payload.split('\u{1e}').map(wire::read));
    }
}
