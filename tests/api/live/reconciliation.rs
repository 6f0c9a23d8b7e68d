//! Reconciliation: changes that no trigger recorded are published to every client, with a new version.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};

use super::cursors::{assert_resumes, cursor};
use crate::harness::{
    Client, Database, Engine, Node, ReplicaModel, TIMEOUT, TestApp, fixtures, http, on_both_databases,
    on_empty_databases, postgres, process::ServerProcess, with_app,
};

on_both_databases! {
    unlogged_update_is_published_with_new_version,
    unlogged_insert_and_delete_are_published,
    unlogged_change_of_embedded_row_is_published,
    many_unlogged_changes_are_published,
    logged_changes_are_not_reconciled,
    row_with_lowest_id_is_not_reconciled,
}

on_empty_databases! {
    reconcile_rows_setting_controls_comparison,
    unlogged_change_while_stopped_is_published,
    unlogged_change_before_crash_is_published,
    unlogged_change_in_new_epoch_is_published,
    unlogged_change_without_digest_is_published,
    unlogged_change_after_pruning_is_published,
}

const TABLES: [&str; 4] = ["coaches", "schedules", "exercise_moves", "workout_plan_moves"];

/// Executes SQL with all triggers of these tables disabled.
pub(crate) async fn execute_unlogged(database: &Database, tables: &[&str], sql: &str) {
    let Database::Sqlite(folder) = database else {
        let switch = |on: &str| -> String {
            tables.iter().map(|table| format!("alter table {table} {on} trigger all; ")).collect()
        };
        return database
            .execute(&format!("begin; {}{sql}; {} commit", switch("disable"), switch("enable")))
            .await;
    };
    let file = rusqlite::Connection::open(folder.path().join("gym.db")).unwrap();
    let triggers = "select name, sql from sqlite_schema where type = 'trigger' and tbl_name = ?";
    let mut script = ("begin immediate; ".to_owned(), String::new());
    for table in tables {
        let mut found = file.prepare(triggers).unwrap();
        let mut found = found.query([table]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let (name, sql): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
            script.0.push_str(&format!("drop trigger \"{name}\"; "));
            script.1.push_str(&format!("{sql}; "));
        }
    }
    database.execute(&format!("{}{sql}; {}commit", script.0, script.1)).await;
}

async fn connect_clients(app: &TestApp) -> (Client, Client, String) {
    let (client, snapshots) = (app.follow().await, app.connect().await);
    fixtures::seed_one_of_each(&client).await;
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    snapshots.assert_in_sync().await;
    let before = cursor(&client);
    (client, snapshots, before)
}

/// Asserts that both clients are in sync, and that a client with the earlier cursor receives the changes.
async fn assert_settled(app: &TestApp, (client, snapshots, before): &(Client, Client, String)) -> Client {
    client.assert_in_sync().await;
    snapshots.assert_in_sync().await;
    assert_resumes(app.address, before).await;
    let back = Client::resume(app.address, ReplicaModel::at(before.clone())).await;
    assert!(
        back.changes_since(0)[0].as_object().is_some_and(|missed| !missed.is_empty()),
        "what it has missed"
    );
    back
}

async fn unlogged_update_is_published_with_new_version(app: &TestApp) {
    let opened = connect_clients(app).await;
    let row = opened.0.replica().rows("coaches")[1].clone();
    let then = opened.0.now();
    execute_unlogged(&app.database, &["coaches"], "update coaches set name = 'Unseen' where id = 2").await;
    opened.0.wait_for_replica("the name", |replica| replica.rows("coaches")[1]["name"] == "Unseen").await;
    opened.1.wait_for_rows("coaches", |rows| rows[1]["name"] == "Unseen").await;
    let back = assert_settled(app, &opened).await;
    assert_eq!(back.changes_since(0)[0]["coaches"]["upserted"][0]["name"], "Unseen");
    let version = row["version"].as_i64().unwrap();
    assert_eq!(opened.0.replica().rows("coaches")[1]["version"], version + 1);
    let stale = json!({ "id": 2, "age": 50, "version": version });
    assert_eq!(opened.0.request("update_coach", stale).await.error_keys(), ["$conflict"]);
    // A version that the other program sets itself is kept.
    execute_unlogged(&app.database, &["coaches"], "update coaches set age = 60, version = 9 where id = 2")
        .await;
    opened.0.wait_for_replica("the age", |replica| replica.rows("coaches")[1]["age"] == 60).await;
    assert_eq!(opened.0.replica().rows("coaches")[1]["version"], 9);
    assert_eq!(opened.0.changes_since(then).len(), 2, "once each: {:?}", opened.0.changes_since(then));
    http::until_metric(app.address, "rowcast_reconciled_rows_total", |rows| rows == 2.0).await;
}

