//! Connect, events, acks.

use socketio::{Config, Reason};
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use crate::harness::{ServiceEvent, TestServer};

#[actix_web::test]
async fn open_packet_contains_session_parameters() {
    let server = TestServer::start(Config::default());
    let tcp = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let (ws, _) = tokio_tungstenite::client_async(server.url(), tcp).await.unwrap();
    let mut client = crate::harness::Client(ws);

    let open = client.text().await;

    let open: serde_json::Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
    assert!(open["sid"].as_str().unwrap().len() >= 20);
    assert_eq!(open["upgrades"], serde_json::json!([]));
    assert_eq!((&open["pingInterval"], &open["pingTimeout"]), (&25_000.into(), &20_000.into()));
    assert_eq!(open["maxPayload"], 1_000_000);
}

#[actix_web::test]
async fn service_receives_auth_and_may_refuse() {
    let server = TestServer::start(Config::default());
    let mut client = server.open().await;

    client.send(r#"40{"token":"refuse"}"#).await;
    assert_eq!(client.text().await, r#"44{"message":"not today","data":{"code":7}}"#);

    client.send(r#"40{"token":"a"}"#).await;
    assert!(client.text().await.starts_with("40{"));
    assert_eq!(client.text().await, r#"42["hello",{"token":"a"}]"#);
    assert_eq!(server.hub.sockets(), 1);
}

#[actix_web::test]
async fn events_are_acked_in_order() {
    let server = TestServer::start(Config::default());
    let mut client = server.connect().await;

    client.send(r#"420["wait",0]"#).await;
    for id in 1..300 {
        client.send(&format!(r#"42{id}["echo",{id}]"#)).await;
    }
    server.gate.notify_one();

    for id in 0..300 {
        assert_eq!(client.text().await, format!("43{id}[{id}]"));
    }
}

#[actix_web::test]
async fn ack_is_sent_only_if_requested() {
    let server = TestServer::start(Config::default());
    let mut client = server.connect().await;

    client.send(r#"42["echo","nobody asked"]"#).await;
    client.send(r#"421["silent"]"#).await;
    client.send(r#"422["echo","π 🏋"]"#).await;

    assert_eq!(client.text().await, "431[]");
    assert_eq!(client.text().await, r#"432["π 🏋"]"#);
}

#[actix_web::test]
async fn slot_frame_sent_repeatedly_leaves_once() {
    let server = TestServer::start(Config::default());
    let mut client = server.connect().await;

    client.send(r#"421["put",1]"#).await;

    assert_eq!(client.text().await, r#"42["slot",9]"#);
    assert_eq!(client.text().await, "431[1]");
}

#[actix_web::test]
async fn started_event_completes_after_disconnect() {
    let server = TestServer::start(Config::default());
    let mut client = server.connect().await;
    client.send(r#"421["wait",1]"#).await;
    client.send(r#"422["echo",2]"#).await;
    assert_eq!(server.next_event().await, ServiceEvent::Event("wait".into()));

    client.raw(Ws::Close(None)).await;
    assert!(matches!(client.next().await, Some(Ws::Close(_))));
    server.gate.notify_one();

    assert_eq!(server.next_event().await, ServiceEvent::Event("echo".into()));
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::TransportClose));
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn client_rejoins_namespace_on_same_session() {
    let server = TestServer::start(Config::default());
    let mut client = server.connect().await;

    client.send(r#"421["echo",1]"#).await;
    client.send("41").await;
    client.send("40").await;

    assert_eq!(client.text().await, "431[1]");
    assert!(client.text().await.starts_with("40{"));
    assert_eq!(server.next_event().await, ServiceEvent::Event("echo".into()));
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::ClientDisconnect));
    assert_eq!(server.hub.sockets(), 1);
}

#[actix_web::test]
async fn service_may_disconnect_socket() {
    let server = TestServer::start(Config::default());
    let mut client = server.connect().await;

    client.send(r#"42["leave"]"#).await;

    assert_eq!(client.text().await, "41");
    assert_eq!(client.closed().await, (1000, "disconnected by the server".into()));
    assert_eq!(server.next_event().await, ServiceEvent::Event("leave".into()));
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::ServerDisconnect));
}

#[actix_web::test]
async fn panic_closes_one_session() {
    let server = TestServer::start(Config::default());
    let (mut careless, mut other) = (server.connect().await, server.connect().await);

    careless.send(r#"421["panic"]"#).await;

    assert_eq!(careless.closed().await.0, 1011);
    assert_eq!(server.next_event().await, ServiceEvent::Event("panic".into()));
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::Panic));
    other.send(r#"421["echo",1]"#).await;
    assert_eq!(other.text().await, "431[1]");
}
