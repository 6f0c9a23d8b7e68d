//! A pooler in front of PostgreSQL: in session mode nothing is different, in the others the server says that it cannot be.

use std::{
    process::Output,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::harness::{Client, Engine, Node, begin, gym, pgbouncer::PgBouncer, postgres::Session, program};

#[actix_web::test]
async fn in_session_mode_it_works_as_it_is_shipped() {
    works_behind(&[]).await;
}

/// The pooler passes on no options then, and the settings hold all the same.
#[actix_web::test]
async fn in_session_mode_it_works_with_options_ignored() {
    works_behind(&[("pool_mode", "session"), ("ignore_startup_parameters", "extra_float_digits,options")])
        .await;
}

async fn works_behind(settings: &[(&str, &str)]) {
    begin(Engine::Postgres, async |database| {
        let pooler = PgBouncer::before(&database.url(), settings).await;
        let (node, beside) = (Node::start(pooler.url(), &[]).await, Node::start(&database.url(), &[]).await);
        let (client, other) = (Client::follow(node.address).await, Client::follow(beside.address).await);
        gym::open(&client).await;
        other.agrees().await;

        // The limits hold: no write waits for a lock for good.
        let holder = Session::begin(&database.url(), "select 1 from coaches where id = 1 for update").await;
        let began = Instant::now();
        assert_eq!(client.ask("update_coach", json!({ "id": 1, "age": 50 })).await.refused(), ["$locked"]);
        assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
        holder.commit().await;

        // The snapshots hold: a transaction of others is seen as a whole.
        for round in 0..20 {
            let then = client.now();
            let all = format!(
                "begin; update coaches set name = 'Round {round}'; update exercise_moves set name = 'Round {round}';
                 update workout_plans set name = 'Round {round}'; commit"
            );
            database.execute(&all).await;
            let name = format!("Round {round}");
            client.keeps("the round", |copy| copy.rows("workout_plans")[0]["name"] == *name).await;
            let told = client.told(then);
            assert_eq!(told.len(), 1, "half of a transaction is never seen: {told:?}");
        }

        // As many at once as there are connections, and more.
        let clients = futures_util::future::join_all((0..40).map(|_| Client::connect(node.address))).await;
        let busy = clients.iter().enumerate().map(async |(at, client)| {
            for _ in 0..5 {
                client.ask("new_coach", gym::coach(&format!("Coach {at}"))).await.done();
                client.ask("list_coaches", Value::Null).await.done();
            }
        });
        futures_util::future::join_all(busy).await;
        client.agrees().await;
        other.agrees().await;
        node.stop().await;
        beside.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn in_any_other_mode_it_is_refused_with_a_sentence() {
    begin(Engine::Postgres, async |database| {
        for settings in [
            vec![("pool_mode", "transaction")],
            vec![("pool_mode", "transaction"), ("server_round_robin", "1"), ("min_pool_size", "5")],
            vec![("pool_mode", "transaction"), ("default_pool_size", "1")],
            vec![("pool_mode", "transaction"), ("ignore_startup_parameters", "extra_float_digits,options")],
            vec![("pool_mode", "statement")],
        ] {
            let pooler = PgBouncer::before(&database.url(), &settings).await;
            refused(pooler.url(), "pool_mode = session", &settings).await;
        }
    })
    .await;
}

#[actix_web::test]
async fn a_database_in_another_encoding_is_refused_with_a_sentence() {
    begin(Engine::Postgres, async |database| {
        let name = format!("rowcast_latin_{}", std::process::id());
        let make = format!("create database {name} encoding 'LATIN1' locale 'C' template template0");
        database.execute(&make).await;
        let url = database.url();
        let (server, _) = url.rsplit_once('/').expect("a database");
        refused(&format!("{server}/{name}"), "LATIN1", &[]).await;
        database.execute(&format!("drop database {name}")).await;
    })
    .await;
}

async fn refused(url: &str, says: &str, settings: &[(&str, &str)]) {
    let url = url.to_owned();
    let run = move || {
        let arguments = ["serve", "--bind", "127.0.0.1:0", "--database-url", &url];
        program::run(tempdir().unwrap().path(), &arguments, "")
    };
    let Output { status, stderr, .. } = actix_web::rt::task::spawn_blocking(run).await.unwrap();
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(!status.success(), "it starts with {settings:?}");
    assert!(stderr.contains(says), "{settings:?}: {stderr}");
}