async fn unlogged_insert_and_delete_are_published(app: &TestApp) {
    let opened = connect_clients(app).await;
    let sql = "insert into coaches (id, name, age, picture) values (77, 'Edsger', 50, 'http://x.y');
        delete from coaches where id = 2";
    execute_unlogged(&app.database, &["coaches"], sql).await;
    let came = |replica: &ReplicaModel| replica.rows("coaches").iter().any(|row| row["id"] == 77);
    opened.0.wait_for_replica("the one that came", came).await;
    opened.0.wait_for_replica("not the one that went", |replica| replica.rows("coaches").len() == 2).await;
    assert_settled(app, &opened).await;
    execute_unlogged(&app.database, &["schedules"], "delete from schedules").await;
    opened.0.wait_for_replica("no class", |replica| replica.rows("schedules").is_empty()).await;
    assert_settled(app, &opened).await;
}

async fn unlogged_change_of_embedded_row_is_published(app: &TestApp) {
    let opened = connect_clients(app).await;
    let plan = |replica: &ReplicaModel| replica.rows("workout_plans")[0].clone();
    let before = plan(&opened.0.replica());
    execute_unlogged(&app.database, &["exercise_moves"], "update exercise_moves set name = 'Unseen'").await;
    opened
        .0
        .wait_for_replica("the move in its plan", |replica| {
            plan(replica)["exercise_moves"][0]["name"] == "Unseen"
        })
        .await;
    opened
        .0
        .wait_for_replica("its next version", |replica| replica.rows("exercise_moves")[0]["version"] == 2)
        .await;
    assert_eq!(plan(&opened.0.replica())["version"], before["version"], "the plan itself is as it was");
    assert_settled(app, &opened).await;
    execute_unlogged(&app.database, &["coaches"], "update coaches set name = 'Ada L.' where id = 1").await;
    let coach = |replica: &ReplicaModel| replica.rows("schedules")[0]["coach"]["name"] == "Ada L.";
    opened.0.wait_for_replica("the coach in the class", coach).await;
    opened.0.wait_for_replica("its next version", |replica| replica.rows("coaches")[0]["version"] == 2).await;
    assert_settled(app, &opened).await;
    execute_unlogged(&app.database, &["workout_plan_moves"], "delete from workout_plan_moves").await;
    opened
        .0
        .wait_for_replica("a plan without moves", |replica| plan(replica)["exercise_moves"] == json!([]))
        .await;
    assert_ne!(plan(&opened.0.replica())["version"], before["version"], "its moves are its own");
    assert_settled(app, &opened).await;
}

/// More rows than are compared in a second, and more than a page.
async fn many_unlogged_changes_are_published(app: &TestApp) {
    let opened = connect_clients(app).await;
    let many = "insert into coaches (name, age, picture)
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 1500)
        select 'Coach', 30, 'https://e.x/p' from n";
    execute_unlogged(&app.database, &["coaches"], many).await;
    opened.0.wait_for_replica("all of them", |replica| replica.rows("coaches").len() == 1502).await;
    assert_settled(app, &opened).await;
    execute_unlogged(&app.database, &["coaches"], "update coaches set age = 31 where id > 2").await;
    let older = |replica: &ReplicaModel| replica.rows("coaches").iter().skip(2).all(|row| row["age"] == 31);
    opened.0.wait_for_replica("all of them older", older).await;
    execute_unlogged(&app.database, &["coaches"], "delete from coaches where id > 2").await;
    opened.0.wait_for_replica("none of them", |replica| replica.rows("coaches").len() == 2).await;
    assert_settled(app, &opened).await;
}

