//! Moments of SQLite, which has no type for them: its own text, and that of programs.

use serde_json::{Value, json};

use super::with_tables;
use crate::harness::{Client, Database, Engine, with_database};

const TABLE: &str = "
create table entries (id integer primary key, at timestamptz not null default current_timestamp, local datetime, iso timestamptz);
insert into entries (id, at, local, iso) values (1, '2026-12-01 11:28:05', '2026-12-01 11:28:05.5', '2026-12-01T11:28:05.000Z')";

async fn ids(client: &Client, request: Value) -> Vec<i64> {
    let page = client.request("list_entries", request).await.unwrap_data();
    page["rows"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[actix_web::test]
async fn moments_of_clients_and_of_sqlite_are_compared_by_time() {
    with_database(Engine::Sqlite, async |database: &Database| {
        with_tables(database, TABLE, async |client| {
            let first = client.request("get_entry", json!({ "id": 1 })).await.unwrap_data();
            assert_eq!(first["at"], "2026-12-01T11:28:05+00:00");
            assert_eq!(first["local"], "2026-12-01T11:28:05.5");
            assert_eq!(first["iso"], "2026-12-01T11:28:05.000Z", "a form of other programs stays");
            for (id, at) in [(2, "2026-12-01T01:00:00.000Z"), (3, "2026-12-01T14:00:00+02:00")] {
                let row = client.request("new_entry", json!({ "id": id, "at": at, "iso": at })).await;
                let row = row.unwrap_data();
                assert_eq!(row["iso"], at);
                assert!(row["at"].as_str().unwrap().ends_with("+00:00"), "{row}");
            }
            let stored = "select count(*) from entries where at = datetime(at) and id > 1";
            assert_eq!(database.number(stored).await, 2, "in the form of SQLite");
            // A row that another program makes, with the default.
            database.execute("insert into entries (id, at) values (4, '2026-12-01 11:59:59')").await;
            assert_eq!(ids(client, json!({ "sort": "-at" })).await, [3, 4, 1, 2]);
            let early = json!({ "where": { "at": { "lt": "2026-12-01T05:00:00Z" } } });
            assert_eq!(ids(client, early).await, [2]);
            // Without an offset it is in UTC, as SQLite's own.
            for same in ["2026-12-01T11:28:05Z", "2026-12-01T12:28:05.000+01:00", "2026-12-01 11:28:05"] {
                assert_eq!(ids(client, json!({ "where": { "at": same } })).await, [1], "{same}");
            }
            // A form that comes back as it was sent is no change.
            let again = client.request("update_entry", first.clone()).await.unwrap_data();
            assert_eq!(again, first);
        })
        .await;
    })
    .await;
}
