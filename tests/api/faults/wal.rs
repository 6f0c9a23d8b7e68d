//! SQLite's write-ahead log stays short, or the log names the program that prevents it.

use std::path::Path;

use rusqlite::Connection;
use serde_json::json;

use crate::harness::{Client, Database, Engine, TIMEOUT, fixtures, http, process::ServerProcess};

const SIZE: &str = "rowcast_sqlite_wal_bytes";

#[actix_web::test]
async fn long_reader_is_logged_and_wal_shrinks_after_it_ends() {
    let database = Database::new(Engine::Sqlite).await;
    let program = ServerProcess::serve(&database.url(), &[]);
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    let url = database.url();
    let file = Path::new(url.trim_start_matches("sqlite://"));
    let reader = open(file);
    reader.execute_batch("begin; select count(*) from coaches").unwrap();
    reader.query_row("select count(*) from coaches", [], |_| Ok(())).unwrap();

    // Another program's own table, of which the server reads nothing.
    let writer = open(file);
    writer.execute_batch("pragma synchronous = off; create table notes (text blob)").unwrap();
    for _ in 0..35 {
        writer.execute("insert into notes values (zeroblob(4194304))", []).unwrap();
    }
    http::until_metric(program.address, SIZE, |bytes| bytes > 140e6).await;
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    let named = async {
        let own = format!("({})", std::process::id());
        while !program.log().lines().any(|line| line.contains("kept open") && line.contains(&own)) {
            client.request("get_coach", json!({ "id": 1 })).await.unwrap_data();
        }
    };
    tokio::time::timeout(TIMEOUT, named).await.expect("a line that names this process");

    drop(reader);
    http::until_metric(program.address, SIZE, |bytes| bytes < 17e6).await;
    client.request("new_coach", fixtures::coach("Edsger")).await.unwrap_data();
    client.assert_in_sync().await;
}

fn open(file: &Path) -> Connection {
    let connection = Connection::open(file).unwrap();
    connection.busy_timeout(TIMEOUT).unwrap();
    connection
}