/// The comparison runs while others write, and publishes nothing.
async fn logged_changes_are_not_reconciled(app: &TestApp) {
    let opened = connect_clients(app).await;
    let (client, then) = (&opened.0, opened.0.now());
    for age in 20..80 {
        app.database.execute(&format!("update coaches set age = {age}")).await;
        client
            .request("update_exercise_move", json!({ "id": 1, "name": format!("Squat {age}") }))
            .await
            .unwrap_data();
    }
    let began = |passed: f64| passed > 0.0;
    http::until_metric(app.address, "rowcast_reconcile_pass_seconds", began).await;
    client.assert_in_sync().await;
    let changes: Vec<Value> = client.changes_since(then);
    assert!(
        changes.iter().all(|changes| changes.as_object().is_some_and(|changes| !changes.is_empty())),
        "{changes:?}"
    );
    assert_eq!(http::metric(app.address, "rowcast_reconciled_rows_total").await, 0.0);
}

async fn row_with_lowest_id_is_not_reconciled(app: &TestApp) {
    let client = app.follow().await;
    let lowest = "insert into coaches (id, name, age, picture) values (-9223372036854775808, 'Low', 30, 'https://e.x/l')";
    app.database.execute(lowest).await;
    client.wait_for_replica("the row", |replica| !replica.rows("coaches").is_empty()).await;
    // Two passes, because the first may be before the row.
    for text in ["'https://e.x/m'", "'https://e.x/n'"] {
        execute_unlogged(&app.database, &["coaches"], &format!("update coaches set picture = {text}")).await;
        client
            .wait_for_replica("the change", |replica| {
                text.contains(replica.rows("coaches")[0]["picture"].as_str().unwrap())
            })
            .await;
    }
    assert_eq!(http::metric(app.address, "rowcast_reconciled_rows_total").await, 2.0);
    let log = app.database.number("select count(*) from rowcast_change_log").await;
    client.assert_in_sync().await;
    assert_eq!(app.database.number("select count(*) from rowcast_change_log").await, log);
    let later = Node::start(&app.database.url(), &[]).await;
    assert_eq!(Client::follow(later.address).await.replica().rows("coaches").len(), 1);
    later.stop().await;
}

/// Both nodes find the change; the version increases once.
#[actix_web::test]
async fn two_nodes_reconcile_to_same_version() {
    with_app(Engine::Postgres, async |app: &TestApp| {
        let beside = Node::start(&app.database.url(), &[]).await;
        let there = Client::follow(beside.address).await;
        let opened = connect_clients(app).await;
        for round in 0..3 {
            let before = there.replica();
            let sql = format!("update coaches set name = 'Unseen {round}' where id = 2");
            execute_unlogged(&app.database, &["coaches"], &sql).await;
            let name = format!("Unseen {round}");
            for client in [&opened.0, &there] {
                client
                    .wait_for_replica("the name", |replica| replica.rows("coaches")[1]["name"] == *name)
                    .await;
            }
            assert_eq!(there.replica().rows("coaches")[1]["version"], 2 + round);
            let back = Client::resume(app.address, before).await;
            assert_eq!(back.events_since(0)[..2], ["connected", "changes"]);
            back.assert_in_sync().await;
        }
        there.assert_in_sync().await;
        beside.stop().await;
    })
    .await;
}

async fn reconcile_rows_setting_controls_comparison(database: &Database) {
    let mut program = ServerProcess::serve(&database.url(), &["--reconcile-rows", "0"]);
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    execute_unlogged(database, &["coaches"], "update coaches set age = 71").await;
    database.execute("update exercise_moves set name = 'Marker'").await;
    client
        .wait_for_replica("the marker", |replica| replica.rows("exercise_moves")[0]["name"] == "Marker")
        .await;
    assert_eq!(client.replica().rows("coaches")[0]["age"], 36);
    assert_eq!(http::metric(program.address, "rowcast_reconcile_pass_seconds").await, 0.0);
    program.kill();

    let program = ServerProcess::serve(&database.url(), &["--reconcile-rows", "50"]);
    let client = Client::follow(program.address).await;
    assert_eq!(client.replica().rows("coaches")[0]["age"], 71);
    execute_unlogged(database, &["coaches"], "update coaches set age = 72").await;
    client.wait_for_replica("the age", |replica| replica.rows("coaches")[0]["age"] == 72).await;
    let log = program.wait_for_log("rows differ from the published state").await;
    assert!(log.contains("coaches"), "{log}");
}

