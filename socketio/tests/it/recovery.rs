//! Connection state recovery by a stock client: a `pid` on connect, an offset after each event's arguments.

use serde_json::Value;
use socketio::{Config, Namespace, Reason, Recovery, SocketIo};
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use crate::harness::TestServer;

mod client;
mod not_recovered;
mod order;
mod replaced_socket;

use client::{RecoveringClient, Server};

#[actix_web::test]
async fn recovered_socket_receives_missed_events_of_its_rooms() {
    let mut all = Server::start(2, Recovery::default());
    let mut client = all.connect_first().await;
    client.client().request(r#"421["join","a"]"#).await;
    let hub = all.server.hub.clone();
    hub.emit("n", &0);
    assert_eq!(client.number().await, 0);
    assert!(client.offset.is_some(), "it is behind the argument");
    client.lose();
    assert_eq!(all.next_report().await, Reason::TransportClose);

    hub.emit("n", &1);
    hub.to("a").emit("n", &2);
    hub.to("b").emit("n", &666);
    hub.to(client.id.as_str()).emit("n", &3);
    hub.except("a").emit("n", &666);
    hub.except(client.id.as_str()).emit("n", &666);
    hub.of("/").volatile().emit("n", &666);
    hub.of("/").latest(socketio::Slot(0)).emit("n", &666);
    hub.of("/nowhere").emit("n", &666);
    hub.to("all").to("a").emit("n", &4);

    assert!(client.connect(&all.server).await);
    assert_eq!(client.numbers(4).await, [1, 2, 3, 4]);
    assert_eq!(client.rooms().await, r#"438[[true,["a","all"]]]"#);
    hub.to("a").emit("n", &5);
    assert_eq!(client.number().await, 5);
    client.nothing_more().await;
    assert_eq!(hub.sockets(), 1);
}

#[actix_web::test]
async fn recovery_without_offset_replays_since_first_connection() {
    let mut all = Server::start(2, Recovery::default());
    let hub = all.server.hub.clone();
    hub.emit("n", &666);
    let mut client = all.connect_first().await;
    client.lose();
    all.next_report().await;
    for n in 0..5 {
        hub.emit("n", &n);
    }
    assert!(client.connect(&all.server).await);
    assert_eq!(client.numbers(5).await, [0, 1, 2, 3, 4]);
    client.nothing_more().await;
}

#[actix_web::test]
async fn socket_is_recovered_repeatedly() {
    let mut all = Server::start(3, Recovery::default());
    let hub = all.server.hub.clone();
    let mut client = all.connect_first().await;
    for round in 0..20 {
        hub.emit("n", &(round * 2));
        if round % 3 == 0 {
            assert_eq!(client.number().await, round * 2);
        }
        client.lose();
        all.next_report().await;
        hub.emit("n", &(round * 2 + 1));
        assert!(client.connect(&all.server).await);
        let missed = if round % 3 == 0 { vec![round * 2 + 1] } else { vec![round * 2, round * 2 + 1] };
        assert_eq!(client.numbers(missed.len()).await, missed);
        client.nothing_more().await;
    }
}

#[actix_web::test]
async fn unreceived_replay_is_replayed_again() {
    let mut all = Server::start(2, Recovery::default());
    let hub = all.server.hub.clone();
    let mut client = all.connect_first().await;
    hub.emit("n", &0);
    assert_eq!(client.number().await, 0);
    for n in 1..4 {
        client.lose();
        all.next_report().await;
        hub.emit("n", &n);
        // Lost again before it has read any of it.
        assert!(client.connect(&all.server).await);
    }
    assert_eq!(client.numbers(3).await, [1, 2, 3]);
    client.nothing_more().await;
}

#[actix_web::test]
async fn open_session_is_replaced_on_recovery() {
    for workers in [1, 4] {
        let mut all = Server::start(workers, Recovery::default());
        let hub = all.server.hub.clone();
        let mut client = all.connect_first().await;
        client.client().request(r#"421["join","a"]"#).await;
        for n in 0..10 {
            hub.to("a").emit("n", &n);
            let mut old = client.client.take().unwrap();
            assert!(client.connect(&all.server).await, "{workers} workers, round {n}");
            assert_eq!(all.next_report().await, Reason::Replaced);
            assert_eq!(client.number().await, n);
            let last = loop {
                match old.next().await {
                    Some(Ws::Text(_)) => {}
                    other => break other,
                }
            };
            assert!(matches!(last, Some(Ws::Close(_)) | None), "{last:?}");
            client.nothing_more().await;
        }
        all.server.until(|server| server.io.sessions() == 1 && server.hub.sockets() == 1).await;
    }
}

#[actix_web::test]
async fn namespaces_recover_independently() {
    let builder = SocketIo::builder(Config { recovery: Some(Recovery::default()), ..Config::default() })
        .namespace(Namespace::new("/a"))
        .namespace(Namespace::new("/org-{id}"));
    let server = TestServer::of(builder, 2);
    let mut client = server.open().await;
    let mut pids = Vec::new();
    for name in ["/a", "/org-1"] {
        let answer = client.request(&format!("40{name},")).await;
        let answer: Value = serde_json::from_str(answer.split_once(',').unwrap().1).unwrap();
        pids.push((
            name,
            answer["pid"].as_str().unwrap().to_owned(),
            answer["sid"].as_str().unwrap().to_owned(),
        ));
    }
    client.0.get_ref().set_zero_linger().unwrap();
    drop(client);
    server.wait_until_empty().await;
    server.hub.of("/a").emit("n", "a");
    server.hub.of("/org-1").emit("n", "org");

    let mut client = server.open().await;
    for (name, pid, sid) in &pids {
        let answer = client.request(&format!(r#"40{name},{{"pid":"{pid}"}}"#)).await;
        assert_eq!(answer, format!(r#"40{name},{{"sid":"{sid}","pid":"{pid}"}}"#));
        let missed = if *name == "/a" { "a" } else { "org" };
        assert!(client.text().await.starts_with(&format!(r#"42{name},["n","{missed}","#)));
    }
    // A pid is valid in its own namespace only.
    let mut thief = server.open().await;
    let stolen = thief.request(&format!(r#"40/a,{{"pid":"{}"}}"#, pids[1].1)).await;
    assert!(!stolen.contains(&pids[1].1) && !stolen.contains(&pids[1].2));
}
