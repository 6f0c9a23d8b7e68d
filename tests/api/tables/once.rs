//! A write with a request id is executed once, whatever the key of its row is.

use serde_json::{Value, json};

use super::ServedTables;
use crate::{
    harness::{Client, Database, ReplicaModel, on_empty_databases},
    live::{request_id, request_with_id},
};

on_empty_databases! {
    repeated_request_returns_stored_ack,
    large_ack_is_repeated_with_current_row,
    conflict_is_repeated,
    concurrent_duplicates_write_once,
}

const TABLES: &str = "
create table customers (code text primary key, name text, story text);
create table lines (order_id integer not null, product text not null, note text, primary key (order_id, product))";

fn model() -> ReplicaModel {
    ReplicaModel::of(&[("customers", &["code"]), ("lines", &["order_id", "product"])])
}

/// A row of each table: the singular, the key, and another column.
fn rows() -> [(&'static str, Value, &'static str); 2] {
    [
        ("customer", json!({ "code": "~ \"it's\"" }), "story"),
        ("line", json!({ "order_id": 1, "product": "tea" }), "note"),
    ]
}

fn with(key: &Value, column: &str, value: impl Into<Value>) -> Value {
    let mut row = key.clone();
    row[column] = value.into();
    row
}

async fn repeated_request_returns_stored_ack(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let client = tables.follow(model()).await;
    for (singular, key, column) in rows() {
        let mut sent = Vec::new();
        for (verb, payload) in
            [("new", with(&key, column, "a")), ("update", with(&key, column, "b")), ("delete", key.clone())]
        {
            let (event, id) = (format!("{verb}_{singular}"), request_id());
            let first = request_with_id(&client, &id, &event, &payload).await;
            assert!(first.ok, "{event}: {first:?}");
            let then = client.now();
            assert_eq!(request_with_id(&client, &id, &event, &payload).await, first, "{event}");
            assert_eq!(client.changes_since(then), [] as [Value; 0], "{event}");
            let other = with(&payload, column, "c");
            if verb != "delete" {
                assert_eq!(request_with_id(&client, &id, &event, &other).await.error_keys(), ["request_id"]);
            }
            sent.push((event, id, payload, first));
        }
        let gone = with(&key, column, "x");
        let (event, id) = (format!("update_{singular}"), request_id());
        let refused = request_with_id(&client, &id, &event, &gone).await;
        assert_eq!(refused.error_keys(), ["$not_found"]);
        sent.push((event, id, gone, refused));
        // The row that the first request made is gone, and made again by another.
        client.request(&format!("new_{singular}"), with(&key, column, "again")).await.unwrap_data();
        for (event, id, payload, first) in &sent {
            assert_eq!(request_with_id(&client, id, event, payload).await, *first, "{event} later");
        }
    }
    client.assert_in_sync().await;
    tables.stop().await;
    let tables = ServedTables::again(database, &[]).await;
    assert_eq!(tables.follow(model()).await.replica().rows("lines")[0]["note"], "again");
    tables.stop().await;
}

async fn large_ack_is_repeated_with_current_row(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let client = tables.follow(model()).await;
    for (singular, key, column) in rows() {
        let (new, update) = (format!("new_{singular}"), format!("update_{singular}"));
        let (made, stale) = (request_id(), request_id());
        let long = with(&key, column, "On and on. ".repeat(500));
        let first = request_with_id(&client, &made, &new, &long).await;
        assert!(first.clone().unwrap_data().to_string().len() > 4096, "the test needs a large row");
        assert_eq!(request_with_id(&client, &made, &new, &long).await, first);
        let conflict = with(&with(&key, column, "x"), "version", "no version");
        let refused = request_with_id(&client, &stale, &update, &conflict).await;
        assert_eq!((refused.error_keys(), &refused.data), (vec!["$conflict"], &first.data));
        let longer = with(&key, column, "Longer still. ".repeat(500));
        let second = client.request(&update, longer).await.unwrap_data();
        assert_eq!(request_with_id(&client, &made, &new, &long).await.unwrap_data(), second);
        let again = request_with_id(&client, &stale, &update, &conflict).await;
        assert_eq!((again.error_keys(), &again.data), (vec!["$conflict"], &second));
        client.request(&format!("delete_{singular}"), key.clone()).await.unwrap_data();
        assert_eq!(request_with_id(&client, &made, &new, &long).await.unwrap_data(), key, "the key alone");
        let gone = request_with_id(&client, &stale, &update, &conflict).await;
        assert_eq!((gone.error_keys(), &gone.data), (vec!["$conflict"], &Value::Null));
    }
    tables.stop().await;
}

async fn conflict_is_repeated(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let client = tables.follow(model()).await;
    for (singular, key, column) in rows() {
        let seen = client.request(&format!("new_{singular}"), with(&key, column, "a")).await.unwrap_data();
        client.request(&format!("update_{singular}"), with(&key, column, "b")).await.unwrap_data();
        let (event, id) = (format!("update_{singular}"), request_id());
        let stale = with(&with(&key, column, "c"), "version", seen["version"].clone());
        let refused = request_with_id(&client, &id, &event, &stale).await;
        assert_eq!(refused.error_keys(), ["$conflict"]);
        assert_eq!(refused.data[column], "b");
        client.request(&event, with(&key, column, "d")).await.unwrap_data();
        assert_eq!(request_with_id(&client, &id, &event, &stale).await, refused, "as the first time");
        assert_eq!(client.request(&event, stale).await.data[column], "d");
    }
    tables.stop().await;
}

async fn concurrent_duplicates_write_once(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let (one, two) = (tables.follow(model()).await, tables.follow(model()).await);
    for round in 0..20 {
        let (id, line) = (request_id(), json!({ "order_id": round, "product": "tea" }));
        let write = async |client: &Client| {
            let ack = request_with_id(client, &id, "new_line", &line).await;
            assert!(client.replica().has("lines", &ack.clone().unwrap_data()), "shown before its ack");
            ack
        };
        let (first, second) = tokio::join!(write(&one), write(&two));
        assert_eq!(first, second, "round {round}");
    }
    assert_eq!(two.replica().rows("lines").len(), 20);
    one.assert_in_sync().await;
    tables.stop().await;
}
