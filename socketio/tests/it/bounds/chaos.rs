//! Clients of every kind connect, send and vanish during random operations: in the end no socket is left.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_util::future::join_all;
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use socketio::{Config, Data, Hub, Namespace, Recovery, Slot, Socket, SocketIo};
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use crate::harness::{Client, Poller, TestServer};

fn namespace(name: &str) -> Namespace {
    Namespace::new(name)
        .on_connect(|socket: Socket| async move { socket.join("all") })
        .on("echo", |Data(n): Data<u32>| async move { Ok::<_, ()>(n) })
        .on("bye", |socket: Socket| async move { socket.disconnect() })
        .on("end", |socket: Socket| async move { socket.close() })
        .on("all", |socket: Socket| async move {
            socket.hub().to("all").emit("n", &1);
            socket.broadcast().volatile().emit("n", &2);
        })
}

/// Runs all operations of a hub repeatedly.
fn run_random_operations(hub: &Hub, stop: &AtomicBool) {
    let mut rng = SmallRng::seed_from_u64(1);
    while !stop.load(Ordering::SeqCst) {
        let to = hub.of(if rng.random() { "/" } else { "/org-1" }).to(if rng.random() { "all" } else { "b" });
        match rng.random_range(0..40) {
            0 => to.disconnect(rng.random()),
            1..5 => to.join(["b"]),
            5..9 => to.leave(["b", "all"]),
            9..13 => to.latest(Slot(1)).emit("n", &3),
            13..17 => to.volatile().emit("n", &4),
            _ => to.emit("n", &5),
        }
        std::thread::yield_now();
    }
}

/// A client that may be disconnected or aborted at any time.
async fn websocket(client: &mut Client, rng: &mut SmallRng) {
    let steps = rng.random_range(0..12);
    for n in 0..steps {
        let text = match rng.random_range(0..12) {
            0 => "40/org-1,".to_owned(),
            1 => "41/org-1,".to_owned(),
            2 => r#"42["bye"]"#.to_owned(),
            3 => r#"42["end"]"#.to_owned(),
            4 => "1".to_owned(),
            5 => r#"42["all"]"#.to_owned(),
            _ => format!(r#"42{n}["echo",{n}]"#),
        };
        if futures_util::SinkExt::send(&mut client.0, Ws::text(text)).await.is_err() {
            return;
        }
        if rng.random() && !matches!(client.next().await, Some(Ws::Text(_))) {
            return;
        }
    }
    match rng.random_range(0..3) {
        0 => client.0.get_ref().set_zero_linger().unwrap(),
        1 => drop(futures_util::SinkExt::send(&mut client.0, Ws::Close(None)).await),
        _ => {}
    }
}

async fn one(server: &TestServer, seed: u64) {
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut client = if rng.random() {
        let mut client = server.open().await;
        client.send("40").await;
        client
    } else {
        let mut poller = Poller::open(server).await;
        poller.try_send_ok(b"40").await;
        for n in 0..rng.random_range(0..4) {
            poller.begin_poll().await;
            if !poller.try_send_ok(format!(r#"42{n}["echo",{n}]"#).as_bytes()).await {
                return;
            }
            if poller.get.answer_or_end().await.is_none_or(|answer| answer.status != 200) {
                return;
            }
        }
        if rng.random() {
            // It vanishes with or without a close, or while it waits.
            return match rng.random_range(0..3) {
                0 => drop(poller.try_send_ok(b"1").await),
                1 => poller.begin_poll().await,
                _ => {}
            };
        }
        let Some(mut client) = poller.try_websocket(server).await else { return };
        for text in ["2probe", "5"] {
            if futures_util::SinkExt::send(&mut client.0, Ws::text(text)).await.is_err()
                || rng.random_ratio(1, 5)
            {
                return;
            }
        }
        client
    };
    websocket(&mut client, &mut rng).await;
}

async fn all(recovery: Option<Recovery>) {
    let quick = std::time::Duration::from_millis(300);
    let config = Config {
        recovery,
        ping_interval: quick,
        ping_timeout: quick,
        close_timeout: quick,
        ..Config::default()
    };
    let builder = SocketIo::builder(config).namespace(namespace("/")).namespace(namespace("/org-{id}"));
    let server = TestServer::of(builder, 3);
    let (stop, hub) = (Arc::new(AtomicBool::new(false)), server.hub.clone());
    let stopped = stop.clone();
    let meddling = std::thread::spawn(move || run_random_operations(&hub, &stopped));
    for round in 0..8 {
        join_all((0..25).map(|n| one(&server, round * 100 + n))).await;
    }
    stop.store(true, Ordering::SeqCst);
    meddling.join().unwrap();
    // The heartbeat finds clients that vanished silently.
    server.wait_until_empty().await;
    assert_eq!((server.hub.of("/").count(), server.hub.of("/org-1").count()), (0, 0));
    assert!(server.hub.of("/").sockets().await.is_empty());
    server.open().await.enter("/", "").await;
}

#[actix_web::test]
async fn no_socket_leaks_under_chaos() {
    all(None).await;
}

#[actix_web::test]
async fn no_recoverable_socket_leaks_under_chaos() {
    all(Some(Recovery::default())).await;
}
