//! Other programs on the same database: unusual rows and locks affect as little as possible.

use serde_json::{Value, json};

use crate::harness::{Client, Database, Engine, Node, TestApp, fixtures, on_both_databases, with_app};

on_both_databases! {
    rows_beyond_statement_limits_are_sent,
    dangling_reference_affects_only_its_row,
}

/// 33,000 moves in 330 plans of 100 each in one transaction: more than a statement's parameters and a read of the
/// log.
async fn rows_beyond_statement_limits_are_sent(app: &TestApp) {
    let client = app.connect().await;
    app.database.execute(MANY).await;
    let whole = |plan: &Value| plan["exercise_moves"].as_array().is_some_and(|moves| moves.len() == 100);
    let plans =
        client.wait_for_rows("workout_plans", |rows| rows.len() == 330 && rows.iter().all(whole)).await;
    assert_eq!(plans[329]["exercise_moves"][99]["id"], 33_000);
    client.wait_for_rows("exercise_moves", |rows| rows.len() == 33_000).await;

    // `assert_eq!` would print all rows.
    assert!(client.list_all("workout_plans").await == plans, "page by page they are the same");
    app.connect().await.wait_for_rows("workout_plans", |rows| rows == plans).await;
}

const MANY: &str = "
    insert into exercise_moves (name, focus, description, video_link)
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 33000)
    select 'Move', 'Legs', 'As often as it takes.', 'https://example.com' from n order by i;
    insert into workout_plans (name, difficulty, description)
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 330)
    select 'Plan', 'Hard', 'As many as there are.' from n order by i;
    insert into workout_plan_moves (workout_plan_id, exercise_move_id, position)
    select (id - 1) / 100 + 1, id, (id - 1) % 100 from exercise_moves;";

/// Another program may switch foreign keys off.
async fn dangling_reference_affects_only_its_row(app: &TestApp) {
    let client = app.follow().await;
    fixtures::seed_one_of_each(&client).await;
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    let sql = match app.database {
        Database::Sqlite(_) => "pragma foreign_keys = off; delete from coaches where id = 1",
        _ => "set session_replication_role = replica; delete from coaches where id = 1",
    };
    app.database.execute(sql).await;
    client
        .wait_for_replica("the class", |replica| {
            replica.rows("schedules")[0]["coach"] == json!({ "id": 1, "name": "" })
        })
        .await;
    client.wait_for_replica("one coach", |replica| replica.rows("coaches").len() == 1).await;
    client.request("update_coach", json!({ "id": 2, "age": 50 })).await.unwrap_data();
    client.assert_in_sync().await;
    let late = Node::start(&app.database.url(), &[]).await;
    Client::follow(late.address).await.assert_in_sync().await;
    late.stop().await;
}

#[actix_web::test]
async fn invalid_utf8_affects_only_its_row() {
    with_app(Engine::Sqlite, async |app| {
        let client = app.connect().await;
        let bad =
            "insert into coaches (name, age, picture) values (cast(x'41ff42' as text), 33, 'http://x.y')";
        app.database.execute(bad).await;
        client.wait_for_rows("coaches", |rows| rows.len() == 1 && rows[0]["name"] == "A\u{fffd}B").await;
        client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
        assert_eq!(client.latest("coaches").len(), 2);
        assert_eq!(app.connect().await.latest("coaches"), client.latest("coaches"));
    })
    .await;
}

#[actix_web::test]
async fn writes_waiting_for_locked_file_time_out_together() {
    with_app(Engine::Sqlite, async |app| {
        let (ada, bob) = (app.connect().await, app.connect().await);
        let file = rusqlite::Connection::open(app.database.url().trim_start_matches("sqlite://")).unwrap();
        file.execute_batch("begin immediate").unwrap();
        let began = std::time::Instant::now();
        let writes: Vec<u64> = (0..4).map(|_| ada.emit("new_coach", &[fixtures::coach("Ada")])).collect();
        let other = bob.request("new_coach", fixtures::coach("Bob")).await;
        assert_eq!(other.error_keys(), ["$unavailable"]);
        assert_eq!(ada.ack(writes[0]).await.error_keys(), ["$unavailable"]);
        assert!(began.elapsed().as_secs() < 9, "Bob waited for Ada's wait, too");
        assert_eq!(
            bob.request("list_coaches", Value::Null).await.unwrap_data()["rows"],
            json!([]),
            "reading goes on"
        );

        file.execute_batch("rollback").unwrap();
        bob.request("new_coach", fixtures::coach("Bob")).await.unwrap_data();
    })
    .await;
}

#[actix_web::test]
async fn failed_logout_can_be_repeated() {
    let app = TestApp::spawn(Engine::Sqlite, &["--sample-data", "always"]).await;
    let client = app.connect().await;
    let mara = json!({ "username": "mara", "password": "mara_password" });
    let token = client.request("login", mara).await.unwrap_data()["token"].clone();
    let file = rusqlite::Connection::open(app.database.url().trim_start_matches("sqlite://")).unwrap();
    file.execute_batch("begin immediate").unwrap();
    assert_eq!(client.request_with("logout", &[]).await.error_keys(), ["$unavailable"]);
    file.execute_batch("rollback").unwrap();
    assert!(app.connect_with(&json!({ "token": token })).await.is_ok(), "it is still signed in");

    client.request_with("logout", &[]).await.unwrap_data();
    assert!(app.connect_with(&json!({ "token": token })).await.is_err());
    app.stop().await;
}
