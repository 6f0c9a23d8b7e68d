//! Combined conditions of lists: which rows they select, also where columns are null.

use std::collections::BTreeSet;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};

use super::{is_postgres, with_tables};
use crate::harness::{Client, Database, on_empty_databases};

on_empty_databases! {
    combined_conditions_select_rows_with_and_without_values,
    lists_are_searched_for_an_entry,
    values_beyond_those_of_a_column_are_compared_or_refused,
    random_filters_and_their_negations_select_all_rows,
}

const TABLE: &str = "
create table samples (id integer primary key, name text, age integer, price numeric(8, 2), day date, done boolean);
insert into samples values
    (1, 'Ada', 36, 1.5, '2026-01-31', true), (2, 'ada', 40, null, '2026-01-31', false), (3, null, null, 10, null, null),
    (4, 'Grace_%', 36, 2.25, '2025-12-31', true), (5, '', 0, -1, '2026-02-01', false), (6, 'Äda', null, 10, null, true);";

async fn ids(client: &Client, filter: &Value) -> BTreeSet<i64> {
    let page = client.request("list_samples", json!({ "where": filter, "limit": 500 })).await.unwrap_data();
    let rows = page["rows"].as_array().unwrap();
    let counted = client.request("count_samples", json!({ "where": filter })).await.unwrap_data();
    assert_eq!(counted, json!({ "count": rows.len() }), "{filter}");
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

async fn combined_conditions_select_rows_with_and_without_values(database: &Database) {
    with_tables(database, TABLE, async |client| {
        for (filter, expected) in [
            (json!({ "or": [{ "name": "Ada" }, { "age": { "gte": 40 } }] }), &[1, 2][..]),
            (json!({ "or": [{ "name": "Ada" }, { "age": 36 }], "done": true }), &[1, 4]),
            (json!({ "and": [{ "age": 36 }, { "or": [{ "price": 1.5 }, { "price": "10" }] }] }), &[1]),
            (json!({ "not": { "age": 36 } }), &[2, 3, 5, 6]),
            (json!({ "not": { "age": { "gt": 36 } } }), &[1, 3, 4, 5, 6]),
            (json!({ "not": { "age": { "ne": 36 } } }), &[1, 4]),
            (json!({ "not": { "not": { "age": { "gt": 36 } } } }), &[2]),
            (json!({ "not": { "or": [{ "age": 36 }, { "done": true }] } }), &[2, 3, 5]),
            (json!({ "age": { "is_null": true } }), &[3, 6]),
            (json!({ "age": { "is_null": "false" }, "price": { "is_null": true } }), &[2]),
            (json!({ "name": { "starts_with": "A" } }), &[1]),
            (json!({ "name": { "starts_with": "Grace_%" } }), &[4]),
            (json!({ "name": { "starts_with": "Grace%" } }), &[]),
            (json!({ "name": { "starts_with": "" } }), &[1, 2, 4, 5, 6]),
            (json!({ "not": { "name": { "starts_with": "A" } } }), &[2, 3, 4, 5, 6]),
            (json!({ "not": { "name": { "in": ["Ada", "ada"] } } }), &[3, 4, 5, 6]),
            (json!({ "or": [] }), &[]),
            (json!({ "and": [] }), &[1, 2, 3, 4, 5, 6]),
            (json!({ "or": [{}, { "id": 1 }] }), &[1, 2, 3, 4, 5, 6]),
            (json!({ "not": {} }), &[]),
            (json!({ "not": { "or": [] } }), &[1, 2, 3, 4, 5, 6]),
        ] {
            assert_eq!(ids(client, &filter).await, expected.iter().copied().collect(), "{filter}");
        }
        let filter = json!({
            "or": [{ "nam": 1 }, { "and": [{ "day": "soon" }, { "age": { "starts_with": "3" } }] }],
            "not": { "name": { "has": "A" } },
        });
        let ack = client.request("list_samples", json!({ "where": filter })).await;
        let expected = [
            ("where.not.name", "holds no list"),
            ("where.or.0.nam", "is not a column of a sample; did you mean name?"),
            ("where.or.1.and.0.day", "must be a date such as 2026-01-31"),
            ("where.or.1.and.1.age", "holds no text"),
        ];
        assert_eq!(ack.error_keys(), expected.map(|(field, _)| field));
        for (field, sentence) in expected {
            assert_eq!(ack.error(field), sentence);
        }
    })
    .await;
}

async fn lists_are_searched_for_an_entry(database: &Database) {
    if !is_postgres(database) {
        return;
    }
    let table = "
        create type mood as enum ('sad', 'ok');
        create table samples (id integer primary key, numbers smallint[], exacts numeric[], texts varchar(9)[], moods mood[],
            days date[], documents jsonb[]);
        insert into samples values
            (1, '{1,null,3}', '{1.50}', '{a,\"B,c\"}', '{sad}', '{2026-01-31}', '{1}'), (2, '{{1,2},{3,4}}', '{}', '{A}', '{ok,sad}', null, null),
            (3, null, null, null, null, null, null)";
    with_tables(database, table, async |client| {
        for (filter, expected) in [
            (json!({ "numbers": { "has": 3 } }), &[1, 2][..]),
            (json!({ "numbers": { "has": "4" } }), &[2]),
            (json!({ "numbers": { "has": 3_000_000_000_u64 } }), &[]),
            (json!({ "not": { "numbers": { "has": 1 } } }), &[3]),
            (json!({ "exacts": { "has": 1.5 } }), &[1]),
            (json!({ "texts": { "has": "B,c" } }), &[1]),
            (json!({ "texts": { "has": "A" } }), &[2]),
            (json!({ "moods": { "has": "sad" } }), &[1, 2]),
            (json!({ "days": { "has": "2026-01-31" }, "numbers": { "is_null": false } }), &[1]),
        ] {
            assert_eq!(ids(client, &filter).await, expected.iter().copied().collect(), "{filter}");
        }
        let filter =
            json!({ "numbers": { "has": "x" }, "moods": { "has": "glad" }, "documents": { "has": 1 } });
        let ack = client.request("list_samples", json!({ "where": filter })).await;
        assert_eq!(ack.error("where.numbers"), "must be a whole number");
        assert_eq!(ack.error("where.moods"), "must be one of sad, ok");
        assert_eq!(ack.error("where.documents"), "cannot be compared");
    })
    .await;
}

async fn values_beyond_those_of_a_column_are_compared_or_refused(database: &Database) {
    let columns = match is_postgres(database) {
        true => {
            "number real, exact numeric, day date, length interval, at timestamptz, ranges int4range[], codes char(3)[]"
        }
        false => {
            "number real, exact numeric, day date, length interval, at timestamptz, ranges text, codes text"
        }
    };
    let codes = if is_postgres(database) { "'{a}'" } else { "'[]'" };
    let table = format!(
        "create table samples (id integer primary key, {columns});
        insert into samples values (1, 1.5, 1.5, '2026-01-31', null, null, null, {codes}), (2, null, -2, null, null, null, null, null)"
    );
    with_tables(database, &table, async |client| {
        for (filter, expected) in [
            (json!({ "number": { "lt": 1e300 } }), &[1][..]),
            (json!({ "number": { "gt": -1e300 } }), &[1]),
            (json!({ "number": { "ne": 1e-300 } }), &[1, 2]),
            (json!({ "number": { "lt": "NaN" } }), &[1]),
            (json!({ "exact": { "lt": "Infinity" } }), &[1, 2]),
            (json!({ "exact": { "gt": "-Infinity" } }), &[1, 2]),
            (json!({ "exact": { "gte": "NaN" } }), &[]),
        ] {
            assert_eq!(ids(client, &filter).await, expected.iter().copied().collect(), "{filter}");
        }
        if !is_postgres(database) {
            return;
        }
        assert_eq!(ids(client, &json!({ "codes": { "has": "a" } })).await, [1].into(), "without the padding");
        let row = client.request("get_sample", json!({ "id": 1 })).await.unwrap_data();
        assert_eq!(row["codes"], json!(["a"]));
        let filter = json!({
            "day": { "lt": "9999999-01-01" }, "length": "P999999999999Y", "at": { "gt": "294277-01-01T00:00Z" },
            "ranges": { "has": "[1,2)" },
        });
        let ack = client.request("list_samples", json!({ "where": filter })).await;
        for field in ["where.day", "where.length", "where.at"] {
            assert_eq!(ack.error(field), "is beyond the range of its type");
        }
        assert_eq!(ack.error("where.ranges"), "can be compared with null only");
        let ack = client.request("new_sample", json!({ "id": 3, "day": "5874898-01-01" })).await;
        assert_eq!(ack.error("day"), "is beyond the range of its type");
    })
    .await;
}

/// A filter of any form over the table.
fn filters() -> impl Strategy<Value = Value> {
    let ordered = prop::sample::select(vec!["eq", "ne", "gt", "gte", "lt", "lte"]);
    let text = prop::sample::select(vec!["eq", "ne", "gt", "gte", "lt", "lte", "contains", "starts_with"]);
    let words = prop::sample::select(vec!["", "A", "Ada", "ada", "Grace_%", "_", "Ä", "z"]);
    let days = prop::sample::select(vec!["2025-12-31", "2026-01-31", "2026-02-01"]);
    let leaf = prop_oneof![
        (text, words).prop_map(|(op, word)| json!({ "name": { op: word } })),
        (ordered.clone(), 34..42).prop_map(|(op, age)| json!({ "age": { op: age } })),
        (ordered.clone(), -2..12).prop_map(|(op, price)| json!({ "price": { op: price } })),
        (ordered, days).prop_map(|(op, day)| json!({ "day": { op: day } })),
        any::<bool>().prop_map(|done| json!({ "done": done })),
        any::<bool>().prop_map(|is_null| json!({ "age": { "is_null": is_null } })),
        prop::collection::vec(0..7, 0..3).prop_map(|ids| json!({ "id": { "in": ids } })),
        Just(json!({ "name": null })),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|parts| json!({ "and": parts })),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|parts| json!({ "or": parts })),
            inner.prop_map(|inner| json!({ "not": inner })),
        ]
    })
}

async fn random_filters_and_their_negations_select_all_rows(database: &Database) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut random = || filters().new_tree(&mut runner).unwrap().current();
    with_tables(database, TABLE, async |client| {
        let all: BTreeSet<i64> = (1..=6).collect();
        for _ in 0..60 {
            let (one, other) = (random(), random());
            let (of_one, of_other) = (ids(client, &one).await, ids(client, &other).await);
            let others: BTreeSet<i64> = all.difference(&of_one).copied().collect();
            assert_eq!(ids(client, &json!({ "not": one })).await, others, "{one}");
            let both: BTreeSet<i64> = of_one.intersection(&of_other).copied().collect();
            assert_eq!(ids(client, &json!({ "and": [one, other] })).await, both, "{one} and {other}");
            let either: BTreeSet<i64> = of_one.union(&of_other).copied().collect();
            assert_eq!(ids(client, &json!({ "or": [one, other] })).await, either, "{one} or {other}");
        }
    })
    .await;
}
