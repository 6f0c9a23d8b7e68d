//! The disk is full.

use serde_json::{Value, json};

use crate::harness::{Client, Database, Engine, PATIENCE, gym, http, program::Program};

#[actix_web::test]
async fn full_disk_refuses_writes_and_keeps_acked_rows() {
    let database = Database::new(Engine::Sqlite).await;
    let mut program = Program::serve_with_files_up_to(1500, &database.url());
    let (client, other) = (Client::connect(program.address).await, Client::connect(program.address).await);
    let written = fill(&client).await;
    for _ in 0..5 {
        let ack = other.ask("new_exercise_move", gym::exercise_move("Squat")).await;
        assert!(ack.ok || ack.refused() == ["$unavailable"], "{ack:?}");
        assert_eq!(other.ask("get_coach", json!({ "id": 1 })).await.done(), written[0]);
    }
    assert_eq!(http::get(program.address, "/healthz").await.0, 200);
    assert_eq!(Client::connect(program.address).await.latest("coaches"), written);
    assert!(program.lives(), "{}", program.log());
    program.kill();

    // There is room again.
    let program = Program::serve(&database.url(), &[]);
    let client = Client::connect(program.address).await;
    assert_eq!(client.latest("coaches"), written);
    client.ask("new_coach", gym::coach("Ada")).await.done();
}

#[actix_web::test]
async fn full_disk_makes_server_unready_until_space_is_freed() {
    let database = Database::new(Engine::Sqlite).await;
    let program = Program::serve_with_files_up_to(1500, &database.url());
    let client = Client::connect(program.address).await;
    let written = fill(&client).await;
    let mut unready = 0;
    while unready < 20 {
        let (status, reason) = http::get(program.address, "/readyz").await;
        if status == 503 {
            assert!(reason.starts_with("writes fail: "), "{reason}");
            break;
        }
        // What is small may still fit: then writes do not fail.
        assert_eq!(client.ask("new_coach", large("Ada")).await.refused(), ["$unavailable"]);
        unready += 1;
    }
    assert!(unready < 20, "it is ready, though every write fails");
    assert_eq!(client.ask("get_coach", json!({ "id": 1 })).await.done(), written[0], "reads go on");

    program.let_files_grow();
    http::until_status(program.address, "/readyz", 200, PATIENCE).await;
    client.ask("new_coach", large("Grace")).await.done();
    program.logged("writes to the database succeed again").await;
    let found = client.every("coaches").await;
    assert_eq!(found[..written.len()], written);
}

/// The log does not fit into the main file then: what has been moved of it by half is no reason to distrust the file.
#[actix_web::test]
async fn wal_that_cannot_be_checkpointed_is_kept_until_space_is_freed() {
    let database = Database::new(Engine::Sqlite).await;
    let program = Program::serve_with_files_up_to(3000, &database.url());
    let client = Client::follow(program.address).await;
    gym::open(&client).await;
    // Another program may write more, and leaves it in the log.
    let other = rusqlite::Connection::open(database.url().trim_start_matches("sqlite://")).unwrap();
    other.busy_timeout(PATIENCE).unwrap();
    let notes = "pragma wal_autocheckpoint = 0; create table notes (text blob);
        insert into notes values (zeroblob(6000000))";
    other.execute_batch(notes).unwrap();
    assert_eq!(client.ask("new_coach", gym::coach("Grace")).await.refused(), ["$unavailable"]);
    http::until_status(program.address, "/readyz", 503, PATIENCE).await;
    let (_, reason) = http::get(program.address, "/readyz").await;
    assert!(reason.starts_with("writes fail: "), "{reason}");
    for _ in 0..20 {
        assert_eq!(client.ask("get_coach", json!({ "id": 1 })).await.done()["name"], "Ada");
        assert_eq!(client.ask("new_coach", gym::coach("Grace")).await.refused(), ["$unavailable"]);
    }
    program.let_files_grow();
    http::until_status(program.address, "/readyz", 200, PATIENCE).await;
    client.ask("new_coach", gym::coach("Grace")).await.done();
    client.agrees().await;
    assert!(!program.log().contains("cannot be used"), "{}", program.log());
}

/// Writes until the disk is full; returns what was acked.
async fn fill(client: &Client) -> Vec<Value> {
    let mut written = Vec::new();
    loop {
        let ack = client.ask("new_coach", large(&format!("Coach {}", written.len()))).await;
        if !ack.ok {
            assert_eq!(ack.refused(), ["$unavailable"]);
            return written;
        }
        written.push(ack.data);
        assert!(written.len() < 3000, "the disk is never full");
    }
}

fn large(name: &str) -> Value {
    let picture = format!("https://example.com/{}", "x".repeat(1900));
    gym::with(gym::coach(name), json!({ "picture": picture }))
}
