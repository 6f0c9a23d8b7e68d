//! PostgreSQL goes away while events run, and comes back.

use serde_json::json;

use super::writers::{Ledger, prepare};
use crate::harness::{
    Client, PATIENCE, gym, http,
    postgres::{self, Cluster},
    program::Program,
};

#[actix_web::test]
async fn outage_refuses_requests_and_loses_no_acked_write() {
    let mut cluster = Cluster::start();
    let mut program = Program::serve(cluster.url(), &[]);
    let clients = [
        Client::connect(program.address).await,
        Client::connect(program.address).await,
        Client::connect(program.address).await,
    ];
    let listener = Client::connect(program.address).await;
    prepare(&clients[0]).await;
    let ledger = Ledger::default();
    let address = program.address;
    let trouble = async {
        ledger.until(|ledger| ledger.written() >= 60).await;
        cluster.crash();
        ledger.until(|ledger| ledger.refused() >= 3).await;
        let (status, reason) = http::get(address, "/readyz").await;
        assert_eq!(status, 503);
        assert!(reason.contains("database"), "{reason}");
        assert_eq!(http::get(address, "/healthz").await.0, 200);
        // Whoever connects now is served from memory, and told about the rest.
        let late = Client::connect(address).await;
        assert!(late.latest("workout_plans").len() >= 60);
        // Whoever brings a token waits until it can be checked: a stock client that is refused would not come back.
        let token = json!({ "token": "x" });
        let mut held = std::pin::pin!(Client::connect_with(address, &token));
        tokio::select! {
            ack = late.ask("get_exercise_move", json!({ "id": 1 })) => assert_eq!(ack.refused(), ["$unavailable"]),
            _ = &mut held => panic!("a token was judged without being looked up"),
        }

        cluster.recover();
        let refused = held.await.err().expect("to be refused");
        assert!(refused["message"].as_str().is_some_and(|message| message.contains("unknown")), "{refused}");
        let before = ledger.written();
        ledger.until(|ledger| ledger.written() >= before + 60).await;
        ledger.enough.set(true);
    };
    tokio::join!(
        ledger.write(&clients[0], "Ada"),
        ledger.write(&clients[1], "Bob"),
        ledger.write(&clients[2], "Eve"),
        trouble,
    );

    assert_eq!(http::get(address, "/readyz").await.0, 200);
    let rows = clients[0].every("workout_plans").await;
    for client in clients.iter().chain([&listener]) {
        client.sees("workout_plans", |shown| shown == rows).await;
    }
    ledger.holds(&listener).await;
    assert!(program.lives());
}

#[actix_web::test]
async fn external_write_during_outage_is_published() {
    let mut cluster = Cluster::start();
    let url = cluster.url().to_owned();
    let program = Program::serve(&url, &[]);
    let client = Client::connect(program.address).await;
    client.ask("new_coach", gym::coach("Ada")).await.done();
    cluster.crash();
    cluster.recover();
    postgres::execute(&url, "update coaches set name = 'Somebody', version = 2 where id = 1").await;
    client.sees("coaches", |rows| rows[0]["name"] == "Somebody").await;
    let write = async { while !client.ask("update_coach", json!({ "id": 1, "age": 40 })).await.ok {} };
    tokio::time::timeout(PATIENCE, write).await.expect("writes to succeed again");
    assert_eq!(client.latest("coaches")[0]["age"], 40);
}
