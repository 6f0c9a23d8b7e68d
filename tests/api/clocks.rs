//! Clocks that are wrong or jump: no write is repeated or refused, nothing is pruned early, and no user is signed
//! out.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{
    Client, Database, Engine, clock::Clock, fixtures, http, on_empty_databases, postgres::Cluster,
    process::ServerProcess, seed, wire::Ack,
};

on_empty_databases! {
    tokens_expire_while_server_is_off,
    deleted_clock_is_recreated,
}

const MEMBERS: [&str; 2] = ["--access", "members"];
const MONTH: i64 = 31 * 24 * 60 * 60;

/// A client with state that no clock may affect: a sign-in, a stored ack and a cursor.
struct Mara {
    client: Client,
    token: Value,
    request: Value,
    first: Ack,
    cursor: Value,
}

impl Mara {
    async fn connect(program: &ServerProcess) -> Self {
        let client = Client::connect_only(program.address, &json!({ "live": "changes" }))
            .await
            .expect("to be connected");
        let login = json!({ "username": "mara", "password": "mara_password" });
        let token = client.request("login", login).await.unwrap_data()["token"].clone();
        let request = json!({ "request_id": uuid::Uuid::new_v4().to_string() });
        client.request("update_coach", json!({ "id": 2, "age": 50 })).await.unwrap_data();
        let cursor = client.next_event("changes").await["cursor"].clone();
        let first = client.request_with("new_coach", &[fixtures::coach("Once Only"), request.clone()]).await;
        assert!(first.ok, "{first:?}");
        Self { client, token, request, first, cursor }
    }

    /// Asserts that sign-in, stored ack and cursor are valid, on the existing socket and on a new one.
    async fn assert_unchanged(&self, program: &ServerProcess) {
        assert!(self.client.request_with("me", &[]).await.unwrap_data()["id"].is_i64(), "still signed in");
        assert!(!self.client.events_since(0).contains(&"signed_out".into()), "no sign-out");
        assert_eq!(self.repeat(&self.client).await, self.first);
        self.reconnect(program).await;
    }

    /// Connects with the token and the cursor; asserts that the stored ack is returned.
    async fn reconnect(&self, program: &ServerProcess) -> Client {
        let auth = json!({ "token": self.token, "live": "changes", "since": self.cursor });
        let client = Client::connect_only(program.address, &auth).await.expect("the token to be good");
        let missed = client.next_event("changes").await;
        assert!(missed["coaches"]["upserted"].is_array(), "missed changes are still known: {missed}");
        assert_eq!(self.repeat(&client).await, self.first);
        client
    }

    async fn repeat(&self, client: &Client) -> Ack {
        client.request_with("new_coach", &[fixtures::coach("Once Only"), self.request.clone()]).await
    }
}

