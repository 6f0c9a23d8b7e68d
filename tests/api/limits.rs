//! What one client may take, so that the others are still served.

mod logins;

use serde_json::{Value, json};

use crate::harness::{Client, Database, Node, from_both_databases, gym, http, program::Program};

from_both_databases! {
    a_burst_of_a_thousand_rows_is_taken,
    too_many_events_of_one_address_are_told_when_to_come_again,
    a_member_gets_in_where_strangers_have_taken_all_they_may,
    a_large_message_is_taken_from_the_signed_in_alone,
    a_user_has_so_many_sessions_from_wherever,
    clients_of_a_trusted_proxy_have_limits_of_their_own,
}

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
const HERE: [u8; 4] = [127, 0, 0, 1];
const THERE: [u8; 4] = [127, 0, 0, 2];

/// A node with the sample gym, for members.
async fn members(database: &Database, settings: &[&str]) -> Node {
    database.plant().await;
    let settings = [&["--access", "members"], settings].concat();
    Node::start(&database.url(), &settings).await
}

fn login(username: &str) -> Value {
    json!({ "username": username, "password": format!("{username}_password") })
}

/// Signs in, and gives the token.
async fn sign_in(client: &Client, username: &str) -> Value {
    client.ask("login", login(username)).await.done()["token"].clone()
}

async fn a_burst_of_a_thousand_rows_is_taken(database: &Database) {
    let node = Node::start(&database.url(), &[]).await;
    let client = Client::connect(node.address).await;
    let acks: Vec<u64> =
        (0..1000).map(|n| client.emit("new_coach", &[gym::coach(&format!("Coach {n}"))])).collect();
    for (n, ack) in acks.into_iter().enumerate() {
        assert_eq!(client.ack(ack).await.done()["id"], n + 1);
    }
    node.stop().await;
}

async fn too_many_events_of_one_address_are_told_when_to_come_again(database: &Database) {
    let node = Node::start(&database.url(), &["--events-each", "10"]).await;
    let (one, two) = (Client::connect(node.address).await, Client::connect(node.address).await);
    let other = Client::arrive_from(node.address, THERE, &json!({})).await.unwrap();
    let acks: Vec<u64> = (0..100).map(|_| one.emit("list_coaches", &[json!({})])).collect();
    let mut refused = 0;
    for ack in acks {
        let ack = one.ack(ack).await;
        if !ack.ok {
            refused += 1;
            assert_eq!(ack.sentence("$rate_limited"), "too many tries: try again in 1 s");
        }
    }
    assert!(refused > 50, "{refused}");
    other.ask("list_coaches", json!({})).await.done();
    // What it counts by is the address, and so another socket is slowed down, and goes on.
    while !two.ask("list_coaches", json!({})).await.ok {}
    node.stop().await;
}

async fn a_member_gets_in_where_strangers_have_taken_all_they_may(database: &Database) {
    let node = members(database, &["--sessions", "6", "--reserved-sessions", "2"]).await;
    let arrive = async || Client::arrive(node.address, &json!({})).await.unwrap();
    let token = sign_in(&arrive().await, "mara").await;
    let strangers = [arrive().await, arrive().await, arrive().await];
    // The one that signed in above may still be on its way out.
    let fourth = arrive().await;
    let late = Client::open(node.address).await;
    late.send("40");
    assert_eq!(late.closed().await, Some((1013, "the server is full".into())));
    let member = Client::connect_with(node.address, &json!({ "token": token })).await.unwrap();
    member.ask("list_coaches", json!({})).await.done();
    for stranger in strangers.iter().chain([&fourth]) {
        assert_eq!(stranger.ask_with("me", &[]).await.done(), Value::Null);
    }
    // Signing in leaves a place to another stranger, and signing out takes one.
    sign_in(&fourth, "teo").await;
    arrive().await;
    node.stop().await;
}

async fn a_large_message_is_taken_from_the_signed_in_alone(database: &Database) {
    let node = members(database, &[]).await;
    let client = Client::arrive(node.address, &json!({})).await.unwrap();
    let large = gym::coach(&"x".repeat(17_000));
    let refused = client.ask("new_coach", large.clone()).await;
    let sentence = refused.sentence("$bad_payload");
    assert!(sentence.ends_with("at most 16384 are taken: send less at once, or sign in first"), "{sentence}");
    sign_in(&client, "mara").await;
    assert_eq!(client.ask("new_coach", large.clone()).await.refused(), ["name"]);
    client.ask_with("logout", &[]).await.done();
    assert_eq!(client.ask("new_coach", large).await.refused(), ["$bad_payload"]);
    node.stop().await;
}

async fn a_user_has_so_many_sessions_from_wherever(database: &Database) {
    let node = members(database, &["--sessions-each", "2"]).await;
    let arrive = async |from| Client::arrive_from(node.address, from, &json!({})).await.unwrap();
    let (one, two) = (arrive(HERE).await, arrive(THERE).await);
    let token = sign_in(&one, "mara").await;
    sign_in(&two, "mara").await;
    let third = arrive(HERE).await;
    let refused = third.ask("login", login("mara")).await;
    assert_eq!(refused.sentence("$rate_limited"), "too many tries: try again in 60 s");
    assert_eq!(third.ask_with("me", &[]).await.done(), Value::Null);
    let refused = Client::arrive_from(node.address, THERE, &json!({ "token": token })).await;
    let refused = refused.map(drop).unwrap_err();
    assert!(refused["data"]["errors"]["$rate_limited"].is_string(), "{refused}");
    sign_in(&third, "teo").await;
    two.ask_with("logout", &[]).await.done();
    assert!(third.ask("login", login("mara")).await.ok, "there is room again");
    node.stop().await;
}

async fn clients_of_a_trusted_proxy_have_limits_of_their_own(database: &Database) {
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
async fn a_proxy_that_is_not_trusted_is_named_once_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve_in(folder.path(), &["--sessions-each", "2"]);
    for status in [200, 200, 429] {
        let answer = http::browse(program.address, POLLING, &[("X-Forwarded-For", "203.0.113.7")]).await;
        assert_eq!(answer.status, status);
    }
    let log = program.logged(r#"limit="max_sessions_per_address""#).await;
    assert_eq!(log.matches("--trusted-proxies").count(), 1, "{log}");
    assert!(log.contains("proxy=127.0.0.1"), "{log}");
}
