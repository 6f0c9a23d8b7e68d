//! Signing in and out, and connecting with a token.

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::harness::{Client, TestApp, fixtures, on_both_databases, process};

on_both_databases! {
    coach_signs_in_and_out,
    token_signs_in_later_connection,
    invalid_token_is_refused,
    wrong_password_and_unknown_user_are_indistinguishable,
    invalid_login_fields_are_named,
    new_password_invalidates_tokens,
    deleted_coach_is_signed_out,
    failed_logins_are_throttled,
    password_is_never_sent,
}

const PASSWORD: &str = " s3cret \u{1f511} ";

/// A client of a server whose coach `ada` has a password, set as an operator does.
async fn signed_up_client(app: &TestApp) -> Client {
    let client = app.connect().await;
    let payload = fixtures::with(fixtures::coach("Ada"), json!({ "username": "ada" }));
    client.request("new_coach", payload).await.unwrap_data();
    set_password(app, PASSWORD);
    // The command changes the row's version, and no visible field.
    client.wait_for_rows("coaches", |rows| rows[0]["version"] == 2).await;
    client
}

fn set_password(app: &TestApp, password: &str) {
    let url = app.database.url();
    let folder = tempdir().unwrap();
    let arguments = ["user", "set-password", "ada", "--database-url", &url];
    let output = process::run(folder.path(), &arguments, &format!("{password}\n"));
    assert!(output.status.success(), "{output:?}");
}

async fn sign_in(client: &Client) -> Value {
    client.request("login", json!({ "username": "ada", "password": PASSWORD })).await.unwrap_data()
}

async fn coach_signs_in_and_out(app: &TestApp) {
    let client = signed_up_client(app).await;
    assert_eq!(client.request_with("me", &[]).await.unwrap_data(), Value::Null);

    // A form's username may have spaces around it and any case; a password is compared as typed.
    let ack = client.request("login", json!({ "username": " Ada ", "password": PASSWORD })).await;
    let user = ack.user.clone().expect("the user beside the data");
    let data = ack.unwrap_data();
    assert_eq!(user, data["user"]);
    assert_eq!(user, client.latest("coaches")[0]);
    assert!(data["token"].as_str().is_some_and(|token| token.len() >= 32));
    assert!(data["expires"].as_i64().is_some_and(|expires| expires > 1_700_000_000));
    assert_eq!(client.request_with("me", &[]).await.unwrap_data(), user);

    client.request("update_coach", json!({ "id": 1, "name": "Ada L." })).await.unwrap_data();
    assert_eq!(client.request_with("me", &[]).await.unwrap_data()["name"], "Ada L.", "the current row");

    let ack = client.request_with("logout", &[]).await;
    assert_eq!((ack.ok, &ack.data, ack.user), (true, &Value::Null, None));
    assert_eq!(client.request_with("me", &[]).await.unwrap_data(), Value::Null);
    assert!(client.request_with("logout", &[]).await.ok, "out is out");
}

async fn token_signs_in_later_connection(app: &TestApp) {
    let client = signed_up_client(app).await;
    let token = sign_in(&client).await["token"].clone();

    let later = app.connect_with(&json!({ "token": token })).await.expect("to be connected");
    let greeting = later.next_event("connected").await;
    assert_eq!(greeting["user"], client.latest("coaches")[0]);
    assert_eq!(later.request_with("me", &[]).await.unwrap_data(), greeting["user"]);
    assert_eq!(
        app.connect().await.request_with("me", &[]).await.unwrap_data(),
        Value::Null,
        "other sockets are anonymous"
    );

    // A logout invalidates the token on all sockets.
    client.request_with("logout", &[]).await.unwrap_data();
    assert_eq!(later.request_with("me", &[]).await.unwrap_data(), Value::Null);
    assert!(app.connect_with(&json!({ "token": token })).await.is_err());
}

async fn invalid_token_is_refused(app: &TestApp) {
    let client = signed_up_client(app).await;
    let token = sign_in(&client).await["token"].clone();
    app.database.execute("update rowcast_tokens set expires_at = 1000").await;
    for token in [token, json!("made up"), json!("\u{0}"), json!("x".repeat(10_000))] {
        let refused = app.connect_with(&json!({ "token": token })).await.err().expect("to be refused");
        let message = refused["message"].as_str().unwrap();
        assert!(message.contains("token"), "{message}");
        assert_eq!(refused["data"], json!({ "errors": { "$unauthorized": message } }));
    }
    // An empty token is no token.
    assert!(app.connect_with(&json!({ "token": "" })).await.is_ok());
}

