//! An earlier state of the database that is restored under a running server.

use rusqlite::Connection;
use serde_json::json;

use super::cursors::{assert_receives_changes, assert_receives_snapshots, assert_resumes, cursor};
use crate::harness::{
    Client, Database, Engine, TestApp, fixtures, process::ServerProcess, with_database, with_dedicated_app,
};

/// A SQLite file with a running server, and a copy of an earlier state.
struct Restored {
    program: ServerProcess,
    client: Client,
    snapshots: Client,
    /// A cursor from after the copy.
    after: String,
    database: String,
    copy: String,
}

/// A planner whose coach was 36 at the time of the copy, and is ten years older now.
async fn restored(database: &Database) -> Restored {
    let Database::Sqlite(folder) = database else { unreachable!() };
    let copy = folder.path().join("copy.db").display().to_string();
    let program = ServerProcess::serve(&database.url(), &[]);
    let (client, snapshots) = (Client::follow(program.address).await, Client::connect(program.address).await);
    fixtures::seed_one_of_each(&client).await;
    database.execute(&format!("vacuum into '{copy}'")).await;
    for age in 37..47 {
        client.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
    }
    let after = cursor(&client);
    let database = folder.path().join("gym.db").display().to_string();
    Restored { program, client, snapshots, after, database, copy }
}

impl Restored {
    /// Does what `sqlite3 gym.db '.restore copy.db'` does, and then executes SQL.
    fn restore(&self, then: &str) {
        let mut file = Connection::open(&self.database).unwrap();
        file.busy_timeout(crate::harness::TIMEOUT).unwrap();
        file.restore("main", &self.copy, None::<fn(_)>).unwrap();
        file.execute_batch(then).unwrap();
    }

    async fn assert_publishes_age(&self, age: i64) {
        self.snapshots.wait_for_rows("coaches", |rows| rows[0]["age"] == age).await;
        let back = assert_receives_snapshots(self.program.address, &self.after).await;
        assert_eq!(back.replica().rows("coaches")[0]["age"], age);
        assert_receives_changes(&back).await;
        assert_resumes(self.program.address, &cursor(&back)).await;
        assert_receives_snapshots(self.program.address, &self.after).await;
        let row = back.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
        assert!(back.replica().has("coaches", &row));
        self.client.assert_responsive().await;
    }
}

#[actix_web::test]
async fn file_restored_in_place_is_detected() {
    with_database(Engine::Sqlite, async |database| {
        let restored = restored(database).await;
        restored.restore("");
        restored.assert_publishes_age(36).await;
    })
    .await;
}

/// The server has not polled in between, and the numbers that it has read are assigned again.
#[actix_web::test]
async fn restored_file_with_regrown_log_is_detected() {
    with_database(Engine::Sqlite, async |database| {
        for writes in [9, 10, 11, 40] {
            let restored = restored(database).await;
            restored.program.signal("STOP");
            let updates: String =
                (0..writes).map(|at| format!("update coaches set age = {};", 60 + at)).collect();
            restored.restore(&updates);
            restored.program.signal("CONT");
            restored.assert_publishes_age(59 + writes).await;
            drop(restored);
            reset(database).await;
        }
    })
    .await;
}

/// Removes the files.
async fn reset(database: &Database) {
    let Database::Sqlite(folder) = database else { unreachable!() };
    for file in ["gym.db", "gym.db-wal", "gym.db-shm", "copy.db"] {
        let _ = std::fs::remove_file(folder.path().join(file));
    }
}

/// As after `pg_restore --data-only`: log, state and rows are those of an earlier time, and no trigger has run.
#[actix_web::test]
async fn data_only_restore_is_detected() {
    with_dedicated_app(Engine::Postgres, async |app: &TestApp| {
        let (client, snapshots) = (app.follow().await, app.connect().await);
        fixtures::seed_one_of_each(&client).await;
        app.database.execute(KEEP).await;
        for age in 37..47 {
            client.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
        }
        let after = cursor(&client);
        app.database.execute(RESTORE).await;
        snapshots.wait_for_rows("coaches", |rows| rows[0]["age"] == 36).await;
        let back = assert_receives_snapshots(app.address, &after).await;
        assert_receives_changes(&back).await;
        assert_resumes(app.address, &cursor(&back)).await;
    })
    .await;
}

const KEEP: &str = "
    create table coaches_kept as table coaches;
    create table log_kept as table rowcast_change_log;
    create table state_kept as table rowcast_change_log_state";

const RESTORE: &str = "begin;
    alter table coaches disable trigger all;
    alter table rowcast_change_log disable trigger all;
    delete from schedules;
    delete from coaches;
    insert into coaches select * from coaches_kept;
    delete from rowcast_change_log;
    insert into rowcast_change_log overriding system value select * from log_kept;
    delete from rowcast_change_log_state;
    insert into rowcast_change_log_state select * from state_kept;
    alter table coaches enable trigger all;
    alter table rowcast_change_log enable trigger all;
    commit";
