//! Versions: after any external change of a row, an update with the earlier version is a conflict; the server's own
//! updates increment it by one.

use serde_json::{Value, json};

use crate::harness::{Client, Database, Engine, Node, TestApp, fixtures, on_both_databases, with_app};

on_both_databases! {
    stale_update_after_external_write_is_conflict,
    stale_update_after_external_link_change_is_conflict,
    external_write_without_change_is_no_conflict,
    plan_updates_increment_version_by_one,
    recreated_row_conflicts_with_old_version,
    external_write_publishes_new_version,
}

/// Singular and collection of the changed row, and the SQL of another program.
const ROWS: [(&str, &str, &str); 9] = [
    ("coach", "coaches", "update coaches set age = 60 where id = 1"),
    ("coach", "coaches", "update coaches set picture = 'https://x.y'"),
    ("coach", "coaches", "update coaches set name = lower(name)"),
    ("coach", "coaches", "update coaches set name = 'Old', version = 1 where id = 1"),
    ("coach", "coaches", "begin; update coaches set age = 61; update coaches set age = 60; commit"),
    (
        "coach",
        "coaches",
        "insert into coaches (id, name, age, picture) values (1, 'Upsert', 60, 'https://x.y')
            on conflict (id) do update set name = excluded.name, age = excluded.age",
    ),
    ("exercise_move", "exercise_moves", "update exercise_moves set focus = 'Back'"),
    ("schedule", "schedules", "update schedules set hour = '1030'"),
    ("workout_plan", "workout_plans", "update workout_plans set difficulty = 'Hard'"),
];

const LINKS: [&str; 6] = [
    "insert into workout_plan_moves (workout_plan_id, exercise_move_id, position) values (1, 1, 1), (1, 1, 2)",
    "update workout_plan_moves set position = 9 where position = 2",
    "update workout_plan_moves set position = position + 10",
    "begin; update workout_plans set name = name; delete from workout_plan_moves where position = 19; commit",
    "update workout_plan_moves set workout_plan_id = 2 where position = 11",
    "delete from workout_plan_moves where workout_plan_id = 1",
];

async fn stale_update_after_external_write_is_conflict(app: &TestApp) {
    let client = app.follow().await;
    fixtures::seed_one_of_each(&client).await;
    for (name, collection, sql) in ROWS {
        assert_conflict(&client, &app.database, (name, collection), sql).await;
    }
}

async fn stale_update_after_external_link_change_is_conflict(app: &TestApp) {
    let client = app.follow().await;
    fixtures::seed_one_of_each(&client).await;
    client.request("new_workout_plan", fixtures::workout_plan("Evening", &[1])).await.unwrap_data();
    for sql in LINKS {
        assert_conflict(&client, &app.database, ("workout_plan", "workout_plans"), sql).await;
    }
}

/// Reads row 1, executes SQL, and asserts that an update with the version read is a conflict.
async fn assert_conflict(client: &Client, database: &Database, (name, collection): (&str, &str), sql: &str) {
    let seen = client.request(&format!("get_{name}"), json!({ "id": 1 })).await.unwrap_data();
    database.execute(sql).await;
    let stale = json!({ "id": 1, "version": seen["version"] });
    let ack = client.request(&format!("update_{name}"), stale).await;
    assert_eq!(ack.error_keys(), ["$conflict"], "{sql}");
    let now = client.request(&format!("get_{name}"), json!({ "id": 1 })).await.unwrap_data();
    assert_eq!(ack.data, now, "a conflict shows the row as it stands");
    assert!(now["version"].as_i64() > seen["version"].as_i64(), "{sql}");
    client.wait_for_replica(sql, |replica| replica.has(collection, &now)).await;
}

async fn external_write_without_change_is_no_conflict(app: &TestApp) {
    let client = app.follow().await;
    fixtures::seed_one_of_each(&client).await;
    for sql in [
        "update coaches set name = name, age = age",
        "update workout_plans set description = description",
        "update workout_plan_moves set position = position",
    ] {
        app.database.execute(sql).await;
    }
    for event in ["update_coach", "update_workout_plan"] {
        let row = client.request(event, json!({ "id": 1, "version": 1 })).await.unwrap_data();
        assert_eq!(row["version"], 2, "{event}");
    }
}

