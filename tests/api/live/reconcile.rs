//! What no trigger has seen is found by comparing: on every screen, with every cursor, and as a version that has moved.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::cursors::{cursor, resumes};
use crate::harness::{
    Client, Copy, Database, Engine, Node, TestApp, from_both_databases, gym, http, on_both_databases,
    postgres, program::Program, tell,
};

on_both_databases! {
    a_row_that_changed_unseen_is_shown_and_its_version_moves,
    a_row_that_came_or_went_unseen_is_shown,
    what_is_nested_and_changed_unseen_is_shown_wherever_it_is,
    many_rows_that_changed_unseen_are_all_shown,
    rows_that_change_seen_are_left_alone,
}

from_both_databases! {
    what_is_compared_is_a_setting,
    what_changed_unseen_while_no_server_ran_is_not_missed,
    what_changed_unseen_right_before_a_crash_is_not_missed,
}

const TABLES: [&str; 4] = ["coaches", "schedules", "exercise_moves", "workout_plan_moves"];

/// Runs it with all triggers of these tables off.
pub(super) async fn unseen(database: &Database, tables: &[&str], sql: &str) {
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

async fn open(app: &TestApp) -> (Client, Client, String) {
    let (client, snapshots) = (app.follow().await, app.connect().await);
    gym::open(&client).await;
    client.ask("new_coach", gym::coach("Grace")).await.done();
    snapshots.agrees().await;
    let before = cursor(&client);
    (client, snapshots, before)
}

/// Every client keeps what is listed, and one that was here before is sent what it has missed.
async fn settles(app: &TestApp, (client, snapshots, before): &(Client, Client, String)) -> Client {
    client.agrees().await;
    snapshots.agrees().await;
    resumes(app.address, before).await;
    let back = Client::resume(app.address, Copy::at(before.clone())).await;
    assert!(back.told(0)[0].as_object().is_some_and(|missed| !missed.is_empty()), "what it has missed");
    back
}

async fn a_row_that_changed_unseen_is_shown_and_its_version_moves(app: &TestApp) {
    let opened = open(app).await;
    let row = opened.0.copy().rows("coaches")[1].clone();
    let then = opened.0.now();
    unseen(&app.database, &["coaches"], "update coaches set name = 'Unseen' where id = 2").await;
    opened.0.keeps("the name", |copy| copy.rows("coaches")[1]["name"] == "Unseen").await;
    opened.1.sees("coaches", |rows| rows[1]["name"] == "Unseen").await;
    let back = settles(app, &opened).await;
    assert_eq!(back.told(0)[0]["coaches"]["upserted"][0]["name"], "Unseen");
    let version = row["version"].as_i64().unwrap();
    assert_eq!(opened.0.copy().rows("coaches")[1]["version"], version + 1);
    let stale = json!({ "id": 2, "age": 50, "version": version });
    assert_eq!(opened.0.ask("update_coach", stale).await.refused(), ["$conflict"]);
    // A program that counts versions itself is not counted for.
    unseen(&app.database, &["coaches"], "update coaches set age = 60, version = 9 where id = 2").await;
    opened.0.keeps("the age", |copy| copy.rows("coaches")[1]["age"] == 60).await;
    assert_eq!(opened.0.copy().rows("coaches")[1]["version"], 9);
    assert_eq!(opened.0.told(then).len(), 2, "once each: {:?}", opened.0.told(then));
    http::until_metric(app.address, "rowcast_reconciled_rows_total", |rows| rows == 2.0).await;
}

async fn a_row_that_came_or_went_unseen_is_shown(app: &TestApp) {
    let opened = open(app).await;
    let sql = "insert into coaches (id, name, age, picture) values (77, 'Edsger', 50, 'http://x.y');
        delete from coaches where id = 2";
    unseen(&app.database, &["coaches"], sql).await;
    let came = |copy: &Copy| copy.rows("coaches").iter().any(|row| row["id"] == 77);
    opened.0.keeps("the one that came", came).await;
    opened.0.keeps("not the one that went", |copy| copy.rows("coaches").len() == 2).await;
    settles(app, &opened).await;
    unseen(&app.database, &["schedules"], "delete from schedules").await;
    opened.0.keeps("no class", |copy| copy.rows("schedules").is_empty()).await;
    settles(app, &opened).await;
}

async fn what_is_nested_and_changed_unseen_is_shown_wherever_it_is(app: &TestApp) {
    let opened = open(app).await;
    let plan = |copy: &Copy| copy.rows("workout_plans")[0].clone();
    let before = plan(&opened.0.copy());
    unseen(&app.database, &["exercise_moves"], "update exercise_moves set name = 'Unseen'").await;
    opened.0.keeps("the move in its plan", |copy| plan(copy)["exercise_moves"][0]["name"] == "Unseen").await;
    opened.0.keeps("its next version", |copy| copy.rows("exercise_moves")[0]["version"] == 2).await;
    assert_eq!(plan(&opened.0.copy())["version"], before["version"], "the plan itself is as it was");
    settles(app, &opened).await;
    unseen(&app.database, &["coaches"], "update coaches set name = 'Ada L.' where id = 1").await;
    let coach = |copy: &Copy| copy.rows("schedules")[0]["coach"]["name"] == "Ada L.";
    opened.0.keeps("the coach in the class", coach).await;
    opened.0.keeps("its next version", |copy| copy.rows("coaches")[0]["version"] == 2).await;
    settles(app, &opened).await;
    unseen(&app.database, &["workout_plan_moves"], "delete from workout_plan_moves").await;
    opened.0.keeps("a plan without moves", |copy| plan(copy)["exercise_moves"] == json!([])).await;
    assert_ne!(plan(&opened.0.copy())["version"], before["version"], "its moves are its own");
    settles(app, &opened).await;
}

/// More than are compared in a second, and more than a page may have.
async fn many_rows_that_changed_unseen_are_all_shown(app: &TestApp) {
    let opened = open(app).await;
    let many = "insert into coaches (name, age, picture)
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 1500)
        select 'Coach', 30, 'https://e.x/p' from n";
    unseen(&app.database, &["coaches"], many).await;
    opened.0.keeps("all of them", |copy| copy.rows("coaches").len() == 1502).await;
    settles(app, &opened).await;
    unseen(&app.database, &["coaches"], "update coaches set age = 31 where id > 2").await;
    let older = |copy: &Copy| copy.rows("coaches").iter().skip(2).all(|row| row["age"] == 31);
    opened.0.keeps("all of them older", older).await;
    unseen(&app.database, &["coaches"], "delete from coaches where id > 2").await;
    opened.0.keeps("none of them", |copy| copy.rows("coaches").len() == 2).await;
    settles(app, &opened).await;
}