/// Waits until a server has updated the clock while the database's own was about this far ahead.
async fn wait_for_clock_update(database: &Database, ahead: i64) {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while (database.number("select wall - at from rowcast_clock").await - ahead).abs() > 60 {
        assert!(std::time::Instant::now() < deadline, "the clock is not wound");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until the server has pruned once.
async fn wait_for_pruning(program: &ServerProcess) {
    http::until_metric(program.address, "rowcast_change_log_entries", |left| left > 0.0).await;
}

/// Seconds by which the clock differs from this machine's.
async fn difference(database: &Database) -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    database.number("select at from rowcast_clock").await - since.as_secs().cast_signed()
}

#[actix_web::test]
async fn node_clock_has_no_effect() {
    let database = Database::new(Engine::Postgres).await;
    let url = database.url();
    seed(&url).await;
    let one = ServerProcess::serve(&url, &MEMBERS);
    let mara = Mara::connect(&one).await;
    for offset in ["+25h", "+31d", "-31d"] {
        let clock = Clock::set_by(offset);
        let two = ServerProcess::serve_with_env(&clock.environment(), &url, &MEMBERS);
        wait_for_pruning(&two).await;
        let teo = Client::connect_only(two.address, &json!({})).await.expect("to be connected");
        let login = json!({ "username": "teo", "password": "teo_password" });
        let signed_in = teo.request("login", login).await.unwrap_data();
        mara.assert_unchanged(&one).await;
        mara.reconnect(&two).await;
        let there = json!({ "token": signed_in["token"] });
        assert!(
            Client::connect_with(one.address, &there).await.is_ok(),
            "a sign-in of {offset} holds on both"
        );
        assert!(difference(&database).await.abs() < 60, "{offset}");
    }
    assert_eq!(database.number("select count(*) from coaches where name = 'Once Only'").await, 1);
}

#[actix_web::test]
async fn clock_jump_has_no_effect_on_sqlite() {
    let database = Database::new(Engine::Sqlite).await;
    let clock = Clock::set_by("+0");
    let url = database.url();
    seed(&url).await;
    let mut program = ServerProcess::serve_with_env(&clock.environment(), &url, &MEMBERS);
    let mara = Mara::connect(&program).await;
    for (offset, ahead) in [("+31d", MONTH), ("-31d", -MONTH), ("+25h", 25 * 60 * 60)] {
        clock.set(offset);
        wait_for_clock_update(&database, ahead).await;
        mara.assert_unchanged(&program).await;
        assert!(difference(&database).await.abs() < 60, "{offset}");
    }
    // The machine's uptime tells how long the server was stopped.
    clock.set("+31d");
    program.terminate();
    assert!(program.wait_for_exit().await.success());
    let program = ServerProcess::serve_with_env(&clock.environment(), &url, &MEMBERS);
    wait_for_pruning(&program).await;
    assert_eq!(mara.repeat(&mara.reconnect(&program).await).await, mara.first);
    assert!(difference(&database).await.abs() < 60);
    assert_eq!(database.number("select count(*) from coaches where name = 'Once Only'").await, 1);
}

#[actix_web::test]
async fn clock_jump_has_no_effect_on_postgres() {
    let clock = Clock::set_by("+0");
    let database = Database::Cluster(Cluster::start_with(&clock.environment()));
    let url = database.url();
    seed(&url).await;
    let one = ServerProcess::serve(&url, &MEMBERS);
    let mara = Mara::connect(&one).await;
    for (offset, ahead) in [("+31d", MONTH), ("-31d", -MONTH)] {
        clock.set(offset);
        // A second node starts, which has not seen the jump.
        let two = ServerProcess::serve(&url, &MEMBERS);
        wait_for_pruning(&two).await;
        mara.reconnect(&two).await;
        wait_for_clock_update(&database, ahead).await;
        mara.reconnect(&two).await;
        mara.assert_unchanged(&one).await;
        assert!(difference(&database).await.abs() < 60, "{offset}");
    }
    assert_eq!(database.number("select count(*) from coaches where name = 'Once Only'").await, 1);
}

/// The state of a machine that was off for forty days.
async fn tokens_expire_while_server_is_off(database: &Database) {
    let url = database.url();
    seed(&url).await;
    let mut program = ServerProcess::serve(&url, &MEMBERS);
    let mara = Mara::connect(&program).await;
    program.terminate();
    assert!(program.wait_for_exit().await.success());
    let days = 40 * 24 * 60 * 60;
    database
        .execute(&format!(
            "update rowcast_clock set at = at - {days}, wall = wall - {days}, boot = 'another'"
        ))
        .await;
    database.execute(&format!("update rowcast_tokens set expires_at = expires_at - {days}")).await;
    database.execute(&format!("update rowcast_requests set at = at - {days}")).await;

    let program = ServerProcess::serve(&url, &MEMBERS);
    let auth = json!({ "token": mara.token });
    let expired = async {
        // On PostgreSQL another node could be running, so the server waits for it first.
        while Client::connect_with(program.address, &auth).await.is_ok() {
            assert!(url.starts_with("postgres"), "on SQLite no other server can be running");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(60), expired).await;
    assert!(ended.is_ok(), "a sign-in of forty days ago is still good");
    assert!(difference(database).await.abs() < 60);
}

async fn deleted_clock_is_recreated(database: &Database) {
    let url = database.url();
    seed(&url).await;
    let mut program = ServerProcess::serve(&url, &MEMBERS);
    let mara = Mara::connect(&program).await;
    database.execute("delete from rowcast_clock").await;
    mara.assert_unchanged(&program).await;
    program.kill();
    let program = ServerProcess::serve(&url, &MEMBERS);
    mara.reconnect(&program).await;
    assert_eq!(database.number("select count(*) from rowcast_clock").await, 1);
}
