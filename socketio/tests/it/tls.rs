//! The same behind TLS, where all data goes through the HTTP server's buffers.

use socketio::{Broadcast, Config, Reason, Slot, args};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use crate::harness::{POLLING, within};

mod files;
mod secure;

use secure::Secure;

#[actix_web::test]
async fn websocket_works_over_tls() {
    let all = Secure::start(Config { max_payload: 3_000_000, ..Config::default() }, 2);
    let mut client = all.enter().await;
    assert_eq!(client.request(r#"421["secure"]"#).await, "431[true]");
    for size in [0, 1, 16_384, 100_000, 2_000_000] {
        let text = "x".repeat(size);
        assert_eq!(client.request(&format!(r#"422["echo","{text}"]"#)).await, format!(r#"432["{text}"]"#));
        client.send(r#"451-3["size",{"_placeholder":true,"num":0}]"#).await;
        client.raw(Ws::binary(vec![7; size])).await;
        assert_eq!(client.text().await, format!("433[{size}]"));
    }
    for n in 0..1_000 {
        all.server.hub.emit("n", &n);
    }
    for n in 0..1_000 {
        assert_eq!(client.text().await, format!(r#"42["n",{n}]"#));
    }
}

#[actix_web::test]
async fn polling_and_upgrade_work_over_tls() {
    for workers in [1, 3] {
        let all = Secure::start(Config::default(), workers);
        let (mut get, mut post) = (all.http().await, all.http().await);
        let open = get.request("GET", POLLING, "", b"").await.body;
        let open: serde_json::Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        let sid = open["sid"].as_str().unwrap();
        let query = format!("{POLLING}&sid={sid}");
        assert_eq!(
            post.request("POST", &query, "", b"40\x1e421[\"secure\"]").await.status,
            400,
            "not in yet"
        );

        let open = get.request("GET", POLLING, "", b"").await.body;
        let open: serde_json::Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        let sid = open["sid"].as_str().unwrap();
        let query = format!("{POLLING}&sid={sid}");
        assert_eq!(post.request("POST", &query, "", b"40").await.body, "ok");
        assert!(get.request("GET", &query, "", b"").await.body.starts_with("40{"));
        assert_eq!(post.request("POST", &query, "", br#"421["secure"]"#).await.body, "ok");
        assert_eq!(get.request("GET", &query, "", b"").await.body, "431[true]");

        get.send("GET", &query, "", b"").await;
        let mut client = all.websocket(&format!("&sid={sid}")).await;
        assert_eq!(client.request("2probe").await, "3probe");
        assert_eq!(get.answer().await.body, "6");
        client.send("5").await;
        for n in 0..200 {
            all.server.hub.emit("n", &n);
            client.send(&format!(r#"42{n}["echo",{n}]"#)).await;
        }
        let (mut broadcasts, mut acks) = (0, 0);
        while broadcasts < 200 || acks < 200 {
            let text = client.text().await;
            if text == format!(r#"42["n",{broadcasts}]"#) {
                broadcasts += 1;
            } else {
                assert_eq!(text, format!("43{acks}[{acks}]"));
                acks += 1;
            }
        }
        let large = "x".repeat(900_000);
        assert_eq!(client.request(&format!(r#"421["echo","{large}"]"#)).await.len(), large.len() + 7);
    }
}

#[actix_web::test]
async fn close_is_orderly_over_tls() {
    let mut all = Secure::start(Config::default(), 1);
    let mut client = all.enter().await;
    client.send(r#"42["close"]"#).await;
    assert_eq!(client.text().await, "41");
    assert_eq!(client.closed().await.0, 1000);
    assert_eq!(within(all.reports.recv()).await, Some(Reason::ServerDisconnect));
    let mut client = all.enter().await;
    client.raw(Ws::Close(None)).await;
    assert_eq!(within(all.reports.recv()).await, Some(Reason::TransportClose));
    all.server.wait_until_empty().await;
}

/// Far more than a connection buffers.
fn flood(to: impl Fn() -> Broadcast) {
    let filler = "x".repeat(200_000);
    for n in 0..200 {
        to().emit_args("n", &args![n, filler]);
    }
}

#[actix_web::test]
async fn stalled_client_is_evicted_over_tls() {
    let mut all = Secure::start(Config { max_outbox: 500_000, ..Config::default() }, 2);
    let stuck = all.enter().await;
    flood(|| all.server.hub.of("/"));
    assert_eq!(within(all.reports.recv()).await, Some(Reason::OutboxFull));
    all.server.wait_until_empty().await;
    // The connection is closed below TLS, although nothing was read.
    let (mut tcp, _) = stuck.0.into_inner().into_inner();
    within(async { while tcp.write_all(b"x").await.is_ok() {} }).await;
}

#[actix_web::test]
async fn stalled_upgraded_client_is_evicted_over_tls() {
    let mut all = Secure::start(Config { max_outbox: 500_000, ..Config::default() }, 2);
    let (mut get, mut post) = (all.http().await, all.http().await);
    let open = get.request("GET", POLLING, "", b"").await.body;
    let open: serde_json::Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
    let sid = open["sid"].as_str().unwrap();
    assert_eq!(post.request("POST", &format!("{POLLING}&sid={sid}"), "", b"40").await.body, "ok");
    let mut stuck = all.websocket(&format!("&sid={sid}")).await;
    assert_eq!(stuck.request("2probe").await, "3probe");
    stuck.send("5").await;
    assert!(stuck.text().await.starts_with("40{"));
    flood(|| all.server.hub.of("/"));
    assert_eq!(within(all.reports.recv()).await, Some(Reason::OutboxFull));
    all.server.wait_until_empty().await;
}

#[actix_web::test]
async fn volatile_and_slot_events_work_over_tls() {
    let all = Secure::start(Config { max_outbox: 500_000, ..Config::default() }, 2);
    let mut stalled = all.enter().await;
    let hub = &all.server.hub;
    flood(|| hub.of("/").latest(Slot(1)));
    flood(|| hub.of("/").volatile());
    stalled.send(r#"427["echo"]"#).await;
    let (mut numbers, mut last) = (Vec::new(), String::new());
    while last != "437[]" {
        last = stalled.text().await;
        numbers
            .extend(last.strip_prefix(r#"42["n","#).map(|rest| rest.split(',').next().unwrap().to_owned()));
    }
    assert!(numbers.contains(&"199".to_owned()), "the slot's last");
    assert!(numbers.len() < 300, "{} of 400 came", numbers.len());
    assert_eq!(all.server.io.sessions(), 1);
}

#[actix_web::test]
async fn plain_text_on_tls_port_is_harmless() {
    let all = Secure::start(Config::default(), 1);
    let mut client = all.enter().await;
    for garbage in [&b"GET /socket.io/ HTTP/1.1\r\n\r\n"[..], &[0x16, 3, 1, 0xFF, 0xFF, 1], &[0; 100]] {
        let mut tcp = TcpStream::connect(all.server.address).await.unwrap();
        tcp.write_all(garbage).await.unwrap();
        drop(tcp);
    }
    assert_eq!(client.request(r#"421["echo",1]"#).await, "431[1]");
    // Closed without a TLS alert.
    let (tcp, _) = client.0.into_inner().into_inner();
    tcp.set_zero_linger().unwrap();
    drop(tcp);
    all.server.wait_until_empty().await;
    let mut tcp = TcpStream::connect(all.server.address).await.unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = within(tcp.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(b"HTTP"), "nothing is said in the clear");
}