/// It goes on comparing while others write, and finds nothing that it would have to publish.
async fn rows_that_change_seen_are_left_alone(app: &TestApp) {
    let opened = open(app).await;
    let (client, then) = (&opened.0, opened.0.now());
    for age in 20..80 {
        app.database.execute(&format!("update coaches set age = {age}")).await;
        client.ask("update_exercise_move", json!({ "id": 1, "name": format!("Squat {age}") })).await.done();
    }
    let began = |passed: f64| passed > 0.0;
    http::until_metric(app.address, "rowcast_reconcile_pass_seconds", began).await;
    client.agrees().await;
    let told: Vec<Value> = client.told(then);
    assert!(told.iter().all(|told| told.as_object().is_some_and(|told| !told.is_empty())), "{told:?}");
    assert_eq!(http::metric(app.address, "rowcast_reconciled_rows_total").await, 0.0);
}

/// Both nodes find it; it is written once or twice, and the version moves once.
#[actix_web::test]
async fn two_nodes_that_find_the_same_show_the_same() {
    tell(Engine::Postgres, async |app: &TestApp| {
        let beside = Node::start(&app.database.url(), &[]).await;
        let there = Client::follow(beside.address).await;
        let opened = open(app).await;
        for round in 0..3 {
            let before = there.copy();
            let sql = format!("update coaches set name = 'Unseen {round}' where id = 2");
            unseen(&app.database, &["coaches"], &sql).await;
            let name = format!("Unseen {round}");
            for client in [&opened.0, &there] {
                client.keeps("the name", |copy| copy.rows("coaches")[1]["name"] == *name).await;
            }
            assert_eq!(there.copy().rows("coaches")[1]["version"], 2 + round);
            let back = Client::resume(app.address, before).await;
            assert_eq!(back.events_since(0)[..2], ["connected", "changes"]);
            back.agrees().await;
        }
        there.agrees().await;
        beside.stop().await;
    })
    .await;
}

async fn what_is_compared_is_a_setting(database: &Database) {
    let mut program = Program::serve(&database.url(), &["--reconcile-rows", "0"]);
    let client = Client::follow(program.address).await;
    gym::open(&client).await;
    unseen(database, &["coaches"], "update coaches set age = 71").await;
    database.execute("update exercise_moves set name = 'Marker'").await;
    client.keeps("the marker", |copy| copy.rows("exercise_moves")[0]["name"] == "Marker").await;
    assert_eq!(client.copy().rows("coaches")[0]["age"], 36);
    assert_eq!(http::metric(program.address, "rowcast_reconcile_pass_seconds").await, 0.0);
    program.kill();

    let program = Program::serve(&database.url(), &["--reconcile-rows", "50"]);
    let client = Client::follow(program.address).await;
    assert_eq!(client.copy().rows("coaches")[0]["age"], 71);
    unseen(database, &["coaches"], "update coaches set age = 72").await;
    client.keeps("the age", |copy| copy.rows("coaches")[0]["age"] == 72).await;
    let log = program.logged("rows differ from the published state").await;
    assert!(log.contains("coaches"), "{log}");
}

