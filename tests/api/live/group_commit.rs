//! Group commit: a failed write does not affect the others, and a waiting one does not delay them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Engine, TestApp, fixtures, postgres::Session, with_app};

#[actix_web::test]
async fn refused_write_leaves_batch_intact_on_sqlite() {
    let trigger = "create trigger strict after insert on coaches when new.name = 'Mallory'
        begin select raise(abort, 'not in this gym'); end";
    with_app(Engine::Sqlite, async |app| assert_batch_survives_refusal(app, trigger).await).await;
}

#[actix_web::test]
async fn refused_write_leaves_batch_intact_on_postgres() {
    let trigger = "create function strict() returns trigger language plpgsql as $$ begin
            raise exception 'not in this gym';
        end $$;
        create trigger strict after insert on coaches for each row when (new.name = 'Mallory')
            execute function strict()";
    with_app(Engine::Postgres, async |app| assert_batch_survives_refusal(app, trigger).await).await;
}

/// Each client sends all of its writes at once; every third one fails in a trigger.
async fn assert_batch_survives_refusal(app: &TestApp, trigger: &str) {
    app.database.execute(trigger).await;
    let clients = [app.follow().await, app.connect().await, app.follow().await];
    let writes = clients.iter().enumerate().map(async |(at, client)| {
        let name = |round| if round % 3 == 0 { "Mallory".into() } else { format!("Coach {at} {round}") };
        let asked: Vec<u64> =
            (0..30).map(|round| client.emit("new_coach", &[fixtures::coach(&name(round))])).collect();
        for (round, id) in asked.into_iter().enumerate() {
            let ack = client.ack(id).await;
            match round % 3 {
                0 => assert_eq!(ack.error("$refused"), "not in this gym", "{round}"),
                _ => assert!(client.replica().has("coaches", &ack.unwrap_data()), "{round}"),
            }
        }
    });
    futures_util::future::join_all(writes).await;
    // A client may receive an ack before the change of another client's write.
    for client in &clients {
        client.wait_for_replica("all of them", |replica| replica.rows("coaches").len() == 60).await;
    }
    let mut names: Vec<Value> =
        clients[0].replica().rows("coaches").iter().map(|row| row["name"].clone()).collect();
    names.sort_by_key(Value::to_string);
    names.dedup();
    assert_eq!(names.len(), 60, "each once: {names:?}");
    for client in &clients {
        client.assert_in_sync().await;
    }
}

#[actix_web::test]
async fn write_waiting_for_row_lock_delays_no_other() {
    with_app(Engine::Postgres, async |app| {
        let (ada, bob) = (app.follow().await, app.follow().await);
        fixtures::seed_one_of_each(&ada).await;
        ada.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
        let url = app.database.url();
        let holding = Session::begin(&url, "update coaches set age = 50, version = 2 where id = 1").await;
        let began = Instant::now();
        let waiting = ada.emit("update_coach", &[json!({ "id": 1, "name": "Ada L." })]);
        for age in 40..60 {
            bob.request("update_coach", json!({ "id": 2, "age": age })).await.unwrap_data();
        }
        assert!(began.elapsed() < Duration::from_secs(4), "{:?} for 20 writes", began.elapsed());
        assert_eq!(bob.replica().rows("coaches")[0]["version"], 1);
        holding.commit().await;
        let row = ada.ack(waiting).await.unwrap_data();
        assert_eq!((&row["name"], &row["age"], &row["version"]), (&json!("Ada L."), &json!(50), &json!(3)));
        bob.wait_for_replica("both", |replica| replica.has("coaches", &row)).await;
        bob.assert_in_sync().await;
    })
    .await;
}
