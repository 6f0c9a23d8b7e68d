//! The database file is taken away, replaced or written over under a server that runs on it, while clients write.
//!
//! What is acked afterwards is in the file that the path leads to, also after a crash, and every screen shows that file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use serde_json::{Value, json};

use super::writers::{Ledger, prepare};
use crate::harness::{Client, Database, Engine, PATIENCE, gym, http, program::Program};

/// What is done to the file, with a copy of it at hand.
type Deed = fn(file: &Path, copy: &Path);

#[actix_web::test]
async fn replaced_by_another_file_it_is_opened_anew() {
    changes_under_writers(|file, copy| fs::rename(copy, file).unwrap()).await;
}

#[actix_web::test]
async fn deleted_and_put_back_in_one_go_it_is_opened_anew() {
    changes_under_writers(|file, copy| {
        fs::remove_file(file).unwrap();
        fs::copy(copy, file).unwrap();
    })
    .await;
}

#[actix_web::test]
async fn deleted_with_all_that_is_beside_it_it_is_opened_anew() {
    changes_under_writers(|file, copy| {
        for file in [file.to_owned(), beside(file, "-wal"), beside(file, "-shm")] {
            fs::remove_file(file).unwrap();
        }
        fs::rename(copy, file).unwrap();
    })
    .await;
}

#[actix_web::test]
async fn written_over_it_is_checked_and_opened_anew() {
    changes_under_writers(|file, copy| assert!(fs::copy(copy, file).unwrap() > 0)).await;
}

#[actix_web::test]
async fn restored_through_sqlite_itself_it_goes_on() {
    changes_under_writers(|file, copy| {
        let mut file = Connection::open(file).unwrap();
        file.busy_timeout(PATIENCE).unwrap();
        file.restore("main", copy, None::<fn(_)>).unwrap();
    })
    .await;
}

/// The story of a file that is changed into an earlier copy of itself.
async fn changes_under_writers(deed: Deed) {
    let (database, file) = database().await;
    let copy = file.with_extension("copy");
    let program = Program::serve(&database.url(), &[]);
    let clients = [Client::follow(program.address).await, Client::follow(program.address).await];
    let listener = Client::connect(program.address).await;
    prepare(&clients[0]).await;
    fill(&clients[0], 40).await;
    back_up(&file, &copy);
    fill(&clients[1], 150).await;
    // Some of it is in the main file by now, and some is not.
    checkpoint(&file);
    fill(&clients[1], 50).await;

    let ledger = Ledger::default();
    let trouble = async {
        ledger.until(|ledger| ledger.written() >= 20).await;
        deed(&file, &copy);
        let before = ledger.written();
        // What is under way at that moment may go either way.
        ledger.until(|ledger| ledger.written() >= before + 60).await;
        ledger.enough.set(true);
        before + 2 * clients.len()
    };
    let writing =
        async { tokio::join!(ledger.write(&clients[0], "Ada"), ledger.write(&clients[1], "Bob"), trouble).2 };
    let sure = tokio::time::timeout(PATIENCE * 2, writing).await.expect("writes to succeed again");

    let acked = ledger.written.borrow()[sure..].to_vec();
    http::until_status(program.address, "/readyz", 200, PATIENCE).await;
    are_there(&clients[0], &acked).await;
    assert_eq!(clients[0].every("coaches").await.len(), 40, "it is the copy");
    listener.sees("coaches", |rows| rows.len() == 40).await;
    for client in [&clients[0], &clients[1], &Client::follow(program.address).await] {
        client.agrees().await;
    }
    sound(&file);
    survives(program, &database, &acked).await;
}

#[actix_web::test]
async fn while_it_is_gone_nothing_is_acked_or_made_and_when_it_is_back_all_goes_on() {
    let (database, file) = database().await;
    let mut program = Program::serve(&database.url(), &[]);
    let (client, listener) = (Client::connect(program.address).await, Client::follow(program.address).await);
    gym::open(&client).await;
    let away = file.with_extension("away");
    fs::rename(&file, &away).unwrap();

    for _ in 0..3 {
        assert_eq!(client.ask("new_coach", gym::coach("Grace")).await.refused(), ["$unavailable"]);
    }
    http::until_status(program.address, "/readyz", 503, PATIENCE).await;
    let (_, reason) = http::get(program.address, "/readyz").await;
    assert!(reason.contains("gone") && reason.contains("put it"), "{reason}");
    assert_eq!(client.ask("get_coach", json!({ "id": 1 })).await.refused(), ["$unavailable"]);
    let login = json!({ "username": "ada", "password": "secret" });
    assert_eq!(client.ask("login", login).await.refused(), ["$unavailable"]);
    assert!(!file.exists(), "nothing is made in its place");
    // An empty file is no database, and is not made one.
    fs::write(&file, "").unwrap();
    assert_eq!(client.ask("new_coach", gym::coach("Grace")).await.refused(), ["$unavailable"]);
    assert_eq!(fs::metadata(&file).unwrap().len(), 0);
    let log = program.logged("the database file cannot be used").await;
    assert_eq!(log.matches("the database file cannot be used").count(), 1, "it is said once: {log}");

    fs::rename(&away, &file).unwrap();
    http::until_status(program.address, "/readyz", 200, PATIENCE).await;
    let grace = client.ask("new_coach", gym::coach("Grace")).await.done();
    listener.keeps("Grace", |copy| copy.has("coaches", &grace)).await;
    listener.agrees().await;
    assert_eq!(client.every("schedules").await.len(), 1, "what was acked before is there");
    program.terminate();
    assert!(program.ended().await.success());
    assert!(!beside(&file, "-wal").exists(), "a stopped server leaves one file");
    survives(program, &database, &[grace]).await;
}

