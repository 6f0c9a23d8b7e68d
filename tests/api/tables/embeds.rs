//! Embedded rows: objects beside the columns that refer to them.

use serde_json::{Value, json};

use super::{attach, is_postgres, product_with, with_settings};
use crate::harness::{Client, Database, Node, on_empty_databases, wire::ServerPacket};

on_empty_databases! {
    row_shows_what_it_refers_to,
    rows_of_every_key_follow_what_they_embed,
    reference_to_unique_column_is_followed,
    embedded_values_have_the_form_of_their_own_collection,
    row_follows_a_table_that_is_only_listed,
    rows_that_embed_their_own_table_are_whole,
    rows_are_chosen_by_what_they_embed,
    version_does_not_depend_on_what_is_embedded,
    client_resumes_with_changes_of_what_is_embedded,
    change_without_a_log_entry_is_found,
}

const TABLES: &str = "
create table customers (id integer primary key, name text not null, code varchar(5) unique, secret text);
create table orders (
    id integer primary key, customer_id integer references customers on delete set null,
    billing_id integer references customers on delete set null, label text
);";
const SETTINGS: &str = r#"
[collections.customers]
hidden = ["secret"]
[collections.orders]
embed = { customer = ["id", "name"], billing = ["name"] }"#;

async fn create(client: &Client, event: &str, payload: Value) -> Value {
    client.request(event, payload).await.unwrap_data()
}

/// Waits until the only row of a collection meets a condition.
async fn wait_for_row(client: &Client, collection: &str, so: impl Fn(&Value) -> bool) -> Value {
    let rows = client.wait_for_rows(collection, |rows| rows.len() == 1 && so(&rows[0])).await;
    rows[0].clone()
}

async fn row_shows_what_it_refers_to(database: &Database) {
    with_settings(database, TABLES, SETTINGS, async |client| {
        create(client, "new_customer", json!({ "id": 1, "name": "Ada", "code": "A" })).await;
        create(client, "new_customer", json!({ "id": 2, "name": "Grace" })).await;
        let order = create(client, "new_order", json!({ "id": 7, "customer_id": 1 })).await;
        assert_eq!(order["customer"], json!({ "id": 1, "name": "Ada" }));
        assert_eq!((&order["customer_id"], &order["billing"]), (&json!(1), &json!(null)));
        let names: Vec<&String> = order.as_object().unwrap().keys().collect();
        assert_eq!(names.len(), 7, "{names:?}");

        let mut back = order.clone();
        back["billing_id"] = json!(2);
        back["customer"] = json!("unread");
        let order = client.request("update_order", back.clone()).await.unwrap_data();
        assert_eq!(order["customer"], json!({ "id": 1, "name": "Ada" }));
        assert_eq!(order["billing"], json!({ "name": "Grace" }), "each reference shows its own row");
        assert_eq!(wait_for_row(client, "orders", |row| row == &order).await, order);
        let ack = client.request("update_order", back).await;
        assert_eq!((ack.error_keys(), &ack.data), (vec!["$conflict"], &order));

        assert_eq!(client.request("get_order", json!({ "id": 7 })).await.unwrap_data(), order);
        let page =
            client.request("list_orders", json!({ "where": { "customer_id": 1 }, "sort": "-label" })).await;
        assert_eq!(page.unwrap_data()["rows"], json!([order]));
        let ack = client.request("list_orders", json!({ "where": { "customer": 1 } })).await;
        assert!(ack.error("where.customer").starts_with("is not a column of an order"), "{ack:?}");
        let ack = client.request("new_order", json!({ "id": 8, "custmer": 1 })).await;
        assert_eq!(ack.error_keys(), ["custmer"]);

        // By the client, by another program, and by a deletion.
        create(client, "update_customer", json!({ "id": 1, "name": "Augusta" })).await;
        let named = |name: &'static str| move |row: &Value| row["customer"]["name"] == name;
        wait_for_row(client, "orders", named("Augusta")).await;
        database.execute("update customers set name = 'Lovelace' where id = 1").await;
        wait_for_row(client, "orders", named("Lovelace")).await;
        database.execute("update customers set name = 'Hopper' where id = 2").await;
        wait_for_row(client, "orders", |row| row["billing"]["name"] == "Hopper").await;
        database.execute("update orders set customer_id = 2").await;
        wait_for_row(client, "orders", |row| row["customer"] == json!({ "id": 2, "name": "Hopper" })).await;
        database.execute("delete from customers where id = 2").await;
        let row = wait_for_row(client, "orders", |row| row["customer"].is_null()).await;
        assert_eq!((&row["customer_id"], &row["billing"]), (&json!(null), &json!(null)));
    })
    .await;
}

