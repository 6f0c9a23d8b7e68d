//! A database of the version whose tables of the engine had no prefix: an upgrade loses nothing.

use serde_json::{Value, json};

use super::{
    cursors::{assert_receives_changes, cursor},
    idempotency::{request_id, request_with_id},
};
use crate::harness::{
    Client, Database, Node, ReplicaModel, fixtures, on_dedicated_clusters, postgres::Session,
};

on_dedicated_clusters! { upgrade_keeps_cursors_tokens_and_stored_acks }

const SQLITE: &str = include_str!("earlier_version/sqlite.sql");
const POSTGRES: &str = include_str!("earlier_version/postgres.sql");

async fn upgrade_keeps_cursors_tokens_and_stored_acks(database: &Database) {
    database.seed().await;
    let (url, is_sqlite) = (database.url(), matches!(database, Database::Sqlite(_)));
    let node = Node::start(&url, &[]).await;
    let member = Client::follow(node.address).await;
    let login = json!({ "username": "mara", "password": "mara_password" });
    let token = member.request("login", login).await.unwrap_data()["token"].clone();
    // A client's position may be before the end of a transaction that began earlier.
    let open = match is_sqlite {
        true => None,
        false => Some(Session::begin(&url, "update coaches set age = 61 where id = 2").await),
    };
    let client = Client::follow(node.address).await;
    let (small, large) = (request_id(), request_id());
    let (coach, plan) = (fixtures::coach("Grace"), fixtures::workout_plan("Long", &[1; 60]));
    let coach_ack = request_with_id(&client, &small, "new_coach", &coach).await;
    let plan_ack = request_with_id(&client, &large, "new_workout_plan", &plan).await;
    assert!(plan_ack.data.to_string().len() > 4096, "an ack that refers to its row");
    client.wait_for_replica("both rows", |replica| replica.has("workout_plans", &plan_ack.data)).await;
    let before = client.replica();
    node.stop().await;
    match open {
        Some(open) => open.commit().await,
        None => database.execute("update coaches set age = 61 where id = 2").await,
    }
    database.execute(if is_sqlite { SQLITE } else { POSTGRES }).await;
    // The earlier version's triggers write to the earlier log.
    let earlier = "update coaches set age = 62 where id = 3";
    let entries = database.number("select count(*) from change_log").await;
    database.execute(earlier).await;
    assert!(database.number("select count(*) from change_log").await > entries);

    let node = Node::start(&url, &[]).await;
    let client = Client::resume(node.address, before).await;
    assert_eq!(client.events_since(0)[..2], ["connected", "changes"]);
    let ages = |id: i64| -> Value {
        let rows = client.replica().rows("coaches");
        rows.into_iter().find(|row| row["id"] == id).map_or(Value::Null, |row| row["age"].clone())
    };
    assert_eq!([ages(2), ages(3)], [61, 62]);
    client.assert_in_sync().await;
    assert_receives_changes(&client).await;
    let mara = Client::connect_with(node.address, &json!({ "token": token })).await.expect("to be signed in");
    assert_eq!(mara.request_with("me", &[]).await.unwrap_data()["username"], "mara");
    assert_eq!(request_with_id(&client, &small, "new_coach", &coach).await, coach_ack);
    assert_eq!(request_with_id(&client, &large, "new_workout_plan", &plan).await, plan_ack);
    let at = cursor(&client);
    node.stop().await;
    let node = Node::start(&url, &[]).await;
    Client::resume(node.address, ReplicaModel::at(&at)).await.assert_responsive().await;
    node.stop().await;
}
