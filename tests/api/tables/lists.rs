//! Lists of tables.

use serde_json::{Value, json};

use super::with_tables;
use crate::harness::{Client, Database, on_empty_databases};

on_empty_databases! {
    pages_are_sorted_by_value_and_complete,
    conditions_compare_by_type,
    views_and_tables_without_a_key_are_listed,
}

const TABLE: &str = "create table samples (
    code varchar(5) primary key, exact numeric, words text, day date, big bigint, truth boolean)";

async fn fill(client: &Client) {
    for (code, exact, words, day, big) in [
        ("b", json!("10.5"), json!("Zebra"), json!("2026-01-02"), json!("9007199254740993")),
        ("B", json!("9"), json!("apple"), json!(null), json!("-5")),
        ("a", json!("-1"), json!("äpfel"), json!("2025-12-31"), json!(null)),
        ("c", json!(null), json!(null), json!("2026-01-02"), json!("9007199254740992")),
    ] {
        let row = json!({ "code": code, "exact": exact, "words": words, "day": day, "big": big });
        client.request("new_sample", row).await.unwrap_data();
    }
}

/// The codes of all rows, read one row at a time.
async fn list(client: &Client, mut query: Value) -> String {
    let mut codes = String::new();
    query["limit"] = json!(1);
    loop {
        let page = client.request("list_samples", query.clone()).await.unwrap_data();
        let rows = page["rows"].as_array().unwrap();
        rows.iter().for_each(|row| codes.push_str(row["code"].as_str().unwrap()));
        if page["next"].is_null() {
            return codes;
        }
        query["after"] = page["next"].clone();
    }
}

async fn pages_are_sorted_by_value_and_complete(database: &Database) {
    with_tables(database, TABLE, async |client| {
        fill(client).await;
        for (sort, expected) in [
            ("", "Babc"),
            ("-code", "cbaB"),
            ("exact", "caBb"),
            ("-exact", "bBac"),
            ("words", "cbBa"),
            ("day,code", "Babc"),
            ("-day,code", "bcaB"),
            ("big", "aBcb"),
            ("-big", "bcBa"),
        ] {
            assert_eq!(list(client, json!({ "sort": sort })).await, expected, "{sort}");
        }
    })
    .await;
}

async fn conditions_compare_by_type(database: &Database) {
    with_tables(database, TABLE, async |client| {
        fill(client).await;
        for (filter, expected) in [
            (json!({ "exact": "10.50" }), "b"),
            (json!({ "exact": { "gte": 9 } }), "Bb"),
            (json!({ "exact": null }), "c"),
            (json!({ "exact": { "ne": 9 } }), "abc"),
            (json!({ "big": { "gt": "9007199254740992" } }), "b"),
            (json!({ "big": { "in": ["-5", "9007199254740992"] } }), "Bc"),
            (json!({ "words": { "contains": "pp" } }), "B"),
            (json!({ "words": { "contains": "Z" } }), "b"),
            (json!({ "words": { "lt": "a" } }), "b"),
            (json!({ "day": { "gte": "2026-01-01" } }), "bc"),
            (json!({ "code": { "in": ["a", "B", "x"] } }), "Ba"),
            (json!({ "truth": null }), "Babc"),
        ] {
            assert_eq!(list(client, json!({ "where": filter.clone() })).await, expected, "{filter}");
        }
        let ack = client
            .request(
                "list_samples",
                json!({ "where": { "wrods": 1, "day": "soon" }, "sort": "cod", "after": "00" }),
            )
            .await;
        assert_eq!(ack.error("where.wrods"), "is not a column of a sample; did you mean words?");
        assert_eq!(ack.error("where.day"), "must be a date such as 2026-01-31");
        assert_eq!(ack.error("sort"), "cod: is not a column of a sample; did you mean code?");
        assert_eq!(ack.error("after"), "is not what a page with this sort gave as next");
    })
    .await;
}

async fn views_and_tables_without_a_key_are_listed(database: &Database) {
    let sql = "create table entries (at integer, words text);
         insert into entries values (1, 'a'), (1, 'a'), (2, null), (2, 'b'), (3, 'c');
         create view late_entries as select at, words from entries where at > 1";
    with_tables(database, sql, async |client| {
        let mut query = json!({ "limit": 2, "sort": "-at" });
        let mut found = Vec::new();
        loop {
            let page = client.request("list_entries", query.clone()).await.unwrap_data();
            found.extend(page["rows"].as_array().unwrap().iter().map(|row| row["at"].as_i64().unwrap()));
            if page["next"].is_null() {
                break;
            }
            query["after"] = page["next"].clone();
        }
        assert_eq!(found, [3, 2, 2, 1, 1]);
        let page = client.request("list_late_entries", json!({ "where": { "at": 2 } })).await.unwrap_data();
        assert_eq!(page["rows"], json!([{ "at": 2, "words": null }, { "at": 2, "words": "b" }]));
        for event in ["new_entrie", "update_entrie", "delete_entrie", "get_late_entrie"] {
            assert_eq!(client.request(event, json!({})).await.error_keys(), ["$unknown_event"], "{event}");
        }
    })
    .await;
}