async fn rows_of_every_key_follow_what_they_embed(database: &Database) {
    let uuid = "0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60";
    let tables = "
        create table halls (house text, floor integer, title text, primary key (house, floor));
        create table devices (\"device id\" uuid primary key, title text);
        create table shows (
            day date, place integer, house text, floor integer, \"device id\" uuid references devices,
            foreign key (floor, house) references halls (floor, house), primary key (day, place)
        )";
    let settings = r#"
        [collections.shows]
        embed = { hall = ["title", "floor"], device = ["title"] }"#;
    with_settings(database, tables, settings, async |client| {
        let hall = json!({ "house": "a'\"\\", "floor": 2, "title": "Small" });
        create(client, "new_hall", hall.clone()).await;
        create(client, "new_hall", json!({ "house": "b", "floor": 2, "title": "Other" })).await;
        create(client, "new_device", json!({ "device id": uuid, "title": "Organ" })).await;
        let show =
            json!({ "day": "2026-01-31", "place": 1, "house": hall["house"], "floor": 2, "device id": uuid });
        let show = create(client, "new_show", show).await;
        assert_eq!(show["hall"], json!({ "title": "Small", "floor": 2 }));
        assert_eq!(show["device"], json!({ "title": "Organ" }));
        let half = json!({ "day": "2026-01-31", "place": 2, "house": hall["house"] });
        assert_eq!(
            create(client, "new_show", half).await["hall"],
            json!(null),
            "half of a reference is none"
        );

        database.execute("update halls set title = 'Great' where house <> 'b'").await;
        client.wait_for_rows("shows", |rows| rows.len() == 2 && rows[0]["hall"]["title"] == "Great").await;
        database.execute("update devices set title = 'Piano'").await;
        client.wait_for_rows("shows", |rows| rows[0]["device"]["title"] == "Piano").await;
        database
            .execute("update halls set title = title || '!'; update devices set title = title || '!'")
            .await;
        let rows = client.wait_for_rows("shows", |rows| rows[0]["device"]["title"] == "Piano!").await;
        assert_eq!(rows[0]["hall"]["title"], "Great!");
        assert_eq!(rows[1]["hall"], json!(null));
    })
    .await;
}

async fn reference_to_unique_column_is_followed(database: &Database) {
    let tables = "
        create table customers (id integer primary key, name text, code varchar(5) unique);
        create table orders (id integer primary key, customer_code varchar(5) references customers (code) on update cascade)";
    let settings = "[collections.orders]\nembed = { customer = [\"id\", \"name\"] }";
    with_settings(database, tables, settings, async |client| {
        create(client, "new_customer", json!({ "id": 1, "name": "Ada", "code": "A" })).await;
        let order = create(client, "new_order", json!({ "id": 7, "customer_code": "A" })).await;
        assert_eq!(order["customer"], json!({ "id": 1, "name": "Ada" }));
        database.execute("update customers set name = 'Augusta'").await;
        wait_for_row(client, "orders", |row| row["customer"]["name"] == "Augusta").await;
        database.execute("update customers set code = 'B', name = 'Byron'").await;
        let row = wait_for_row(client, "orders", |row| row["customer"]["name"] == "Byron").await;
        assert_eq!(row["customer_code"], "B");
    })
    .await;
}

async fn embedded_values_have_the_form_of_their_own_collection(database: &Database) {
    let tables = "
        create table parts (
            id integer primary key, price numeric(12, 4), total bigint, at timestamp, active boolean, notes json, data bytea
        );
        create table uses (id integer primary key, part_id integer references parts)";
    let tables = if is_postgres(database) { tables.to_owned() } else { tables.replace("bytea", "blob") };
    let fields = ["id", "price", "total", "at", "active", "notes", "data"];
    let settings = format!("[collections.uses]\nembed = {{ part = {fields:?} }}");
    with_settings(database, &tables, &settings, async |client| {
        let part = json!({
            "id": 1, "price": "12.5", "total": "9223372036854775807", "at": "2026-01-31T14:30:00", "active": true,
            "notes": { "a": [1.5, null] }, "data": "AP8=",
        });
        let mut part = create(client, "new_part", part).await;
        let row = create(client, "new_use", json!({ "id": 1, "part_id": 1 })).await;
        part.as_object_mut().unwrap().remove("version");
        assert_eq!(row["part"], part);
    })
    .await;
}

async fn row_follows_a_table_that_is_only_listed(database: &Database) {
    let settings = SETTINGS.replace("hidden =", "live = false\nhidden =");
    with_settings(database, TABLES, &settings, async |client| {
        create(client, "new_customer", json!({ "id": 1, "name": "Ada" })).await;
        create(client, "new_order", json!({ "id": 7, "customer_id": 1 })).await;
        database.execute("update customers set name = 'Augusta'").await;
        wait_for_row(client, "orders", |row| row["customer"]["name"] == "Augusta").await;
        assert!(!client.events_since(0).contains(&"customers".to_owned()), "it is only listed");
    })
    .await;
}

async fn rows_that_embed_their_own_table_are_whole(database: &Database) {
    let tables =
        "create table employees (id integer primary key, name text, boss_id integer references employees)";
    let settings = "[collections.employees]\nembed = { boss = [\"id\", \"name\"] }";
    with_settings(database, tables, settings, async |client| {
        create(client, "new_employee", json!({ "id": 1, "name": "Ada" })).await;
        let ada = create(client, "update_employee", json!({ "id": 1, "boss_id": 1 })).await;
        assert_eq!(ada["boss"], json!({ "id": 1, "name": "Ada" }), "its own boss");
        create(client, "new_employee", json!({ "id": 2, "name": "Grace", "boss_id": 1 })).await;
        let ada = create(client, "update_employee", json!({ "id": 1, "name": "Augusta" })).await;
        assert_eq!(ada["boss"]["name"], "Augusta");
        let all = |rows: &[Value]| rows.len() == 2 && rows.iter().all(|row| row["boss"]["name"] == "Augusta");
        client.wait_for_rows("employees", all).await;
        database.execute("update employees set name = 'Lovelace' where id = 1").await;
        client
            .wait_for_rows("employees", |rows| rows.iter().all(|row| row["boss"]["name"] == "Lovelace"))
            .await;
    })
    .await;
}

async fn rows_are_chosen_by_what_they_embed(database: &Database) {
    with_settings(database, TABLES, SETTINGS, async |client| {
        for (id, name) in [(1, "Ada"), (2, "Grace")] {
            create(client, "new_customer", json!({ "id": id, "name": name })).await;
        }
        for (id, customer, billing) in [
            (1, json!(1), json!(2)),
            (2, json!(2), json!(2)),
            (3, json!(null), json!(1)),
            (4, json!(2), json!(null)),
        ] {
            create(client, "new_order", json!({ "id": id, "customer_id": customer, "billing_id": billing }))
                .await;
        }
        for (filter, expected) in [
            (json!({ "customer.name": "Ada" }), json!([1])),
            (json!({ "customer.name": "Grace", "billing.name": "Grace" }), json!([2])),
            (json!({ "customer.id": { "in": [2, 3] } }), json!([2, 4])),
            (json!({ "customer.name": { "ne": "Ada" } }), json!([2, 3, 4])),
            (json!({ "not": { "customer.name": { "starts_with": "A" } } }), json!([2, 3, 4])),
            (json!({ "billing.name": null }), json!([4])),
            (json!({ "billing.name": { "is_null": false }, "customer.name": null }), json!([3])),
            (json!({ "or": [{ "customer.name": "Ada" }, { "billing.name": "Ada" }] }), json!([1, 3])),
        ] {
            let page =
                client.request("list_orders", json!({ "where": filter, "sort": "id" })).await.unwrap_data();
            let ids: Value = page["rows"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
            assert_eq!(ids, expected, "{filter}");
            let counted = client.request("count_orders", json!({ "where": filter })).await.unwrap_data();
            assert_eq!(counted["count"], ids.as_array().unwrap().len(), "{filter}");
        }
        let filter =
            json!({ "customer.nam": "Ada", "customer.secret": "x", "billing.id": 1, "customer.id": "x" });
        let ack = client.request("list_orders", json!({ "where": filter, "sort": "customer.name" })).await;
        assert_eq!(
            ack.error("where.customer.nam"),
            "is not a column of an order; did you mean customer.name?"
        );
        assert!(ack.error("where.customer.secret").starts_with("is not a column of an order"));
        assert!(ack.error("where.billing.id").starts_with("is not a column of an order"), "it is not shown");
        assert_eq!(ack.error("where.customer.id"), "must be a whole number");
        assert!(ack.error("sort").starts_with("customer.name: is not a column of an order"), "{ack:?}");
    })
    .await;
}

async fn version_does_not_depend_on_what_is_embedded(database: &Database) {
    with_settings(database, TABLES, SETTINGS, async |client| {
        create(client, "new_customer", json!({ "id": 1, "name": "Ada" })).await;
        let order = create(client, "new_order", json!({ "id": 7, "customer_id": 1 })).await;
        database.execute("update customers set name = 'Augusta'").await;
        let changed = wait_for_row(client, "orders", |row| row["customer"]["name"] == "Augusta").await;
        assert_eq!(changed["version"], order["version"]);
        let mut update = order;
        update["label"] = json!("seen before the change");
        let updated = client.request("update_order", update).await.unwrap_data();
        assert_ne!(updated["version"], changed["version"]);
    })
    .await;
}

async fn client_resumes_with_changes_of_what_is_embedded(database: &Database) {
    database.execute(TABLES).await;
    database.execute("insert into customers (id, name) values (1, 'Ada')").await;
    database.execute("insert into orders (id, customer_id) values (7, 1), (8, null)").await;
    attach(database).await;
    let product = product_with(SETTINGS);
    let node = Node::serve(&database.url(), &[], &product).await;
    let changes = json!({ "live": "changes" });
    let client = Client::connect_only(node.address, &changes).await.unwrap();
    let cursor = |packet: &ServerPacket| match packet {
        ServerPacket::Event(name, arguments) if name == "orders" => Some(arguments[1]["cursor"].clone()),
        _ => None,
    };
    let cursor = client.until("a snapshot", |packets| packets.iter().find_map(cursor)).await;
    drop(client);

    database.execute("update customers set name = 'Augusta'").await;
    let since = json!({ "live": "changes", "since": cursor });
    let client = Client::connect_only(node.address, &since).await.unwrap();
    let orders = loop {
        // The first is empty if the client is faster than the other program.
        let mut changed = client.next_event("changes").await;
        if let Value::Array(orders) = changed["orders"]["upserted"].take() {
            break orders;
        }
    };
    assert_eq!(orders.len(), 1, "only the row that embeds it");
    assert_eq!(orders[0]["customer"], json!({ "id": 1, "name": "Augusta" }));
    drop(client);
    node.stop().await;

    // A change while no server runs.
    database.execute("update customers set name = 'Lovelace'").await;
    let node = Node::serve(&database.url(), &[], &product).await;
    let client = Client::connect_only(node.address, &since).await.unwrap();
    let name = |changes: &Value| changes["orders"]["upserted"][0]["customer"]["name"].clone();
    while name(&client.next_event("changes").await) != "Lovelace" {}
    drop(client);
    node.stop().await;
}

async fn change_without_a_log_entry_is_found(database: &Database) {
    let tables = TABLES.replace("label text", "label text, version integer not null default 1");
    if !is_postgres(database) {
        // No program writes to SQLite without its triggers.
        return;
    }
    let unlogged = "set session_replication_role = replica; update customers set name = 'Unlogged'";
    with_settings(database, &tables, SETTINGS, async |client| {
        create(client, "new_customer", json!({ "id": 1, "name": "Ada" })).await;
        let order = create(client, "new_order", json!({ "id": 7, "customer_id": 1 })).await;
        wait_for_row(client, "orders", |row| row == &order).await;
        database.execute(unlogged).await;
        let row = wait_for_row(client, "orders", |row| row["customer"]["name"] == "Unlogged").await;
        assert_eq!(row["version"], order["version"], "the row itself is the same");
    })
    .await;
}
