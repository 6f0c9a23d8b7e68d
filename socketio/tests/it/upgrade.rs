//! The upgrade from polling to WebSocket.

use std::time::Duration;

use futures_util::SinkExt;
use socketio::{Config, Frame, Message, Namespace, Reason, SocketIo};
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use crate::harness::{Client, Http, Poller, ServiceEvent, TestServer};

mod broken;
mod traffic;

#[actix_web::test]
async fn upgrade_without_waiting_for_probe_response_is_accepted() {
    for workers in [1, 3] {
        let server = TestServer::with_workers(Config::default(), workers);
        let mut poller = Poller::connect(&server).await;
        poller.wait().await;
        let mut client = poller.websocket(&server).await;
        for text in ["2probe", "5", r#"421["echo",1]"#, r#"422["echo",2]"#] {
            client.0.feed(Ws::text(text)).await.unwrap();
        }
        client.0.flush().await.unwrap();

        assert_eq!(client.text().await, "3probe");
        assert_eq!(poller.get.answer().await.body, "6");
        assert_eq!((client.text().await, client.text().await), ("431[1]".into(), "432[2]".into()));
        let large = format!("\"{}\"", "x".repeat(300_000));
        server.hub.broadcast(Message::event(Frame::event("large", &[&large])));
        assert_eq!(client.text().await.len(), large.len() + 12);
    }
}