#[actix_web::test]
async fn what_belongs_beside_it_is_taken_away_and_nothing_acked_is_lost() {
    for taken in [&["-wal"][..], &["-shm"], &["-wal", "-shm"]] {
        let (database, file) = database().await;
        let program = Program::serve(&database.url(), &[]);
        let clients = [Client::connect(program.address).await, Client::connect(program.address).await];
        let listener = Client::follow(program.address).await;
        prepare(&clients[0]).await;
        let ledger = Ledger::default();
        let trouble = async {
            ledger.until(|ledger| ledger.written() >= 20).await;
            for suffix in taken {
                fs::remove_file(beside(&file, suffix)).unwrap();
            }
            ledger.until(|ledger| ledger.written() >= 80).await;
            ledger.enough.set(true);
        };
        let writing = async {
            tokio::join!(ledger.write(&clients[0], "Ada"), ledger.write(&clients[1], "Bob"), trouble)
        };
        tokio::time::timeout(PATIENCE * 2, writing).await.expect("writes to succeed again");
        http::until_status(program.address, "/readyz", 200, PATIENCE).await;
        listener.agrees().await;
        clients[0].sees("workout_plans", |rows| rows.len() >= ledger.written()).await;
        ledger.holds(&clients[0]).await;
        let acked = ledger.written.borrow().clone();
        sound(&file);
        survives(program, &database, &acked).await;
    }
}

#[actix_web::test]
async fn other_programs_that_move_the_log_or_touch_the_file_do_no_harm() {
    let (database, file) = database().await;
    let program = Program::serve(&database.url(), &[]);
    let client = Client::follow(program.address).await;
    gym::open(&client).await;
    let other = Connection::open(&file).unwrap();
    other.busy_timeout(PATIENCE).unwrap();
    for round in 0..5 {
        fill(&client, 20).await;
        checkpoint(&file);
        let name = format!("Round {round}");
        other.execute("update coaches set name = ?1, version = version + 1 where id = 1", [&name]).unwrap();
        client.keeps("the name", |copy| copy.rows("coaches")[0]["name"] == name.as_str()).await;
    }
    assert!(!program.log().contains("has been reopened"), "{}", program.log());
    // Not what SQLite does: it is looked into, and all that was acked is there.
    let coaches = client.every("coaches").await;
    fs::File::options()
        .append(true)
        .open(&file)
        .unwrap()
        .set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    let row = client.ask("new_coach", gym::coach("Grace")).await.done();
    let expected: Vec<Value> = coaches.into_iter().chain([row]).collect();
    assert_eq!(client.every("coaches").await, expected);
    client.agrees().await;
    survives(program, &database, &expected).await;
}

/// A database of one's own, and its file.
async fn database() -> (Database, PathBuf) {
    let database = Database::new(Engine::Sqlite).await;
    let file = PathBuf::from(database.url().trim_start_matches("sqlite://"));
    (database, file)
}

/// Large rows, many at a time.
async fn fill(client: &Client, coaches: usize) {
    let picture = format!("https://example.com/{}", "x".repeat(1900));
    let names: Vec<usize> = (0..coaches).collect();
    for names in names.chunks(100) {
        let coach =
            |at: &usize| gym::with(gym::coach(&format!("Filler {at}")), json!({ "picture": picture }));
        let acks: Vec<u64> = names.iter().map(|at| client.emit("new_coach", &[coach(at)])).collect();
        for ack in acks {
            client.ack(ack).await.done();
        }
    }
}

/// Moves the write-ahead log, as any program may.
fn checkpoint(file: &Path) {
    let other = Connection::open(file).unwrap();
    other.busy_timeout(PATIENCE).unwrap();
    other.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())).unwrap();
}

fn back_up(file: &Path, copy: &Path) {
    let file = Connection::open(file).unwrap();
    file.backup("main", copy, None).unwrap();
}

async fn are_there(client: &Client, rows: &[Value]) {
    let collection = if rows[0]["exercise_moves"].is_array() { "workout_plans" } else { "coaches" };
    let found = client.every(collection).await;
    for row in rows {
        assert!(found.contains(row), "acked and lost: {row}");
    }
}

/// What another program finds, which opens the file by its path, is in order.
fn sound(file: &Path) {
    let other = Connection::open(file).unwrap();
    let found: String = other.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok");
}

/// A server that is started after a crash has these rows.
async fn survives(mut program: Program, database: &Database, rows: &[Value]) {
    if program.lives() {
        program.kill();
    }
    let program = Program::serve(&database.url(), &[]);
    are_there(&Client::connect(program.address).await, rows).await;
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", file.display()))
}
