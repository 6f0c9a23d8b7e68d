//! A client that sends faster than it is handled is slowed down, without buffering and without loss.

use std::time::Duration;

use futures_util::SinkExt;
use socketio::{Config, Namespace, SocketIo};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use super::start;
use crate::harness::{Client, Poller, TestServer, within};

fn small() -> Config {
    Config { max_inbox: 4, max_payload: 100_000, ..Config::default() }
}

/// Fills the client's connection while its first event is handled; returns the number of sent events.
async fn fill(client: &mut Client) -> usize {
    client.send(r#"420["wait"]"#).await;
    let filler = "x".repeat(90_000);
    for id in 1..2_000 {
        let event = Ws::text(format!(r#"42{id}["echo",{id},"{filler}"]"#));
        // A message aborted in the middle stays in tungstenite's buffer, and is sent with the next.
        if timeout(Duration::from_millis(300), client.0.send(event)).await.is_err() {
            return id;
        }
    }
    panic!("a hundred megabytes were taken");
}

async fn all_are_acked(client: &mut Client, last: usize) {
    assert_eq!(client.text().await, "430[]");
    for id in 1..=last {
        let ack = client.text().await;
        assert!(ack.starts_with(&format!("43{id}[{id},\"xx")), "{}", &ack[..20]);
    }
}

#[actix_web::test]
async fn websocket_is_not_read_while_inbox_is_full() {
    let (server, gate) = start(small());
    let mut client = server.enter().await;
    let last = fill(&mut client).await;
    gate.notify_one();
    client.send(r#"429999["echo","flush"]"#).await;
    all_are_acked(&mut client, last).await;
    assert_eq!(client.text().await, r#"439999["flush"]"#);
}

#[actix_web::test]
async fn upgraded_websocket_is_not_read_while_inbox_is_full() {
    let (server, gate) = start(small());
    let (mut client, _) = Poller::enter(&server).await.upgrade(&server).await;
    let last = fill(&mut client).await;
    gate.notify_one();
    client.send(r#"429999["echo","flush"]"#).await;
    all_are_acked(&mut client, last).await;
    assert_eq!(client.text().await, r#"439999["flush"]"#);
}

#[actix_web::test]
async fn post_is_answered_after_all_packets_are_accepted() {
    let (server, gate) = start(small());
    let mut poller = Poller::enter(&server).await;
    let events = (1..=50).map(|id| format!(r#"42{id}["echo",{id}]"#));
    let body: Vec<String> = std::iter::once(r#"420["wait"]"#.to_owned()).chain(events).collect();
    poller.post.send("POST", &poller.query, "", body.join("\u{1e}").as_bytes()).await;
    assert!(poller.post.is_silent_for(Duration::from_millis(100)).await);
    gate.notify_one();
    assert_eq!(poller.post.answer().await.body, "ok");
    assert_eq!(poller.text().await, "430[]");
    for id in 1..=50 {
        assert_eq!(poller.text().await, format!("43{id}[{id}]"));
    }
}

#[actix_web::test]
async fn paused_session_does_not_delay_others() {
    let (server, gate) = start(small());
    let (mut held, mut other) = (server.enter().await, server.enter().await);
    let last = fill(&mut held).await;
    for id in 0..100 {
        assert_eq!(other.request(&format!(r#"42{id}["echo",{id}]"#)).await, format!("43{id}[{id}]"));
    }
    server.hub.emit("news", &1);
    assert_eq!(other.text().await, r#"42["news",1]"#);
    assert_eq!(held.text().await, r#"42["news",1]"#);
    gate.notify_one();
    within(held.0.flush()).await.unwrap();
    all_are_acked(&mut held, last).await;
}

#[actix_web::test]
async fn unread_pong_does_not_time_out() {
    let short = Duration::from_millis(300);
    let config = Config { ping_interval: short, ping_timeout: short, ..small() };
    for kind in 0..3 {
        let (server, gate) = start(config.clone());
        let events: Vec<_> = (1..20).map(|id| format!(r#"42{id}["echo",{id}]"#)).collect();
        let first = r#"420["wait"]"#.to_owned();
        let events: Vec<_> = std::iter::once(first).chain(events).collect();
        let mut poller = Poller::enter(&server).await;
        if kind == 0 {
            poller.post.send("POST", &poller.query, "", events.join("\u{1e}").as_bytes()).await;
            assert!(poller.post.is_silent_for(short * 4).await);
            gate.notify_one();
            assert_eq!(poller.post.answer().await.body, "ok");
            poller.send("3").await;
            while poller.text().await != "4319[19]" {}
            continue;
        }
        let mut client = if kind == 1 { server.enter().await } else { poller.upgrade(&server).await.0 };
        for event in &events {
            client.send(event).await;
        }
        // The passing of time is what is measured.
        tokio::time::sleep(short * 4).await;
        gate.notify_one();
        client.send("3").await;
        while client.text().await != "4319[19]" {}
    }
}

#[actix_web::test]
async fn pong_received_while_worker_is_blocked_is_in_time() {
    let (began, begun) = std::sync::mpsc::channel();
    let block = Namespace::new("/").on("block", move || {
        let _ = began.send(());
        // Simulates a handler that blocks its thread.
        std::thread::sleep(Duration::from_millis(900));
        async {}
    });
    let (ping_interval, ping_timeout) = (Duration::from_millis(200), Duration::from_millis(500));
    let config = Config { ping_interval, ping_timeout, ..Config::default() };
    let server = TestServer::of(SocketIo::builder(config).namespace(block), 1);
    let (mut busy, mut client) = (server.enter().await, server.enter().await);
    assert_eq!(client.text().await, "2");
    busy.send(r#"42["block"]"#).await;
    begun.recv_timeout(Duration::from_secs(5)).unwrap();
    client.send("3").await;
    assert_eq!(client.text().await, "2", "the next one");
}