/// What was changed unseen, with all triggers off.
const UNSEEN: [(&str, Found); 5] = [
    ("update coaches set age = 71", Found::ByRow),
    ("insert into coaches (name, age, picture) values ('Unseen', 71, 'https://e.x/u')", Found::ByRow),
    ("delete from schedules", Found::AsAWhole),
    ("update exercise_moves set name = 'Unseen'", Found::ByRow),
    (
        "insert into workout_plan_moves (workout_plan_id, exercise_move_id, position) values (1, 1, 9)",
        Found::ByRow,
    ),
];

/// How PostgreSQL lets it be found: a row that is gone does not name the transaction that deleted it. SQLite keeps nothing with any row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    ByRow,
    AsAWhole,
}

/// A client that comes back is sent what it has missed: as changes where it is known which rows they are, or else everything.
async fn comes_back(
    database: &Database,
    address: SocketAddr,
    copy: Copy,
    (sql, found): (&str, Found),
) -> Copy {
    let is_known = found == Found::ByRow && matches!(database, Database::Postgres(..));
    let client = Client::resume(address, copy).await;
    client.agrees().await;
    assert_eq!(client.events_since(0).contains(&"coaches".to_owned()), !is_known, "{sql}");
    client.copy()
}

async fn what_changed_unseen_while_no_server_ran_is_not_missed(database: &Database) {
    let url = database.url();
    let node = Node::start(&url, &[]).await;
    let client = Client::follow(node.address).await;
    gym::open(&client).await;
    client.ask("new_coach", gym::coach("Grace")).await.done();
    let mut copy = client.copy();
    drop(client);
    node.stop().await;
    for unlogged in UNSEEN {
        database.execute("update coaches set name = 'Seen' where id = 2").await;
        unseen(database, &TABLES, unlogged.0).await;
        let node = Node::start(&url, &[]).await;
        copy = comes_back(database, node.address, copy, unlogged).await;
        node.stop().await;
        // And what was seen is no reason to.
        database.execute("update coaches set picture = 'https://e.x/q' where id = 2").await;
        let node = Node::start(&url, &[]).await;
        let back = Client::resume(node.address, copy).await;
        back.agrees().await;
        assert_eq!(back.told(0)[0]["coaches"]["upserted"][0]["id"], 2, "{}", unlogged.0);
        copy = back.copy();
        drop(back);
        node.stop().await;
    }
}

/// What is shown is noted when a server begins: what a server that is killed never compared is found by the next one.
async fn what_changed_unseen_right_before_a_crash_is_not_missed(database: &Database) {
    let serve = || Program::serve(&database.url(), &["--reconcile-rows", "0"]);
    let mut program = serve();
    let client = Client::follow(program.address).await;
    gym::open(&client).await;
    let mut copy = client.copy();
    for unlogged in UNSEEN {
        program.kill();
        program = serve();
        copy = comes_back_as_it_was(program.address, copy).await;
        unseen(database, &TABLES, unlogged.0).await;
        program.kill();
        program = serve();
        copy = comes_back(database, program.address, copy, unlogged).await;
    }
}

async fn comes_back_as_it_was(address: SocketAddr, copy: Copy) -> Copy {
    let client = Client::resume(address, copy).await;
    client.agrees().await;
    assert_eq!(client.events_since(0)[..2], ["connected", "changes"]);
    client.copy()
}

/// The log has something of the very row, but nothing of what came after that.
#[actix_web::test]
async fn a_row_that_changed_seen_and_then_unseen_before_a_crash_moves_on() {
    let database = Database::Postgres(postgres::Database::new().await);
    let serve = || Program::serve(&database.url(), &["--reconcile-rows", "0"]);
    let mut program = serve();
    let client = Client::follow(program.address).await;
    gym::open(&client).await;
    let seen = client.ask("update_coach", json!({ "id": 1, "age": 50 })).await.done();
    let copy = client.copy();
    unseen(&database, &TABLES, "update coaches set age = 71 where id = 1").await;
    program.kill();
    program = serve();
    let client = Client::resume(program.address, copy).await;
    client.agrees().await;
    assert_eq!(client.copy().rows("coaches")[0]["age"], 71);
    let stale = json!({ "id": 1, "name": "Stale", "version": seen["version"] });
    assert_eq!(client.ask("update_coach", stale).await.refused(), ["$conflict"]);
}
