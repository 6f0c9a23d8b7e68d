//! Every example in `docs/protocol.md`, run as it stands there.

use serde_json::{Value, json};

use crate::harness::{Engine, TestApp};

/// Stands in the documentation for what differs each time.
const ANYTHING: &str = "…";

#[actix_web::test]
async fn the_protocols_examples_hold_on_sqlite() {
    examples_hold(Engine::Sqlite).await;
}

#[actix_web::test]
async fn the_protocols_examples_hold_on_postgres() {
    examples_hold(Engine::Postgres).await;
}

async fn examples_hold(engine: Engine) {
    let app = TestApp::spawn(engine, &["--sample-data", "always"]).await;
    let client = app.connect().await;
    let mut examples = 0;
    for (request, expected) in documented() {
        let (event, payload) = request.split_once(' ').unwrap_or((request, ""));
        let payload: Vec<Value> = (!payload.is_empty()).then(|| parsed(payload)).into_iter().collect();
        let ack = client.ask_with(event, &payload).await;
        let mut whole = json!({ "ok": ack.ok, "data": ack.data, "errors": ack.errors });
        if let Some(user) = ack.user {
            whole["user"] = user;
        }
        assert!(fits(&parsed(expected), &whole), "{request}\nis documented as {expected}\nand acked {whole}");
        examples += 1;
    }
    assert!(examples > 15, "only {examples} examples were found");
    app.stop().await;
}

/// What is emitted and what it is acked with, in order.
fn documented() -> Vec<(&'static str, &'static str)> {
    let lines = include_str!("../../docs/protocol.md").lines();
    let requests = lines.clone().filter_map(|line| line.strip_prefix("> "));
    let acks = lines.filter_map(|line| line.strip_prefix("< "));
    assert_eq!(requests.clone().count(), acks.clone().count(), "each request has its ack");
    requests.zip(acks).collect()
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in the documentation: {json}"))
}

fn fits(documented: &Value, actual: &Value) -> bool {
    match (documented, actual) {
        (Value::String(text), _) if text == ANYTHING => true,
        (Value::Object(documented), Value::Object(actual)) => {
            documented.len() == actual.len()
                && documented
                    .iter()
                    .all(|(key, value)| actual.get(key).is_some_and(|actual| fits(value, actual)))
        }
        (Value::Array(documented), Value::Array(actual)) => {
            documented.len() == actual.len()
                && documented.iter().zip(actual).all(|(one, other)| fits(one, other))
        }
        _ => documented == actual,
    }
}
