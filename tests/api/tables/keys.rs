//! Rows with keys of any kind.

use serde_json::json;

use super::with_tables;
use crate::harness::{Database, on_empty_databases};

on_empty_databases! {
    row_is_named_by_the_columns_of_its_key,
    stale_version_is_a_conflict_whoever_changed_the_row,
    names_of_any_kind_are_served,
    label_of_a_domain_is_a_key,
}

const TABLES: &str = r#"
create table customers (customer_id varchar(5) primary key, company text not null);
create table order_details (
    order_id integer not null, product_id integer not null, quantity integer not null default 1 check (quantity > 0),
    primary key (order_id, product_id)
);
create table devices (device_id uuid primary key, label text);
create table counters (name text primary key, total integer not null, version integer not null default 1);
create table meters (name text primary key, version integer not null)"#;

async fn row_is_named_by_the_columns_of_its_key(database: &Database) {
    with_tables(database, TABLES, async |client| {
        let customer = json!({ "customer_id": "ALFKI", "company": "Alfreds" });
        let created = client.request("new_customer", customer.clone()).await.unwrap_data();
        assert_eq!((&created["customer_id"], &created["company"]), (&json!("ALFKI"), &json!("Alfreds")));
        let ack = client.request("new_customer", customer).await;
        assert_eq!(ack.error("customer_id"), "is already taken");
        let update = json!({ "customer_id": "ALFKI", "company": "Futterkiste" });
        assert_eq!(client.request("update_customer", update).await.unwrap_data()["company"], "Futterkiste");
        let ack = client.request("update_customer", json!({ "company": "x" })).await;
        assert_eq!(ack.error("customer_id"), "is required");
        let ack = client.request("get_customer", json!({ "customer_id": "BOLID" })).await;
        assert_eq!(ack.error("$not_found"), "no customer has id BOLID");

        let detail = json!({ "order_id": 10248, "product_id": 11 });
        let created = client.request("new_order_detail", detail.clone()).await.unwrap_data();
        assert_eq!(created["quantity"], 1, "the default");
        let more = json!({ "order_id": "10248", "product_id": 11, "quantity": 12 });
        assert_eq!(client.request("update_order_detail", more).await.unwrap_data()["quantity"], 12);
        let ack = client.request("new_order_detail", detail.clone()).await;
        assert_eq!(ack.error("order_id"), "is already taken, together with product_id");
        assert_eq!(client.request("delete_order_detail", detail.clone()).await.unwrap_data(), detail);
        let ack = client.request("delete_order_detail", detail).await;
        assert_eq!(ack.error_keys(), ["$not_found"]);

        let device = json!({ "device_id": "0B7E0D4E-7C0A-4F6E-9D0A-1C2B3D4E5F60" });
        let created = client.request("new_device", device.clone()).await.unwrap_data();
        assert_eq!(created["device_id"], "0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60");
        let deleted = client.request("delete_device", device).await.unwrap_data();
        assert_eq!(deleted, json!({ "device_id": "0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60" }));
    })
    .await;
}

async fn stale_version_is_a_conflict_whoever_changed_the_row(database: &Database) {
    with_tables(database, TABLES, async |client| {
        let customer = json!({ "customer_id": "ALFKI", "company": "Alfreds" });
        let seen = client.request("new_customer", customer).await.unwrap_data();
        assert!(seen["version"].is_string(), "{seen}");
        database.execute("update customers set company = 'Another'").await;
        let mut update = seen.clone();
        update["company"] = json!("Mine");
        let ack = client.request("update_customer", update.clone()).await;
        assert_eq!(ack.error_keys(), ["$conflict"]);
        let theirs = ack.data.clone();
        assert_eq!(theirs["company"], "Another");
        assert_ne!(theirs["version"], seen["version"]);
        update["version"] = theirs["version"].clone();
        let mine = client.request("update_customer", update).await.unwrap_data();
        assert_eq!(mine["company"], "Mine");
        assert_ne!(mine["version"], theirs["version"]);

        let counter = client.request("new_counter", json!({ "name": "a", "total": 1 })).await.unwrap_data();
        assert_eq!(counter["version"], 1, "the table's own");
        let more = json!({ "name": "a", "total": 2, "version": 1 });
        assert_eq!(client.request("update_counter", more.clone()).await.unwrap_data()["version"], 2);
        assert_eq!(client.request("update_counter", more).await.error_keys(), ["$conflict"]);
        let meter = client.request("new_meter", json!({ "name": "a" })).await.unwrap_data();
        assert_eq!(meter["version"], 1, "without a default in the table");
    })
    .await;
}

async fn names_of_any_kind_are_served(database: &Database) {
    let long = "x".repeat(63);
    let sql = format!(
        r#"create table "Order Details" ("Order ID" integer primary key, "select" text, "a""b" text, "__proto__" text,
            "ünïcode" text, "where" text, "a.b" text, "$c" text, r text, e text, t text, k0 text, v text, "{long}" text, version text);
        create table "{long}" ("group" integer primary key);
        create table "user" (id integer primary key, "user" text)"#
    );
    with_tables(database, &sql, async |client| {
        let row = json!({
            "Order ID": 7, "select": "s", "a\"b": "q", "__proto__": "p", "ünïcode": "u", "where": "w", "a.b": "d",
            "$c": "c", "r": "r", "e": "e", "t": "t", "k0": "k", "v": "v", &long: "l", "version": "v",
        });
        let created = client.request("new_Order Detail", row.clone()).await.unwrap_data();
        for (name, value) in row.as_object().unwrap() {
            assert_eq!(created[name], *value, "{name}");
        }
        assert!(created["$version"].is_string(), "the column version holds something else: {created}");
        let update = json!({ "Order ID": 7, "$version": created["$version"], "version": "w" });
        let updated = client.request("update_Order Detail", update.clone()).await.unwrap_data();
        assert_eq!(updated["version"], "w");
        assert_eq!(client.request("update_Order Detail", update).await.error_keys(), ["$conflict"]);
        let page = client.request("list_Order Details", json!({ "where": { "a\"b": "q" }, "sort": "-ünïcode" })).await;
        assert_eq!(page.unwrap_data()["rows"], json!([updated]));
        client.request("new_user", json!({ "id": 1, "user": "Ada" })).await.unwrap_data();
        client.request(&format!("new_{long}"), json!({ "group": 1 })).await.unwrap_data();
    })
    .await;
}

async fn label_of_a_domain_is_a_key(database: &Database) {
    if !super::is_postgres(database) {
        return;
    }
    let tables = "
        create type mood as enum ('sad', 'ok');
        create domain temper as mood;
        create table tempers (name temper primary key, note text);
        insert into tempers values ('ok', 'fine'), ('sad', null)";
    with_tables(database, tables, async |client| {
        client.wait_for_rows("tempers", |rows| rows.len() == 2).await;
        let update = json!({ "name": "sad", "note": "x" });
        assert_eq!(client.request("update_temper", update.clone()).await.unwrap_data()["note"], "x");
        client.wait_for_rows("tempers", |rows| rows.iter().any(|row| row["note"] == "x")).await;
        let ack = client.request("new_temper", update).await;
        assert_eq!(ack.error("name"), "is already taken");
        let after = json!({ "where": { "name": { "gt": "sad" } } });
        let page = client.request("list_tempers", after).await.unwrap_data();
        assert_eq!(page["rows"][0]["name"], "ok", "in the order of the enumeration");
    })
    .await;
}
