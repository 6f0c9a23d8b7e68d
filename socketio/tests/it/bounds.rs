//! Limits of one client: each has its own response, is counted, and affects no other client.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use socketio::{Args, Config, Data, Handshake, Namespace, Socket, SocketIo};
use tokio::{sync::Notify, time::Instant};
use tokio_tungstenite::{client_async, tungstenite::protocol::Message as Ws};

use crate::harness::{Http, POLLING, Poller, TestServer, limited, within};

mod addresses;
mod chaos;
mod deep_json;
mod floods;
mod inbox;
mod lost_clients;
mod memory;
mod unread_acks;

fn plain(gate: Arc<Notify>) -> Namespace<Value> {
    Namespace::with_authorizer("/", |handshake: Handshake| async move {
        handshake.auth::<Value>().map_err(|error| socketio::ConnectError::new(error.to_string()))
    })
    .on("echo", |args: Args| async move { args })
    .on("value", |Data(value): Data<Value>| async move { Ok::<_, ()>(value.is_array()) })
    .on("wait", move |_: Socket<Value>| {
        let gate = gate.clone();
        async move { gate.notified().await }
    })
}

fn start(config: Config) -> (TestServer, Arc<Notify>) {
    let gate = Arc::new(Notify::new());
    (TestServer::of(SocketIo::builder(config).namespace(plain(gate.clone())), 2), gate)
}

