//! The database file is removed, replaced or overwritten under a running server, while clients write.
//!
//! Later acked writes are in the file at that path, also after a crash, and every client shows that file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use serde_json::{Value, json};

use super::write_log::{WriteLog, create_moves};
use crate::harness::{Client, Database, Engine, TIMEOUT, fixtures, http, process::ServerProcess};

/// A change to the database file, with a copy of it at hand.
type FileChange = fn(file: &Path, copy: &Path);

#[actix_web::test]
async fn replaced_file_is_reopened() {
    assert_writes_recover_from(|file, copy| fs::rename(copy, file).unwrap()).await;
}

#[actix_web::test]
async fn deleted_and_recreated_file_is_reopened() {
    assert_writes_recover_from(|file, copy| {
        fs::remove_file(file).unwrap();
        fs::copy(copy, file).unwrap();
    })
    .await;
}

#[actix_web::test]
async fn file_replaced_with_wal_and_shm_is_reopened() {
    assert_writes_recover_from(|file, copy| {
        for file in [file.to_owned(), sidecar(file, "-wal"), sidecar(file, "-shm")] {
            fs::remove_file(file).unwrap();
        }
        fs::rename(copy, file).unwrap();
    })
    .await;
}

#[actix_web::test]
async fn overwritten_file_is_reopened() {
    assert_writes_recover_from(|file, copy| assert!(fs::copy(copy, file).unwrap() > 0)).await;
}

#[actix_web::test]
async fn file_restored_through_sqlite_is_followed() {
    assert_writes_recover_from(|file, copy| {
        let mut file = Connection::open(file).unwrap();
        file.busy_timeout(TIMEOUT).unwrap();
        file.restore("main", copy, None::<fn(_)>).unwrap();
    })
    .await;
}

/// Changes the file into an earlier copy of itself while clients write.
async fn assert_writes_recover_from(change: FileChange) {
    let (database, file) = database().await;
    let copy = file.with_extension("copy");
    let program = ServerProcess::serve(&database.url(), &[]);
    let clients = [Client::follow(program.address).await, Client::follow(program.address).await];
    let listener = Client::connect(program.address).await;
    create_moves(&clients[0]).await;
    fill(&clients[0], 40).await;
    back_up(&file, &copy);
    fill(&clients[1], 150).await;
    // Some pages are in the main file, others in the write-ahead log.
    checkpoint(&file);
    fill(&clients[1], 50).await;

    let write_log = WriteLog::default();
    let trouble = async {
        write_log.until(|write_log| write_log.written_count() >= 20).await;
        change(&file, &copy);
        let before = write_log.written_count();
        // Writes in progress at that moment may succeed or fail.
        write_log.until(|write_log| write_log.written_count() >= before + 60).await;
        write_log.finished.set(true);
        before + 2 * clients.len()
    };
    let writing = async {
        tokio::join!(write_log.write(&clients[0], "Ada"), write_log.write(&clients[1], "Bob"), trouble).2
    };
    let sure = tokio::time::timeout(TIMEOUT * 2, writing).await.expect("writes to succeed again");

    let acked = write_log.written.borrow()[sure..].to_vec();
    http::until_status(program.address, "/readyz", 200, TIMEOUT).await;
    assert_contains(&clients[0], &acked).await;
    assert_eq!(clients[0].list_all("coaches").await.len(), 40, "it is the copy");
    listener.wait_for_rows("coaches", |rows| rows.len() == 40).await;
    for client in [&clients[0], &clients[1], &Client::follow(program.address).await] {
        client.assert_in_sync().await;
    }
    assert_integrity(&file);
    assert_rows_survive_crash(program, &database, &acked).await;
}

#[actix_web::test]
async fn missing_file_refuses_requests_until_restored() {
    let (database, file) = database().await;
    let mut program = ServerProcess::serve(&database.url(), &[]);
    let (client, listener) = (Client::connect(program.address).await, Client::follow(program.address).await);
    fixtures::seed_one_of_each(&client).await;
    let away = file.with_extension("away");
    fs::rename(&file, &away).unwrap();

    for _ in 0..3 {
        assert_eq!(
            client.request("new_coach", fixtures::coach("Grace")).await.error_keys(),
            ["$unavailable"]
        );
    }
    http::until_status(program.address, "/readyz", 503, TIMEOUT).await;
    let (_, reason) = http::get(program.address, "/readyz").await;
    assert!(reason.contains("gone") && reason.contains("put it"), "{reason}");
    assert_eq!(client.request("get_coach", json!({ "id": 1 })).await.error_keys(), ["$unavailable"]);
    let login = json!({ "username": "ada", "password": "secret" });
    assert_eq!(client.request("login", login).await.error_keys(), ["$unavailable"]);
    assert!(!file.exists(), "nothing is made in its place");
    // An empty file is not turned into a database.
    fs::write(&file, "").unwrap();
    assert_eq!(client.request("new_coach", fixtures::coach("Grace")).await.error_keys(), ["$unavailable"]);
    assert_eq!(fs::metadata(&file).unwrap().len(), 0);
    let log = program.wait_for_log("the database file cannot be used").await;
    // The server may also have looked at the empty file, which is another reason.
    let is_gone = |line: &&str| line.contains("the database file cannot be used") && line.contains("gone");
    assert_eq!(log.lines().filter(is_gone).count(), 1, "a reason is logged once: {log}");

    fs::rename(&away, &file).unwrap();
    http::until_status(program.address, "/readyz", 200, TIMEOUT).await;
    let grace = client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    listener.wait_for_replica("Grace", |replica| replica.has("coaches", &grace)).await;
    listener.assert_in_sync().await;
    assert_eq!(client.list_all("schedules").await.len(), 1, "what was acked before is there");
    program.terminate();
    assert!(program.wait_for_exit().await.success());
    assert!(!sidecar(&file, "-wal").exists(), "a stopped server leaves one file");
    assert_rows_survive_crash(program, &database, &[grace]).await;
}

