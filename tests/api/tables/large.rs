//! Many tables, many columns, and long checks.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::ServedTables;
use crate::harness::{Client, Database, ReplicaModel, on_empty_databases};

on_empty_databases! {
    three_hundred_tables_are_live,
    table_of_four_hundred_columns_is_live,
    check_of_1600_bytes_is_enforced_before_the_write,
}

async fn three_hundred_tables_are_live(database: &Database) {
    let names: Vec<String> = (0..300).map(|at| format!("shelf_{at:03}_items")).collect();
    let mut sql = String::new();
    for (at, name) in names.iter().enumerate() {
        let refers = match at.checked_sub(1) {
            Some(before) => format!("references {}", names[before]),
            None => String::new(),
        };
        write!(
            sql,
            "create table {name} (id integer not null primary key, above integer {refers}, label text);"
        )
        .unwrap();
    }
    let tables = ServedTables::start(database, &sql).await;
    let keys: Vec<(&str, &[&str])> = names.iter().map(|name| (&**name, &["id"][..])).collect();
    let model = ReplicaModel::of(&keys);
    let clients = [tables.follow(model.clone()).await, Client::connect_to(tables.address(), model).await];
    for at in [0, 1, 298, 299] {
        let row = json!({ "id": 7, "label": format!("on {at}") });
        clients[0].request(&format!("new_shelf_{at:03}_item"), row).await.unwrap_data();
    }
    database
        .execute(
            "update shelf_298_items set label = 'by another'; insert into shelf_150_items (id) values (1)",
        )
        .await;
    for client in &clients {
        client
            .wait_for_replica("all rows", |replica| {
                replica.rows("shelf_150_items").len() == 1
                    && replica.rows("shelf_298_items").iter().any(|row| row["label"] == "by another")
            })
            .await;
        for name in ["shelf_000_items", "shelf_299_items"] {
            let what = format!("a row of {name}");
            client.wait_for_replica(&what, |replica| replica.rows(name).len() == 1).await;
        }
    }
    let refused = clients[0].request("new_shelf_299_item", json!({ "id": 8, "above": 9 })).await;
    assert_eq!(refused.error("above"), "no row of shelf 298 items has id 9");
    tables.stop().await;
}

async fn table_of_four_hundred_columns_is_live(database: &Database) {
    let columns: Vec<String> = (0..400).map(|at| format!("column_{at:03}")).collect();
    let mut sql = "create table sheets (id integer not null primary key".to_owned();
    for column in &columns[1..] {
        write!(sql, ", {column} integer check ({column} >= 0)").unwrap();
    }
    let tables = ServedTables::start(database, &(sql + ")")).await;
    let model = ReplicaModel::of(&[("sheets", &["id"])]);
    let clients = [tables.follow(model.clone()).await, Client::connect_to(tables.address(), model).await];
    let row = |id: i64, value: i64| {
        let mut row = json!({ "id": id });
        for column in &columns[1..] {
            row[column] = json!(value);
        }
        row
    };
    let created = clients[0].request("new_sheet", row(1, 5)).await.unwrap_data();
    assert!(columns[1..].iter().all(|column| created[column] == 5));
    let mut update = created.clone();
    update["column_399"] = json!(6);
    let updated = clients[0].request("update_sheet", update).await.unwrap_data();
    assert_eq!((&updated["column_398"], &updated["column_399"]), (&json!(5), &json!(6)));
    let refused = clients[0].request("new_sheet", row(2, -1)).await;
    let keys = refused.error_keys();
    assert_eq!(keys[0], "$more", "not all of 399 errors are listed");
    assert!(keys[1..].iter().all(|key| key.starts_with("column_")) && keys.len() > 50, "{keys:?}");
    database.execute("insert into sheets (id, column_200) values (3, 4)").await;
    for client in &clients {
        client.wait_for_replica("both rows", |replica| replica.rows("sheets").len() == 2).await;
        client.assert_in_sync().await;
    }
    tables.stop().await;
}

async fn check_of_1600_bytes_is_enforced_before_the_write(database: &Database) {
    let words: Vec<String> = (0..150).map(|at| format!("word {at:03}")).collect();
    let list = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ");
    let either: Vec<String> = (0..60).map(|at| format!("(size > {at} and size <> {})", at + 500)).collect();
    let (one, other) = (format!("word in ({list})"), either.join(" and "));
    assert!(one.len() >= 1600 && other.len() >= 1600);
    let sql = format!(
        "create table entries (id integer not null primary key, word text check ({one}), size integer check ({other}))"
    );
    let tables = ServedTables::start(database, &sql).await;
    let client = tables.follow(ReplicaModel::of(&[("entries", &["id"])])).await;
    client.request("new_entry", json!({ "id": 1, "word": "word 149", "size": 60 })).await.unwrap_data();
    let refused = client.request("new_entry", json!({ "id": 2, "word": "word 150", "size": 59 })).await;
    assert_eq!(refused.error_keys(), ["size", "word"]);
    assert_eq!(refused.error("word"), format!("must be one of {}, …", words[..30].join(", ")));
    let refused = client.request("update_entry", json!({ "id": 1, "size": 530 })).await;
    assert_eq!(refused.error_keys(), ["size"]);
    let id = |row: &Value| row["id"].clone();
    assert_eq!(client.replica().rows("entries").iter().map(id).collect::<Vec<_>>(), [1]);
    client.assert_in_sync().await;
    tables.stop().await;
}
