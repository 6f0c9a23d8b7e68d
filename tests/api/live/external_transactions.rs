//! External transactions are sent as one event, within a second.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Client, Database, Node, TestApp, fixtures, on_both_databases, on_empty_databases};

on_both_databases! {
    external_transaction_is_one_event,
    rolled_back_transaction_is_not_published,
    unchanged_row_is_not_published,
    reverted_row_is_published_with_new_version,
    cascaded_delete_is_published,
    bulk_transaction_is_one_event,
    external_change_is_published_within_a_second,
}

on_empty_databases! {
    changes_while_stopped_are_sent_on_resume,
}

async fn external_transaction_is_one_event(app: &TestApp) {
    let (client, snapshots) = (app.follow().await, app.connect().await);
    fixtures::seed_one_of_each(&snapshots).await;
    client.assert_in_sync().await;
    let then = client.now();
    app.database.execute(MANY).await;
    client.wait_for_replica("the last of it", |replica| replica.rows("schedules").is_empty()).await;
    let changes = client.changes_since(then);
    assert_eq!(changes.len(), 1, "half a transaction is never seen: {changes:?}");
    let ids = |collection: &str, kind: &str| -> Vec<i64> {
        let id = |row: &Value| row.as_i64().or_else(|| row["id"].as_i64()).unwrap();
        changes[0][collection][kind].as_array().unwrap().iter().map(id).collect()
    };
    assert_eq!(ids("coaches", "upserted"), [1, 2, 3]);
    assert_eq!(ids("exercise_moves", "upserted"), [1]);
    assert_eq!(ids("workout_plans", "upserted"), [1], "it shows the move");
    assert_eq!((ids("schedules", "upserted"), ids("schedules", "deleted")), (vec![], vec![1]));
    client.assert_in_sync().await;
    snapshots.assert_in_sync().await;
}

const MANY: &str = "begin;
    insert into coaches (name, age, picture) values ('Grace', 40, 'http://x.y'), ('Edsger', 50, 'http://x.y');
    update coaches set name = 'Ada L.', version = version + 1 where id = 1;
    update exercise_moves set name = 'Deep squat', version = version + 1;
    delete from schedules;
    commit";

async fn rolled_back_transaction_is_not_published(app: &TestApp) {
    let client = app.follow().await;
    fixtures::seed_one_of_each(&client).await;
    let then = client.now();
    app.database.execute("begin; update coaches set name = 'Nobody'; delete from schedules; rollback").await;
    app.database.execute("update exercise_moves set name = 'Marker'").await;
    client
        .wait_for_replica("the marker", |replica| replica.rows("exercise_moves")[0]["name"] == "Marker")
        .await;
    let changes = client.changes_since(then);
    assert_eq!(changes.len(), 1);
    assert!(changes[0].get("coaches").is_none() && changes[0].get("schedules").is_none(), "{changes:?}");
    client.assert_in_sync().await;
}

async fn unchanged_row_is_not_published(app: &TestApp) {
    let (client, snapshots) = (app.follow().await, app.connect().await);
    fixtures::seed_one_of_each(&client).await;
    snapshots.assert_in_sync().await;
    let (then, there) = (client.now(), snapshots.now());
    app.database.execute("update coaches set name = name").await;
    app.database.execute("begin; update coaches set age = age; update coaches set age = 36; commit").await;
    app.database.execute("update exercise_moves set name = 'Marker'").await;
    client
        .wait_for_replica("the marker", |replica| replica.rows("exercise_moves")[0]["name"] == "Marker")
        .await;
    snapshots.assert_in_sync().await;
    assert_eq!(client.changes_since(then).len(), 1);
    assert!(!snapshots.events_since(there).contains(&"coaches".to_owned()));
}

/// The row was different in between, and its version does not decrease.
async fn reverted_row_is_published_with_new_version(app: &TestApp) {
    let client = app.follow().await;
    fixtures::seed_one_of_each(&client).await;
    let then = client.now();
    app.database.execute("begin; update coaches set age = 50; update coaches set age = 36; commit").await;
    client.wait_for_replica("the version", |replica| replica.rows("coaches")[0]["version"] == 3).await;
    assert_eq!(client.changes_since(then).len(), 1);
    client.assert_in_sync().await;
}

async fn cascaded_delete_is_published(app: &TestApp) {
    let client = app.follow().await;
    fixtures::seed_one_of_each(&client).await;
    client.request("new_workout_plan", fixtures::workout_plan("Evening", &[1, 1])).await.unwrap_data();
    let then = client.now();
    // The plan's links are deleted by the schema's cascade.
    app.database.execute("delete from workout_plans where id = 2").await;
    client.wait_for_replica("one plan", |replica| replica.rows("workout_plans").len() == 1).await;
    assert_eq!(client.changes_since(then), [json!({ "workout_plans": { "upserted": [], "deleted": [2] } })]);
    client.request("new_exercise_move", fixtures::exercise_move("Plank")).await.unwrap_data();
    client.request("delete_exercise_move", json!({ "id": 2 })).await.unwrap_data();
    client.assert_in_sync().await;
}

/// 60,000 moves, one of which a plan embeds twice.
async fn bulk_transaction_is_one_event(app: &TestApp) {
    let client = app.follow().await;
    fixtures::seed_one_of_each(&client).await;
    let then = client.now();
    app.database.execute(BULK).await;
    client.wait_for_replica("all moves", |replica| replica.rows("exercise_moves").len() == 60_001).await;
    let changes = client.changes_since(then);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["exercise_moves"]["upserted"].as_array().unwrap().len(), 60_001);
    assert_eq!(changes[0]["workout_plans"]["upserted"][0]["exercise_moves"][0]["name"], "Deep squat");
    let row = client.request("update_coach", json!({ "id": 1, "age": 50 })).await.unwrap_data();
    assert!(client.replica().has("coaches", &row), "and it goes on");
    client.assert_in_sync().await;
}

const BULK: &str = "begin;
    update exercise_moves set name = 'Deep squat', version = version + 1;
    insert into exercise_moves (name, focus, description, video_link)
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000)
    select 'Move', 'Legs', 'As often as it takes.', 'https://example.com' from n order by i;
    commit";

async fn external_change_is_published_within_a_second(app: &TestApp) {
    let (client, snapshots) = (app.follow().await, app.connect().await);
    fixtures::seed_one_of_each(&client).await;
    snapshots.assert_in_sync().await;
    let mut delays = Vec::new();
    for age in 50..59 {
        app.database.execute(&format!("update coaches set age = {age}")).await;
        let committed = Instant::now();
        client.wait_for_replica("the age", |replica| replica.rows("coaches")[0]["age"] == age).await;
        snapshots.wait_for_rows("coaches", |rows| rows[0]["age"] == age).await;
        delays.push(committed.elapsed());
    }
    // A slow machine may cause a few outliers.
    delays.sort();
    assert!(delays[4] < Duration::from_secs(1), "{delays:?}");
}

async fn changes_while_stopped_are_sent_on_resume(database: &Database) {
    let url = database.url();
    let node = Node::start(&url, &[]).await;
    let client = Client::follow(node.address).await;
    fixtures::seed_one_of_each(&client).await;
    let kept = client.replica();
    drop(client);
    node.stop().await;
    database.execute(MANY).await;

    let node = Node::start(&url, &[]).await;
    let fresh = Client::connect(node.address).await;
    assert_eq!(fresh.latest("coaches").len(), 3);
    let back = Client::resume(node.address, kept).await;
    assert_eq!(back.events_since(0), ["connected", "changes"]);
    back.assert_in_sync().await;
    node.stop().await;
}
