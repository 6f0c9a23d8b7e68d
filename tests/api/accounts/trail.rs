//! What the log has of accounts: which, from where, and never a secret.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{by_hand, login, no_classes, password};
use crate::harness::{Client, Database, PATIENCE, from_both_databases, gym, program::Program};

from_both_databases! { the_log_has_the_trail_and_no_secret }

const NEW: &str = "a longer s3cret";

/// The entries up to the one with this message, without those about other things.
async fn trail(program: &Program, last: &str) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let log = program.log();
        let entries = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let of_accounts = |entry: &Value| entry.get("address").is_some() && entry["level"] == "INFO";
        let entries: Vec<Value> = entries.filter(of_accounts).collect();
        if entries.iter().any(|entry| entry["message"] == last) {
            return entries;
        }
        assert!(Instant::now() < deadline, "{log}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn the_log_has_the_trail_and_no_secret(database: &Database) {
    database.plant().await;
    no_classes(database).await;
    let settings = ["--access", "members", "--log-format", "json", "--log", "debug"];
    let program = Program::serve(&database.url(), &settings);
    let client = Client::arrive(program.address, &json!({})).await.expect("to be let in");
    let long = "nobody".repeat(30);
    for (username, secret) in [("mara", "wr0ng"), ("s3cret typed in the wrong field", "x"), (&*long, "x")] {
        assert!(!client.ask("login", login(username, secret)).await.ok);
    }
    let token = client.ask("login", login("Mara", &password("mara"))).await.done()["token"].clone();
    client.ask("set_password", json!({ "old": password("mara"), "new": NEW })).await.done();
    client.ask("set_password", json!({ "old": "wr0ng", "new": "wr0ng, too" })).await.refused();
    client
        .ask("set_password", json!({ "old": { "s3cret": 1 }, "new": ["s3cret"], "s3cret": 1 }))
        .await
        .refused();
    client.ask("login", json!({ "username": "mara", "password": { "s3cret": "s3cret" } })).await.refused();
    client.ask("login", json!("s3cret")).await.refused();
    let ada = gym::with(gym::coach("Ada"), json!({ "username": "Ada" }));
    let ada = client.ask("new_coach", ada).await.done()["id"].clone();
    let request = json!({ "request_id": uuid::Uuid::new_v4() });
    let rename = [json!({ "id": ada, "username": "ada.l" }), request];
    for _ in 0..2 {
        client.ask_with("update_coach", &rename).await.done();
    }
    client.ask("update_coach", json!({ "id": ada, "age": 40 })).await.done();
    client.ask("delete_coach", json!({ "id": ada })).await.done();
    client.ask("update_coach", json!({ "id": 1, "username": null })).await.done();
    let refused = Client::connect_with(program.address, &json!({ "token": "s3cret" })).await;
    assert!(refused.is_err());

    let told: Vec<Value> = trail(&program, "an account has no username any more")
        .await
        .into_iter()
        .map(|entry| {
            assert_eq!(entry["address"], "127.0.0.1");
            json!([entry["message"], entry["username"], entry["user"], entry["from"], entry["to"]])
        })
        .collect();
    let wrong = "a sign-in failed: the password was wrong";
    let nobody = "a sign-in failed: no user has that username";
    let none = Value::Null;
    assert_eq!(
        told,
        [
            json!([wrong, "mara", none, none, none]),
            json!([nobody, none, none, none, none]),
            json!([nobody, none, none, none, none]),
            json!(["signed in", "mara", none, none, none]),
            json!(["a password was set, and other sign-ins have ended", "mara", none, none, none]),
            json!([wrong, "mara", none, none, none]),
            json!(["an account was created", "ada", 1, none, none]),
            json!(["an account was renamed", none, 1, "ada", "ada.l"]),
            json!(["an account was deleted", "ada.l", 1, none, none]),
            json!(["an account has no username any more", "mara", 1, none, none]),
        ]
    );
    let log = program.log();
    for secret in ["s3cret", "wr0ng", "mara_password", token.as_str().unwrap(), "argon2id"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    assert!(by_hand(database, &["set-password", "teo"], NEW).status.success());
    assert!(!program.log().contains(NEW));
}
