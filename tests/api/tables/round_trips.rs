//! Random values of every type, through a socket and back, in every way in which a client is sent rows.
//!
//! Everything is compared as text: parsing would round numbers, in this crate's build of `serde_json` too.

mod exact;
mod raw_client;
mod values;

use std::collections::BTreeMap;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use self::{exact::Exact, raw_client::RawClient};
use super::{ServedTables, is_postgres};
use crate::harness::{Database, on_dedicated_clusters};

// A cursor depends on which transactions are open.
on_dedicated_clusters! { random_values_come_back_equal_in_every_way }

const ROWS: usize = 24;

type Row = BTreeMap<String, Exact>;

/// Another `ROWCAST_TEST_SEED` tries other values, as `ROWCAST_TEST_SEED=$RANDOM cargo nextest run -E 'test(round_trips)'`
/// does.
fn seed() -> u64 {
    std::env::var("ROWCAST_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7)
}

async fn random_values_come_back_equal_in_every_way(database: &Database) {
    let seed = seed();
    println!("ROWCAST_TEST_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let fields = values::fields(is_postgres(database));
    let tables = ServedTables::start(database, &values::table(&fields)).await;
    let (writer, reader) = (RawClient::follow(&tables, None).await, RawClient::follow(&tables, None).await);
    let (mut writer, mut reader) = (writer, reader);
    let cursor = reader.cursor.clone();

    let mut rows = BTreeMap::new();
    for id in 1..=ROWS {
        // Every column of a new row, and some of an update.
        for verb in ["new", "update"] {
            let mut sent = Vec::new();
            for field in &fields {
                if verb == "new" || values::coin(&mut runner) {
                    sent.push((field, field.value(&mut runner)));
                }
            }
            let payload = values::payload(id, &sent);
            let row = writer.request(&format!("{verb}_sample"), &payload).await;
            for (field, value) in &sent {
                let (sent, acked) = (field.comparable(value), field.comparable_exact(&row[field.name]));
                assert_eq!(acked, sent, "{} of {verb}_sample, sent as {value}", field.name);
            }
            let key = format!("{{\"id\":{id}}}");
            let found = writer.request("get_sample", &key).await;
            assert_same(&found, &row, "get_sample");
            let listed = writer.list("list_samples", &format!("{{\"where\":{key}}}")).await;
            assert_same(&listed[0], &row, "list_samples");
            assert_same(&reader.next_upserted(id).await, &row, "changes");
            rows.insert(id, row);
        }
    }
    let mut resumed = RawClient::follow(&tables, Some(&cursor)).await;
    let missed = resumed.upserted().await;
    let fresh = RawClient::follow(&tables, None).await.snapshot;
    for (way, sent) in [("resume", missed), ("snapshot", fresh)] {
        assert_eq!(sent.len(), ROWS, "{way}");
        for (id, row) in &sent {
            assert_same(row, &rows[id], way);
        }
    }
    // A whole row goes back in as it came.
    for (id, row) in rows {
        let again = writer.request("update_sample", &Exact::Object(row.clone()).to_string()).await;
        let without = |row: Row| row.into_iter().filter(|(name, _)| name != "version").collect::<Row>();
        assert_same(&without(again), &without(row), &format!("the whole row {id}"));
    }
    tables.stop().await;
}

#[track_caller]
fn assert_same(row: &Row, expected: &Row, way: &str) {
    assert_eq!(row.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{way}");
    for (name, value) in row {
        assert_eq!(*value, expected[name], "{name} by {way}");
    }
}
