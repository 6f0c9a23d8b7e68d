//! Sign-in: signing in and out, and coming back with a token.

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::harness::{Client, TestApp, gym, on_both_databases, program};

on_both_databases! {
    a_coach_signs_in_and_out,
    a_token_signs_in_a_later_connection,
    a_token_that_is_worth_nothing_is_refused,
    a_wrong_password_and_an_unknown_user_are_told_the_same,
    blank_fields_are_named_one_by_one,
    a_new_password_ends_what_the_old_one_began,
    a_coach_who_is_gone_is_signed_out,
    a_guesser_is_slowed_down,
    a_password_never_leaves_the_server,
}

const PASSWORD: &str = " s3cret \u{1f511} ";

/// A coach with the username `ada` and a password, set as an operator would.
async fn ada(app: &TestApp) -> Client {
    let client = app.connect().await;
    let payload = gym::with(gym::coach("Ada"), json!({ "username": "ada" }));
    client.ask("new_coach", payload).await.done();
    set_password(app, PASSWORD);
    // Which changes the row, though nothing that is shown of it.
    client.sees("coaches", |rows| rows[0]["version"] == 2).await;
    client
}

fn set_password(app: &TestApp, password: &str) {
    let url = app.database.url();
    let folder = tempdir().unwrap();
    let arguments = ["user", "set-password", "ada", "--database-url", &url];
    let output = program::run(folder.path(), &arguments, &format!("{password}\n"));
    assert!(output.status.success(), "{output:?}");
}

async fn sign_in(client: &Client) -> Value {
    client.ask("login", json!({ "username": "ada", "password": PASSWORD })).await.done()
}

async fn a_coach_signs_in_and_out(app: &TestApp) {
    let client = ada(app).await;
    assert_eq!(client.ask_with("me", &[]).await.done(), Value::Null);

    // A form's username may have blanks around it, and any case; a password is as it was typed.
    let ack = client.ask("login", json!({ "username": " Ada ", "password": PASSWORD })).await;
    let user = ack.user.clone().expect("the user beside the data");
    let data = ack.done();
    assert_eq!(user, data["user"]);
    assert_eq!(user, client.latest("coaches")[0]);
    assert!(data["token"].as_str().is_some_and(|token| token.len() >= 32));
    assert!(data["expires"].as_i64().is_some_and(|expires| expires > 1_700_000_000));
    assert_eq!(client.ask_with("me", &[]).await.done(), user);

    client.ask("update_coach", json!({ "id": 1, "name": "Ada L." })).await.done();
    assert_eq!(client.ask_with("me", &[]).await.done()["name"], "Ada L.", "who one is now");

    let ack = client.ask_with("logout", &[]).await;
    assert_eq!((ack.ok, &ack.data, ack.user), (true, &Value::Null, None));
    assert_eq!(client.ask_with("me", &[]).await.done(), Value::Null);
    assert!(client.ask_with("logout", &[]).await.ok, "out is out");
}

async fn a_token_signs_in_a_later_connection(app: &TestApp) {
    let client = ada(app).await;
    let token = sign_in(&client).await["token"].clone();

    let later = app.connect_with(&json!({ "token": token })).await.expect("to be let in");
    let greeting = later.hears("connected").await;
    assert_eq!(greeting["user"], client.latest("coaches")[0]);
    assert_eq!(later.ask_with("me", &[]).await.done(), greeting["user"]);
    assert_eq!(app.connect().await.ask_with("me", &[]).await.done(), Value::Null, "nobody else is");

    // Signing out anywhere makes the token worthless everywhere.
    client.ask_with("logout", &[]).await.done();
    assert_eq!(later.ask_with("me", &[]).await.done(), Value::Null);
    assert!(app.connect_with(&json!({ "token": token })).await.is_err());
}

async fn a_token_that_is_worth_nothing_is_refused(app: &TestApp) {
    let client = ada(app).await;
    let token = sign_in(&client).await["token"].clone();
    app.database.execute("update tokens set expires_at = 1000").await;
    for token in [token, json!("made up"), json!("\u{0}"), json!("x".repeat(10_000))] {
        let refused = app.connect_with(&json!({ "token": token })).await.err().expect("to be refused");
        let message = refused["message"].as_str().unwrap();
        assert!(message.contains("token"), "{message}");
        assert_eq!(refused["data"], json!({ "errors": { "$unauthorized": message } }));
    }
    // What a form leaves blank is no token.
    assert!(app.connect_with(&json!({ "token": "" })).await.is_ok());
}