/// Changes with all triggers disabled.
const UNLOGGED: [(&str, Found); 5] = [
    ("update coaches set age = 71", Found::ByRow),
    ("insert into coaches (name, age, picture) values ('Unseen', 71, 'https://e.x/u')", Found::ByRow),
    ("delete from schedules", Found::AsAWhole),
    ("update exercise_moves set name = 'Unseen'", Found::ByRow),
    (
        "insert into workout_plan_moves (workout_plan_id, exercise_move_id, position) values (1, 1, 9)",
        Found::ByRow,
    ),
];

/// How PostgreSQL detects the change: a deleted row does not name the deleting transaction. SQLite records no
/// transaction with a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    ByRow,
    AsAWhole,
}

/// Resumes from the replica: with changes if the changed rows can be identified, with snapshots otherwise.
async fn resume_after_unlogged(
    database: &Database,
    address: SocketAddr,
    replica: ReplicaModel,
    (sql, found): (&str, Found),
) -> ReplicaModel {
    let is_known = found == Found::ByRow && matches!(database, Database::Postgres(..));
    let client = Client::resume(address, replica).await;
    client.assert_in_sync().await;
    assert_eq!(client.events_since(0).contains(&"coaches".to_owned()), !is_known, "{sql}");
    client.replica()
}

async fn unlogged_change_while_stopped_is_published(database: &Database) {
    let url = database.url();
    let node = Node::start(&url, &[]).await;
    let client = Client::follow(node.address).await;
    fixtures::seed_one_of_each(&client).await;
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    let mut replica = client.replica();
    drop(client);
    node.stop().await;
    for unlogged in UNLOGGED {
        database.execute("update coaches set name = 'Seen' where id = 2").await;
        execute_unlogged(database, &TABLES, unlogged.0).await;
        let node = Node::start(&url, &[]).await;
        replica = resume_after_unlogged(database, node.address, replica, unlogged).await;
        node.stop().await;
        // A logged change alone does not lead to snapshots.
        database.execute("update coaches set picture = 'https://e.x/q' where id = 2").await;
        let node = Node::start(&url, &[]).await;
        let back = Client::resume(node.address, replica).await;
        back.assert_in_sync().await;
        assert_eq!(back.changes_since(0)[0]["coaches"]["upserted"][0]["id"], 2, "{}", unlogged.0);
        replica = back.replica();
        drop(back);
        node.stop().await;
    }
}

/// The shown state is recorded at the start, so the next server finds what a killed one did not compare.
async fn unlogged_change_before_crash_is_published(database: &Database) {
    let serve = || ServerProcess::serve(&database.url(), &["--reconcile-rows", "0"]);
    let mut program = serve();
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    let mut replica = client.replica();
    for unlogged in UNLOGGED {
        program.kill();
        program = serve();
        replica = resume_unchanged(program.address, replica).await;
        execute_unlogged(database, &TABLES, unlogged.0).await;
        program.kill();
        program = serve();
        replica = resume_after_unlogged(database, program.address, replica, unlogged).await;
    }
}

/// Seeds rows, damages the log under the running server by SQL, and returns a client's replica at a cursor from after that.
async fn replica_after(database: &Database, program: &ServerProcess, damage: &str) -> ReplicaModel {
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    let before = cursor(&client);
    database.execute(damage).await;
    // Whether the log was damaged is noticed at once, and not by the write.
    database.execute("update coaches set age = 50").await;
    client.wait_for_replica("the age", |replica| replica.rows("coaches")[0]["age"] == 50).await;
    assert_ne!(cursor(&client), before);
    client.replica()
}

/// Changes rows behind all triggers, kills the server, and resumes with the next one.
async fn assert_unlogged_reaches_resuming_client(
    database: &Database,
    mut program: ServerProcess,
    replica: ReplicaModel,
    before_start: &str,
) {
    execute_unlogged(database, &TABLES, "update coaches set age = 71").await;
    program.kill();
    database.execute(before_start).await;
    let program = ServerProcess::serve(&database.url(), &["--reconcile-rows", "0"]);
    let client = Client::resume(program.address, replica).await;
    client.assert_in_sync().await;
    assert_eq!(client.replica().rows("coaches")[0]["age"], 71);
}

