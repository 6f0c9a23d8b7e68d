//! Both directions of the heartbeat, and deadlines.

use std::time::Duration;

use socketio::{Config, Reason};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use crate::harness::{ServiceEvent, TestServer};

const INTERVAL: Duration = Duration::from_millis(60);

fn short() -> Config {
    Config { ping_interval: INTERVAL, ping_timeout: Duration::from_millis(400), ..Config::default() }
}

#[actix_web::test]
async fn pings_follow_each_interval() {
    let server = TestServer::start(short());
    let start = Instant::now();
    let mut client = server.connect().await;
    for beats in 1..=5 {
        assert_eq!(client.text().await, "2");
        assert!(start.elapsed() >= INTERVAL * beats, "not at once, and not before its time");
        client.send("3").await;
    }
    client.send(r#"421["echo",1]"#).await;
    assert_eq!(client.text().await, "431[1]");
}

#[actix_web::test]
async fn missing_pong_closes_session() {
    let server = TestServer::start(short());
    let mut client = server.connect().await;
    let (code, sentence) = client.closed().await;
    assert_eq!((code, sentence.as_str()), (1008, "no pong within 400ms"));
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::PingTimeout));
}

#[actix_web::test]
async fn slow_event_does_not_stop_heartbeat() {
    let server = TestServer::start(short());
    let mut client = server.connect().await;
    client.send(r#"421["wait",1]"#).await;

    // Longer than the ping timeout.
    for _ in 0..10 {
        assert_eq!(client.text().await, "2");
        client.send("3").await;
    }
    server.gate.notify_one();
    loop {
        match client.text().await.as_str() {
            "2" => client.send("3").await,
            text => break assert_eq!(text, "431[1]"),
        }
    }
}

#[actix_web::test]
async fn unread_pong_is_not_missed() {
    let server = TestServer::start(Config { max_inbox: 2, ..short() });
    let mut client = server.connect().await;
    for id in 1..=4 {
        client.send(&format!(r#"42{id}["wait",{id}]"#)).await;
    }

    // The inbox is full, so the pong stays in the kernel for longer than the timeout.
    assert_eq!(client.text().await, "2");
    client.send("3").await;
    tokio::time::sleep_until(Instant::now() + Duration::from_millis(900)).await;

    for id in 1..=4 {
        server.gate.notify_one();
        loop {
            match client.text().await.as_str() {
                "2" => client.send("3").await,
                text => break assert_eq!(text, format!("43{id}[{id}]")),
            }
        }
    }
}

#[actix_web::test]
async fn session_without_socket_is_closed() {
    let server =
        TestServer::start(Config { connect_timeout: Duration::from_millis(50), ..Config::default() });
    let mut idle = server.open().await;
    assert_eq!(idle.closed().await, (1008, "no connect packet within 50ms".into()));
    server.wait_until_empty().await;

    let mut left = server.connect().await;
    left.send("41").await;
    assert_eq!(left.closed().await.0, 1008);
}

#[actix_web::test]
async fn websocket_pings_are_answered() {
    let server = TestServer::start(Config::default());
    let mut client = server.connect().await;
    client.raw(Ws::Ping("are you there".into())).await;
    assert_eq!(client.next().await, Some(Ws::Pong("are you there".into())));
}
