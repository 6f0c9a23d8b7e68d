//! A pooler in front of PostgreSQL: session mode works, other modes are refused at the start.

use std::{
    process::Output,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::harness::{
    Client, Engine, Node, fixtures, pgbouncer::PgBouncer, postgres::Session, process, with_database,
};

#[actix_web::test]
async fn pooler_with_default_settings_works() {
    assert_works_behind_pooler(&[]).await;
}

/// The pooler drops startup options, so the server sets them by statements.
#[actix_web::test]
async fn pooler_that_ignores_options_works() {
    assert_works_behind_pooler(&[
        ("pool_mode", "session"),
        ("ignore_startup_parameters", "extra_float_digits,options"),
    ])
    .await;
}

async fn assert_works_behind_pooler(settings: &[(&str, &str)]) {
    with_database(Engine::Postgres, async |database| {
        let pooler = PgBouncer::in_front_of(&database.url(), settings).await;
        let (node, beside) = (Node::start(pooler.url(), &[]).await, Node::start(&database.url(), &[]).await);
        let (client, other) = (Client::follow(node.address).await, Client::follow(beside.address).await);
        fixtures::seed_one_of_each(&client).await;
        other.assert_in_sync().await;

        // The lock timeout is set: a write does not wait forever.
        let holder = Session::begin(&database.url(), "select 1 from coaches where id = 1 for update").await;
        let began = Instant::now();
        assert_eq!(client.request("update_coach", json!({ "id": 1, "age": 50 })).await.error_keys(), ["$locked"]);
        assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
        holder.commit().await;

        // The isolation level is set: an external transaction is seen as a whole.
        for round in 0..20 {
            let then = client.now();
            let all = format!(
                "begin; update coaches set name = 'Round {round}'; update exercise_moves set name = 'Round {round}';
                 update workout_plans set name = 'Round {round}'; commit"
            );
            database.execute(&all).await;
            let name = format!("Round {round}");
            client.wait_for_replica("the round", |replica| replica.rows("workout_plans")[0]["name"] == *name).await;
            let changes = client.changes_since(then);
            assert_eq!(changes.len(), 1, "half of a transaction is never seen: {changes:?}");
        }

        // More requests than connections.
        let clients = futures_util::future::join_all((0..40).map(|_| Client::connect(node.address))).await;
        let busy = clients.iter().enumerate().map(async |(at, client)| {
            for _ in 0..5 {
                client.request("new_coach", fixtures::coach(&format!("Coach {at}"))).await.unwrap_data();
                client.request("list_coaches", Value::Null).await.unwrap_data();
            }
        });
        futures_util::future::join_all(busy).await;
        client.assert_in_sync().await;
        other.assert_in_sync().await;
        node.stop().await;
        beside.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn pooler_in_transaction_or_statement_mode_is_refused() {
    with_database(Engine::Postgres, async |database| {
        for settings in [
            vec![("pool_mode", "transaction")],
            vec![("pool_mode", "transaction"), ("server_round_robin", "1"), ("min_pool_size", "5")],
            vec![("pool_mode", "transaction"), ("default_pool_size", "1")],
            vec![("pool_mode", "transaction"), ("ignore_startup_parameters", "extra_float_digits,options")],
            vec![("pool_mode", "statement")],
        ] {
            let pooler = PgBouncer::in_front_of(&database.url(), &settings).await;
            assert_start_is_refused(pooler.url(), "pool_mode = session", &settings).await;
        }
    })
    .await;
}

#[actix_web::test]
async fn database_in_another_encoding_is_refused() {
    with_database(Engine::Postgres, async |database| {
        let name = format!("rowcast_latin_{}", std::process::id());
        let make = format!("create database {name} encoding 'LATIN1' locale 'C' template template0");
        database.execute(&make).await;
        let url = database.url();
        let (server, _) = url.rsplit_once('/').expect("a database");
        assert_start_is_refused(&format!("{server}/{name}"), "LATIN1", &[]).await;
        database.execute(&format!("drop database {name}")).await;
    })
    .await;
}

async fn assert_start_is_refused(url: &str, says: &str, settings: &[(&str, &str)]) {
    let url = url.to_owned();
    let run = move || {
        let arguments = ["serve", "--bind", "127.0.0.1:0", "--database-url", &url];
        process::run(tempdir().unwrap().path(), &arguments, "")
    };
    let Output { status, stderr, .. } = actix_web::rt::task::spawn_blocking(run).await.unwrap();
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(!status.success(), "it starts with {settings:?}");
    assert!(stderr.contains(says), "{settings:?}: {stderr}");
}
