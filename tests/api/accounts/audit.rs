//! Account events in the log: username and address, and no secret.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{delete_schedules, login, password, user_command};
use crate::harness::{Client, Database, TIMEOUT, fixtures, on_empty_databases, process::ServerProcess};

on_empty_databases! { account_events_are_logged_without_secrets }

const NEW: &str = "a longer s3cret";

/// The log entries about accounts, up to the one with this message.
async fn audit_entries(program: &ServerProcess, last: &str) -> Vec<Value> {
    let deadline = Instant::now() + TIMEOUT;
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

async fn account_events_are_logged_without_secrets(database: &Database) {
    database.seed().await;
    delete_schedules(database).await;
    let settings = ["--access", "members", "--log-format", "json", "--log", "debug"];
    let program = ServerProcess::serve(&database.url(), &settings);
    let client = Client::connect_only(program.address, &json!({})).await.expect("to be connected");
    let long = "nobody".repeat(30);
    for (username, secret) in [("mara", "wr0ng"), ("s3cret typed in the wrong field", "x"), (&*long, "x")] {
        assert!(!client.request("login", login(username, secret)).await.ok);
    }
    let token =
        client.request("login", login("Mara", &password("mara"))).await.unwrap_data()["token"].clone();
    client.request("set_password", json!({ "old": password("mara"), "new": NEW })).await.unwrap_data();
    client.request("set_password", json!({ "old": "wr0ng", "new": "wr0ng, too" })).await.error_keys();
    client
        .request("set_password", json!({ "old": { "s3cret": 1 }, "new": ["s3cret"], "s3cret": 1 }))
        .await
        .error_keys();
    client
        .request("login", json!({ "username": "mara", "password": { "s3cret": "s3cret" } }))
        .await
        .error_keys();
    client.request("login", json!("s3cret")).await.error_keys();
    let ada = fixtures::with(fixtures::coach("Ada"), json!({ "username": "Ada" }));
    let ada = client.request("new_coach", ada).await.unwrap_data()["id"].clone();
    let request = json!({ "request_id": uuid::Uuid::new_v4() });
    let rename = [json!({ "id": ada, "username": "ada.l" }), request];
    for _ in 0..2 {
        client.request_with("update_coach", &rename).await.unwrap_data();
    }
    client.request("update_coach", json!({ "id": ada, "age": 40 })).await.unwrap_data();
    client.request("delete_coach", json!({ "id": ada })).await.unwrap_data();
    client.request("update_coach", json!({ "id": 1, "username": null })).await.unwrap_data();
    let refused = Client::connect_with(program.address, &json!({ "token": "s3cret" })).await;
    assert!(refused.is_err());

    let entries: Vec<Value> = audit_entries(&program, "an account has no username any more")
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
        entries,
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
    assert!(user_command(database, &["set-password", "teo"], NEW).status.success());
    assert!(!program.log().contains(NEW));
}
