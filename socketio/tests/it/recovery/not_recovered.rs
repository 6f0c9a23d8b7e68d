//! Clients that start afresh.

use std::time::Duration;

use serde_json::json;
use socketio::{Config, Namespace, Reason, Recovery, SocketIo};
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use super::Server;
use crate::harness::{Poller, TestServer};

#[actix_web::test]
async fn deliberate_disconnect_is_not_recovered() {
    let mut all = Server::start(2, Recovery::default());
    let hub = all.server.hub.clone();
    for by in 0..3 {
        let mut client = all.connect_first().await;
        client.client().request(r#"421["join","a"]"#).await;
        match by {
            0 => client.client().send("41").await,
            1 => hub.to(client.id.as_str()).disconnect(false),
            _ => client.client().send("48").await,
        }
        let expected = [Reason::ClientDisconnect, Reason::ServerDisconnect, Reason::ProtocolError][by];
        assert_eq!(all.next_report().await, expected);
        client.client = None;
        hub.emit("n", &1);
        assert!(!client.connect(&all.server).await, "{expected}");
        assert_eq!(client.rooms().await, r#"438[[false,["all"]]]"#);
        client.client().send("41").await;
        all.next_report().await;
    }
}

#[actix_web::test]
async fn orderly_connection_end_is_recovered() {
    let mut all = Server::start(2, Recovery::default());
    for by in 0..2 {
        let mut client = all.connect_first().await;
        match by {
            0 => client.client().raw(Ws::Close(None)).await,
            _ => client.client().send("1").await,
        }
        assert_eq!(all.next_report().await, Reason::TransportClose);
        assert!(client.connect(&all.server).await);
    }
}

#[actix_web::test]
async fn expired_socket_is_not_recovered() {
    let max_disconnection = Duration::from_millis(80);
    let mut all = Server::start(1, Recovery { max_disconnection, ..Recovery::default() });
    let mut client = all.connect_first().await;
    client.lose();
    all.next_report().await;
    // The passing of time is what is measured.
    tokio::time::sleep(max_disconnection + Duration::from_millis(40)).await;
    assert!(!client.connect(&all.server).await);
    client.nothing_more().await;
}

#[actix_web::test]
async fn socket_missing_expired_events_is_not_recovered() {
    let mut all = Server::start(2, Recovery { max_bytes: 10_000, ..Recovery::default() });
    let hub = all.server.hub.clone();
    let (mut one, mut other) = (all.connect_first().await, all.connect_first().await);
    hub.emit("n", &0);
    assert_eq!((one.number().await, other.number().await), (0, 0));
    one.lose();
    all.next_report().await;
    for n in 1..2_000 {
        hub.emit("n", &n);
    }
    assert_eq!(other.numbers(1_999).await.last(), Some(&1_999));
    other.lose();
    all.next_report().await;
    hub.emit("n", &2_000);
    assert!(!one.connect(&all.server).await);
    assert!(other.connect(&all.server).await);
    assert_eq!(other.number().await, 2_000);
    one.nothing_more().await;
}

#[actix_web::test]
async fn invalid_pid_or_offset_is_not_recovered() {
    let mut all = Server::start(2, Recovery::default());
    all.server.hub.emit("n", &0);
    for (pid, offset) in [
        (json!("unknown"), json!(null)),
        (json!(""), json!("")),
        (json!("A".repeat(20)), json!("1")),
        (json!(7), json!("1")),
        (json!({}), json!([])),
        (json!("A".repeat(100_000)), json!("1")),
    ] {
        let mut client = all.server.open().await;
        let answer = client.request(&format!("40{}", json!({ "pid": pid, "offset": offset }))).await;
        assert!(answer.starts_with(r#"40{"sid":""#), "{answer}");
    }
    for offset in ["", "zz", "-1", "+0", "ffffffff", "fffffffffffffffffffff", "1 "] {
        let mut client = all.connect_first().await;
        client.lose();
        while all.next_report().await != Reason::TransportClose {}
        client.offset = Some(offset.to_owned());
        let recovered = client.connect(&all.server).await;
        assert!(!recovered || offset == "+0", "{offset}");
        client.client().send("41").await;
    }
}

#[actix_web::test]
async fn recovery_is_off_by_default() {
    let server = TestServer::of(SocketIo::builder(Config::default()).namespace(Namespace::new("/")), 1);
    let mut client = server.open().await;
    let answer = client.request(r#"40{"pid":"AAAAAAAAAAAAAAAAAAAA","offset":"1"}"#).await;
    assert!(!answer.contains("pid"), "{answer}");
    server.hub.emit("n", &1);
    assert_eq!(client.text().await, r#"42["n",1]"#);
}

#[actix_web::test]
async fn polling_socket_is_recovered_by_websocket() {
    let mut all = Server::start(2, Recovery::default());
    let mut poller = Poller::open(&all.server).await;
    poller.send("40").await;
    let answer = poller.text().await;
    let answer: serde_json::Value = serde_json::from_str(answer.strip_prefix("40").unwrap()).unwrap();
    poller.wait().await;
    poller.get.stream.set_zero_linger().unwrap();
    drop(poller);
    assert_eq!(all.next_report().await, Reason::TransportClose);
    all.server.hub.emit("n", &1);

    let mut client =
        super::RecoveringClient { id: answer["sid"].as_str().unwrap().into(), ..Default::default() };
    client.pid = Some(answer["pid"].as_str().unwrap().into());
    assert!(client.connect(&all.server).await);
    assert_eq!(client.number().await, 1);
}
