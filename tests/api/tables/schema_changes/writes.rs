//! Writes while the schema changes.

use std::{cell::Cell, collections::BTreeMap};

use serde_json::json;

use super::{ServedTables, TABLES, model};
use crate::harness::{Client, Database, on_empty_databases};

on_empty_databases! { no_write_is_lost_while_columns_come_and_go }

async fn no_write_is_lost_while_columns_come_and_go(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let (one, two, reader) =
        (tables.follow(model()).await, tables.follow(model()).await, tables.follow(model()).await);
    let done = Cell::new(false);
    let changes = async {
        for round in 0..4 {
            let sql = match round % 2 {
                0 => "alter table items drop column note",
                _ => "alter table items add column note text default 'fresh'",
            };
            database.execute(sql).await;
            reader.next_event("schema").await;
        }
        done.set(true);
    };
    let writes = async |client: &Client, first: i64| {
        let (mut id, mut written, mut refused) = (first, Vec::new(), BTreeMap::<String, usize>::new());
        while !done.get() {
            id += 1;
            let row = json!({ "id": id, "name": format!("row {id}") });
            let ack = client.request("new_item", row).await;
            if ack.ok {
                written.push(ack.data);
            } else {
                for key in ack.error_keys() {
                    assert!(["$unavailable", "$locked"].contains(&key), "{ack:?}");
                    *refused.entry(key.to_owned()).or_default() += 1;
                }
            }
        }
        (written, refused)
    };
    let ((), (first, refused), (second, _)) =
        tokio::join!(changes, writes(&one, 1000), writes(&two, 1_000_000));
    let acked = first.len() + second.len();
    assert!(acked > 10, "the writes went on: {acked} of them, and refused {refused:?}");
    let count = database.number("select count(*) from items where id > 2").await;
    assert_eq!(count, i64::try_from(acked).unwrap(), "what is refused is not written, and what is acked is");
    for client in [&one, &two, &reader] {
        client.wait_for_replica("every row", |replica| replica.rows("items").len() == acked + 2).await;
        client.assert_in_sync().await;
    }
    tables.stop().await;
}
