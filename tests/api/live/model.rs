//! Random requests and external writes: every replica and every list equal a simple model of the planner.

mod planner_model;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::harness::{Client, TestApp, client::COLLECTIONS, on_both_databases};
use planner_model::{Expected, PlannerModel};

on_both_databases! { replicas_and_lists_match_model }

const SEEDS: u64 = 4;
const QUIET_POINTS: usize = 6;
const BATCHES: usize = 6;

async fn replicas_and_lists_match_model(app: &TestApp) {
    let mut model = PlannerModel::default();
    for _ in 0..SEEDS {
        let seed: u64 = rand::rng().random();
        println!("seed {seed}");
        run_seed(app, &mut model, &mut StdRng::seed_from_u64(seed)).await;
    }
}

async fn run_seed(app: &TestApp, model: &mut PlannerModel, rng: &mut StdRng) {
    let mut clients = vec![app.follow().await, app.connect().await, app.follow().await, app.connect().await];
    for _ in 0..QUIET_POINTS {
        for _ in 0..BATCHES {
            match rng.random_range(0..4) {
                0 => external_write(app, model, rng).await,
                _ => {
                    let at = rng.random_range(0..clients.len());
                    batch(&clients[at], model, rng).await;
                }
            }
        }
        let kept = clients[0].replica();
        if rng.random::<bool>() {
            // The client resumes and receives what it missed.
            clients[0] = Client::resume(app.address, kept).await;
        }
        for client in &clients {
            assert_matches_model(client, model).await;
        }
    }
}

/// Some requests of one client, sent without waiting; they are executed in order.
async fn batch(client: &Client, model: &mut PlannerModel, rng: &mut StdRng) {
    let mut asked = Vec::new();
    for _ in 0..rng.random_range(1..8) {
        let (event, payload) = model.request(rng);
        let expected = model.execute(&event, &payload);
        asked.push((client.emit(&event, std::slice::from_ref(&payload)), event, payload, expected));
    }
    for (id, event, payload, expected) in asked {
        let ack = client.ack(id).await;
        match expected {
            Expected::Succeeds(data) => assert_eq!(ack.unwrap_data(), data, "{event} {payload}"),
            Expected::Refused(keys) => assert_eq!(ack.error_keys(), keys, "{event} {payload}"),
        }
    }
}

async fn external_write(app: &TestApp, model: &mut PlannerModel, rng: &mut StdRng) {
    let sql: Vec<String> =
        (0..rng.random_range(1..5)).filter_map(|_| model.external_statement(rng)).collect();
    if !sql.is_empty() {
        app.database.execute(&format!("begin; {}; commit", sql.join("; "))).await;
    }
}

/// Asserts that replica and lists of the client equal the model.
async fn assert_matches_model(client: &Client, model: &PlannerModel) {
    for collection in COLLECTIONS {
        let rows: Vec<Value> = model.rows(collection);
        client
            .wait_for_replica(&format!("{collection}: {}", json!(rows)), |replica| {
                replica.rows(collection) == rows
            })
            .await;
        assert_eq!(client.list_all(collection).await, rows, "{collection}");
    }
}
