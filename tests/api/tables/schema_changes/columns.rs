//! Columns, and the rules of columns.

use serde_json::json;

use super::{ServedTables, TABLES, clients, greeting, is_postgres, model};
use crate::harness::{Client, Database, Engine, on_empty_databases, with_database};

on_empty_databases! {
    added_column_reaches_connected_and_new_clients,
    dropped_column_is_gone,
    renamed_column_has_its_new_name,
    added_check_is_enforced_before_the_write,
}

async fn added_column_reaches_connected_and_new_clients(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let before = greeting(&tables).await;
    let clients = clients(&tables, None).await;
    database.execute("alter table items add column price integer default 5").await;
    for client in &clients {
        let schema = client.next_event("schema").await;
        assert_ne!(schema["hash"], before["hash"]);
        assert_ne!(schema["collections"]["items"], before["collections"]["items"]);
        assert_eq!(schema["collections"]["others"], before["collections"]["others"]);
        assert_eq!(schema, greeting(&tables).await);
        let all_have =
            |rows: Vec<serde_json::Value>| rows.len() == 2 && rows.iter().all(|row| row["price"] == 5);
        client.wait_for_replica("the price", |replica| all_have(replica.rows("items"))).await;
    }
    let row = clients[0].request("new_item", json!({ "id": 3, "price": 7 })).await.unwrap_data();
    assert_eq!(row["price"], 7);
    let new = tables.follow(model()).await;
    assert!(new.replica().has("items", &row));
    for client in &clients {
        client.assert_in_sync().await;
    }
    tables.stop().await;
}

async fn dropped_column_is_gone(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let clients = clients(&tables, None).await;
    database.execute("alter table items drop column note").await;
    for client in &clients {
        client.next_event("schema").await;
        let none_has = |rows: Vec<serde_json::Value>| rows.iter().all(|row| row.get("note").is_none());
        client.wait_for_replica("no note", |replica| none_has(replica.rows("items"))).await;
        let ack = client.request("update_item", json!({ "id": 1, "note": "x" })).await;
        assert!(ack.error("note").starts_with("is not a field of"), "{ack:?}");
    }
    clients[0].request("update_item", json!({ "id": 1, "name": "uno" })).await.unwrap_data();
    for client in &clients {
        client.assert_in_sync().await;
    }
    tables.stop().await;
}

async fn renamed_column_has_its_new_name(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let clients = clients(&tables, None).await;
    database.execute("alter table items rename column note to remark").await;
    database.execute("alter table others rename column code to sign").await;
    clients[0].set_replica(clients[0].replica().and("others", &["sign"]));
    for client in &clients {
        client
            .until("both names", |packets| {
                let text = format!("{packets:?}");
                (text.contains("\"remark\"") && text.contains("\"sign\"")).then_some(())
            })
            .await;
    }
    let row = clients[0].request("update_item", json!({ "id": 1, "remark": "r" })).await.unwrap_data();
    assert_eq!((&row["remark"], row.get("note")), (&json!("r"), None));
    database.execute("update others set label = 'seen' where sign = 'x'").await;
    let new = tables.follow(model().and("others", &["sign"])).await;
    new.wait_for_replica("the change", |replica| replica.rows("others")[0]["label"] == "seen").await;
    clients[0].request("delete_other", json!({ "sign": "x" })).await.unwrap_data();
    new.wait_for_replica("no row", |replica| replica.rows("others").is_empty()).await;
    new.assert_in_sync().await;
    tables.stop().await;
}

async fn added_check_is_enforced_before_the_write(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let clients = clients(&tables, None).await;
    clients[0].request("update_item", json!({ "id": 2, "name": "t" })).await.unwrap_data();
    database.execute("update items set name = 'two' where id = 2").await;
    let check = "check (length(name) >= 3)";
    database
        .execute(&match is_postgres(database) {
            true => format!("alter table items add constraint long {check}"),
            false => format!(
                "begin; create table made (id integer primary key, name text {check}, note text);
                insert into made select * from items; drop table items; alter table made rename to items; commit"
            ),
        })
        .await;
    for client in &clients {
        client.next_event("schema").await;
        let ack = client.request("update_item", json!({ "id": 2, "name": "t" })).await;
        assert_eq!(ack.error("name"), "must have at least 3 characters");
    }
    clients[0].request("update_item", json!({ "id": 2, "name": "three" })).await.unwrap_data();
    for client in &clients {
        client.assert_in_sync().await;
    }
    tables.stop().await;
}

#[actix_web::test]
async fn added_enum_value_is_accepted() {
    with_database(Engine::Postgres, async |database: &Database| {
        let sql = format!(
            "create type mood as enum ('sad', 'ok'); {TABLES}; alter table items add column mood mood"
        );
        let tables = ServedTables::start(database, &sql).await;
        let client: Client = tables.follow(model()).await;
        let glad = json!({ "id": 1, "mood": "glad" });
        assert_eq!(client.request("update_item", glad.clone()).await.error("mood"), "must be one of sad, ok");
        database.execute("alter type mood add value 'glad'").await;
        client.next_event("schema").await;
        assert_eq!(client.request("update_item", glad).await.unwrap_data()["mood"], "glad");
        client.assert_in_sync().await;
        tables.stop().await;
    })
    .await;
}
