//! Changes of the schema while clients are connected.

mod columns;
mod keys;
mod writes;

use serde_json::{Value, json};

use super::{ServedTables, is_postgres};
use crate::harness::{Client, Database, ReplicaModel, on_empty_databases};

on_empty_databases! {
    added_table_is_a_collection,
    added_table_without_a_usable_name_is_left_out,
    dropped_table_is_gone,
    table_made_again_is_a_collection_again,
}

const TABLES: &str = "
create table items (id integer primary key, name text, note text);
create table others (code text primary key, label text);
insert into items (id, name, note) values (1, 'one', 'a'), (2, 'two', 'b');
insert into others (code, label) values ('x', 'X')";

fn model() -> ReplicaModel {
    ReplicaModel::of(&[("items", &["id"]), ("others", &["code"])])
}

/// A client in changes mode and one in snapshots mode, which will apply rows of `more` too.
async fn clients(tables: &ServedTables, more: Option<(&str, &[&str])>) -> [Client; 2] {
    let clients = [tables.follow(model()).await, Client::connect_to(tables.address(), model()).await];
    if let Some((name, key)) = more {
        for client in &clients {
            client.set_replica(client.replica().and(name, key));
        }
    }
    clients
}

/// The hashes in the greeting of a client that connects now.
async fn greeting(tables: &ServedTables) -> Value {
    let client = Client::connect_only(tables.address(), &json!({})).await.unwrap();
    client.next_event("connected").await["schema"].clone()
}

async fn added_table_is_a_collection(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let before = greeting(&tables).await;
    let clients = clients(&tables, Some(("extras", &["a", "b"]))).await;
    assert_eq!(clients[0].request("list_extras", json!({})).await.error_keys(), ["$unknown_event"]);
    let sql = "create table extras (a text not null, b integer not null, label text, primary key (a, b));
        insert into extras (a, b, label) values ('k', 1, 'first')";
    database.execute(sql).await;
    for client in &clients {
        let schema = client.next_event("schema").await;
        assert_eq!(schema["collections"]["items"], before["collections"]["items"]);
        assert!(schema["collections"]["extras"].is_string());
        assert_eq!(schema, greeting(&tables).await);
        client.wait_for_replica("the first", |replica| replica.rows("extras").len() == 1).await;
    }
    clients[0].request("new_extra", json!({ "a": "k", "b": 2 })).await.unwrap_data();
    database.execute("insert into extras (a, b) values ('k', 3)").await;
    let new = tables.follow(model().and("extras", &["a", "b"])).await;
    for client in clients.iter().chain([&new]) {
        client.wait_for_replica("all three", |replica| replica.rows("extras").len() == 3).await;
        client.assert_in_sync().await;
    }
    tables.stop().await;
}

async fn added_table_without_a_usable_name_is_left_out(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let [client, _] = clients(&tables, Some(("extras", &["id"]))).await;
    // Names of events, and one whose events would be those of `items`.
    let sql =
        "create table changes (id integer primary key); create table \"schema\" (id integer primary key);
        create table \"__proto__\" (id integer primary key); create table item (id integer primary key);
        create table extras (id integer primary key); alter table items add column more text";
    database.execute(sql).await;
    let schema = client.next_event("schema").await;
    let collections: Vec<&String> = schema["collections"].as_object().unwrap().keys().collect();
    assert_eq!(collections, ["events", "extras", "items", "others"]);
    database.execute("update items set more = 'm' where id = 1").await;
    client.wait_for_replica("the column", |replica| replica.rows("items")[0]["more"] == "m").await;
    client.request("new_extra", json!({ "id": 7 })).await.unwrap_data();
    tables.stop().await;
    // A start leaves them out too.
    let tables = ServedTables::start(database, "select 1").await;
    assert_eq!(greeting(&tables).await, schema);
    tables.stop().await;
}

async fn dropped_table_is_gone(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let clients = clients(&tables, None).await;
    let then = clients[0].now();
    database.execute("drop table others").await;
    for client in &clients {
        let schema = client.next_event("schema").await;
        assert!(schema["collections"].get("others").is_none());
        assert_eq!(schema, greeting(&tables).await);
        client.wait_for_replica("no row", |replica| replica.rows("others").is_empty()).await;
        for event in ["new_other", "update_other", "delete_other", "get_other", "list_others"] {
            assert_eq!(client.request(event, json!({ "code": "x" })).await.error_keys(), ["$unknown_event"]);
        }
    }
    assert_eq!(clients[0].changes_since(then)[0]["others"], json!({ "upserted": [], "deleted": ["x"] }));
    let items = ReplicaModel::of(&[("items", &["id"])]);
    let new = tables.follow(items.clone()).await;
    assert!(!new.events_since(0).contains(&"others".to_owned()));
    new.request("update_item", json!({ "id": 1, "name": "uno" })).await.unwrap_data();
    new.assert_in_sync().await;
    let resumed = tables.follow(new.replica()).await;
    // A change that the client has may come again; nothing comes of the table that is gone.
    let changes = resumed.changes_since(0);
    assert!(
        !changes.is_empty() && changes.iter().all(|changes| changes.get("others").is_none()),
        "{changes:?}"
    );
    assert_eq!(resumed.replica().rows("items"), new.replica().rows("items"), "{changes:?}");
    tables.stop().await;
}

async fn table_made_again_is_a_collection_again(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let clients = clients(&tables, None).await;
    for round in 0..2 {
        database.execute("drop table others").await;
        for client in &clients {
            client.wait_for_replica("no row", |replica| replica.rows("others").is_empty()).await;
            client.next_event("schema").await;
        }
        let sql = format!(
            "create table others (code text primary key, label text);
            insert into others (code, label) values ('again', '{round}')"
        );
        database.execute(&sql).await;
        for client in &clients {
            client.wait_for_replica("the row", |replica| !replica.rows("others").is_empty()).await;
            client.next_event("schema").await;
        }
        clients[0].request("update_other", json!({ "code": "again", "label": "x" })).await.unwrap_data();
        database.execute("insert into others (code) values ('more')").await;
        for client in &clients {
            client.wait_for_replica("both", |replica| replica.rows("others").len() == 2).await;
            client.assert_in_sync().await;
        }
    }
    tables.stop().await;
}
