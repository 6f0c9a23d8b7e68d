//! A full disk.

use serde_json::{Value, json};

use crate::harness::{Client, Database, Engine, TIMEOUT, fixtures, http, process::ServerProcess};

#[actix_web::test]
async fn full_disk_refuses_writes_and_keeps_acked_rows() {
    let database = Database::new(Engine::Sqlite).await;
    let mut program = ServerProcess::serve_with_file_size_limit(1500, &database.url());
    let (client, other) = (Client::connect(program.address).await, Client::connect(program.address).await);
    let written = fill(&client).await;
    for _ in 0..5 {
        let ack = other.request("new_exercise_move", fixtures::exercise_move("Squat")).await;
        assert!(ack.ok || ack.error_keys() == ["$unavailable"], "{ack:?}");
        assert_eq!(other.request("get_coach", json!({ "id": 1 })).await.unwrap_data(), written[0]);
    }
    assert_eq!(http::get(program.address, "/healthz").await.0, 200);
    assert_eq!(Client::connect(program.address).await.latest("coaches"), written);
    assert!(program.is_running(), "{}", program.log());
    program.kill();

    // There is space again.
    let program = ServerProcess::serve(&database.url(), &[]);
    let client = Client::connect(program.address).await;
    assert_eq!(client.latest("coaches"), written);
    client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
}

#[actix_web::test]
async fn full_disk_makes_server_unready_until_space_is_freed() {
    let database = Database::new(Engine::Sqlite).await;
    let program = ServerProcess::serve_with_file_size_limit(1500, &database.url());
    let client = Client::connect(program.address).await;
    let mut written = fill(&client).await;
    let mut unready = 0;
    while unready < 20 {
        let (status, reason) = http::get(program.address, "/readyz").await;
        if status == 503 {
            assert!(reason.starts_with("writes fail: "), "{reason}");
            break;
        }
        // A small row may still fit, and then writes succeed. A checkpoint makes room for others too.
        let ack = client.request("new_coach", large("Ada")).await;
        if ack.ok {
            written.push(ack.data);
            written.extend(fill(&client).await);
        } else {
            assert_eq!(ack.error_keys(), ["$unavailable"]);
            unready += 1;
        }
    }
    assert!(unready < 20, "it is ready, though every write fails");
    assert_eq!(
        client.request("get_coach", json!({ "id": 1 })).await.unwrap_data(),
        written[0],
        "reads go on"
    );

    program.lift_file_size_limit();
    http::until_status(program.address, "/readyz", 200, TIMEOUT).await;
    client.request("new_coach", large("Grace")).await.unwrap_data();
    program.wait_for_log("writes to the database succeed again").await;
    let found = client.list_all("coaches").await;
    assert_eq!(found[..written.len()], written);
}

/// The write-ahead log does not fit into the main file. A partial checkpoint does not make the file invalid.
#[actix_web::test]
async fn wal_that_cannot_be_checkpointed_is_kept_until_space_is_freed() {
    let database = Database::new(Engine::Sqlite).await;
    let program = ServerProcess::serve_with_file_size_limit(3000, &database.url());
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    // Another program may exceed the limit and leave its rows in the write-ahead log.
    let other = rusqlite::Connection::open(database.url().trim_start_matches("sqlite://")).unwrap();
    other.busy_timeout(TIMEOUT).unwrap();
    let notes = "pragma wal_autocheckpoint = 0; create table notes (text blob);
        insert into notes values (zeroblob(6000000))";
    other.execute_batch(notes).unwrap();
    assert_eq!(client.request("new_coach", fixtures::coach("Grace")).await.error_keys(), ["$unavailable"]);
    http::until_status(program.address, "/readyz", 503, TIMEOUT).await;
    let (_, reason) = http::get(program.address, "/readyz").await;
    assert!(reason.starts_with("writes fail: "), "{reason}");
    for _ in 0..20 {
        assert_eq!(client.request("get_coach", json!({ "id": 1 })).await.unwrap_data()["name"], "Ada");
        assert_eq!(
            client.request("new_coach", fixtures::coach("Grace")).await.error_keys(),
            ["$unavailable"]
        );
    }
    program.lift_file_size_limit();
    http::until_status(program.address, "/readyz", 200, TIMEOUT).await;
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    client.assert_in_sync().await;
    assert!(!program.log().contains("cannot be used"), "{}", program.log());
}

/// Writes until the disk is full; returns the acked rows.
async fn fill(client: &Client) -> Vec<Value> {
    let mut written = Vec::new();
    loop {
        let ack = client.request("new_coach", large(&format!("Coach {}", written.len()))).await;
        if !ack.ok {
            assert_eq!(ack.error_keys(), ["$unavailable"]);
            return written;
        }
        written.push(ack.data);
        assert!(written.len() < 3000, "the disk is never full");
    }
}

fn large(name: &str) -> Value {
    let picture = format!("https://example.com/{}", "x".repeat(1900));
    fixtures::with(fixtures::coach(name), json!({ "picture": picture }))
}