#[actix_web::test]
async fn packets_leave_by_released_get_or_websocket() {
    let server = TestServer::with_workers(Config::default(), 2);
    let poller = Poller::connect(&server).await;
    let mut client = poller.websocket(&server).await;
    client.send("2probe").await;
    assert_eq!(client.text().await, "3probe");
    for n in 0..3 {
        server.hub.broadcast(Message::event(Frame::event("n", &[&n.to_string()])));
    }
    client.send("5").await;
    for n in 0..3 {
        assert_eq!(client.text().await, format!(r#"42["n",{n}]"#));
    }
}

#[actix_web::test]
async fn get_during_upgrade_does_not_wait() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut poller = Poller::connect(&server).await;
    let mut client = poller.websocket(&server).await;
    client.send("2probe").await;
    assert_eq!(client.text().await, "3probe");
    assert_eq!(poller.poll().await.body, "6");
    assert_eq!(poller.poll().await.body, "6");
    client.send("5").await;
    client.send(r#"421["echo",1]"#).await;
    assert_eq!(client.text().await, "431[1]");
}

#[actix_web::test]
async fn requests_after_upgrade_are_refused() {
    let server = TestServer::with_workers(Config::default(), 3);
    let poller = Poller::connect(&server).await;
    let (query, sid) = (poller.query.clone(), poller.sid.clone());
    let (mut client, received) = poller.upgrade(&server).await;
    assert!(received.is_empty());
    assert_eq!(client.request(r#"429["echo",9]"#).await, "439[9]");
    for id in 0..5 {
        for (method, body) in [("GET", &b""[..]), ("POST", br#"42["echo",0]"#), ("POST", b"")] {
            // On a separate connection: actix closes one whose body was not read.
            let answer = Http::connect(&server).await.request(method, &query, "", body).await;
            assert_eq!(answer.status, 400, "{method}");
        }
        let tcp = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let url = format!("{}&sid={sid}", server.url());
        let mut second = Client(tokio_tungstenite::client_async(url, tcp).await.unwrap().0);
        assert_eq!(second.closed().await.0, 1008);
        client.send(&format!(r#"42{id}["echo",{id}]"#)).await;
        assert_eq!(client.text().await, format!("43{id}[{id}]"));
    }
    assert_eq!(server.io.sessions(), 1);
}

#[actix_web::test]
async fn heartbeat_and_large_messages_work_after_upgrade() {
    let (ping_interval, ping_timeout) = (Duration::from_millis(30), Duration::from_millis(400));
    let config = Config { ping_interval, ping_timeout, max_payload: 2_000_000, ..Config::default() };
    let server = TestServer::with_workers(config, 2);
    let (mut client, _) = Poller::connect(&server).await.upgrade(&server).await;
    let large = "x".repeat(1_500_000);
    client.send(&format!(r#"421["echo","{large}"]"#)).await;
    let (mut pings, mut acked) = (0, false);
    while pings < 15 || !acked {
        match client.text().await.as_str() {
            "2" => {
                pings += 1;
                client.send("3").await;
            }
            text => acked = text == format!(r#"431["{large}"]"#),
        }
    }
    client.raw(Ws::Ping("still".into())).await;
    loop {
        match client.next().await {
            Some(Ws::Pong(payload)) => break assert_eq!(&payload[..], b"still"),
            Some(Ws::Text(text)) if text.as_str() == "2" => {}
            other => panic!("expected a pong, not {other:?}"),
        }
    }
}

#[actix_web::test]
async fn disconnect_after_upgrade_is_noticed() {
    let server = TestServer::with_workers(Config::default(), 2);
    for end in 0..5 {
        let (mut client, _) = Poller::connect(&server).await.upgrade(&server).await;
        client.send(r#"421["echo",1]"#).await;
        assert_eq!(client.text().await, "431[1]");
        assert_eq!(server.next_event().await, ServiceEvent::Event("echo".into()));
        match end {
            0 => client.0.get_ref().set_zero_linger().unwrap(),
            1 => client.raw(Ws::Close(None)).await,
            2 => client.send("1").await,
            3 => client.send("41").await,
            _ => {}
        }
        if end == 2 {
            assert_eq!(client.closed().await.0, 1000);
        }
        drop(client);
        let reason = if end == 3 { Reason::ClientDisconnect } else { Reason::TransportClose };
        assert_eq!(server.next_event().await, ServiceEvent::Disconnected(reason), "{end}");
        server.wait_until_empty().await;
    }
}

#[actix_web::test]
async fn server_may_close_upgraded_session() {
    let server = TestServer::with_workers(Config::default(), 2);
    let (mut client, _) = Poller::connect(&server).await.upgrade(&server).await;
    client.send(r#"42["leave"]"#).await;
    assert_eq!(client.text().await, "41");
    assert_eq!(client.closed().await.0, 1000);
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn stalled_upgraded_client_is_evicted() {
    let server = TestServer::with_workers(Config { max_outbox: 300_000, ..Config::default() }, 2);
    let (client, _) = Poller::connect(&server).await.upgrade(&server).await;
    let large = format!("\"{}\"", "x".repeat(100_000));
    // The kernel buffers some of it, then the outbox, until its limit.
    for _ in 0..300 {
        server.hub.broadcast(Message::event(Frame::event("large", &[&large])));
    }
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::OutboxFull));
    server.wait_until_empty().await;
    drop(client);
}

#[actix_web::test]
async fn upgrade_is_refused_when_disabled() {
    let server = TestServer::start(Config { allow_upgrades: false, ..Config::default() });
    let mut poller = Poller::connect(&server).await;
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let query = format!("?EIO=4&transport=websocket&sid={}", poller.sid);
    assert_eq!(Http::connect(&server).await.request("GET", &query, upgrade, b"").await.status, 400);
    poller.send(r#"421["echo",1]"#).await;
    assert_eq!(poller.text().await, "431[1]");
}

#[actix_web::test]
async fn running_handler_acks_by_websocket() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut poller = Poller::connect(&server).await;
    poller.send(r#"421["wait",1]"#).await;
    assert_eq!(server.next_event().await, ServiceEvent::Event("wait".into()));
    let (mut client, _) = poller.upgrade(&server).await;
    client.send(r#"422["echo",2]"#).await;
    server.gate.notify_one();
    assert_eq!((client.text().await, client.text().await), ("431[1]".into(), "432[2]".into()));
}

#[actix_web::test]
async fn upgrade_keeps_all_namespaces() {
    let echo = |name: &str| {
        Namespace::new(name)
            .on("echo", |socketio::Data(n): socketio::Data<u64>| async move { Ok::<_, ()>(n) })
    };
    let builder = SocketIo::builder(Config::default()).namespace(echo("/")).namespace(echo("/side"));
    let server = TestServer::of(builder, 2);
    let mut poller = Poller::enter(&server).await;
    poller.send("40/side,").await;
    assert!(poller.text().await.starts_with("40/side,"));
    let (mut client, _) = poller.upgrade(&server).await;
    client.send(r#"42/side,1["echo",1]"#).await;
    client.send(r#"422["echo",2]"#).await;
    let mut acks = [client.text().await, client.text().await];
    acks.sort();
    assert_eq!(acks, ["43/side,1[1]", "432[2]"]);
}

#[actix_web::test]
async fn ping_during_upgrade_is_answered() {
    let server = TestServer::with_workers(Config::default(), 3);
    for _ in 0..30 {
        let poller = Poller::connect(&server).await;
        let mut client = poller.websocket(&server).await;
        assert_eq!(client.request("2probe").await, "3probe");
        for message in [Ws::Ping("beside".into()), Ws::text("5"), Ws::text(r#"421["echo",1]"#)] {
            client.0.feed(message).await.unwrap();
        }
        client.0.flush().await.unwrap();
        let (mut pong, mut ack) = (false, false);
        while !pong || !ack {
            match client.next().await {
                Some(Ws::Pong(payload)) => pong = &payload[..] == b"beside",
                Some(Ws::Text(text)) => ack = text.as_str() == "431[1]",
                other => panic!("{other:?}"),
            }
        }
    }
}
