//! Load and clients that read slowly or not at all.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{
    Client, Database, Engine, TIMEOUT, TestApp, client::COLLECTIONS, fixtures, http, process::ServerProcess,
    with_app,
};

#[actix_web::test]
async fn thousand_closed_sockets_leak_no_descriptors() {
    rlimit::increase_nofile_limit(4096).unwrap();
    let database = Database::new(Engine::Sqlite).await;
    let mut program = ServerProcess::serve(&database.url(), &["--sample-data", "always"]);
    // Allocations that are kept are made here.
    drop(open_sockets(&program, 8).await);
    http::until_metric(program.address, "socketio_sessions", |sessions| sessions == 0.0).await;
    let before = program.descriptors();

    for _ in 0..2 {
        let sockets = open_sockets(&program, 500).await;
        let open = http::metric(program.address, "socketio_sessions").await;
        assert!((500.0 - open).abs() < f64::EPSILON, "{open} sessions");
        drop(sockets);
        http::until_metric(program.address, "socketio_sessions", |sessions| sessions == 0.0).await;
    }
    let after = program.descriptors();
    assert!(after <= before + 8, "{before} descriptors became {after}");
    assert!(program.is_running());
    Client::connect(program.address).await.assert_responsive().await;
}

/// Opens sockets that are connected and have received the first bytes.
async fn open_sockets(program: &ServerProcess, count: usize) -> Vec<tokio::net::TcpStream> {
    let socket = async |_| {
        let mut stream = http::websocket(program.address).await;
        stream.write_all(&http::text_frame("40")).await.unwrap();
        stream.read_exact(&mut [0; 200]).await.unwrap();
        stream
    };
    let mut sockets = Vec::new();
    for _ in 0..count.div_ceil(50) {
        let batch = (0..count.min(50)).map(socket);
        let batch = tokio::time::timeout(TIMEOUT, futures_util::future::join_all(batch)).await;
        sockets.extend(batch.expect("sockets to open in time"));
    }
    sockets
}

#[actix_web::test]
async fn client_that_never_reads_is_disconnected() {
    let database = Database::new(Engine::Sqlite).await;
    let program = ServerProcess::serve(&database.url(), &[]);
    let address = program.address;
    let (writer, listener) = (Client::connect(address).await, Client::connect(address).await);
    let long = format!("https://example.com/{}", "x".repeat(1900));
    for at in 0..100 {
        let coach = fixtures::with(fixtures::coach(&format!("Coach {at}")), json!({ "picture": long }));
        writer.emit("new_coach", &[coach]);
    }
    listener.wait_for_rows("coaches", |rows| rows.len() == 100).await;

    // Each ack has some 200 kB; the outbox is limited to a few megabytes.
    let mut stalled = http::websocket(address).await;
    stalled.write_all(&http::text_frame("40")).await.unwrap();
    for id in 0..200 {
        let ask = format!(r#"42{id}["list_coaches",{{"limit":500}}]"#);
        stalled.write_all(&http::text_frame(&ask)).await.unwrap();
    }
    for age in 40..60 {
        let row = writer.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
        listener.wait_for_rows("coaches", |rows| rows[0] == row).await;
    }
    http::until_metric(address, "socketio_evictions_total", |count| count == 1.0).await;
    let mut rest = Vec::new();
    let end = tokio::time::timeout(TIMEOUT, stalled.read_to_end(&mut rest)).await;
    assert!(end.is_ok(), "the connection has ended");
    http::until_metric(address, "socketio_sessions", |sessions| sessions == 2.0).await;
    writer.assert_responsive().await;
}

#[actix_web::test]
async fn slow_client_receives_latest_snapshot() {
    with_app(Engine::Sqlite, async |app: &TestApp| {
        let writer = app.connect().await;
        let long = format!("https://example.com/{}", "x".repeat(1900));
        for at in 0..50 {
            let coach = fixtures::with(fixtures::coach(&format!("Coach {at}")), json!({ "picture": long }));
            writer.emit("new_coach", &[coach]);
        }
        writer.wait_for_rows("coaches", |rows| rows.len() == 50).await;

        // 100 kB each time, 40 MB in all: far more than the connection and the outbox hold.
        let mut slow = http::websocket(app.address).await;
        slow.write_all(&http::text_frame("40")).await.unwrap();
        for at in 0..400 {
            writer
                .request("update_coach", json!({ "id": 1, "name": format!("Ada {at}") }))
                .await
                .unwrap_data();
        }
        let search = async {
            let (mut received, mut bytes) = (Vec::new(), vec![0; 1 << 16]);
            while !contains(&received, b"\"Ada 399\"") {
                let read = slow.read(&mut bytes).await.unwrap();
                assert!(read > 0, "cut off, though every snapshot replaces the one before");
                let keep = received.len().saturating_sub(64);
                received.drain(..keep);
                received.extend(&bytes[..read]);
            }
        };
        tokio::time::timeout(TIMEOUT, search).await.expect("the last state to come");
    })
    .await;
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[actix_web::test]
async fn flooding_client_does_not_starve_others() {
    with_app(Engine::Sqlite, async |app: &TestApp| {
        let (greedy, modest) = (app.connect().await, app.connect().await);
        fixtures::seed_one_of_each(&modest).await;
        let asked: Vec<u64> = (0..2000).map(|_| greedy.emit("refresh", &[])).collect();
        for age in 20..40 {
            modest.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
        }
        for id in asked {
            assert!(greedy.ack(id).await.ok);
        }
        greedy.wait_for_rows("coaches", |rows| rows[0]["age"] == 39).await;
        assert!(COLLECTIONS.into_iter().all(|collection| greedy.latest(collection).len() == 1));
    })
    .await;
}