async fn wrong_password_and_unknown_user_are_indistinguishable(app: &TestApp) {
    let client = signed_up_client(app).await;
    client
        .request("new_coach", fixtures::with(fixtures::coach("Bob"), json!({ "username": "bob" })))
        .await
        .unwrap_data();
    let mut sentences = Vec::new();
    for (username, password) in [
        ("ada", "wrong"),
        ("ada", PASSWORD.trim()),
        ("nobody", PASSWORD),
        ("bob", PASSWORD),
        ("ada.", PASSWORD),
    ] {
        let ack = client.request("login", json!({ "username": username, "password": password })).await;
        assert_eq!(ack.error_keys(), ["password", "username"], "{username}");
        assert_eq!(ack.error("username"), ack.error("password"));
        sentences.push(ack.errors);
    }
    sentences.dedup();
    assert_eq!(sentences.len(), 1, "nothing says which it was: {sentences:?}");
    assert_eq!(client.request_with("me", &[]).await.unwrap_data(), Value::Null);
}

async fn invalid_login_fields_are_named(app: &TestApp) {
    let client = signed_up_client(app).await;
    for (payload, wrong) in [
        (json!({}), vec!["password", "username"]),
        (json!({ "username": " ", "password": "" }), vec!["password", "username"]),
        (json!({ "username": "ada" }), vec!["password"]),
        (json!({ "password": PASSWORD }), vec!["username"]),
        (json!({ "username": "ada", "password": [] }), vec!["password"]),
        (json!({ "username": "ada", "password": PASSWORD, "remember": true }), vec!["remember"]),
        (json!({ "username": "ada", "password": "x".repeat(201) }), vec!["password"]),
    ] {
        let ack = client.request("login", payload.clone()).await;
        assert_eq!(ack.error_keys(), wrong, "{payload}");
    }
}

async fn new_password_invalidates_tokens(app: &TestApp) {
    let client = signed_up_client(app).await;
    let token = sign_in(&client).await["token"].clone();
    set_password(app, "another");
    assert_eq!(client.request_with("me", &[]).await.unwrap_data(), Value::Null);
    assert!(app.connect_with(&json!({ "token": token })).await.is_err());
    let ack = client.request("login", json!({ "username": "ada", "password": PASSWORD })).await;
    assert_eq!(ack.error_keys(), ["password", "username"]);
    client.request("login", json!({ "username": "ada", "password": "another" })).await.unwrap_data();
}

async fn deleted_coach_is_signed_out(app: &TestApp) {
    let client = signed_up_client(app).await;
    let token = sign_in(&client).await["token"].clone();
    client.request("delete_coach", json!({ "id": 1 })).await.unwrap_data();
    assert_eq!(client.request_with("me", &[]).await.unwrap_data(), Value::Null);
    assert!(app.connect_with(&json!({ "token": token })).await.is_err());
}

async fn failed_logins_are_throttled(app: &TestApp) {
    let client = signed_up_client(app).await;
    client
        .request("new_coach", fixtures::with(fixtures::coach("Bob"), json!({ "username": "bob" })))
        .await
        .unwrap_data();
    let guess = async |username: &str| {
        client.request("login", json!({ "username": username, "password": "a guess" })).await
    };
    let mut tries = 0;
    let ack = loop {
        let ack = guess("ada").await;
        if ack.error_keys() == ["$rate_limited"] {
            break ack;
        }
        tries += 1;
        assert!(tries < 100, "guesses are not limited");
    };
    assert!(tries >= 5, "a few failures are allowed");
    assert!(ack.error("$rate_limited").contains("try again in"), "{ack:?}");
    // The correct password is refused as well, since the difference would reveal it; other users can sign in.
    let right = client.request("login", json!({ "username": "ada", "password": PASSWORD })).await;
    assert_eq!(right.error_keys(), ["$rate_limited"]);
    assert_eq!(guess("bob").await.error_keys(), ["password", "username"]);
}

async fn password_is_never_sent(app: &TestApp) {
    let client = signed_up_client(app).await;
    sign_in(&client).await;
    client.request_with("refresh", &[]).await.unwrap_data();
    client.request("get_coach", json!({ "id": 1 })).await.unwrap_data();
    client.request("list_coaches", json!({})).await.unwrap_data();
    client.request("update_coach", json!({ "id": 1, "version": 9 })).await.error_keys();
    for (event, payload) in [
        (
            "new_coach",
            fixtures::with(fixtures::coach("Eve"), json!({ "password_hash": "x", "password": "y" })),
        ),
        ("update_coach", json!({ "id": 1, "password_hash": "x", "password": "y" })),
    ] {
        assert_eq!(client.request(event, payload).await.error_keys(), ["password", "password_hash"]);
    }
    let received = format!("{:?}", client.since(0));
    assert!(!received.contains("argon2") && !received.contains("s3cret"));
}
