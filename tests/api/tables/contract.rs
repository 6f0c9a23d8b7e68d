//! The contract of every collection, over tables with names, keys, references and columns of every kind.

use serde_json::{Value, json};

use super::{ServedTables, is_postgres};
use crate::{
    harness::{Client, Database, ReplicaModel, on_empty_databases},
    live::{request_id, request_with_id},
};

on_empty_databases! { every_table_fulfills_contract, table_without_key_and_view_can_only_be_listed }

/// A table, a row of it, and what is to become of the row.
struct Table {
    name: &'static str,
    singular: &'static str,
    key: Vec<&'static str>,
    /// A payload of a new row; the database may give it its key.
    new: Value,
    /// A column and another value.
    change: (&'static str, Value),
    /// A key that no row has.
    nobody: Value,
    version: &'static str,
    /// Columns that the database computes, with their values after the change.
    computed: Vec<(&'static str, Value)>,
    /// Whether another row refers to the row.
    is_used: bool,
}

const LONG: &str = "x23456789_123456789_123456789_123456789_123456789_123456789_123";

fn table(name: &'static str, singular: &'static str, key: &[&'static str], new: Value) -> Table {
    let nobody = |column: &&str| ((*column).to_owned(), json!("999"));
    Table {
        name,
        singular,
        key: key.to_vec(),
        new,
        change: ("label", json!("changed")),
        nobody: Value::Object(key.iter().map(nobody).collect()),
        version: "version",
        computed: Vec::new(),
        is_used: false,
    }
}

/// In an order in which each row finds those that it refers to.
fn tables() -> Vec<Table> {
    let device = "0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60";
    let details = json!({ "Order ID": 7, "select": "it's", "a.b": "dot", "label": "new" });
    let odd = json!({
        "clé": " [\"~\"] ", "where": "w", "__proto__": "p", "constructor": "c", "version": "v1", "$version": null, "label": "new",
        "order": "o", "a\"b": "q", "data": "d", "errors": "e", "request_id": "r", "cursor": "c", "deleted": "d",
    });
    let odd = Value::Object(
        odd.as_object().unwrap().clone().into_iter().filter(|(name, _)| name != "$version").collect(),
    );
    vec![
        Table {
            is_used: true,
            ..table("Order Details", "Order Detail", &["Order ID", "select", "a.b"], details)
        },
        Table {
            version: "$version",
            change: ("__proto__", json!("other")),
            ..table("ünï.cödé \u{1F469}s", "ünï.cödé \u{1F469}s", &["clé"], odd)
        },
        table("user", "user", &["group"], json!({ "group": "9007199254740993", "label": "new" })),
        table(LONG, LONG, &[LONG], json!({ LONG: "k", "label": "new" })),
        Table {
            nobody: json!({ "device": "ffffffff-ffff-4fff-bfff-ffffffffffff" }),
            ..table("devices", "device", &["device"], json!({ "device": device, "label": "new" }))
        },
        Table {
            nobody: json!({ "day": "1999-01-01", "room": "a" }),
            is_used: true,
            ..table(
                "seats",
                "seat",
                &["room", "day"],
                json!({ "room": "a", "day": "2026-12-24", "label": "new" }),
            )
        },
        table(
            "bookings",
            "booking",
            &["booking"],
            json!({ "booking": 1, "seat_day": "2026-12-24", "seat_room": "a", "label": "new" }),
        ),
        // Its column `id` is no key, and it refers to itself.
        Table {
            is_used: true,
            ..table("staff", "staff", &["nr"], json!({ "nr": 1, "id": "ada", "label": "new", "boss": 1 }))
        },
        table("matches", "match", &["nr"], json!({ "nr": 1, "home": 1, "away": 1, "label": "new" })),
        // Each refers to the other.
        Table { is_used: true, ..table("hens", "hen", &["hen"], json!({ "hen": 1, "label": "new" })) },
        table("eggs", "egg", &["egg"], json!({ "egg": "e", "hen": 1, "label": "new" })),
        Table {
            change: ("net", json!(21)),
            computed: vec![("gross", json!(42))],
            ..table("bills", "bill", &["bill"], json!({ "net": 1 }))
        },
        // A version that counts.
        Table {
            nobody: json!({ "name": "nobody" }),
            ..table("counters", "counter", &["name"], json!({ "name": "__proto__", "label": "new" }))
        },
    ]
}

fn sql(is_postgres: bool) -> String {
    let identity =
        if is_postgres { "bigint generated always as identity primary key" } else { "integer primary key" };
    let cycle = match is_postgres {
        true => "alter table hens add foreign key (first_egg) references eggs;",
        false => "",
    };
    let first_egg = if is_postgres { "" } else { "references eggs (egg)" };
    format!(
        r#"create table "Order Details" ("Order ID" integer not null, "select" text not null, "a.b" varchar(9) not null, label text,
            of_order integer, of_select text, of_dot varchar(9), primary key ("select", "Order ID", "a.b"),
            foreign key (of_dot, of_order, of_select) references "Order Details" ("a.b", "Order ID", "select"));
        create table "ünï.cödé {woman}s" ("clé" text not null primary key, "where" text, "__proto__" text, constructor text,
            version text, label text, "order" text, "a""b" text, data text, errors text, request_id text, cursor text, deleted text);
        create table "user" ("group" bigint not null primary key, label text);
        create table "{LONG}" ("{LONG}" text not null primary key, label text);
        create table devices (device uuid not null primary key, label text);
        create table seats (room text not null, day date not null, label text, primary key (room, day));
        create table bookings (booking integer not null primary key, seat_day date, seat_room text, label text,
            foreign key (seat_room, seat_day) references seats (room, day));
        create table staff (nr integer not null primary key, id text, label text, boss integer references staff);
        create table matches (nr integer not null primary key, home integer references staff, away integer references staff, label text);
        create table hens (hen integer not null primary key, label text, first_egg text {first_egg});
        create table eggs (egg text not null primary key, hen integer not null references hens, label text);
        {cycle}
        create table bills (bill {identity}, net integer not null, gross integer generated always as (net * 2) stored);
        create table counters (name text not null primary key, label text, version integer not null default 1);
        create table logs (at integer, label text);
        insert into logs values (1, 'a');
        create view "all labels" as select label from staff"#,
        woman = "\u{1F469}",
    )
}

fn model() -> ReplicaModel {
    let tables = tables();
    let keys: Vec<(&str, &[&str])> = tables.iter().map(|table| (table.name, &table.key[..])).collect();
    ReplicaModel::of(&keys)
}

async fn every_table_fulfills_contract(database: &Database) {
    let served = ServedTables::start(database, &sql(is_postgres(database))).await;
    let clients = [
        served.follow(model()).await,
        served.follow(model()).await,
        Client::connect_to(served.address(), model()).await,
        Client::in_parts(served.address(), model()).await,
    ];
    let kept = clients[1].replica();
    let mut rows = Vec::new();
    for table in tables() {
        println!("{}", table.name);
        let row = check_create(&table, &clients).await;
        check_unknown(&table, &clients[0]).await;
        let row = check_update(&table, &clients, &row).await;
        check_reads(&table, &clients[0], &row).await;
        check_missing(&table, &clients[0]).await;
        rows.push((table, row));
    }
    connect_rows(&clients[0]).await;
    for (table, _) in rows.iter().filter(|(table, _)| table.is_used) {
        let key = keyed(table, &rows.iter().find(|(other, _)| other.name == table.name).unwrap().1);
        // A row that only itself refers to is not used.
        if table.name != "Order Details" {
            let ack = clients[0].request(&table.event("delete"), key).await;
            assert_eq!(ack.error_keys(), ["$in_use"], "{}", table.name);
        }
    }
    let resumed = served.follow(kept).await;
    assert_eq!(resumed.events_since(0), ["connected", "changes"]);
    for client in clients.iter().chain([&resumed]) {
        client.assert_in_sync().await;
    }
    clients[0].request("update_hen", json!({ "hen": 1, "first_egg": null })).await.unwrap_data();
    for (table, row) in rows.iter().rev() {
        check_delete(table, &clients, row).await;
    }
    for client in clients.iter().chain([&resumed]) {
        client.assert_in_sync().await;
        assert!(model().names().iter().all(|name| client.replica().rows(name).is_empty()));
    }
    served.stop().await;
}

/// References to rows that exist only now.
async fn connect_rows(client: &Client) {
    let itself = json!({ "of_order": 7, "of_select": "it's", "of_dot": "dot" });
    let update = with(&json!({ "Order ID": 7, "select": "it's", "a.b": "dot" }), &itself);
    client.request("update_Order Detail", update).await.unwrap_data();
    client.request("update_hen", json!({ "hen": 1, "first_egg": "e" })).await.unwrap_data();
    let wrong = client.request("update_booking", json!({ "booking": 1, "seat_room": "b" })).await;
    assert!(wrong.error_keys().contains(&"seat_room"), "{wrong:?}");
}

impl Table {
    fn event(&self, verb: &str) -> String {
        format!("{verb}_{}", self.singular)
    }
}

fn with(row: &Value, more: &Value) -> Value {
    let mut row = row.clone();
    for (name, value) in more.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}

fn keyed(table: &Table, row: &Value) -> Value {
    Value::Object(table.key.iter().map(|&column| (column.to_owned(), row[column].clone())).collect())
}

/// Asserts that all clients come to show the row, and the writer before its ack.
async fn is_shown(table: &Table, clients: &[Client], row: &Value) {
    assert!(clients[0].replica().has(table.name, row), "shown to its writer: {row}");
    for client in clients {
        client.wait_for_replica(&format!("{row}"), |replica| replica.has(table.name, row)).await;
    }
}

async fn check_create(table: &Table, clients: &[Client]) -> Value {
    let (event, id) = (table.event("new"), request_id());
    let ack = request_with_id(&clients[0], &id, &event, &table.new).await;
    let row = ack.clone().unwrap_data();
    for (column, value) in table.new.as_object().unwrap() {
        assert_eq!(row[column], *value, "{column}");
    }
    assert!(!row[table.version].is_null(), "{row}");
    is_shown(table, clients, &row).await;
    assert_eq!(request_with_id(&clients[0], &id, &event, &table.new).await, ack, "the request again");
    if table.new.get(table.key[0]).is_some() {
        let taken = clients[1].request(&event, table.new.clone()).await;
        assert!(taken.error(table.key[0]).starts_with("is already taken"), "{taken:?}");
    }
    row
}

async fn check_unknown(table: &Table, client: &Client) {
    for verb in ["new", "update"] {
        let ack = client.request(&table.event(verb), with(&table.new, &json!({ "toString": 1 }))).await;
        assert!(ack.error("toString").starts_with("is not a field of"), "{ack:?}");
    }
}

async fn check_update(table: &Table, clients: &[Client], row: &Value) -> Value {
    let (event, id) = (table.event("update"), request_id());
    let (column, value) = &table.change;
    let key = keyed(table, row);
    let update = with(&key, &json!({ *column: value, table.version: row[table.version] }));
    let ack = request_with_id(&clients[0], &id, &event, &update).await;
    let updated = ack.clone().unwrap_data();
    assert_eq!(updated[*column], *value);
    assert_ne!(updated[table.version], row[table.version]);
    for (column, value) in &table.computed {
        assert_eq!(updated[*column], *value);
    }
    is_shown(table, clients, &updated).await;
    assert_eq!(request_with_id(&clients[0], &id, &event, &update).await, ack, "the request again");

    let stale = clients[1].request(&event, update).await;
    assert_eq!((stale.error_keys(), &stale.data), (vec!["$conflict"], &updated));
    let whole = clients[0].request(&event, updated.clone()).await.unwrap_data();
    let same = |row: &Value| with(row, &json!({ table.version: 0 }));
    assert_eq!(same(&whole), same(&updated), "a whole row goes back in and changes nothing");
    is_shown(table, clients, &whole).await;
    whole
}

async fn check_reads(table: &Table, client: &Client, row: &Value) {
    let key = keyed(table, row);
    assert_eq!(client.request(&table.event("get"), key.clone()).await.unwrap_data(), *row);
    assert_eq!(
        client.request(&table.event("get"), row.clone()).await.unwrap_data(),
        *row,
        "a whole row will do"
    );
    let list = format!("list_{}", table.name);
    let sort: Vec<String> = table.key.iter().map(|column| format!("-{column}")).collect();
    for query in [json!({ "where": key }), json!({ "sort": sort.join(","), "limit": 1 })] {
        let page = client.request(&list, query).await.unwrap_data();
        assert_eq!(page["rows"], json!([row]));
    }
}

async fn check_missing(table: &Table, client: &Client) {
    for verb in ["get", "update", "delete"] {
        let ack = client.request(&table.event(verb), table.nobody.clone()).await;
        assert_eq!(ack.error_keys(), ["$not_found"], "{verb}: {ack:?}");
        let ack = client.request(&table.event(verb), json!({})).await;
        let mut columns = table.key.clone();
        columns.sort_unstable();
        assert_eq!(ack.error_keys(), columns, "{verb}");
    }
}

async fn check_delete(table: &Table, clients: &[Client], row: &Value) {
    let (event, key, id) = (table.event("delete"), keyed(table, row), request_id());
    let then = clients[1].now();
    let ack = request_with_id(&clients[0], &id, &event, &key).await;
    assert_eq!(ack.clone().unwrap_data(), key, "{}", table.name);
    assert_eq!(request_with_id(&clients[0], &id, &event, &key).await, ack, "the request again");
    assert_eq!(clients[0].request(&event, key.clone()).await.error_keys(), ["$not_found"]);
    for client in clients {
        client.wait_for_replica("no row", |replica| replica.rows(table.name).is_empty()).await;
    }
    let deleted = if table.key.len() == 1 { row[table.key[0]].clone() } else { key };
    // Changes of other tables may have been on their way.
    let expected = json!({ "upserted": [], "deleted": [deleted] });
    let changes = clients[1].changes_since(then);
    assert!(changes.iter().any(|changes| changes[table.name] == expected), "{changes:?}");
}

async fn table_without_key_and_view_can_only_be_listed(database: &Database) {
    let served = ServedTables::start(database, &sql(is_postgres(database))).await;
    let client = served.follow(model()).await;
    client.request("new_staff", json!({ "nr": 1, "label": "x" })).await.unwrap_data();
    for (name, singular, row) in [
        ("logs", "log", json!({ "at": 1, "label": "a" })),
        ("all labels", "all label", json!({ "label": "x" })),
    ] {
        let page =
            client.request(&format!("list_{name}"), json!({ "where": { "label": row["label"] } })).await;
        assert_eq!(page.unwrap_data()["rows"], json!([row]));
        for verb in ["new", "update", "delete", "get"] {
            let ack = client.request(&format!("{verb}_{singular}"), json!({})).await;
            assert_eq!(ack.error_keys(), ["$unknown_event"], "{verb} {name}");
        }
        assert!(!client.events_since(0).contains(&name.to_owned()));
    }
    client.assert_in_sync().await;
    served.stop().await;
}