#[actix_web::test]
async fn rate_limit_rejects_excess_events_then_recovers() {
    const MANY: u32 = 25;
    let before = limited("max_events");
    let (server, _) = start(Config { max_events: MANY, ..Config::default() });
    let (mut client, mut other) = (server.enter().await, server.enter().await);
    let began = Instant::now();
    for id in 0..100 {
        client.send(&format!(r#"42{id}["echo"]"#)).await;
    }
    let mut taken = 0;
    for id in 0..100 {
        let ack = client.text().await;
        let error = r#"[{"error":"at most 25 events a second are taken: slow down"}]"#;
        match ack.strip_prefix(&format!("43{id}")).unwrap_or_else(|| panic!("{ack}")) {
            "[]" => taken += 1,
            refused => assert_eq!(refused, error),
        }
    }
    let most = MANY + (began.elapsed().as_secs_f64() * f64::from(MANY)) as u32 + 1;
    assert!((MANY..=most).contains(&taken), "{taken}, and at most {most}");
    assert_eq!(other.request(r#"421["echo",1]"#).await, "431[1]");
    within(async { while client.request(r#"427["echo"]"#).await != "437[]" {} }).await;
    assert!(limited("max_events") >= before + u64::from(100 - taken));
}

#[actix_web::test]
async fn deep_arguments_exceed_limit() {
    let before = limited("max_depth");
    let (server, _) = start(Config { max_depth: 5, ..Config::default() });
    let mut client = server.enter().await;
    for (data, taken) in [
        ("[[[[[]]]]]", true),
        ("[[[[[[]]]]]]", false),
        (r#"{"a":{"b":[{"c":{}}]}}"#, true),
        (r#"{"a":{"b":[{"c":{"d":[]}}]}}"#, false),
        (r#""[[[[[[[[[[[[\"[[[[[[""#, true),
        ("[],[],[],[],[],[],[]", true),
        ("1,2,[[[[[[]]]]]]", false),
    ] {
        let ack = client.request(&format!(r#"421["echo",{data}]"#)).await;
        let expected = if taken { data } else { r#"{"error":"the data is nested deeper than 5 levels"}"# };
        assert_eq!(ack, format!("431[{expected}]"));
    }
    assert!(limited("max_depth") >= before + 3);
}

#[actix_web::test]
async fn excess_attachments_close_session() {
    let before = limited("max_attachments");
    let (server, _) = start(Config { max_attachments: 3, ..Config::default() });
    let mut client = server.enter().await;
    client.send(r#"453-1["value",[1]]"#).await;
    for _ in 0..3 {
        client.raw(Ws::binary(vec![0])).await;
    }
    assert_eq!(client.text().await, "431[true]");
    client.send(r#"464-1[]"#).await;
    assert_eq!(client.closed().await, (1002, "too many attachments".into()));

    let mut client = server.enter().await;
    client.send(r#"4599999999999999-1["value"]"#).await;
    assert_eq!(client.closed().await.0, 1002);
    assert!(limited("max_attachments") >= before + 2);
}

#[actix_web::test]
async fn attachments_count_towards_max_payload() {
    let before = limited("max_payload");
    let (server, _) = start(Config { max_payload: 10_000, ..Config::default() });
    let mut client = server.enter().await;
    let event = |count| format!(r#"45{count}-1["value",[],{{"_placeholder":true,"num":0}}]"#);
    for (sizes, taken) in [
        (&[9_900][..], true),
        (&[4_000, 5_900], true),
        (&[4_000, 4_000, 4_000], false),
        (&[1, 20_000, 1], false),
        (&[300_000], false),
        (&[10_000], false),
        (&[0, 0, 0, 0, 0], true),
    ] {
        client.send(&event(sizes.len())).await;
        for size in sizes {
            client.raw(Ws::binary(vec![7; *size])).await;
        }
        let ack = client.text().await;
        match taken {
            true => assert_eq!(ack, "431[true]", "{sizes:?}"),
            false => assert!(ack.starts_with(r#"431[{"error":"the message has "#), "{sizes:?} {ack}"),
        }
    }
    // An oversized ack is dropped, and the session continues.
    client.send("461-0[]").await;
    client.raw(Ws::binary(vec![7; 20_000])).await;
    assert_eq!(client.request(r#"421["echo",1]"#).await, "431[1]");
    assert!(limited("max_payload") >= before + 5);
}

/// The status of a handshake by WebSocket, and of one by polling.
async fn attempts(server: &TestServer) -> (Option<u16>, u16) {
    let tcp = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let websocket = match within(client_async(server.url(), tcp)).await {
        Ok(_) => None,
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Some(answer.status().as_u16()),
        Err(other) => panic!("{other}"),
    };
    (websocket, Http::connect(server).await.request("GET", POLLING, "", b"").await.status)
}

#[actix_web::test]
async fn max_sessions_applies_to_both_transports() {
    for (config, status) in [
        (Config { max_sessions: 2, ..Config::default() }, 503),
        (Config { max_sessions_per_address: Some(2), ..Config::default() }, 429),
    ] {
        let (server, _) = start(config);
        let (mut one, mut two) = (server.enter().await, Poller::enter(&server).await);
        assert_eq!(attempts(&server).await, (Some(status), status));
        // Existing sessions are not affected, and one may upgrade.
        two.send(r#"421["echo",1]"#).await;
        assert_eq!(two.text().await, "431[1]");
        let (mut two, _) = two.upgrade(&server).await;
        assert_eq!(two.request(r#"422["echo",2]"#).await, "432[2]");
        assert_eq!(attempts(&server).await, (Some(status), status));
        assert_eq!(one.request(r#"423["echo",3]"#).await, "433[3]");

        two.raw(Ws::Close(None)).await;
        server.until(|server| server.io.sessions() == 1).await;
        Poller::enter(&server).await.send("1").await;
        server.until(|server| server.io.sessions() == 1).await;
        server.enter().await;
    }
}

#[actix_web::test]
async fn concurrent_handshakes_do_not_exceed_max_sessions() {
    let (server, _) =
        start(Config { max_sessions: 10, max_sessions_per_address: Some(7), ..Config::default() });
    let opened = futures_util::future::join_all((0..40).map(|_| async {
        let mut http = Http::connect(&server).await;
        http.request("GET", POLLING, "", b"").await.status
    }))
    .await;
    assert_eq!(opened.iter().filter(|status| **status == 200).count(), 7);
    assert!(opened.iter().all(|status| matches!(status, 200 | 429)), "{opened:?}");
    assert_eq!(server.io.sessions(), 7);
}

#[actix_web::test]
async fn polling_session_without_socket_times_out() {
    let (server, _) = start(Config { connect_timeout: Duration::from_millis(60), ..Config::default() });
    let mut waiting = Poller::open(&server).await;
    assert_eq!(waiting.poll().await.status, 503);
    server.wait_until_empty().await;
    let _silent = Poller::open(&server).await;
    server.wait_until_empty().await;
    let moving = Poller::open(&server).await;
    let (mut client, _) = moving.upgrade(&server).await;
    assert_eq!(client.closed().await.0, 1008);
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn unanswered_close_is_aborted() {
    let (server, _) = start(Config { close_timeout: Duration::from_millis(60), ..Config::default() });
    let mut client = server.enter().await;
    client.send("2").await;
    // It does not read, and so does not answer the close.
    server.wait_until_empty().await;
    let mut poller = Poller::enter(&server).await;
    server.hub.of("/").disconnect(true);
    server.wait_until_empty().await;
    assert_eq!(poller.poll().await.status, 400);
}
