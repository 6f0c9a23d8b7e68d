//! The server is asked to end.

use std::process::ExitStatus;

use crate::harness::{Client, Database, Engine, PATIENCE, gym, program::Program, wire::Heard};

#[actix_web::test]
async fn it_ends_in_order_on_sqlite() {
    ends_in_order(Engine::Sqlite, "TERM").await;
}

#[actix_web::test]
async fn it_ends_in_order_at_the_terminal_too() {
    ends_in_order(Engine::Sqlite, "INT").await;
}

#[actix_web::test]
async fn it_ends_in_order_on_postgres() {
    ends_in_order(Engine::Postgres, "TERM").await;
}

async fn ends_in_order(engine: Engine, signal: &str) {
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
async fn a_client_that_does_not_listen_does_not_keep_it_from_ending() {
    let database = Database::new(Engine::Sqlite).await;
    let mut program = Program::serve(&database.url(), &["--sample-data", "always"]);
    let deaf = crate::harness::http::websocket(program.address).await;
    let client = Client::connect(program.address).await;
    client.is_served().await;
    program.terminate();
    let ended = tokio::time::timeout(PATIENCE, program.ended()).await;
    assert!(ended.is_ok_and(|status| status.success()));
    drop(deaf);
}
