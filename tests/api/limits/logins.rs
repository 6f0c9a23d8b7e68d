//! Logins are expensive: few are queued, in fair order, and none for closed sessions.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{THERE, login, members};
use crate::harness::{Client, Database, TIMEOUT, http, on_empty_databases};

on_empty_databases! {
    login_flood_does_not_delay_other_addresses,
    logins_of_disconnected_clients_are_dropped,
    queued_logins_per_session_are_limited,
    logins_per_address_are_limited,
    known_account_signs_in_from_limited_address,
}

fn unknown_login(n: usize) -> Value {
    json!({ "username": format!("nobody {n}"), "password": "x" })
}

/// The value of a line of the metrics.
async fn counter(address: SocketAddr, line: &str) -> u64 {
    let (_, metrics) = http::get(address, "/metrics").await;
    let found = metrics.lines().find_map(|one| one.strip_prefix(line));
    found.map_or(0, |count| count.trim().parse().unwrap())
}

const WRONG: &str = r#"rowcast_events_total{event="login",outcome="invalid"}"#;

async fn login_flood_does_not_delay_other_addresses(database: &Database) {
    const FLOOD: usize = 60;
    let node = members(database, &["--logins-each", "0"]).await;
    let mut strangers = Vec::new();
    for n in 0..FLOOD {
        let stranger = Client::connect_only_from(node.address, THERE, &json!({})).await.unwrap();
        stranger.emit("login", &[unknown_login(n)]);
        strangers.push(stranger);
    }
    let member = Client::connect_only(node.address, &json!({})).await.unwrap();
    let before = counter(node.address, WRONG).await;
    member.request("login", login("mara")).await.unwrap_data();
    let meanwhile = counter(node.address, WRONG).await - before;
    assert!(meanwhile < FLOOD as u64 / 3, "{meanwhile} of {FLOOD} came before");
    node.stop().await;
}

async fn logins_of_disconnected_clients_are_dropped(database: &Database) {
    let node = members(database, &["--logins-each", "0"]).await;
    for n in 0..10 {
        let stranger = Client::connect_only(node.address, &json!({})).await.unwrap();
        for _ in 0..999 {
            stranger.emit("login", &[unknown_login(n)]);
        }
        let last = stranger.emit("login", &[unknown_login(n)]);
        if n == 0 {
            // Logins beyond the queue are refused without hashing.
            assert_eq!(stranger.ack(last).await.error_keys(), ["$rate_limited"]);
        }
    }
    let gone =
        async { while counter(node.address, r#"socketio_sessions{transport="websocket"}"#).await > 0 {} };
    tokio::time::timeout(TIMEOUT, gone).await.expect("the sessions to end");
    let member = Client::connect_only(node.address, &json!({})).await.unwrap();
    member.request("login", login("mara")).await.unwrap_data();
    node.stop().await;
}

async fn queued_logins_per_session_are_limited(database: &Database) {
    let node = members(database, &[]).await;
    let client = Client::connect_only(node.address, &json!({})).await.unwrap();
    let acks: Vec<u64> = (0..20).map(|n| client.emit("login", &[unknown_login(n)])).collect();
    let me = client.emit("me", &[]);
    let mut limited = 0;
    for ack in acks {
        limited += usize::from(client.ack(ack).await.error_keys() == ["$rate_limited"]);
    }
    assert!(limited > 0);
    assert_eq!(client.ack(me).await.unwrap_data(), Value::Null);
    client.request("login", login("mara")).await.unwrap_data();
    node.stop().await;
}

async fn logins_per_address_are_limited(database: &Database) {
    let node = members(database, &["--logins-each", "3"]).await;
    let stranger = Client::connect_only_from(node.address, THERE, &json!({})).await.unwrap();
    for n in 0..3 {
        assert_eq!(stranger.request("login", unknown_login(n)).await.error_keys(), ["password", "username"]);
    }
    let refused = stranger.request("login", login("mara")).await;
    let sentence = refused.error("$rate_limited");
    assert!(sentence.starts_with("too many tries: try again in "), "{sentence}");
    Client::connect_only(node.address, &json!({}))
        .await
        .unwrap()
        .request("login", login("mara"))
        .await
        .unwrap_data();
    node.stop().await;
}

/// Members and other clients behind one router have the same address.
async fn known_account_signs_in_from_limited_address(database: &Database) {
    let node = members(database, &["--logins-each", "5"]).await;
    let connect_anonymously =
        async || Client::connect_only_from(node.address, THERE, &json!({})).await.unwrap();
    connect_anonymously().await.request("login", login("mara")).await.unwrap_data();
    let stranger = connect_anonymously().await;
    while stranger.request("login", unknown_login(0)).await.error_keys() != ["$rate_limited"] {}
    assert_eq!(
        connect_anonymously().await.request("login", login("teo")).await.error_keys(),
        ["$rate_limited"]
    );
    connect_anonymously().await.request("login", login("mara")).await.unwrap_data();
    node.stop().await;
}