/// Many updates at once, so that some share a transaction.
async fn plan_updates_increment_version_by_one(app: &TestApp) {
    let clients = [app.connect().await, app.follow().await, app.connect().await];
    fixtures::seed_one_of_each(&clients[0]).await;
    let made = clients[0]
        .request("new_workout_plan", fixtures::workout_plan("Evening", &[1, 1, 1]))
        .await
        .unwrap_data();
    assert_eq!(made["version"], 1);
    let updates = [
        json!({ "id": 1, "exercise_moves": [1, 1, 1] }),
        json!({ "id": 1, "name": "Noon" }),
        json!({ "id": 1, "name": "Night", "exercise_moves": [{ "id": 1 }] }),
        json!({ "id": 2, "exercise_moves": [1] }),
    ];
    let mut versions = Vec::new();
    for round in 0..8 {
        let asked: Vec<_> = clients
            .iter()
            .flat_map(|client| updates.iter().map(move |update| (client, update)))
            .map(|(client, update)| {
                (client, client.emit("update_workout_plan", std::slice::from_ref(update)))
            })
            .collect();
        for (client, id) in asked {
            let row = client.ack(id).await.unwrap_data();
            versions.push((row["id"].as_i64(), row["version"].as_i64()));
        }
        assert_eq!(versions.len(), (round + 1) * 12);
    }
    versions.sort_unstable();
    let counted = |id: i64, updates: i64| (2..=updates + 1).map(move |version| (Some(id), Some(version)));
    assert_eq!(versions, counted(1, 72).chain(counted(2, 24)).collect::<Vec<_>>());
}

/// An id that is used again, after a deletion or by `insert or replace`.
async fn recreated_row_conflicts_with_old_version(app: &TestApp) {
    let client = app.follow().await;
    fixtures::seed_one_of_each(&client).await;
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    let again = "insert into coaches (id, name, age, picture) values (2, 'Edsger', 50, 'https://x.y')";
    app.database.execute(&format!("begin; delete from coaches where id = 2; {again}; commit")).await;
    let ack = client.request("update_coach", json!({ "id": 2, "version": 1, "age": 40 })).await;
    assert_eq!(ack.error_keys(), ["$conflict"]);
    assert_eq!(ack.data["name"], "Edsger");
    client.assert_in_sync().await;
    app.database
        .execute("insert into coaches (id, name, age, picture) values (7, 'New', 50, 'https://x.y')")
        .await;
    client
        .wait_for_replica("a new row begins at 1", |replica| {
            replica.rows("coaches").iter().any(|row| row["id"] == 7 && row["version"] == 1)
        })
        .await;
}

async fn external_write_publishes_new_version(app: &TestApp) {
    let (client, snapshots) = (app.follow().await, app.connect().await);
    fixtures::seed_one_of_each(&client).await;
    let then = client.now();
    app.database.execute("update exercise_moves set name = 'Deep squat'").await;
    client
        .wait_for_replica("the new name", |replica| replica.rows("exercise_moves")[0]["name"] == "Deep squat")
        .await;
    let changes = client.changes_since(then);
    assert_eq!(changes.len(), 1, "one event per write: {changes:?}");
    assert_eq!(changes[0]["exercise_moves"]["upserted"][0]["version"], 2);
    let plan = &changes[0]["workout_plans"]["upserted"][0];
    assert_eq!((&plan["version"], &plan["exercise_moves"][0]["version"]), (&json!(1), &json!(2)));
    snapshots.wait_for_rows("exercise_moves", |rows| rows[0]["version"] == 2).await;
    client.assert_in_sync().await;
}

#[actix_web::test]
async fn external_write_is_conflict_on_every_node() {
    with_app(Engine::Postgres, async |app| {
        let beside = Node::start(&app.database.url(), &[]).await;
        let clients = [app.follow().await, Client::follow(beside.address).await];
        fixtures::seed_one_of_each(&clients[0]).await;
        clients[1].assert_in_sync().await;
        for (at, client) in clients.iter().enumerate() {
            let sql = format!("update coaches set age = 6{at}");
            assert_conflict(client, &app.database, ("coach", "coaches"), &sql).await;
            let link = format!("update workout_plan_moves set position = 6{at}");
            assert_conflict(client, &app.database, ("workout_plan", "workout_plans"), &link).await;
        }
        for client in &clients {
            client.assert_in_sync().await;
        }
        beside.stop().await;
    })
    .await;
}

/// As a subscription and `pg_restore --disable-triggers` write.
#[actix_web::test]
async fn replicated_write_is_conflict() {
    with_app(Engine::Postgres, async |app| {
        let client = app.connect().await;
        fixtures::seed_one_of_each(&client).await;
        let replicated = "set session_replication_role = replica;
            update coaches set age = 60; update workout_plan_moves set position = 5";
        app.database.execute(replicated).await;
        for event in ["update_coach", "update_workout_plan"] {
            let ack = client.request(event, json!({ "id": 1, "version": 1 })).await;
            assert_eq!(
                (ack.error_keys(), &ack.data["version"]),
                (vec!["$conflict"], &Value::from(2)),
                "{event}"
            );
        }
    })
    .await;
}
