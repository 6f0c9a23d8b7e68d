//! Collections with names of any kind, also where they are withheld.

use serde_json::json;

use super::ServedTables;
use crate::harness::{Client, Database, ReplicaModel, on_empty_databases};

on_empty_databases! {
    names_of_any_kind_are_live,
    withheld_collection_of_any_name_is_in_cursor,
}

const NAMES: [&str; 4] = ["Order Details", "a\"b~c", "ünï.cödé \u{1F469}s", "select"];

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn tables() -> String {
    let table = |name: &str| {
        format!("create table {} (\"a\"\"~ key\" text primary key, \"lä~bel\" text)", quoted(name))
    };
    NAMES.map(table).join(";")
}

fn model() -> ReplicaModel {
    ReplicaModel::of(&NAMES.map(|name| (name, &["a\"~ key"][..])))
}

async fn names_of_any_kind_are_live(database: &Database) {
    let tables = ServedTables::start(database, &tables()).await;
    let clients = [
        tables.follow(model()).await,
        Client::connect_to(tables.address(), model()).await,
        Client::in_parts(tables.address(), model()).await,
    ];
    for name in NAMES {
        let sql = format!("insert into {} values ('~\"', 'x')", quoted(name));
        database.execute(&sql).await;
        for client in &clients {
            client.wait_for_replica(name, |replica| !replica.rows(name).is_empty()).await;
        }
        let then = clients[0].now();
        database.execute(&format!("delete from {}", quoted(name))).await;
        clients[0].wait_for_replica(name, |replica| replica.rows(name).is_empty()).await;
        assert_eq!(clients[0].changes_since(then), [json!({ name: { "upserted": [], "deleted": ["~\""] } })]);
    }
    for client in &clients {
        client.assert_in_sync().await;
    }
    tables.stop().await;
}

async fn withheld_collection_of_any_name_is_in_cursor(database: &Database) {
    let large = |name: &str| format!(";insert into {} values ('k', '{}')", quoted(name), "x".repeat(2000));
    let sql = tables() + &large(NAMES[1]) + &large(NAMES[2]);
    let tables = ServedTables::start_with(database, &sql, &["--collection-bytes", "1024"]).await;
    let client = tables.follow(model()).await;
    client.request("new_Order Detail", json!({ "a\"~ key": "k", "lä~bel": "small" })).await.unwrap_data();
    client.wait_for_replica("the row", |replica| !replica.rows(NAMES[0]).is_empty()).await;
    assert!(NAMES[1..3].iter().all(|name| client.replica().is_withheld(name)));

    let kept = client.replica();
    let back = tables.follow(kept.clone()).await;
    back.wait_for_replica("what is withheld", |replica| {
        NAMES[1..3].iter().all(|name| replica.is_withheld(name)) && replica.rows(NAMES[0]).len() == 1
    })
    .await;
    assert!(!back.events_since(0).contains(&NAMES[0].to_owned()), "it has those rows");

    database.execute(&format!("delete from {}", quoted(NAMES[1]))).await;
    database.execute(&format!("update {} set \"lä~bel\" = 'small'", quoted(NAMES[2]))).await;
    let again = tables.follow(kept).await;
    for client in [&client, &back, &again] {
        client.assert_in_sync().await;
        assert!(NAMES.iter().all(|name| !client.replica().is_withheld(name)));
    }
    tables.stop().await;
}
