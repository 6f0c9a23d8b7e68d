//! PostgreSQL crashes and gives numbers of transactions out again: what gets one of them is published like everything else.

use serde_json::json;

use super::once;
use crate::harness::{
    Client, PATIENCE, gym,
    postgres::{self, Cluster},
    program::Program,
};

#[actix_web::test]
async fn what_is_written_first_after_it_is_told() {
    let mut cluster = hasty().await;
    let program = Program::serve(cluster.url(), &[]);
    let client = Client::follow(program.address).await;
    gym::open(&client).await;
    numbers_are_seen(&cluster, &client).await;
    crashes(&mut cluster, &program).await;
    writes_again(&client).await;
    client.agrees().await;
}

#[actix_web::test]
async fn whoever_was_away_is_told_of_it_too() {
    let mut cluster = hasty().await;
    let mut program = Program::serve(cluster.url(), &[]);
    let client = Client::follow(program.address).await;
    gym::open(&client).await;
    numbers_are_seen(&cluster, &client).await;
    let kept = Client::resume(program.address, client.copy()).await.copy();
    crashes(&mut cluster, &program).await;
    writes_again(&client).await;
    Client::resume(program.address, kept.clone()).await.agrees().await;
    program.kill();

    let program = Program::serve(cluster.url(), &[]);
    Client::resume(program.address, kept).await.agrees().await;
}

const NUMBERS: u32 = 5;

/// A cluster that does not hurry to write down what need not be.
async fn hasty() -> Cluster {
    let cluster = Cluster::start();
    postgres::execute(cluster.url(), "alter system set wal_writer_delay = '10s'").await;
    postgres::execute(cluster.url(), "select pg_reload_conf()").await;
    cluster
}

/// Transactions that change nothing take numbers, and the server looks at the log after them.
async fn numbers_are_seen(cluster: &Cluster, client: &Client) {
    let (id, ada) = (once::id(), json!({ "id": 1, "age": 50 }));
    once::ask(client, &id, "update_coach", &ada).await.done();
    for _ in 0..NUMBERS {
        postgres::execute(cluster.url(), "select pg_current_xact_id()").await;
    }
    // A repeat is acked after a look.
    once::ask(client, &id, "update_coach", &ada).await.done();
}

/// And by the time the server looks again, another program has had as many numbers.
async fn crashes(cluster: &mut Cluster, program: &Program) {
    program.signal("STOP");
    cluster.crash();
    cluster.recover();
    postgres::execute(cluster.url(), "update coaches set name = 'First'").await;
    for _ in 0..NUMBERS {
        postgres::execute(cluster.url(), "update exercise_moves set name = 'Marker'").await;
    }
    program.signal("CONT");
}

/// Waits until the server has found its database again.
async fn writes_again(client: &Client) {
    let write = async { while !client.ask("new_exercise_move", gym::exercise_move("Plank")).await.ok {} };
    tokio::time::timeout(PATIENCE, write).await.expect("writes to succeed again");
}
