//! Versions that are derived.

use serde_json::{Value, json};

use super::ServedTables;
use crate::harness::{Client, Database, ReplicaModel, on_empty_databases};

on_empty_databases! { version_stands_for_one_state_of_a_row }

/// Writes of several clients share a transaction.
async fn version_stands_for_one_state_of_a_row(database: &Database) {
    let sql = "create table counters (code text not null primary key, step text);
        insert into counters (code, step) values ('a', 'first')";
    let tables = ServedTables::start(database, sql).await;
    let model = ReplicaModel::of(&[("counters", &["code"])]);
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(tables.follow(model.clone()).await);
    }
    for round in 0..12 {
        let write = async |(at, client): (usize, &Client)| {
            let update = json!({ "code": "a", "step": format!("{round}, {at}") });
            client.request("update_counter", update).await.unwrap_data()
        };
        let rows = futures_util::future::join_all(clients.iter().enumerate().map(write)).await;
        let mut versions: Vec<&str> = rows.iter().map(|row| row["version"].as_str().unwrap()).collect();
        versions.sort_unstable();
        versions.dedup();
        assert_eq!(versions.len(), clients.len(), "{rows:?}");

        // Of writers that each have seen the state of their own write, one has seen the last.
        let again = async |(at, row): (usize, &Value)| {
            let mut update = row.clone();
            update["step"] = json!(format!("{round}, {at} again"));
            clients[at].request("update_counter", update).await.ok
        };
        let done = futures_util::future::join_all(rows.iter().enumerate().map(again)).await;
        assert_eq!(done.iter().filter(|done| **done).count(), 1, "{done:?}");
    }
    for client in &clients {
        client.assert_in_sync().await;
    }
    tables.stop().await;
}
