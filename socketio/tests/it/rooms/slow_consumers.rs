//! Broadcasts to slow clients: volatile events are dropped, and of a slot the last one arrives.

use serde_json::value::RawValue;
use socketio::{Broadcast, Config, Namespace, Slot, SocketIo};

use crate::harness::{Client, Poller, TestServer};

const FILLER: usize = 200_000;

fn start(max_outbox: usize) -> TestServer {
    let config = Config { max_outbox, ..Config::default() };
    let namespace = Namespace::new("/").on("echo", |args: socketio::Args| async move { args });
    TestServer::of(SocketIo::builder(config).namespace(namespace), 2)
}

/// Broadcasts many times more than a connection buffers.
fn flood(to: impl Fn() -> Broadcast) {
    let filler = RawValue::from_string(format!("\"{}\"", "x".repeat(FILLER))).unwrap();
    for n in 0..200 {
        to().emit_args("n", &socketio::args![n, filler]);
    }
}

fn number(text: &str) -> u32 {
    let rest = text.strip_prefix(r#"42["n","#).unwrap_or_else(|| panic!("{}", &text[..text.len().min(60)]));
    rest.split([',', ']']).next().unwrap().parse().unwrap()
}

/// Packets received before an ack.
async fn until_ack(client: &mut Client) -> Vec<u32> {
    client.send(r#"427["echo"]"#).await;
    let mut numbers = Vec::new();
    loop {
        match client.text().await.as_str() {
            "437[]" => return numbers,
            text => numbers.push(number(text)),
        }
    }
}

#[actix_web::test]
async fn volatile_events_are_dropped_for_stalled_websocket() {
    let server = start(500_000);
    let (mut stalled, mut reader) = (server.enter().await, server.enter().await);
    flood(|| server.hub.of("/").volatile());
    assert!(until_ack(&mut reader).await.len() <= 200);

    let numbers = until_ack(&mut stalled).await;
    assert!(!numbers.is_empty() && numbers.len() < 100, "{} of 200 came", numbers.len());
    assert!(numbers.is_sorted_by(|a, b| a < b));
    assert_eq!(server.io.sessions(), 2, "nobody was evicted");
    // Once it reads again, events arrive again.
    server.hub.of("/").volatile().emit_args("n", &socketio::args![1000]);
    assert_eq!(until_ack(&mut stalled).await, [1000]);
}

#[actix_web::test]
async fn volatile_events_are_dropped_without_poll() {
    let server = start(500_000);
    let mut poller = Poller::enter(&server).await;
    flood(|| server.hub.of("/").volatile());
    poller.send(r#"427["echo"]"#).await;
    let mut numbers = Vec::new();
    loop {
        match poller.text().await.as_str() {
            "437[]" => break,
            text => numbers.push(number(text)),
        }
    }
    assert!(numbers.len() < 10, "{} of 200 came", numbers.len());
    poller.wait().await;
    server.hub.of("/").volatile().emit_args("n", &socketio::args![1000]);
    assert_eq!(poller.get.answer().await.body, r#"42["n",1000]"#);
}

#[actix_web::test]
async fn slot_keeps_last_event_and_ordered_events_keep_order() {
    let server = start(usize::MAX);
    let mut stalled = server.enter().await;
    let hub = &server.hub;
    flood(|| hub.of("/"));
    for n in 200..400 {
        hub.of("/").latest(Slot(3)).emit_args("n", &socketio::args![n]);
        hub.of("/").latest(Slot(4)).emit_args("n", &socketio::args![n + 1000]);
    }
    hub.emit_args("n", &socketio::args![5000]);
    let numbers = until_ack(&mut stalled).await;
    let expected: Vec<u32> = (0..200).chain([399, 1399, 5000]).collect();
    assert_eq!(numbers, expected);
}

#[actix_web::test]
async fn slot_events_never_evict() {
    let server = start(100_000);
    let mut stalled = server.enter().await;
    flood(|| server.hub.of("/").latest(Slot(0)));
    let numbers = until_ack(&mut stalled).await;
    assert_eq!(numbers.last(), Some(&199));
    assert!(numbers.is_sorted_by(|a, b| a < b));
    assert_eq!(server.io.sessions(), 1);
}
