//! Rows with every kind of key.

use serde_json::{Value, json};

use super::{ServedTables, is_postgres, of};
use crate::harness::{Client, Database, Engine, ReplicaModel, on_empty_databases, with_database};

on_empty_databases! { row_with_any_key_reaches_every_client }

/// A table with a kind of key, and three keys of it: as clients have them, and in SQL.
struct Kind {
    collection: &'static str,
    singular: &'static str,
    columns: &'static [&'static str],
    keys: [Value; 3],
    sql: [&'static str; 3],
}

const SHARED: &str = "
create table numbers (id integer primary key, label text);
create table bigs (big bigint primary key, label text);
create table texts (code text primary key, label text);
create table pairs (a integer not null, b text not null, label text, primary key (b, a))";
const POSTGRES: &str = "
create type magnitude as enum ('small', 'middling', 'large');
create table devices (device_id uuid primary key, label text);
insert into devices values ('00000000-0000-4000-8000-000000000000', 'first');
create table days (day date primary key, label text);
create table moments (moment timestamptz primary key, label text);
create table sizes (size magnitude primary key, label text);
create table mixed (moment timestamptz, device uuid, size magnitude, big bigint, label text, primary key (size, moment, big, device))";
const SQLITE: &str = "
create table devices (device_id uuid primary key, label text);
insert into devices values (x'00000000000040008000000000000000', 'first')";

fn kinds(is_postgres: bool) -> Vec<Kind> {
    let (one, two, three) = (
        "0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60",
        "ffffffff-ffff-4fff-bfff-ffffffffffff",
        "10000000-0000-4000-8000-000000000000",
    );
    let devices = match is_postgres {
        true => [
            "'0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60'",
            "'FFFFFFFF-ffff-4fff-bfff-ffffffffffff'",
            "'10000000-0000-4000-8000-000000000000'",
        ],
        false => [
            "x'0b7e0d4e7c0a4f6e9d0a1c2b3d4e5f60'",
            "x'ffffffffffff4fffbfffffffffffffff'",
            "x'10000000000040008000000000000000'",
        ],
    };
    let mut kinds = vec![
        Kind {
            collection: "numbers",
            singular: "number",
            columns: &["id"],
            keys: [json!({ "id": -7 }), json!({ "id": 2_147_483_647 }), json!({ "id": 0 })],
            sql: ["-7", "2147483647", "0"],
        },
        Kind {
            collection: "bigs",
            singular: "big",
            columns: &["big"],
            keys: ["9007199254740993", "-9223372036854775808", "10"].map(|big| json!({ "big": big })),
            sql: ["9007199254740993", "-9223372036854775808", "10"],
        },
        Kind {
            collection: "texts",
            singular: "text",
            columns: &["code"],
            keys: ["it's \"ä\\\u{1F469}", "", " [1,2] "].map(|code| json!({ "code": code })),
            sql: ["'it''s \"ä\\\u{1F469}'", "''", "' [1,2] '"],
        },
        Kind {
            collection: "devices",
            singular: "device",
            columns: &["device_id"],
            keys: [one, two, three].map(|id| json!({ "device_id": id })),
            sql: devices,
        },
        Kind {
            collection: "pairs",
            singular: "pair",
            columns: &["b", "a"],
            keys: [json!({ "b": "x", "a": 1 }), json!({ "b": "x", "a": 2 }), json!({ "b": "1", "a": -1 })],
            sql: ["'x', 1", "'x', 2", "'1', -1"],
        },
    ];
    if is_postgres {
        kinds.extend([
            Kind {
                collection: "days",
                singular: "day",
                columns: &["day"],
                keys: ["2024-02-29", "0044-03-15 BC", "infinity"].map(|day| json!({ "day": day })),
                sql: ["'2024-02-29'", "'0044-03-15 BC'", "'infinity'"],
            },
            Kind {
                collection: "moments",
                singular: "moment",
                columns: &["moment"],
                keys: ["2026-01-31T12:30:05.1+00:00", "0044-03-15T01:02:03+00:00 BC", "-infinity"]
                    .map(|moment| json!({ "moment": moment })),
                sql: ["'2026-01-31 14:30:05.1+02'", "'0044-03-15 01:02:03+00 BC'", "'-infinity'"],
            },
            Kind {
                collection: "sizes",
                singular: "size",
                columns: &["size"],
                keys: ["middling", "large", "small"].map(|size| json!({ "size": size })),
                sql: ["'middling'", "'large'", "'small'"],
            },
            Kind {
                collection: "mixed",
                singular: "mixed",
                columns: &["size", "moment", "big", "device"],
                keys: [("small", "1", one), ("small", "2", one), ("large", "-5", two)].map(|(size, big, device)| {
                    json!({ "size": size, "moment": "2026-01-31T12:30:00+00:00", "big": big, "device": device })
                }),
                sql: [
                    "'small', '2026-01-31 12:30Z', 1, '0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60'",
                    "'small', '2026-01-31 14:30+02', 2, '0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60'",
                    "'large', '2026-01-31 12:30Z', -5, 'ffffffff-ffff-4fff-bfff-ffffffffffff'",
                ],
            },
        ]);
    }
    kinds
}

impl Kind {
    /// The key as `deleted` has it.
    fn deleted(&self, at: usize) -> Value {
        match self.columns {
            [column] => self.keys[at][column].clone(),
            _ => self.keys[at].clone(),
        }
    }

    fn labelled(&self, at: usize, label: &str) -> Value {
        let mut row = self.keys[at].clone();
        row["label"] = json!(label);
        row
    }

    /// Whether a row has this key and label.
    fn is(&self, row: &Value, at: usize, label: &str) -> bool {
        row["label"] == label && self.columns.iter().all(|&column| row[column] == self.keys[at][column])
    }

