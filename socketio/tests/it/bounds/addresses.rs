//! Limits per address and per owner.

use std::{net::SocketAddr, sync::Arc};

use serde_json::Value;
use socketio::{Config, ConnectError, EventLimit, Handshake, Namespace, Proxies, Rate, Socket, SocketIo};
use tokio::{net::TcpSocket, sync::Notify};
use tokio_tungstenite::client_async;

use crate::harness::{Client, Http, POLLING, TestServer, limited, within};

/// A namespace that assigns the session to the `owner` in `auth`.
pub(super) fn owned(config: Config) -> (TestServer, Arc<Notify>) {
    let gate = Arc::new(Notify::new());
    let waiting = gate.clone();
    let namespace = Namespace::with_authorizer("/", |handshake: Handshake| async move {
        let auth = handshake.auth::<Value>().unwrap_or_default();
        handshake.set_owner(auth["owner"].as_str()).map_err(|crowded| ConnectError::new(crowded.to_string()))
    })
    .on("echo", |args: socketio::Args| async move { args })
    .on("sign", |socket: Socket| async move {
        socketio::Reply::new(&socket.handshake().check_rate("sign").is_ok())
    })
    .on("wait", move |_: Socket| {
        let gate = waiting.clone();
        async move { gate.notified().await }
    });
    (TestServer::of(SocketIo::builder(config).namespace(namespace), 2), gate)
}

/// A client on another address of this machine.
async fn open_from(server: &TestServer, address: [u8; 4]) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((address, 0))).unwrap();
    let tcp = within(socket.connect(server.address)).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    let mut client = Client(within(client_async(server.url(), tcp)).await.unwrap().0);
    assert!(client.text().await.starts_with("0{"));
    client
}

/// The status of a handshake with these headers.
async fn handshake(server: &TestServer, headers: &str) -> u16 {
    Http::connect(server).await.request("GET", POLLING, headers, b"").await.status
}

#[actix_web::test]
async fn trusted_proxy_clients_are_limited_by_their_own_address() {
    let trusted_proxies = Proxies::list(["127.0.0.0/8"]).unwrap();
    let config = Config { max_sessions_per_address: Some(2), trusted_proxies, ..Config::default() };
    let (server, _) = owned(config);
    for (headers, status) in [
        ("X-Forwarded-For: 203.0.113.7\r\n", 200),
        ("X-Forwarded-For: 6.6.6.6, 203.0.113.7\r\n", 200),
        ("X-Forwarded-For: 203.0.113.7, 127.0.0.9\r\n", 429),
        ("Forwarded: for=203.0.113.7\r\n", 429),
        ("X-Forwarded-For: 203.0.113.8\r\n", 200),
        ("X-Forwarded-For: 2001:db8::1\r\n", 200),
        ("X-Forwarded-For: 2001:db8::2\r\n", 200),
        ("Forwarded: for=\"[2001:db8::3]:80\"\r\n", 429),
        ("X-Forwarded-For: 2001:db8:0:1::1\r\n", 200),
        ("X-Forwarded-For: nonsense\r\n", 200),
        ("X-Forwarded-For: \u{e4}\r\n", 200),
        ("", 429),
    ] {
        assert_eq!(handshake(&server, headers).await, status, "{headers}");
    }
}

#[actix_web::test]
async fn untrusted_proxy_is_limited_as_one_address() {
    let (server, _) = owned(Config { max_sessions_per_address: Some(1), ..Config::default() });
    assert_eq!(handshake(&server, "X-Forwarded-For: 203.0.113.7\r\n").await, 200);
    assert_eq!(handshake(&server, "X-Forwarded-For: 203.0.113.8\r\n").await, 429);
    open_from(&server, [127, 0, 0, 2]).await;
}

