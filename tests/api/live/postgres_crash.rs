//! PostgreSQL crashes and assigns transaction numbers again: writes with reused numbers are published.

use serde_json::json;

use super::{request_id, request_with_id};
use crate::harness::{
    Client, TIMEOUT, fixtures,
    postgres::{self, Cluster},
    process::ServerProcess,
};

#[actix_web::test]
async fn write_after_postgres_crash_is_published() {
    let mut cluster = cluster_with_delayed_wal().await;
    let program = ServerProcess::serve(cluster.url(), &[]);
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    consume_transaction_ids(&cluster, &client).await;
    crash_and_reuse_ids(&mut cluster, &program).await;
    wait_until_writable(&client).await;
    client.assert_in_sync().await;
}

#[actix_web::test]
async fn returning_client_receives_write_after_postgres_crash() {
    let mut cluster = cluster_with_delayed_wal().await;
    let mut program = ServerProcess::serve(cluster.url(), &[]);
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    consume_transaction_ids(&cluster, &client).await;
    let kept = Client::resume(program.address, client.replica()).await.replica();
    crash_and_reuse_ids(&mut cluster, &program).await;
    wait_until_writable(&client).await;
    Client::resume(program.address, kept.clone()).await.assert_in_sync().await;
    program.kill();

    let program = ServerProcess::serve(cluster.url(), &[]);
    Client::resume(program.address, kept).await.assert_in_sync().await;
}

const NUMBERS: u32 = 5;

/// A cluster that writes unneeded records of its log late.
async fn cluster_with_delayed_wal() -> Cluster {
    let cluster = Cluster::start();
    postgres::execute(cluster.url(), "alter system set wal_writer_delay = '10s'").await;
    postgres::execute(cluster.url(), "select pg_reload_conf()").await;
    cluster
}

/// Transactions without changes consume numbers, and the server polls the log after them.
async fn consume_transaction_ids(cluster: &Cluster, client: &Client) {
    let (id, ada) = (request_id(), json!({ "id": 1, "age": 50 }));
    request_with_id(client, &id, "update_coach", &ada).await.unwrap_data();
    for _ in 0..NUMBERS {
        postgres::execute(cluster.url(), "select pg_current_xact_id()").await;
    }
    // A repeated request is acked after a poll.
    request_with_id(client, &id, "update_coach", &ada).await.unwrap_data();
}

/// Another program consumes as many numbers before the server polls again.
async fn crash_and_reuse_ids(cluster: &mut Cluster, program: &ServerProcess) {
    program.signal("STOP");
    cluster.crash();
    cluster.recover();
    postgres::execute(cluster.url(), "update coaches set name = 'First'").await;
    for _ in 0..NUMBERS {
        postgres::execute(cluster.url(), "update exercise_moves set name = 'Marker'").await;
    }
    program.signal("CONT");
}

/// Waits until the server is connected to the database again.
async fn wait_until_writable(client: &Client) {
    let write =
        async { while !client.request("new_exercise_move", fixtures::exercise_move("Plank")).await.ok {} };
    tokio::time::timeout(TIMEOUT, write).await.expect("writes to succeed again");
}