async fn a_wrong_password_and_an_unknown_user_are_told_the_same(app: &TestApp) {
    let client = ada(app).await;
    client.ask("new_coach", gym::with(gym::coach("Bob"), json!({ "username": "bob" }))).await.done();
    let mut sentences = Vec::new();
    for (username, password) in [
        ("ada", "wrong"),
        ("ada", PASSWORD.trim()),
        ("nobody", PASSWORD),
        ("bob", PASSWORD),
        ("ada.", PASSWORD),
    ] {
        let ack = client.ask("login", json!({ "username": username, "password": password })).await;
        assert_eq!(ack.refused(), ["password", "username"], "{username}");
        assert_eq!(ack.sentence("username"), ack.sentence("password"));
        sentences.push(ack.errors);
    }
    sentences.dedup();
    assert_eq!(sentences.len(), 1, "nothing says which it was: {sentences:?}");
    assert_eq!(client.ask_with("me", &[]).await.done(), Value::Null);
}

async fn blank_fields_are_named_one_by_one(app: &TestApp) {
    let client = ada(app).await;
    for (payload, wrong) in [
        (json!({}), vec!["password", "username"]),
        (json!({ "username": " ", "password": "" }), vec!["password", "username"]),
        (json!({ "username": "ada" }), vec!["password"]),
        (json!({ "password": PASSWORD }), vec!["username"]),
        (json!({ "username": "ada", "password": [] }), vec!["password"]),
        (json!({ "username": "ada", "password": PASSWORD, "remember": true }), vec!["remember"]),
        (json!({ "username": "ada", "password": "x".repeat(201) }), vec!["password"]),
    ] {
        let ack = client.ask("login", payload.clone()).await;
        assert_eq!(ack.refused(), wrong, "{payload}");
    }
}

async fn a_new_password_ends_what_the_old_one_began(app: &TestApp) {
    let client = ada(app).await;
    let token = sign_in(&client).await["token"].clone();
    set_password(app, "another");
    assert_eq!(client.ask_with("me", &[]).await.done(), Value::Null);
    assert!(app.connect_with(&json!({ "token": token })).await.is_err());
    let ack = client.ask("login", json!({ "username": "ada", "password": PASSWORD })).await;
    assert_eq!(ack.refused(), ["password", "username"]);
    client.ask("login", json!({ "username": "ada", "password": "another" })).await.done();
}

async fn a_coach_who_is_gone_is_signed_out(app: &TestApp) {
    let client = ada(app).await;
    let token = sign_in(&client).await["token"].clone();
    client.ask("delete_coach", json!({ "id": 1 })).await.done();
    assert_eq!(client.ask_with("me", &[]).await.done(), Value::Null);
    assert!(app.connect_with(&json!({ "token": token })).await.is_err());
}

async fn a_guesser_is_slowed_down(app: &TestApp) {
    let client = ada(app).await;
    client.ask("new_coach", gym::with(gym::coach("Bob"), json!({ "username": "bob" }))).await.done();
    let guess = async |username: &str| {
        client.ask("login", json!({ "username": username, "password": "a guess" })).await
    };
    let mut tries = 0;
    let ack = loop {
        let ack = guess("ada").await;
        if ack.refused() == ["$rate_limited"] {
            break ack;
        }
        tries += 1;
        assert!(tries < 100, "guesses are not limited");
    };
    assert!(tries >= 5, "a few slips are nobody's crime");
    assert!(ack.sentence("$rate_limited").contains("try again in"), "{ack:?}");
    // Not even with the right password, which would tell a guesser; but others are let in.
    let right = client.ask("login", json!({ "username": "ada", "password": PASSWORD })).await;
    assert_eq!(right.refused(), ["$rate_limited"]);
    assert_eq!(guess("bob").await.refused(), ["password", "username"]);
}

async fn a_password_never_leaves_the_server(app: &TestApp) {
    let client = ada(app).await;
    sign_in(&client).await;
    client.ask_with("refresh", &[]).await.done();
    client.ask("get_coach", json!({ "id": 1 })).await.done();
    client.ask("list_coaches", json!({})).await.done();
    client.ask("update_coach", json!({ "id": 1, "version": 9 })).await.refused();
    for (event, payload) in [
        ("new_coach", gym::with(gym::coach("Eve"), json!({ "password_hash": "x", "password": "y" }))),
        ("update_coach", json!({ "id": 1, "password_hash": "x", "password": "y" })),
    ] {
        assert_eq!(client.ask(event, payload).await.refused(), ["password", "password_hash"]);
    }
    let heard = format!("{:?}", client.since(0));
    assert!(!heard.contains("argon2") && !heard.contains("s3cret"));
}