    async fn arrives(&self, clients: &[Client], at: usize, label: &str) {
        for client in clients {
            let what = format!("{label} in {}", self.collection);
            let is_there = |rows: Vec<Value>| rows.iter().any(|row| self.is(row, at, label));
            client.wait_for_replica(&what, |replica| is_there(replica.rows(self.collection))).await;
        }
    }
}

async fn row_with_any_key_reaches_every_client(database: &Database) {
    let kinds = kinds(is_postgres(database));
    let keys: Vec<(&str, &[&str])> = kinds.iter().map(|kind| (kind.collection, kind.columns)).collect();
    let model = ReplicaModel::of(&keys);
    let tables = ServedTables::start(database, &format!("{SHARED};{}", of(database, POSTGRES, SQLITE))).await;
    let clients = [
        tables.follow(model.clone()).await,
        tables.follow(model.clone()).await,
        Client::connect_to(tables.address(), model.clone()).await,
        Client::in_parts(tables.address(), model).await,
    ];
    let (writer, reader) = (&clients[0], &clients[1]);
    for kind in &kinds {
        let (table, singular, columns) = (kind.collection, kind.singular, kind.columns.join(", "));
        let sole = |then: usize| {
            let changes = reader.changes_since(then);
            assert_eq!(changes.len(), 1, "{table}: {changes:?}");
            changes[0][table].clone()
        };
        writer.request(&format!("new_{singular}"), kind.labelled(0, "new")).await.unwrap_data();
        kind.arrives(&clients, 0, "new").await;
        let updated =
            writer.request(&format!("update_{singular}"), kind.labelled(0, "updated")).await.unwrap_data();
        kind.arrives(&clients, 0, "updated").await;
        assert!(reader.replica().has(table, &updated), "{updated}");
        let insert = format!("insert into {table} ({columns}, label) values ({}, 'by another')", kind.sql[1]);
        database.execute(&insert).await;
        kind.arrives(&clients, 1, "by another").await;
        let which = |at: usize| format!("({columns}) = ({})", kind.sql[at]);
        database.execute(&format!("update {table} set label = 'changed' where {}", which(0))).await;
        kind.arrives(&clients, 0, "changed").await;
        let found = writer.request(&format!("get_{singular}"), kind.keys[0].clone()).await.unwrap_data();
        assert!(reader.replica().has(table, &found), "{found}");

        let (then, set) = (reader.now(), assignments(kind));
        database.execute(&format!("update {table} set {set}, label = 'moved' where {}", which(0))).await;
        kind.arrives(&clients, 2, "moved").await;
        let moved = sole(then);
        assert_eq!(moved["deleted"], json!([kind.deleted(0)]), "{table}");
        assert!(kind.is(&moved["upserted"][0], 2, "moved"), "{table}: {moved}");

        let then = reader.now();
        let gone = writer.request(&format!("delete_{singular}"), kind.keys[2].clone()).await.unwrap_data();
        assert_eq!(gone, kind.keys[2], "{table}");
        let gone = |collection: &ReplicaModel, at: usize| {
            !collection
                .rows(table)
                .iter()
                .any(|row| kind.columns.iter().all(|&name| row[name] == kind.keys[at][name]))
        };
        reader.wait_for_replica("the row to go", |replica| gone(replica, 2)).await;
        assert_eq!(sole(then), json!({ "upserted": [], "deleted": [kind.deleted(2)] }));
        let then = reader.now();
        database.execute(&format!("delete from {table} where {}", which(1))).await;
        reader.wait_for_replica("the other row to go", |replica| gone(replica, 1)).await;
        assert_eq!(sole(then), json!({ "upserted": [], "deleted": [kind.deleted(1)] }));
    }
    for client in &clients {
        client.assert_in_sync().await;
    }
    tables.stop().await;
}

/// The table has no row by which the server could know in which form its UUIDs are.
#[actix_web::test]
async fn bytes_as_uuids_of_empty_table_reach_every_client() {
    with_database(Engine::Sqlite, async |database: &Database| {
        let sql = "create table empty_devices (device_id uuid primary key, label text)";
        let tables = ServedTables::start(database, sql).await;
        let client = tables.follow(ReplicaModel::of(&[("empty_devices", &["device_id"])])).await;
        database
            .execute("insert into empty_devices values (x'ffffffffffff4fffbfffffffffffffff', 'first')")
            .await;
        client.wait_for_replica("the row", |replica| replica.rows("empty_devices").len() == 1).await;
        let key = json!({ "device_id": "ffffffff-ffff-4fff-bfff-ffffffffffff", "label": "mine" });
        let row = client.request("update_empty_device", key).await.unwrap_data();
        assert!(client.replica().has("empty_devices", &row));
        let other = json!({ "device_id": "10000000-0000-4000-8000-000000000000" });
        client.request("new_empty_device", other.clone()).await.unwrap_data();
        let blobs = "select count(*) from empty_devices where typeof(device_id) = 'blob'";
        assert_eq!(database.number(blobs).await, 2, "in the form of the others");
        client.request("delete_empty_device", other).await.unwrap_data();
        client.assert_in_sync().await;
        tables.stop().await;
    })
    .await;
}

/// The columns of the key, set to the third key.
fn assignments(kind: &Kind) -> String {
    let values: Vec<&str> = match kind.columns {
        [_] => vec![kind.sql[2]],
        _ => kind.sql[2].split(", ").collect(),
    };
    let pairs: Vec<String> =
        kind.columns.iter().zip(values).map(|(name, value)| format!("{name} = {value}")).collect();
    pairs.join(", ")
}
