//! Runs every example of `docs/protocol.md`, and then of `docs/planner-api.md`.

use serde_json::{Value, json};

use crate::harness::{Engine, TestApp};

/// The pages with examples, in order: later examples see the rows of earlier ones.
const PAGES: [&str; 2] = [include_str!("../../docs/protocol.md"), include_str!("../../docs/planner-api.md")];

/// A placeholder in the documentation for values that vary.
const ANYTHING: &str = "…";

#[actix_web::test]
async fn protocol_examples_match_server_on_sqlite() {
    examples_match_server(Engine::Sqlite).await;
}

#[actix_web::test]
async fn protocol_examples_match_server_on_postgres() {
    examples_match_server(Engine::Postgres).await;
}

async fn examples_match_server(engine: Engine) {
    let app = TestApp::spawn(engine, &["--sample-data", "always"]).await;
    let client = app.connect().await;
    let follower =
        app.connect_with(&json!({ "live": "changes", "authors": true })).await.expect("to be connected");
    let mut examples = 0;
    for Example { request, ack: expected, sent } in documented() {
        let (event, arguments) = request.split_once(' ').unwrap_or((request, ""));
        let ack = client.request_with(event, &parsed_list(arguments)).await;
        let mut whole = json!({ "ok": ack.ok, "data": ack.data, "errors": ack.errors });
        if let Some(user) = ack.user {
            whole["user"] = user;
        }
        assert!(
            matches_example(&parsed(expected), &whole),
            "{request}\nis documented as {expected}\nand acked {whole}"
        );
        for (event, expected) in sent {
            let (expected, mut received) = (parsed(expected), Value::Null);
            while !matches_example(&expected, &received) {
                received = follower.next_event(event).await;
            }
        }
        examples += 1;
    }
    assert!(examples > 20, "only {examples} examples were found");
    app.stop().await;
}

/// A request, its ack, and the events that another client receives.
struct Example {
    request: &'static str,
    ack: &'static str,
    sent: Vec<(&'static str, &'static str)>,
}

/// All examples of all pages, in order.
fn documented() -> Vec<Example> {
    PAGES.into_iter().flat_map(examples_of).collect()
}

/// The examples of one page, in order.
fn examples_of(page: &'static str) -> Vec<Example> {
    let mut lines = page.lines().peekable();
    let mut examples = Vec::new();
    while let Some(line) = lines.next() {
        let Some(request) = line.strip_prefix("> ") else { continue };
        let ack = lines.next().and_then(|line| line.strip_prefix("< ")).expect("each request has its ack");
        let sent = std::iter::from_fn(|| lines.next_if(|line| line.starts_with("* ")));
        let sent = sent.filter_map(|line| line[2..].split_once(' ')).collect();
        examples.push(Example { request, ack, sent });
    }
    examples
}

fn parsed_list(arguments: &str) -> Vec<Value> {
    let arguments = serde_json::Deserializer::from_str(arguments).into_iter();
    arguments.collect::<Result<_, _>>().expect("JSON in the documentation")
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in the documentation: {json}"))
}

fn matches_example(documented: &Value, actual: &Value) -> bool {
    match (documented, actual) {
        (Value::String(text), _) if text == ANYTHING => true,
        (Value::Object(documented), Value::Object(actual)) => {
            documented.len() == actual.len()
                && documented
                    .iter()
                    .all(|(key, value)| actual.get(key).is_some_and(|actual| matches_example(value, actual)))
        }
        (Value::Array(documented), Value::Array(actual)) => {
            documented.len() == actual.len()
                && documented.iter().zip(actual).all(|(one, other)| matches_example(one, other))
        }
        _ => documented == actual,
    }
}
