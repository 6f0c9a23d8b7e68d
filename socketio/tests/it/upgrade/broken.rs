//! Failed upgrades: polling continues.

use std::time::Duration;

use futures_util::future::join_all;
use socketio::{Config, Frame, Message, Reason};
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use crate::harness::{Client, Poller, ServiceEvent, TestServer, within};

/// Events and broadcasts work as if there had been no upgrade.
async fn goes_on(server: &TestServer, poller: &mut Poller) {
    poller.send(r#"427["echo",7]"#).await;
    assert_eq!(next(poller).await, "437[7]");
    server.hub.broadcast(Message::event(Frame::event("still", &[])));
    assert_eq!(next(poller).await, r#"42["still"]"#);
}

/// A WebSocket with an answered probe. Until the previous one is known to be closed, it is refused.
async fn probed(server: &TestServer, poller: &Poller) -> Client {
    loop {
        let mut client = poller.websocket(server).await;
        client.send("2probe").await;
        match client.next().await {
            Some(Ws::Text(text)) if text.as_str() == "3probe" => return client,
            other => assert!(matches!(other, Some(Ws::Close(_))), "{other:?}"),
        }
    }
}

/// The next packet. Until a WebSocket is known to be closed, a GET may be empty.
async fn next(poller: &mut Poller) -> String {
    loop {
        let text = poller.text().await;
        if text != "6" {
            return text;
        }
    }
}

#[actix_web::test]
async fn aborted_probe_leaves_polling_intact() {
    for workers in [1, 2] {
        let server = TestServer::with_workers(Config::default(), workers);
        let mut poller = Poller::connect(&server).await;
        for step in 0..4 {
            let mut client =
                if step == 0 { poller.websocket(&server).await } else { probed(&server, &poller).await };
            match step {
                1 => client.raw(Ws::Close(None)).await,
                2 => client.0.get_ref().set_zero_linger().unwrap(),
                _ => {}
            }
            drop(client);
            goes_on(&server, &mut poller).await;
        }
        // A later upgrade succeeds.
        let mut client = probed(&server, &poller).await;
        client.send("5").await;
        client.send(r#"428["echo",8]"#).await;
        assert_eq!(client.text().await, "438[8]");
    }
}

#[actix_web::test]
async fn invalid_probe_is_refused() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut poller = Poller::connect(&server).await;
    for (before, text) in [
        (false, "40"),
        (false, "2"),
        (false, "2other"),
        (false, ""),
        (true, r#"42["echo",1]"#),
        (true, "2probe"),
        (true, "6"),
    ] {
        let mut client = loop {
            let mut client = poller.websocket(&server).await;
            // The previous one may not be known to be closed; then this one is refused.
            client.send(if before { "2probe" } else { text }).await;
            match client.next().await {
                Some(Ws::Text(text)) if before && text.as_str() == "3probe" => break Some(client),
                Some(Ws::Close(Some(close))) if u16::from(close.code) == 1008 => {}
                Some(Ws::Close(Some(close))) if !before => {
                    assert_eq!(u16::from(close.code), 1002, "{text}");
                    break None;
                }
                other => panic!("{text}: {other:?}"),
            }
        };
        if let Some(client) = &mut client {
            client.send(text).await;
            assert_eq!(client.closed().await.0, 1002, "{text}");
        }
        goes_on(&server, &mut poller).await;
    }
    let mut client = poller.websocket(&server).await;
    client.raw(Ws::binary(vec![1])).await;
    assert!(matches!(client.closed().await.0, 1002 | 1008));
    goes_on(&server, &mut poller).await;
}

#[actix_web::test]
async fn slow_upgrade_times_out() {
    let config = Config { upgrade_timeout: Duration::from_millis(50), ..Config::default() };
    let server = TestServer::with_workers(config, 2);
    let mut poller = Poller::connect(&server).await;
    let mut silent = poller.websocket(&server).await;
    assert_eq!(silent.closed().await, (1002, "it took too long".into()));
    goes_on(&server, &mut poller).await;

    let mut probed = poller.websocket(&server).await;
    probed.send("2probe").await;
    assert_eq!(probed.text().await, "3probe");
    assert_eq!(probed.closed().await, (1002, "it took too long".into()));
    goes_on(&server, &mut poller).await;
}

#[actix_web::test]
async fn second_websocket_is_refused() {
    for workers in [1, 4] {
        let server = TestServer::with_workers(Config::default(), workers);
        for _ in 0..10 {
            let poller = Poller::connect(&server).await;
            let clients = join_all((0..4).map(|_| poller.websocket(&server))).await;
            let outcomes = join_all(clients.into_iter().map(|mut client| async {
                client.send("2probe").await;
                match client.next().await {
                    Some(Ws::Text(text)) => {
                        assert_eq!(text.as_str(), "3probe");
                        client.send("5").await;
                        client.send(r#"421["echo",1]"#).await;
                        assert_eq!(client.text().await, "431[1]");
                        Some(client)
                    }
                    Some(Ws::Close(Some(close))) => {
                        assert_eq!(u16::from(close.code), 1008);
                        None
                    }
                    other => panic!("{other:?}"),
                }
            }))
            .await;
            assert_eq!(outcomes.iter().flatten().count(), 1);
        }
    }
}

#[actix_web::test]
async fn session_end_closes_probe() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut poller = Poller::connect(&server).await;
    let mut client = poller.websocket(&server).await;
    client.send("2probe").await;
    assert_eq!(client.text().await, "3probe");
    assert_eq!(poller.try_send(b"48").await.status, 400);
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::ProtocolError));
    server.wait_until_empty().await;
    client.send("5").await;
    assert_eq!(client.closed().await.0, 1002);
}

#[actix_web::test]
async fn missing_pong_ends_session_during_upgrade() {
    let (ping_interval, ping_timeout) = (Duration::from_millis(30), Duration::from_millis(60));
    let server = TestServer::with_workers(Config { ping_interval, ping_timeout, ..Config::default() }, 2);
    let poller = Poller::connect(&server).await;
    let mut client = poller.websocket(&server).await;
    client.send("2probe").await;
    assert_eq!(client.text().await, "3probe");
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::PingTimeout));
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn shutdown_does_not_wait_for_upgrade() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut poller = Poller::connect(&server).await;
    let mut client = poller.websocket(&server).await;
    assert_eq!(client.request("2probe").await, "3probe");
    let silent = Poller::connect(&server).await;
    let _silent = silent.websocket(&server).await;
    let io = server.io.clone();
    let shutdown = actix_web::rt::spawn(async move { io.shutdown(Duration::from_millis(300)).await });
    let mut last = poller.poll().await;
    while last.body == "6" {
        last = poller.poll().await;
    }
    assert_eq!(last.status, 503);
    within(shutdown).await.unwrap();
    server.wait_until_empty().await;
}
