//! Limits per client, so that the others are served.

mod logins;

use serde_json::{Value, json};

use crate::harness::{Client, Database, Node, fixtures, http, on_empty_databases, process::ServerProcess};

on_empty_databases! {
    burst_of_thousand_writes_is_accepted,
    excess_events_of_address_are_rate_limited,
    reserved_sessions_admit_members,
    large_message_requires_sign_in,
    session_limit_per_user_spans_addresses,
    clients_behind_trusted_proxy_have_separate_limits,
}

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
const HERE: [u8; 4] = [127, 0, 0, 1];
const THERE: [u8; 4] = [127, 0, 0, 2];

/// A node with sample data and access mode `members`.
async fn members(database: &Database, settings: &[&str]) -> Node {
    database.seed().await;
    let settings = [&["--access", "members"], settings].concat();
    Node::start(&database.url(), &settings).await
}

fn login(username: &str) -> Value {
    json!({ "username": username, "password": format!("{username}_password") })
}

/// Signs in and returns the token.
async fn sign_in(client: &Client, username: &str) -> Value {
    client.request("login", login(username)).await.unwrap_data()["token"].clone()
}

async fn burst_of_thousand_writes_is_accepted(database: &Database) {
    let node = Node::start(&database.url(), &[]).await;
    let client = Client::connect(node.address).await;
    let acks: Vec<u64> =
        (0..1000).map(|n| client.emit("new_coach", &[fixtures::coach(&format!("Coach {n}"))])).collect();
    for (n, ack) in acks.into_iter().enumerate() {
        assert_eq!(client.ack(ack).await.unwrap_data()["id"], n + 1);
    }
    node.stop().await;
}

async fn excess_events_of_address_are_rate_limited(database: &Database) {
    let node = Node::start(&database.url(), &["--events-each", "10"]).await;
    let (one, two) = (Client::connect(node.address).await, Client::connect(node.address).await);
    let other = Client::connect_only_from(node.address, THERE, &json!({})).await.unwrap();
    let acks: Vec<u64> = (0..100).map(|_| one.emit("list_coaches", &[json!({})])).collect();
    let mut refused = 0;
    for ack in acks {
        let ack = one.ack(ack).await;
        if !ack.ok {
            refused += 1;
            assert_eq!(ack.error("$rate_limited"), "too many tries: try again in 1 s");
        }
    }
    assert!(refused > 50, "{refused}");
    other.request("list_coaches", json!({})).await.unwrap_data();
    // The limit is per address: the other socket is slowed down as well, and then proceeds.
    while !two.request("list_coaches", json!({})).await.ok {}
    node.stop().await;
}

async fn reserved_sessions_admit_members(database: &Database) {
    let node = members(database, &["--sessions", "6", "--reserved-sessions", "2"]).await;
    let connect_anonymously = async || Client::connect_only(node.address, &json!({})).await.unwrap();
    let token = sign_in(&connect_anonymously().await, "mara").await;
    let strangers = [connect_anonymously().await, connect_anonymously().await, connect_anonymously().await];
    // The first session may still be closing.
    let fourth = connect_anonymously().await;
    let late = Client::open(node.address).await;
    late.send("40");
    assert_eq!(late.closed().await, Some((1013, "the server is full".into())));
    let member = Client::connect_with(node.address, &json!({ "token": token })).await.unwrap();
    member.request("list_coaches", json!({})).await.unwrap_data();
    for stranger in strangers.iter().chain([&fourth]) {
        assert_eq!(stranger.request_with("me", &[]).await.unwrap_data(), Value::Null);
    }
    // Signing in frees an anonymous session; signing out needs one.
    sign_in(&fourth, "teo").await;
    connect_anonymously().await;
    node.stop().await;
}

async fn large_message_requires_sign_in(database: &Database) {
    let node = members(database, &[]).await;
    let client = Client::connect_only(node.address, &json!({})).await.unwrap();
    let large = fixtures::coach(&"x".repeat(17_000));
    let refused = client.request("new_coach", large.clone()).await;
    let sentence = refused.error("$bad_payload");
    assert!(sentence.ends_with("at most 16384 are taken: send less at once, or sign in first"), "{sentence}");
    sign_in(&client, "mara").await;
    assert_eq!(client.request("new_coach", large.clone()).await.error_keys(), ["name"]);
    client.request_with("logout", &[]).await.unwrap_data();
    assert_eq!(client.request("new_coach", large).await.error_keys(), ["$bad_payload"]);
    node.stop().await;
}

async fn session_limit_per_user_spans_addresses(database: &Database) {
    let node = members(database, &["--sessions-each", "2"]).await;
    let connect_anonymously =
        async |from| Client::connect_only_from(node.address, from, &json!({})).await.unwrap();
    let (one, two) = (connect_anonymously(HERE).await, connect_anonymously(THERE).await);
    let token = sign_in(&one, "mara").await;
    sign_in(&two, "mara").await;
    let third = connect_anonymously(HERE).await;
    let refused = third.request("login", login("mara")).await;
    assert_eq!(refused.error("$rate_limited"), "too many tries: try again in 60 s");
    assert_eq!(third.request_with("me", &[]).await.unwrap_data(), Value::Null);
    let refused = Client::connect_only_from(node.address, THERE, &json!({ "token": token })).await;
    let refused = refused.map(drop).unwrap_err();
    assert!(refused["data"]["errors"]["$rate_limited"].is_string(), "{refused}");
    sign_in(&third, "teo").await;
    two.request_with("logout", &[]).await.unwrap_data();
    assert!(third.request("login", login("mara")).await.ok, "there is room again");
    node.stop().await;
}

async fn clients_behind_trusted_proxy_have_separate_limits(database: &Database) {
    let settings = ["--sessions-each", "1", "--trusted-proxies", "127.0.0.0/8"];
    let node = Node::start(&database.url(), &settings).await;
    for (client, status) in [("203.0.113.7", 200), ("203.0.113.8", 200), ("6.6.6.6, 203.0.113.7", 429)] {
        let answer = http::browse(node.address, POLLING, &[("X-Forwarded-For", client)]).await;
        assert_eq!(answer.status, status, "{client}");
        assert_eq!(answer.header("retry-after").is_empty(), status == 200);
    }
    node.stop().await;
}

#[actix_web::test]
async fn untrusted_proxy_is_logged_once() {
    let folder = tempfile::tempdir().unwrap();
    let program = ServerProcess::serve_in(folder.path(), &["--sessions-each", "2"]);
    for status in [200, 200, 429] {
        let answer = http::browse(program.address, POLLING, &[("X-Forwarded-For", "203.0.113.7")]).await;
        assert_eq!(answer.status, status);
    }
    let log = program.wait_for_log(r#"limit="max_sessions_per_address""#).await;
    assert_eq!(log.matches("--trusted-proxies").count(), 1, "{log}");
    assert!(log.contains("proxy=127.0.0.1"), "{log}");
}
