//! Edge cases of SQL: the state that another program's statement leaves is published.

use serde_json::{Value, json};

use crate::harness::{Client, TestApp, fixtures, on_both_databases};

on_both_databases! {
    row_with_changed_id_is_deleted_and_inserted,
    link_moved_between_plans_publishes_both,
    savepoint_rollback_is_not_published,
    log_entries_of_unknown_rows_are_ignored,
    recreated_row_is_published_as_upsert,
}

/// Executes SQL; returns the only `changes` event.
async fn change_after(app: &TestApp, client: &Client, sql: &str) -> Value {
    let then = client.now();
    app.database.execute(sql).await;
    client.next_event("changes").await;
    client.assert_in_sync().await;
    let mut changes = client.changes_since(then);
    assert_eq!(changes.len(), 1, "{changes:?}");
    changes.remove(0)
}

/// A client of a planner with a second coach and a second plan.
async fn follow_seeded_planner(app: &TestApp) -> Client {
    let writer = app.connect().await;
    fixtures::seed_one_of_each(&writer).await;
    writer.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    writer.request("new_workout_plan", fixtures::workout_plan("Evening", &[1, 1])).await.unwrap_data();
    app.follow().await
}

async fn row_with_changed_id_is_deleted_and_inserted(app: &TestApp) {
    let client = follow_seeded_planner(app).await;
    let changes = change_after(app, &client, "update coaches set id = 7 where id = 2").await;
    assert_eq!(changes["coaches"]["deleted"], json!([2]));
    assert_eq!(changes["coaches"]["upserted"][0]["id"], 7);
    assert_eq!(client.request("get_coach", json!({ "id": 2 })).await.error_keys(), ["$not_found"]);
    let row = client.request("update_coach", json!({ "id": 7, "age": 50 })).await.unwrap_data();
    assert!(client.replica().has("coaches", &row));
}

async fn link_moved_between_plans_publishes_both(app: &TestApp) {
    let client = follow_seeded_planner(app).await;
    let sql = "update workout_plan_moves set workout_plan_id = 1 where workout_plan_id = 2 and position = 1";
    let changes = change_after(app, &client, sql).await;
    let plans = changes["workout_plans"]["upserted"].as_array().unwrap();
    let moves: Vec<usize> =
        plans.iter().map(|plan| plan["exercise_moves"].as_array().unwrap().len()).collect();
    assert_eq!(moves, [2, 1]);
    assert_eq!(changes.as_object().unwrap().len(), 1);
}

async fn savepoint_rollback_is_not_published(app: &TestApp) {
    let client = follow_seeded_planner(app).await;
    let sql = "begin;
        update coaches set name = 'First' where id = 1;
        savepoint here; update coaches set name = 'Second'; delete from schedules; rollback to here;
        savepoint here; update exercise_moves set name = 'Third'; release here;
        commit";
    let changes = change_after(app, &client, sql).await;
    assert_eq!(changes["coaches"]["upserted"].as_array().unwrap().len(), 1);
    assert_eq!(changes["schedules"]["upserted"][0]["coach"]["name"], "First");
    assert_eq!(changes["exercise_moves"]["upserted"][0]["name"], "Third");
}

async fn log_entries_of_unknown_rows_are_ignored(app: &TestApp) {
    let client = follow_seeded_planner(app).await;
    let sql = "begin;
        insert into rowcast_change_log (collection, row_id) values ('gadgets', 1), ('coaches', 99), ('', -1);
        update coaches set age = 50 where id = 1;
        commit";
    let changes = change_after(app, &client, sql).await;
    assert_eq!(changes.as_object().unwrap().len(), 1);
    let kept = client.replica();
    let writer = app.connect().await;
    writer.request("update_coach", json!({ "id": 1, "age": 51 })).await.unwrap_data();
    let back = Client::resume(app.address, kept).await;
    assert_eq!(back.events_since(0)[..2], ["connected", "changes"]);
    back.assert_in_sync().await;
}

async fn recreated_row_is_published_as_upsert(app: &TestApp) {
    let client = follow_seeded_planner(app).await;
    let sql = "begin; delete from schedules; delete from coaches where id = 2;
        insert into coaches (id, name, age, picture) values (2, 'Edsger', 50, 'http://x.y'); commit";
    let changes = change_after(app, &client, sql).await;
    assert_eq!(changes["coaches"]["deleted"], json!([]));
    assert_eq!(changes["coaches"]["upserted"][0]["name"], "Edsger");
    assert_eq!(changes["schedules"], json!({ "upserted": [], "deleted": [1] }));
}