#[actix_web::test]
async fn removed_wal_or_shm_loses_no_acked_write() {
    for taken in [&["-wal"][..], &["-shm"], &["-wal", "-shm"]] {
        let (database, file) = database().await;
        let program = ServerProcess::serve(&database.url(), &[]);
        let clients = [Client::connect(program.address).await, Client::connect(program.address).await];
        let listener = Client::follow(program.address).await;
        create_moves(&clients[0]).await;
        let write_log = WriteLog::default();
        let trouble = async {
            write_log.until(|write_log| write_log.written_count() >= 20).await;
            for suffix in taken {
                fs::remove_file(sidecar(&file, suffix)).unwrap();
            }
            write_log.until(|write_log| write_log.written_count() >= 80).await;
            write_log.finished.set(true);
        };
        let writing = async {
            tokio::join!(write_log.write(&clients[0], "Ada"), write_log.write(&clients[1], "Bob"), trouble)
        };
        tokio::time::timeout(TIMEOUT * 2, writing).await.expect("writes to succeed again");
        http::until_status(program.address, "/readyz", 200, TIMEOUT).await;
        listener.assert_in_sync().await;
        clients[0].wait_for_rows("workout_plans", |rows| rows.len() >= write_log.written_count()).await;
        write_log.assert_matches_server(&clients[0]).await;
        let acked = write_log.written.borrow().clone();
        assert_integrity(&file);
        assert_rows_survive_crash(program, &database, &acked).await;
    }
}

#[actix_web::test]
async fn external_checkpoint_or_touch_is_harmless() {
    let (database, file) = database().await;
    let program = ServerProcess::serve(&database.url(), &[]);
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    let other = Connection::open(&file).unwrap();
    other.busy_timeout(TIMEOUT).unwrap();
    for round in 0..5 {
        fill(&client, 20).await;
        checkpoint(&file);
        let name = format!("Round {round}");
        other.execute("update coaches set name = ?1, version = version + 1 where id = 1", [&name]).unwrap();
        client
            .wait_for_replica("the name", |replica| replica.rows("coaches")[0]["name"] == name.as_str())
            .await;
    }
    assert!(!program.log().contains("has been reopened"), "{}", program.log());
    // SQLite does not do this: the server checks the file, and all acked rows are there.
    let coaches = client.list_all("coaches").await;
    fs::File::options()
        .append(true)
        .open(&file)
        .unwrap()
        .set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    let row = client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    let expected: Vec<Value> = coaches.into_iter().chain([row]).collect();
    assert_eq!(client.list_all("coaches").await, expected);
    client.assert_in_sync().await;
    assert_rows_survive_crash(program, &database, &expected).await;
}

/// A new database and its file.
async fn database() -> (Database, PathBuf) {
    let database = Database::new(Engine::Sqlite).await;
    let file = PathBuf::from(database.url().trim_start_matches("sqlite://"));
    (database, file)
}

/// Creates large rows, a hundred at a time.
async fn fill(client: &Client, coaches: usize) {
    let picture = format!("https://example.com/{}", "x".repeat(1900));
    let names: Vec<usize> = (0..coaches).collect();
    for names in names.chunks(100) {
        let coach = |at: &usize| {
            fixtures::with(fixtures::coach(&format!("Filler {at}")), json!({ "picture": picture }))
        };
        let acks: Vec<u64> = names.iter().map(|at| client.emit("new_coach", &[coach(at)])).collect();
        for ack in acks {
            client.ack(ack).await.unwrap_data();
        }
    }
}

/// Checkpoints the write-ahead log from another program.
fn checkpoint(file: &Path) {
    let other = Connection::open(file).unwrap();
    other.busy_timeout(TIMEOUT).unwrap();
    other.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())).unwrap();
}

fn back_up(file: &Path, copy: &Path) {
    let file = Connection::open(file).unwrap();
    file.backup("main", copy, None).unwrap();
}

async fn assert_contains(client: &Client, rows: &[Value]) {
    let collection = if rows[0]["exercise_moves"].is_array() { "workout_plans" } else { "coaches" };
    let found = client.list_all(collection).await;
    for row in rows {
        assert!(found.contains(row), "acked and lost: {row}");
    }
}

/// Asserts that another program, which opens the file by its path, finds it intact.
fn assert_integrity(file: &Path) {
    let other = Connection::open(file).unwrap();
    let found: String = other.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok");
}

/// Kills the server; asserts that the next one has these rows.
async fn assert_rows_survive_crash(mut program: ServerProcess, database: &Database, rows: &[Value]) {
    if program.is_running() {
        program.kill();
    }
    let program = ServerProcess::serve(&database.url(), &[]);
    assert_contains(&Client::connect(program.address).await, rows).await;
}

fn sidecar(file: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", file.display()))
}
