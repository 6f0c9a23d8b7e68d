//! Other programs on the same database: whatever they do, clients are served as well as can be.

use serde_json::{Value, json};

use crate::harness::{Client, Database, Engine, Node, TestApp, gym, on_both_databases, tell};

on_both_databases! {
    rows_beyond_statement_limits_are_sent,
    dangling_reference_affects_only_its_row,
}

/// 33,000 moves in 330 plans of 100 each, at once: past the bounds of statements and of what the log is read for.
async fn rows_beyond_statement_limits_are_sent(app: &TestApp) {
    let client = app.connect().await;
    app.database.execute(MANY).await;
    let whole = |plan: &Value| plan["exercise_moves"].as_array().is_some_and(|moves| moves.len() == 100);
    let plans = client.sees("workout_plans", |rows| rows.len() == 330 && rows.iter().all(whole)).await;
    assert_eq!(plans[329]["exercise_moves"][99]["id"], 33_000);
    client.sees("exercise_moves", |rows| rows.len() == 33_000).await;

    // Not by `assert_eq!`, which would print them all.
    assert!(client.every("workout_plans").await == plans, "page by page they are the same");
    app.connect().await.sees("workout_plans", |rows| rows == plans).await;
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

/// Foreign keys hold, unless a program switches them off.
async fn dangling_reference_affects_only_its_row(app: &TestApp) {
    let client = app.follow().await;
    gym::open(&client).await;
    client.ask("new_coach", gym::coach("Grace")).await.done();
    let sql = match app.database {
        Database::Sqlite(_) => "pragma foreign_keys = off; delete from coaches where id = 1",
        _ => "set session_replication_role = replica; delete from coaches where id = 1",
    };
    app.database.execute(sql).await;
    client
        .keeps("the class", |copy| copy.rows("schedules")[0]["coach"] == json!({ "id": 1, "name": "" }))
        .await;
    client.keeps("one coach", |copy| copy.rows("coaches").len() == 1).await;
    client.ask("update_coach", json!({ "id": 2, "age": 50 })).await.done();
    client.agrees().await;
    let late = Node::start(&app.database.url(), &[]).await;
    Client::follow(late.address).await.agrees().await;
    late.stop().await;
}

#[actix_web::test]
async fn invalid_utf8_affects_only_its_row() {
    tell(Engine::Sqlite, async |app| {
        let client = app.connect().await;
        let bad =
            "insert into coaches (name, age, picture) values (cast(x'41ff42' as text), 33, 'http://x.y')";
        app.database.execute(bad).await;
        client.sees("coaches", |rows| rows.len() == 1 && rows[0]["name"] == "A\u{fffd}B").await;
        client.ask("new_coach", gym::coach("Grace")).await.done();
        assert_eq!(client.latest("coaches").len(), 2);
        assert_eq!(app.connect().await.latest("coaches"), client.latest("coaches"));
    })
    .await;
}

#[actix_web::test]
async fn writes_waiting_for_locked_file_time_out_together() {
    tell(Engine::Sqlite, async |app| {
        let (ada, bob) = (app.connect().await, app.connect().await);
        let file = rusqlite::Connection::open(app.database.url().trim_start_matches("sqlite://")).unwrap();
        file.execute_batch("begin immediate").unwrap();
        let began = std::time::Instant::now();
        let writes: Vec<u64> = (0..4).map(|_| ada.emit("new_coach", &[gym::coach("Ada")])).collect();
        let other = bob.ask("new_coach", gym::coach("Bob")).await;
        assert_eq!(other.refused(), ["$unavailable"]);
        assert_eq!(ada.ack(writes[0]).await.refused(), ["$unavailable"]);
        assert!(began.elapsed().as_secs() < 9, "Bob waited for Ada's wait, too");
        assert_eq!(bob.ask("list_coaches", Value::Null).await.done()["rows"], json!([]), "reading goes on");

        file.execute_batch("rollback").unwrap();
        bob.ask("new_coach", gym::coach("Bob")).await.done();
    })
    .await;
}

#[actix_web::test]
async fn failed_logout_can_be_repeated() {
    let app = TestApp::spawn(Engine::Sqlite, &["--sample-data", "always"]).await;
    let client = app.connect().await;
    let mara = json!({ "username": "mara", "password": "mara_password" });
    let token = client.ask("login", mara).await.done()["token"].clone();
    let file = rusqlite::Connection::open(app.database.url().trim_start_matches("sqlite://")).unwrap();
    file.execute_batch("begin immediate").unwrap();
    assert_eq!(client.ask_with("logout", &[]).await.refused(), ["$unavailable"]);
    file.execute_batch("rollback").unwrap();
    assert!(app.connect_with(&json!({ "token": token })).await.is_ok(), "it is still signed in");

    client.ask_with("logout", &[]).await.done();
    assert!(app.connect_with(&json!({ "token": token })).await.is_err());
    app.stop().await;
}
