//! Protocol violations and their errors.

use socketio::{Config, Origins};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use crate::harness::{TestServer, within};

/// A request by hand; status and body of the response.
async fn request(server: &TestServer, method: &str, query: &str, headers: &str) -> (u16, String) {
    let mut tcp = TcpStream::connect(server.address).await.unwrap();
    let head = format!("{method} /socket.io/{query} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", server.address);
    tcp.write_all(head.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    within(async {
        while !reply.ends_with(b"}") && tcp.read_buf(&mut reply).await.unwrap() > 0 {
            if reply.starts_with(b"HTTP/1.1 101") {
                break;
            }
        }
    })
    .await;
    let reply = String::from_utf8_lossy(&reply).into_owned();
    let status = reply.split(' ').nth(1).unwrap().parse().unwrap();
    (status, reply.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

#[actix_web::test]
async fn invalid_handshake_gets_engine_io_error() {
    let server = TestServer::start(Config::default());
    let ws = "?EIO=4&transport=websocket";
    for (method, query, headers, code, message) in [
        ("GET", "?EIO=4&transport=webtransport", "", 0, "Transport unknown"),
        ("GET", "?EIO=4&transport=polling", UPGRADE, 3, "Bad request"),
        ("POST", "?EIO=4&transport=polling", "Content-Length: 0\r\n", 2, "Bad handshake method"),
        ("GET", "?EIO=4", "", 0, "Transport unknown"),
        ("GET", "", "", 0, "Transport unknown"),
        ("GET", "?EIO=4&transport=websocket&sid=abc", UPGRADE, 1, "Session ID unknown"),
        ("PUT", ws, "Content-Length: 0\r\n", 2, "Bad handshake method"),
        ("GET", ws, "", 3, "Bad request"),
        ("GET", ws, "Connection: Upgrade\r\nUpgrade: websocket\r\n", 3, "Bad request"),
        ("GET", "?EIO=3&transport=websocket", UPGRADE, 5, "Unsupported protocol version"),
        ("GET", "?transport=websocket", UPGRADE, 5, "Unsupported protocol version"),
    ] {
        let (status, body) = request(&server, method, query, headers).await;
        assert_eq!(status, 400, "{method} {query}");
        assert_eq!(body, format!(r#"{{"code":{code},"message":"{message}"}}"#), "{method} {query}");
    }
    assert_eq!(server.io.sessions(), 0);
}

#[actix_web::test]
async fn refused_origin_gets_403() {
    let server =
        TestServer::start(Config { origins: Origins::list(["https://gym.example"]), ..Config::default() });
    let ws = "?EIO=4&transport=websocket";
    let from = |origin: &str| format!("{UPGRADE}Origin: {origin}\r\n");

    let refused = request(&server, "GET", ws, &from("https://evil.example")).await;
    assert_eq!(refused, (403, r#"{"code":4,"message":"Forbidden"}"#.into()));
    assert_eq!(request(&server, "GET", ws, &from("https://gym.example")).await.0, 101);
    assert_eq!(request(&server, "GET", ws, UPGRADE).await.0, 101, "not a browser");
}

#[actix_web::test]
async fn unknown_namespace_is_refused_and_session_continues() {
    let server = TestServer::start(Config::default());
    let mut client = server.open().await;
    client.send(r#"40/admin,{"token":"x"}"#).await;
    assert_eq!(client.text().await, r#"44/admin,{"message":"Invalid namespace"}"#);
    client.send("40").await;
    assert!(client.text().await.starts_with("40{"));
}

#[actix_web::test]
async fn repeated_connect_is_ignored() {
    let server = TestServer::start(Config::default());
    let mut client = server.open().await;
    client.send("40").await;
    client.send("40").await;
    assert!(client.text().await.starts_with("40{"));
    assert_eq!(client.text().await, "42[\"hello\",none]");
    client.send("40").await;
    client.send("421[\"echo\",7]").await;
    assert_eq!(client.text().await, "431[7]");
    assert_eq!(server.hub.sockets(), 1);
}

#[actix_web::test]
async fn protocol_violation_closes_session_with_reason() {
    let server = TestServer::start(Config::default());
    for (text, sentence) in [
        ("4", "empty packet"),
        ("48", "unknown packet type"),
        ("42{}", "an event is a JSON array"),
        ("42[\"connect\"]", "a reserved event name"),
        ("42abc", "an event is a JSON array"),
        ("4299999999999999999999[\"a\"]", "ack id out of range"),
        ("41/other", "the namespace is not connected"),
        ("42/other,[\"a\"]", "the namespace is not connected"),
        ("2", "pings are the server's to send"),
        ("abc", "unknown packet type"),
        ("", "unknown packet type"),
        ("451-[\"a\",{\"_placeholder\":true,\"num\":0}]4", "an event is a JSON array"),
        ("4511-[\"a\"]", "too many attachments"),
    ] {
        let mut client = server.connect().await;
        client.send(text).await;
        assert_eq!(client.closed().await, (1002, sentence.to_owned()), "{text}");
    }
    let mut client = server.connect().await;
    client.raw(Ws::binary(vec![1])).await;
    assert_eq!(client.closed().await, (1002, "an attachment of nothing".into()));
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn event_before_connect_closes_session() {
    let server = TestServer::start(Config::default());
    let mut client = server.open().await;
    client.send(r#"421["echo",1]"#).await;
    assert_eq!(client.closed().await, (1002, "the namespace is not connected".into()));
}

#[actix_web::test]
async fn invalid_frames_close_session() {
    let server = TestServer::start(Config::default());
    for garbage in
        [&[0xFF; 64][..], b"GET / HTTP/1.1\r\n\r\n", &[0x81, 0x82, 0, 0, 0, 0, 0xFF, 0xFE], &[0; 5]]
    {
        let mut client = server.connect().await;
        let tcp = client.0.get_mut();
        tcp.write_all(garbage).await.unwrap();
        assert!(matches!(client.closed().await.0, 1002 | 1007));
    }
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn engine_io_close_and_half_close_end_session() {
    let server = TestServer::start(Config::default());
    let mut client = server.connect().await;
    client.send("1").await;
    assert_eq!(client.closed().await.0, 1000);

    let mut client = server.connect().await;
    client.0.get_mut().shutdown().await.unwrap();
    assert_eq!(client.next().await, None);
    server.wait_until_empty().await;
}
