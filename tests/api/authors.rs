//! Author notifications: sent after the change, to clients that asked for them.

use serde_json::{Value, json};

use crate::harness::{
    Client, Database, Engine, Node, fixtures, on_empty_databases, wire::ServerPacket, with_database,
};

on_empty_databases! {
    authored_follows_its_change,
    authored_is_sent_on_request_only,
    repeated_request_sends_authored_once,
    external_write_has_no_author,
}

const SAMPLE: &[&str] = &["--sample-data", "always"];

async fn client_with_authors(node: &Node, live: &str) -> Client {
    let auth = json!({ "live": live, "authors": true });
    Client::connect_with(node.address, &auth).await.expect("to be connected")
}

async fn client_of_mara(node: &Node) -> Client {
    let client = client_with_authors(node, "changes").await;
    client.request("login", json!({ "username": "mara", "password": "mara_password" })).await.unwrap_data();
    client
}

/// The next author notification; asserts that its change precedes it.
async fn next_authored(client: &Client) -> Value {
    let hint = client.next_event("authored").await;
    let packets = client.since(0);
    let last = |packet: &ServerPacket| *packet == ServerPacket::Event("authored".into(), vec![hint.clone()]);
    let at = packets.iter().rposition(last).unwrap();
    // On a slow machine one event carries several changes, and their notifications follow it.
    let change = packets[..at]
        .iter()
        .rfind(|packet| !matches!(packet, ServerPacket::Event(name, _) if name == "authored"));
    let Some(ServerPacket::Event(name, arguments)) = change else { panic!("{change:?}") };
    match name.as_str() {
        "changes" => assert!(arguments[0][hint["collection"].as_str().unwrap()].is_object(), "{arguments:?}"),
        collection => assert_eq!(hint["collection"], collection),
    }
    hint
}

fn authored(row: &Value, version: impl Into<Value>, by: &Value) -> Value {
    json!({ "collection": "coaches", "id": row["id"], "version": version.into(), "by": by })
}

async fn authored_follows_its_change(database: &Database) {
    let node = Node::start(&database.url(), SAMPLE).await;
    let (nobody, mara) = (client_with_authors(&node, "changes").await, client_of_mara(&node).await);
    let name = json!({ "id": 1, "name": "Mara Lindqvist" });
    for live in ["changes", "snapshots"] {
        let other = client_with_authors(&node, live).await;
        for (writer, by) in [(&nobody, &Value::Null), (&mara, &name)] {
            let row = writer.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
            assert_eq!(next_authored(&other).await, authored(&row, 1, by));
            writer.request("update_coach", json!({ "id": row["id"], "name": "Ada L." })).await.unwrap_data();
            assert_eq!(next_authored(&other).await, authored(&row, 2, by));
            assert!(!writer.request("update_coach", json!({ "id": row["id"], "age": 7 })).await.ok);
            writer.request("delete_coach", json!({ "id": row["id"] })).await.unwrap_data();
            assert_eq!(
                next_authored(&other).await,
                authored(&row, Value::Null, by),
                "a refusal has no author"
            );
        }
    }
    node.stop().await;
}

async fn authored_is_sent_on_request_only(database: &Database) {
    let node = Node::start(&database.url(), SAMPLE).await;
    let (writer, asking) = (client_of_mara(&node).await, client_with_authors(&node, "changes").await);
    let others = [
        Client::connect(node.address).await,
        Client::follow(node.address).await,
        Client::connect_with(node.address, &json!({ "authors": false })).await.unwrap(),
    ];
    let before = writer.events_since(0).len();
    let row = writer.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    next_authored(&asking).await;
    for other in &others {
        other.wait_for_replica("the write", |replica| replica.has("coaches", &row)).await;
        other.assert_responsive().await;
        assert!(!other.events_since(0).contains(&"authored".into()));
    }
    writer.assert_responsive().await;
    assert_eq!(writer.events_since(0)[before..], ["changes"], "the writer receives no author notification");
    let refused = Client::connect_with(node.address, &json!({ "authors": "yes" })).await.err().unwrap();
    assert!(refused["data"]["errors"]["$bad_payload"].as_str().unwrap().contains("authors"), "{refused}");
    node.stop().await;
}

async fn repeated_request_sends_authored_once(database: &Database) {
    let node = Node::start(&database.url(), SAMPLE).await;
    let (writer, other) = (client_of_mara(&node).await, client_with_authors(&node, "changes").await);
    let by = json!({ "id": 1, "name": "Mara Lindqvist" });
    let ada = [fixtures::coach("Ada"), json!({ "request_id": uuid::Uuid::new_v4().to_string() })];
    let row = writer.request_with("new_coach", &ada).await.unwrap_data();
    for _ in 0..3 {
        assert_eq!(writer.request_with("new_coach", &ada).await.unwrap_data(), row);
    }
    let last = writer.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    assert_eq!(next_authored(&other).await, authored(&row, 1, &by));
    assert_eq!(next_authored(&other).await, authored(&last, 1, &by));
    node.stop().await;
}

async fn external_write_has_no_author(database: &Database) {
    let node = Node::start(&database.url(), SAMPLE).await;
    let (writer, other) = (client_of_mara(&node).await, client_with_authors(&node, "changes").await);
    database.execute("update coaches set age = 60 where id = 2").await;
    other.wait_for_replica("the update", |replica| replica.rows("coaches")[1]["age"] == 60).await;
    let row = writer.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    assert_eq!(next_authored(&other).await["id"], row["id"]);
    node.stop().await;
}

#[actix_web::test]
async fn authored_reaches_other_nodes() {
    with_database(Engine::Postgres, async |database| {
        let here = Node::start(&database.url(), SAMPLE).await;
        let there = Node::start(&database.url(), &[]).await;
        let by = json!({ "id": 1, "name": "Mara Lindqvist" });
        let writer = Client::connect(here.address).await;
        writer
            .request("login", json!({ "username": "mara", "password": "mara_password" }))
            .await
            .unwrap_data();
        // This node learns of subscribers on other nodes with a delay, and no event signals that.
        let other = client_with_authors(&there, "changes").await;
        while !other.events_since(0).contains(&"authored".into()) {
            let row = writer.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
            other.wait_for_replica("the write", |replica| replica.has("coaches", &row)).await;
        }
        for round in 0..20 {
            let name = format!("Grace {round}");
            let row = writer.request("update_coach", json!({ "id": 6, "name": name })).await.unwrap_data();
            let hint = authored(&row, row["version"].clone(), &by);
            while next_authored(&other).await != hint {}
            assert!(other.replica().has("coaches", &row), "the hint comes behind what it is about");
        }
        here.stop().await;
        there.stop().await;
    })
    .await;
}
