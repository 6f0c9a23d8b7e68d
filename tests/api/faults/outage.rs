//! PostgreSQL stops while requests run, and starts again.

use serde_json::json;

use super::write_log::{WriteLog, create_moves};
use crate::harness::{
    Client, TIMEOUT, fixtures, http,
    postgres::{self, Cluster},
    process::ServerProcess,
};

#[actix_web::test]
async fn outage_refuses_requests_and_loses_no_acked_write() {
    let mut cluster = Cluster::start();
    let mut program = ServerProcess::serve(cluster.url(), &[]);
    let clients = [
        Client::connect(program.address).await,
        Client::connect(program.address).await,
        Client::connect(program.address).await,
    ];
    let listener = Client::connect(program.address).await;
    create_moves(&clients[0]).await;
    let write_log = WriteLog::default();
    let address = program.address;
    let trouble = async {
        write_log.until(|write_log| write_log.written_count() >= 60).await;
        cluster.crash();
        write_log.until(|write_log| write_log.refused_count() >= 3).await;
        let (status, reason) = http::get(address, "/readyz").await;
        assert_eq!(status, 503);
        assert!(reason.contains("database"), "{reason}");
        assert_eq!(http::get(address, "/healthz").await.0, 200);
        // A new client receives snapshots from memory; its requests are refused.
        let late = Client::connect(address).await;
        assert!(late.latest("workout_plans").len() >= 60);
        // A connection with a token is held until the token can be checked, because stock clients do not reconnect
        // after a refusal.
        let token = json!({ "token": "x" });
        let mut held = std::pin::pin!(Client::connect_with(address, &token));
        tokio::select! {
            ack = late.request("get_exercise_move", json!({ "id": 1 })) => assert_eq!(ack.error_keys(), ["$unavailable"]),
            _ = &mut held => panic!("a token was judged without being looked up"),
        }

        cluster.recover();
        let refused = held.await.err().expect("to be refused");
        assert!(refused["message"].as_str().is_some_and(|message| message.contains("unknown")), "{refused}");
        let before = write_log.written_count();
        write_log.until(|write_log| write_log.written_count() >= before + 60).await;
        write_log.finished.set(true);
    };
    tokio::join!(
        write_log.write(&clients[0], "Ada"),
        write_log.write(&clients[1], "Bob"),
        write_log.write(&clients[2], "Eve"),
        trouble,
    );

    assert_eq!(http::get(address, "/readyz").await.0, 200);
    let rows = clients[0].list_all("workout_plans").await;
    for client in clients.iter().chain([&listener]) {
        client.wait_for_rows("workout_plans", |shown| shown == rows).await;
    }
    write_log.assert_matches_server(&listener).await;
    assert!(program.is_running());
}

#[actix_web::test]
async fn external_write_during_outage_is_published() {
    let mut cluster = Cluster::start();
    let url = cluster.url().to_owned();
    let program = ServerProcess::serve(&url, &[]);
    let client = Client::connect(program.address).await;
    client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    cluster.crash();
    cluster.recover();
    postgres::execute(&url, "update coaches set name = 'Somebody', version = 2 where id = 1").await;
    client.wait_for_rows("coaches", |rows| rows[0]["name"] == "Somebody").await;
    let write = async { while !client.request("update_coach", json!({ "id": 1, "age": 40 })).await.ok {} };
    tokio::time::timeout(TIMEOUT, write).await.expect("writes to succeed again");
    assert_eq!(client.latest("coaches")[0]["age"], 40);
}
