//! The server is asked to end.

use std::process::ExitStatus;

use crate::harness::{Client, Database, Engine, PATIENCE, gym, program::Program, wire::Heard};

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
    let mut program = Program::serve(&database.url(), &[]);
    let (writer, idle) = (Client::connect(program.address).await, Client::connect(program.address).await);
    let first = writer.emit("new_coach", &[gym::coach("Coach 0")]);
    for at in 1..200 {
        writer.emit("new_coach", &[gym::coach(&format!("Coach {at}"))]);
    }
    writer.ack(first).await;
    program.signal(signal);

    for client in [&writer, &idle] {
        let (code, sentence) = client.closed().await.expect("to be told");
        assert_eq!(code, 1001, "{sentence}");
        assert!(!client.since(0).contains(&Heard::Disconnected), "a stock client would not come back");
    }
    let status = program.ended().await;
    assert!(ExitStatus::success(&status), "{status}: {}", program.log());

    // What was carried out was acked, and what was acked was carried out.
    let acked = writer.since(0).into_iter().filter(|heard| matches!(heard, Heard::Ack(..))).count();
    let program = Program::serve(&database.url(), &[]);
    let rows = Client::connect(program.address).await.latest("coaches");
    assert_eq!(rows.len(), acked);
}

#[actix_web::test]
async fn stalled_client_does_not_delay_stop() {
    let database = Database::new(Engine::Sqlite).await;
    let mut program = Program::serve(&database.url(), &["--sample-data", "always"]);
    let stalled = crate::harness::http::websocket(program.address).await;
    let client = Client::connect(program.address).await;
    client.is_served().await;
    program.terminate();
    let ended = tokio::time::timeout(PATIENCE, program.ended()).await;
    assert!(ended.is_ok_and(|status| status.success()));
    drop(stalled);
}
