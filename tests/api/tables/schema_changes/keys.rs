//! Changes of the primary key.

use serde_json::json;

use super::{ServedTables, is_postgres};
use crate::harness::{Client, Database, ReplicaModel, on_empty_databases};

on_empty_databases! {
    row_is_named_by_its_new_key,
    table_that_loses_its_key_can_only_be_listed,
}

const WARES: &str = "
create table wares (id integer not null, code text not null, shop integer not null default 1, label text, primary key (id));
create table notes (id integer not null primary key, body text);
insert into wares (id, code, label) values (1, 'a', 'one'), (2, 'b', 'two'), (3, 'c', 'three')";

fn model(key: &[&str]) -> ReplicaModel {
    ReplicaModel::of(&[("wares", key), ("notes", &["id"])])
}

/// Gives the table another key, or none.
async fn change_key(database: &Database, key: &[&str]) {
    let key = match key {
        [] => String::new(),
        key => format!("primary key ({})", key.join(", ")),
    };
    let sql = match is_postgres(database) {
        true => {
            let add = if key.is_empty() { String::new() } else { format!("alter table wares add {key};") };
            format!("begin; alter table wares drop constraint if exists wares_pkey; {add} commit")
        }
        false => {
            let key = if key.is_empty() { key } else { format!(", {key}") };
            format!(
                "begin; create table made (id integer not null, code text not null, shop integer not null default 1, label text {key});
                insert into made select * from wares; drop table wares; alter table made rename to wares; commit"
            )
        }
    };
    database.execute(&sql).await;
}

/// Clients in each mode, which name rows by the key that the table is going to have.
async fn clients(tables: &ServedTables, now: &[&str], then: &[&str]) -> [Client; 3] {
    let clients = [
        tables.follow(model(now)).await,
        Client::connect_to(tables.address(), model(now)).await,
        Client::in_parts(tables.address(), model(now)).await,
    ];
    for client in &clients {
        client.set_replica(client.replica().rekeyed("wares", then));
    }
    clients
}

async fn row_is_named_by_its_new_key(database: &Database) {
    let tables = ServedTables::start(database, WARES).await;
    let kept = tables.follow(model(&["id"])).await.replica();
    let clients = clients(&tables, &["id"], &["code"]).await;
    change_key(database, &["code"]).await;
    for client in &clients {
        client.next_event("schema").await;
    }
    let update = json!({ "code": "a", "label": "uno" });
    let row = clients[0].request("update_ware", update).await.unwrap_data();
    assert_eq!((&row["id"], &row["label"]), (&json!(1), &json!("uno")));
    for event in ["get_ware", "update_ware", "delete_ware"] {
        assert_eq!(
            clients[0].request(event, json!({ "id": 2 })).await.error("code"),
            "is required",
            "{event}"
        );
    }
    let row = clients[1].request("update_ware", json!({ "code": "b", "id": 20 })).await.unwrap_data();
    assert_eq!(row["id"], 20, "a column like others");
    clients[1].request("new_ware", json!({ "code": "d", "id": 20 })).await.unwrap_data();
    database
        .execute(
            "update wares set label = 'tre' where code = 'c'; insert into wares (id, code) values (5, 'e')",
        )
        .await;
    let taken = clients[0].request("new_ware", json!({ "code": "e", "id": 6 })).await;
    assert_eq!(taken.error("code"), "is already taken");
    for client in &clients {
        client.wait_for_replica("five rows", |replica| replica.rows("wares").len() == 5).await;
        client.assert_in_sync().await;
    }
    let then = clients[0].now();
    let gone = clients[2].request("delete_ware", json!({ "code": "a" })).await.unwrap_data();
    assert_eq!(gone, json!({ "code": "a" }));
    clients[0].wait_for_replica("four rows", |replica| replica.rows("wares").len() == 4).await;
    assert_eq!(clients[0].changes_since(then)[0]["wares"], json!({ "upserted": [], "deleted": ["a"] }));
    let back = tables.follow(kept.rekeyed("wares", &["code"])).await;
    let new = tables.follow(model(&["code"])).await;
    for client in clients.iter().chain([&back, &new]) {
        client.assert_in_sync().await;
    }
    tables.stop().await;
}

async fn table_that_loses_its_key_can_only_be_listed(database: &Database) {
    let tables = ServedTables::start(database, WARES).await;
    let clients = clients(&tables, &["id"], &["id"]).await;
    change_key(database, &[]).await;
    for client in &clients {
        let schema = client.next_event("schema").await;
        assert!(schema["collections"].get("wares").is_none(), "{schema}");
        client.wait_for_replica("no row", |replica| replica.rows("wares").is_empty()).await;
        assert_eq!(client.request("get_ware", json!({ "id": 1 })).await.error_keys(), ["$unknown_event"]);
        assert_eq!(client.list_all("wares").await.len(), 3);
    }
    clients[0].request("new_note", json!({ "id": 1 })).await.unwrap_data();
    database.execute("update wares set label = 'unseen'").await;
    let again =
        [tables.follow(ReplicaModel::of(&[("notes", &["id"])])).await.replica(), clients[0].replica()];
    for client in &clients {
        client.set_replica(client.replica().rekeyed("wares", &["code"]));
    }
    change_key(database, &["code"]).await;
    for client in &clients {
        client.next_event("schema").await;
        client
            .wait_for_replica("the rows", |replica| {
                let rows = replica.rows("wares");
                rows.len() == 3 && rows.iter().all(|row| row["label"] == "unseen")
            })
            .await;
    }
    let row = clients[1].request("update_ware", json!({ "code": "c", "label": "seen" })).await.unwrap_data();
    for client in &clients {
        client.wait_for_replica("the update", |replica| replica.has("wares", &row)).await;
        client.assert_in_sync().await;
    }
    for replica in again {
        let back = tables.follow(replica.rekeyed("wares", &["code"])).await;
        back.assert_in_sync().await;
    }
    tables.stop().await;
}
