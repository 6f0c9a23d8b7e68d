//! Oversized, excessive and stalled input.

use std::time::Duration;

use socketio::{Config, Reason};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_tungstenite::{client_async, tungstenite::protocol::Message as Ws};

use crate::harness::{Client, ServiceEvent, TestServer, within};

#[actix_web::test]
async fn oversized_event_is_acked() {
    let server = TestServer::start(Config { max_payload: 10_000, ..Config::default() });
    let mut client = server.connect().await;

    let text = format!(r#"427["echo","{}"]"#, "x".repeat(300_000));
    client.send(&text).await;
    client.send(r#"428["echo",8]"#).await;

    assert_eq!(client.text().await, format!(r#"437[["too large",{},10000]]"#, text.len()));
    assert_eq!(client.text().await, "438[8]");
}

#[actix_web::test]
async fn message_above_skip_limit_closes_session() {
    let server = TestServer::start(Config { max_payload: 1_000, ..Config::default() });
    let mut client = server.connect().await;
    let text = format!(r#"427["echo","{}"]"#, "x".repeat(64_000));
    client.send(&text).await;
    let sentence = format!("message of {} bytes is over the limit of 1000", text.len());
    assert_eq!(client.closed().await, (1009, sentence));
}

#[actix_web::test]
async fn unrecognisable_oversized_message_closes_session() {
    let server = TestServer::start(Config { max_payload: 2_000, ..Config::default() });
    let mut client = server.connect().await;
    client.send(&format!(r#"42["{}"]"#, "x".repeat(3_000))).await;
    assert_eq!(client.closed().await.0, 1009);
}

#[actix_web::test]
async fn oversized_binary_event_is_recognised() {
    let server = TestServer::start(Config::default());
    let mut client = server.connect().await;

    client.send(r#"452-5["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#).await;
    client.raw(Ws::binary(vec![1; 100])).await;
    client.raw(Ws::binary(vec![2; 70_000])).await;
    client.send(r#"461-0[{"_placeholder":true,"num":0}]"#).await;
    client.raw(Ws::binary(vec![])).await;
    client.send(r#"426["echo",6]"#).await;

    assert_eq!(client.text().await, r#"435["binary"]"#);
    assert_eq!(client.text().await, "436[6]");

    client.send(r#"452-5["echo",1]"#).await;
    client.raw(Ws::binary(vec![1])).await;
    client.send(r#"426["echo",6]"#).await;
    assert_eq!(client.closed().await, (1002, "an attachment was to follow".into()));
}

#[actix_web::test]
async fn deep_payload_is_refused_above_max_depth() {
    let deep = format!("{}{}", "[".repeat(400_000), "]".repeat(400_000));
    let server = TestServer::start(Config { max_depth: 400_000, ..Config::default() });
    let mut client = server.connect().await;
    client.send(&format!(r#"421["echo",{deep}]"#)).await;
    assert_eq!(client.text().await.len(), "431[]".len() + deep.len());

    let server = TestServer::start(Config::default());
    let mut client = server.connect().await;
    client.send(&format!(r#"421["echo",{deep}]"#)).await;
    assert_eq!(client.text().await, r#"431["the data is nested deeper than 128 levels"]"#);
    client.send(&format!("42{}", "[".repeat(900_000))).await;
    assert_eq!(client.closed().await.0, 1002);
}

#[actix_web::test]
async fn handshake_beyond_max_sessions_gets_503() {
    let server = TestServer::start(Config { max_sessions: 2, ..Config::default() });
    let (_one, two) = (server.connect().await, server.connect().await);

    let tcp = TcpStream::connect(server.address).await.unwrap();
    let refused = client_async(server.url(), tcp).await.unwrap_err().to_string();
    assert!(refused.contains("503"), "{refused}");

    drop(two);
    within(async {
        while server.io.sessions() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    server.connect().await;
}

#[actix_web::test]
async fn stalled_client_is_evicted_without_effect_on_others() {
    let server = TestServer::start(Config { max_outbox: 500_000, ..Config::default() });
    let (stuck, mut reader) = (server.connect().await, server.connect().await);
    let text = format!("\"{}\"", "x".repeat(100_000));

    for n in 0..200 {
        reader.send(&format!(r#"42{n}["all",{text}]"#)).await;
        assert_eq!(reader.text().await, format!(r#"42["all",{text}]"#), "broadcast {n}");
        assert_eq!(reader.text().await, format!(r#"43{n}[{text}]"#), "ack {n}");
    }

    loop {
        match server.next_event().await {
            ServiceEvent::Event(_) => {}
            ServiceEvent::Disconnected(reason) => break assert_eq!(reason, Reason::OutboxFull),
        }
    }
    assert_eq!(server.hub.sockets(), 1);
    // Its connection is closed although it has read nothing: the kernel refuses its writes.
    let mut tcp = stuck.0.into_inner();
    within(async { while tcp.write_all(b"x").await.is_ok() {} }).await;
}

#[actix_web::test]
async fn stalled_client_cannot_delay_close() {
    let server = TestServer::start(Config {
        close_timeout: Duration::from_millis(100),
        max_outbox: usize::MAX,
        ..Config::default()
    });
    let (mut stuck, mut reader) = (server.connect().await, server.connect().await);
    let text = format!("\"{}\"", "x".repeat(500_000));
    for n in 0..40 {
        reader.send(&format!(r#"42{n}["all",{text}]"#)).await;
        assert_eq!(reader.text().await.len(), text.len() + 10);
        assert_eq!(reader.text().await.len(), text.len() + 4 + n.to_string().len());
    }
    stuck.send(r#"42["leave"]"#).await;
    within(async {
        while server.io.sessions() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[actix_web::test]
async fn thousand_sockets_connect_and_disconnect() {
    let server = TestServer::with_workers(Config::default(), 2);
    for _ in 0..10 {
        let mut clients: Vec<Client> = Vec::new();
        for _ in 0..100 {
            clients.push(server.connect().await);
        }
        assert_eq!(server.hub.sockets(), 100);
        for (n, mut client) in clients.into_iter().enumerate() {
            match n % 3 {
                0 => client.raw(Ws::Close(None)).await,
                1 => client.0.get_ref().set_zero_linger().unwrap(),
                _ => {}
            }
        }
        server.wait_until_empty().await;
    }
}
