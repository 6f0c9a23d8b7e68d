//! Graceful stop.

use std::process::ExitStatus;

use crate::harness::{
    Client, Database, Engine, TIMEOUT, fixtures, process::ServerProcess, wire::ServerPacket,
};

#[actix_web::test]
async fn sigterm_stops_server_on_sqlite() {
    assert_graceful_stop(Engine::Sqlite, "TERM").await;
}

#[actix_web::test]
async fn sigint_stops_server_on_sqlite() {
    assert_graceful_stop(Engine::Sqlite, "INT").await;
}

#[actix_web::test]
async fn sigterm_stops_server_on_postgres() {
    assert_graceful_stop(Engine::Postgres, "TERM").await;
}

async fn assert_graceful_stop(engine: Engine, signal: &str) {
    let database = Database::new(engine).await;
    let mut program = ServerProcess::serve(&database.url(), &[]);
    let (writer, idle) = (Client::connect(program.address).await, Client::connect(program.address).await);
    let first = writer.emit("new_coach", &[fixtures::coach("Coach 0")]);
    for at in 1..200 {
        writer.emit("new_coach", &[fixtures::coach(&format!("Coach {at}"))]);
    }
    writer.ack(first).await;
    program.signal(signal);

    for client in [&writer, &idle] {
        let (code, sentence) = client.closed().await.expect("a close frame");
        assert_eq!(code, 1001, "{sentence}");
        assert!(!client.since(0).contains(&ServerPacket::Disconnected), "a stock client would not come back");
    }
    let status = program.wait_for_exit().await;
    assert!(ExitStatus::success(&status), "{status}: {}", program.log());

    // Exactly the executed writes were acked.
    let acked = writer.since(0).into_iter().filter(|packet| matches!(packet, ServerPacket::Ack(..))).count();
    let program = ServerProcess::serve(&database.url(), &[]);
    let rows = Client::connect(program.address).await.latest("coaches");
    assert_eq!(rows.len(), acked);
}

#[actix_web::test]
async fn stalled_client_does_not_delay_stop() {
    let database = Database::new(Engine::Sqlite).await;
    let mut program = ServerProcess::serve(&database.url(), &["--sample-data", "always"]);
    let stalled = crate::harness::http::websocket(program.address).await;
    let client = Client::connect(program.address).await;
    client.assert_responsive().await;
    program.terminate();
    let ended = tokio::time::timeout(TIMEOUT, program.wait_for_exit()).await;
    assert!(ended.is_ok_and(|status| status.success()));
    drop(stalled);
}
