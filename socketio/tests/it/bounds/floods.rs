//! Messages that cost a client nothing must not accumulate.

use std::fs;

use socketio::Config;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use super::start;
use crate::harness::{Client, Poller, within};

/// Memory of this process in bytes.
fn memory() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Sends pings without reading, until the server stops it or has accepted very many.
async fn ping_on(client: Client) {
    // Masked with zeros: the payload is unchanged.
    let ping = [&[0x89, 0xFD, 0, 0, 0, 0][..], &[7; 125]].concat().repeat(1_000);
    let mut tcp = client.0.into_inner();
    for _ in 0..500 {
        let written = tokio::time::timeout(std::time::Duration::from_millis(500), tcp.write_all(&ping)).await;
        if !matches!(written, Ok(Ok(()))) {
            return;
        }
    }
}

#[actix_web::test]
async fn pings_of_stalled_client_do_not_accumulate() {
    let (server, _) = start(Config { max_outbox: 1_000_000, ..Config::default() });
    let client = server.enter().await;
    let before = memory();
    ping_on(client).await;
    let more = memory().saturating_sub(before);
    assert!(more < 32 << 20, "{more} bytes more");
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn pings_of_stalled_probe_do_not_accumulate() {
    let (server, _) = start(Config { max_outbox: 1_000_000, ..Config::default() });
    let mut poller = Poller::enter(&server).await;
    for probed in [false, true] {
        let mut client = poller.websocket(&server).await;
        if probed {
            assert_eq!(client.request("2probe").await, "3probe");
        }
        let before = memory();
        ping_on(client).await;
        let more = memory().saturating_sub(before);
        assert!(more < 32 << 20, "{more} bytes more, probed: {probed}");
        poller.send(r#"421["echo",1]"#).await;
        while poller.text().await != "431[1]" {}
    }
}

#[actix_web::test]
async fn many_short_connections_do_not_leak_memory() {
    let (server, _) = start(Config::default());
    let mut client = server.open().await;
    let before = memory();
    for _ in 0..5_000 {
        client.enter("/", "").await;
        client.send("41").await;
    }
    for _ in 0..5_000 {
        assert!(client.request("40/unknown,").await.starts_with("44/unknown,"));
    }
    let more = memory().saturating_sub(before);
    assert!(more < 16 << 20, "{more} bytes more");
    client.raw(Ws::Close(None)).await;
    within(server.wait_until_empty()).await;
}
