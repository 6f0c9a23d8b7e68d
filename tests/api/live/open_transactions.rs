//! An open transaction holds back the log's horizon: it is logged with its age, also by a restarted server.

use std::time::{Duration, Instant};

use crate::harness::{
    Client, Database, fixtures, http,
    postgres::{Cluster, Session},
    process::ServerProcess,
};

const VERBOSE: [&str; 2] = ["--log", "info,rowcast=debug"];

/// Waits for a log line with all of these texts.
async fn wait_for_log_line(program: &ServerProcess, all: &[&str]) {
    let deadline = Instant::now() + crate::harness::TIMEOUT;
    let said = |log: &str| log.lines().any(|line| all.iter().all(|part| line.contains(part)));
    while !said(&program.log()) {
        assert!(Instant::now() < deadline, "{all:?} is not in {}", program.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The age of the transaction itself; counted from the server's start it would be too low by the time before.
async fn assert_reported_age(program: &ServerProcess, began: Instant, restarted: Duration) {
    let is_old = |age: f64| age > (began.elapsed() - restarted / 2).as_secs_f64();
    http::until_metric(program.address, "rowcast_log_horizon_seconds", is_old).await;
    let age = http::metric(program.address, "rowcast_log_horizon_seconds").await;
    assert!(age <= began.elapsed().as_secs_f64() + 1.0, "{age}");
}

#[actix_web::test]
async fn oldest_transaction_is_logged_with_its_age() {
    let database = Database::Cluster(Cluster::start());
    let url = database.url();
    let mut program = ServerProcess::serve(&url, &VERBOSE);
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    let update = "set application_name = 'ledger'; update coaches set age = 50";
    let older = Session::begin(&url, update).await;
    let began = Instant::now();
    let younger =
        Session::begin(&url, "set application_name = 'other'; update exercise_moves set name = 'Plank'")
            .await;
    // The transaction holds back later entries.
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    wait_for_log_line(&program, &["the oldest transaction that is open", "ledger", "prepared=false"]).await;

    program.kill();
    let program = ServerProcess::serve(&url, &VERBOSE);
    let restarted = began.elapsed();
    wait_for_log_line(&program, &["the oldest transaction that is open", "ledger"]).await;
    assert_reported_age(&program, began, restarted).await;
    older.commit().await;
    wait_for_log_line(&program, &["the oldest transaction that is open", "other"]).await;
    younger.commit().await;
    http::until_metric(program.address, "rowcast_log_horizon_seconds", |age| age == 0.0).await;
}

/// A prepared transaction belongs to no session and survives restarts.
#[actix_web::test]
async fn prepared_transaction_is_logged_by_id() {
    let mut cluster = Cluster::start();
    let url = cluster.url().to_owned();
    let mut program = ServerProcess::serve(&url, &VERBOSE);
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    let mut session = Session::begin(&url, "update coaches set age = 50").await;
    session.execute("prepare transaction 'transfer 7'").await;
    let began = Instant::now();
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    wait_for_log_line(&program, &["the oldest transaction that is open", "transfer 7", "prepared=true"])
        .await;
    http::until_metric(program.address, "rowcast_log_horizon_prepared", |prepared| prepared == 1.0).await;

    program.kill();
    cluster.crash();
    cluster.recover();
    let program = ServerProcess::serve(&url, &VERBOSE);
    let restarted = began.elapsed();
    wait_for_log_line(&program, &["the oldest transaction that is open", "transfer 7"]).await;
    assert_reported_age(&program, began, restarted).await;
    let client = Client::follow(program.address).await;
    assert_eq!(client.replica().rows("coaches")[0]["age"], 36);
    Session::open(&url).await.execute("commit prepared 'transfer 7'").await;
    client.wait_for_replica("what was prepared", |replica| replica.rows("coaches")[0]["age"] == 50).await;
    http::until_metric(program.address, "rowcast_log_horizon_prepared", |prepared| prepared == 0.0).await;
}