/// The log begins anew, and soon the digest does too: rows that PostgreSQL identifies arrive as changes.
async fn unlogged_change_in_new_epoch_is_published(database: &Database) {
    let mut program = ServerProcess::serve(&database.url(), &["--reconcile-rows", "0"]);
    let replica = replica_after(database, &program, "delete from rowcast_change_log_state").await;
    let (epoch, _) = replica.cursor().unwrap().split_once('.').unwrap();
    let saved = format!("select count(*) from rowcast_change_log_digest where epoch = '{epoch}'");
    let wait = async {
        while database.number(&saved).await == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, wait).await.expect("the digest to be saved");
    execute_unlogged(database, &TABLES, UNLOGGED[0].0).await;
    program.kill();
    let program = ServerProcess::serve(&database.url(), &["--reconcile-rows", "0"]);
    resume_after_unlogged(database, program.address, replica, UNLOGGED[0]).await;
}

async fn unlogged_change_without_digest_is_published(database: &Database) {
    let program = ServerProcess::serve(&database.url(), &["--reconcile-rows", "0"]);
    let replica = replica_after(database, &program, "select 1").await;
    assert_unlogged_reaches_resuming_client(
        database,
        program,
        replica,
        "delete from rowcast_change_log_digest",
    )
    .await;
}

/// The digest of the start is older than the log.
async fn unlogged_change_after_pruning_is_published(database: &Database) {
    let program = ServerProcess::serve(&database.url(), &["--reconcile-rows", "0"]);
    let replica = replica_after(database, &program, "delete from rowcast_change_log").await;
    assert_unlogged_reaches_resuming_client(database, program, replica, "select 1").await;
}

async fn resume_unchanged(address: SocketAddr, replica: ReplicaModel) -> ReplicaModel {
    let client = Client::resume(address, replica).await;
    client.assert_in_sync().await;
    assert_eq!(client.events_since(0)[..2], ["connected", "changes"]);
    client.replica()
}

/// The log has an entry of the same row, but none of the later change.
#[actix_web::test]
async fn unlogged_change_after_logged_one_moves_version() {
    let database = Database::Postgres(postgres::Database::new().await);
    let serve = || ServerProcess::serve(&database.url(), &["--reconcile-rows", "0"]);
    let mut program = serve();
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    let seen = client.request("update_coach", json!({ "id": 1, "age": 50 })).await.unwrap_data();
    let replica = client.replica();
    execute_unlogged(&database, &TABLES, "update coaches set age = 71 where id = 1").await;
    program.kill();
    program = serve();
    let client = Client::resume(program.address, replica).await;
    client.assert_in_sync().await;
    assert_eq!(client.replica().rows("coaches")[0]["age"], 71);
    let stale = json!({ "id": 1, "name": "Stale", "version": seen["version"] });
    assert_eq!(client.request("update_coach", stale).await.error_keys(), ["$conflict"]);
}

/// A new epoch empties the log. The recorded state includes the row, although an older transaction is still open.
#[actix_web::test]
async fn logged_change_above_open_transaction_keeps_its_version_after_new_epoch() {
    let database = Database::Postgres(postgres::Database::new().await);
    let node = Node::start(&database.url(), &[]).await;
    let open = postgres::Session::begin(&database.url(), "select pg_current_xact_id()").await;
    let client = Client::follow(node.address).await;
    let row = client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    let before = cursor(&client);
    database.execute("truncate rowcast_change_log").await;
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    client.wait_for_replica("the second coach", |replica| replica.rows("coaches").len() == 2).await;
    let epoch = |cursor: &str| cursor.split_once('.').unwrap().0.to_owned();
    assert_ne!(epoch(&cursor(&client)), epoch(&before));
    drop(client);
    node.stop().await;
    let node = Node::start(&database.url(), &[]).await;
    let client = Client::follow(node.address).await;
    client.assert_in_sync().await;
    assert_eq!(client.replica().rows("coaches")[0], row);
    open.commit().await;
    node.stop().await;
}