#[actix_web::test]
async fn excess_handshakes_get_retry_after() {
    let before = limited("max_handshakes_per_address");
    let (server, _) = owned(Config { max_handshakes_per_address: Some(1), ..Config::default() });
    let mut http = Http::connect(&server).await;
    for _ in 0..10 {
        assert_eq!(http.request("GET", POLLING, "", b"").await.status, 200);
    }
    let refused = loop {
        // A second may have passed meanwhile.
        let answer = http.request("GET", POLLING, "", b"").await;
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    assert!(refused.body.contains("Too many handshakes from this address"), "{}", refused.body);
    assert!(limited("max_handshakes_per_address") > before);
    open_from(&server, [127, 0, 0, 2]).await.enter("/", "").await;
}

#[actix_web::test]
async fn unjoined_session_is_evicted_for_new_one() {
    let (server, _) = owned(Config { max_sessions: 20, ..Config::default() });
    let mut http = Http::connect(&server).await;
    let mut idle = server.open().await;
    for _ in 0..50 {
        assert_eq!(http.request("GET", POLLING, "", b"").await.status, 200);
    }
    assert_eq!(idle.next().await, None, "it was there first");
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(server.enter().await);
    }
    let refused = http.request("GET", POLLING, "", b"").await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    server.until(|server| server.io.sessions() == 20).await;
    for client in &mut clients {
        assert_eq!(client.request(r#"421["echo",1]"#).await, "431[1]");
    }
}

#[actix_web::test]
async fn owned_session_uses_reserve_when_others_are_full() {
    let (server, _) = owned(Config { max_sessions: 5, reserved_sessions: 2, ..Config::default() });
    let mut strangers = [server.enter().await, server.enter().await, server.enter().await];
    let mut another = server.open().await;
    another.send("40").await;
    assert_eq!(another.closed().await, (1013, "the server is full".into()));
    let mut known = server.open().await;
    known.enter("/", r#"{"owner":"ada"}"#).await;
    assert_eq!(known.request(r#"421["echo",1]"#).await, "431[1]");
    for stranger in &mut strangers {
        assert_eq!(stranger.request(r#"421["echo",1]"#).await, "431[1]");
    }
}

#[actix_web::test]
async fn owner_session_limit_applies_across_addresses() {
    let (server, _) = owned(Config { max_sessions_per_address: Some(1), ..Config::default() });
    let ada = r#"{"owner":"ada"}"#;
    let mut here = open_from(&server, [127, 0, 0, 1]).await;
    here.enter("/", ada).await;
    let mut there = open_from(&server, [127, 0, 0, 2]).await;
    assert_eq!(there.request(&format!("40{ada}")).await, r#"44{"message":"too many sessions of one owner"}"#);
    there.enter("/", r#"{"owner":"bob"}"#).await;
}

#[actix_web::test]
async fn traffic_limit_applies_per_address() {
    let before = limited("traffic_per_address");
    let (server, _) = owned(Config { max_events_per_address: Some(20), ..Config::default() });
    let mut one = server.enter().await;
    let (mut two, mut other) = (server.enter().await, open_from(&server, [127, 0, 0, 2]).await);
    other.enter("/", "").await;
    for id in 0..200 {
        one.send(&format!(r#"42{id}["echo",1]"#)).await;
    }
    let mut taken = 0_u64;
    for id in 0..200 {
        let ack = one.text().await;
        match ack.strip_prefix(&format!("43{id}")).unwrap_or_else(|| panic!("{ack}")) {
            "[1]" => taken += 1,
            refused => assert_eq!(refused, r#"[{"error":"too much at once: try again in 1 s"}]"#),
        }
    }
    assert!((40..100).contains(&taken), "{taken}");
    assert!(limited("traffic_per_address") >= before + 200 - taken);
    assert_eq!(other.request(r#"421["echo",1]"#).await, "431[1]");
    within(async { while two.request(r#"427["echo",1]"#).await != "437[1]" {} }).await;
}

#[actix_web::test]
async fn event_limit_bounds_waiting_events_of_name() {
    let sign = EventLimit { event: "sign".into(), max_waiting: 2 };
    let (server, gate) = owned(Config { event_limits: vec![sign], ..Config::default() });
    let mut client = server.enter().await;
    client.send(r#"420["wait"]"#).await;
    for id in 1..5 {
        client.send(&format!(r#"42{id}["sign"]"#)).await;
    }
    client.send(r#"425["echo",5]"#).await;
    server.until(|_| limited("event_waiting") >= 2).await;
    gate.notify_one();
    for ack in ["430[]", "431[true]", "432[true]"] {
        assert_eq!(client.text().await, ack);
    }
    for id in 3..5 {
        assert_eq!(
            client.text().await,
            format!(r#"43{id}[{{"error":"too much at once: try again in 1 s"}}]"#)
        );
    }
    assert_eq!(client.text().await, "435[5]");
    assert_eq!(client.request(r#"426["sign"]"#).await, "436[true]");
}

#[actix_web::test]
async fn rate_is_counted_per_address_and_owner() {
    let (before, rate) = (limited("sign"), Rate { name: "sign", per_minute: 3 });
    let (server, _) = owned(Config { rates: vec![rate], ..Config::default() });
    let (mut one, mut other) = (server.enter().await, open_from(&server, [127, 0, 0, 2]).await);
    other.enter("/", "").await;
    for _ in 0..3 {
        assert_eq!(one.request(r#"421["sign"]"#).await, "431[true]");
    }
    assert_eq!(one.request(r#"421["sign"]"#).await, "431[false]");
    assert_eq!(limited("sign"), before + 1);
    assert_eq!(other.request(r#"421["sign"]"#).await, "431[true]");
    // The owner counts, too.
    let ada = r#"{"owner":"ada"}"#;
    for (last, signed) in [(3, "[true]"), (4, "[true]"), (5, "[true]"), (6, "[false]")] {
        let mut hers = open_from(&server, [127, 0, 0, last]).await;
        hers.enter("/", ada).await;
        assert_eq!(hers.request(r#"421["sign"]"#).await, format!("431{signed}"));
    }
}
