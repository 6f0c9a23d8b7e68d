//! A restored backup reuses transaction numbers: cursors from after the backup are invalid.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::cursors::{assert_receives_changes, assert_receives_snapshots, assert_resumes, cursor};
use crate::harness::{
    Client, Database, Engine, fixtures, http,
    postgres::{self, Cluster},
    process::ServerProcess,
    with_database,
};

#[actix_web::test]
async fn restored_sqlite_backup_accepts_only_its_own_cursors() {
    with_database(Engine::Sqlite, async |database| {
        let Database::Sqlite(folder) = database else { unreachable!() };
        let (file, copy) = (folder.path().join("gym.db"), folder.path().join("copy.db"));
        let mut program = ServerProcess::serve(&database.url(), &[]);
        let client = Client::follow(program.address).await;
        fixtures::seed_one_of_each(&client).await;
        let before = client.replica();
        client.request("update_coach", json!({ "id": 1, "age": 50 })).await.unwrap_data();
        // The backup is taken while the server runs, and restored while it does not.
        database.execute(&format!("vacuum into '{}'", copy.display())).await;
        client.request("update_coach", json!({ "id": 1, "age": 51 })).await.unwrap_data();
        let after = cursor(&client);
        program.kill();
        let later = write_in_another_run(&database.url()).await;

        restore_copy(&copy, &file);
        let mut program = ServerProcess::serve(&database.url(), &[]);
        for cursor in [&after, &later] {
            assert_receives_snapshots(program.address, cursor).await;
        }
        let back = Client::resume(program.address, before).await;
        assert_eq!(back.events_since(0)[..2], ["connected", "changes"], "nothing it knows was taken back");
        assert_eq!(back.replica().rows("coaches")[0]["age"], 50);
        back.assert_in_sync().await;

        // The numbers are assigned again, to other changes.
        for age in 60..70 {
            back.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
        }
        assert_receives_snapshots(program.address, &after).await;
        program.kill();
        let program = ServerProcess::serve(&database.url(), &[]);
        for cursor in [&after, &later] {
            assert_receives_snapshots(program.address, cursor).await;
        }
    })
    .await;
}

/// Starts a server, writes a row, and returns the cursor.
async fn write_in_another_run(url: &str) -> String {
    let program = ServerProcess::serve(url, &[]);
    let client = Client::follow(program.address).await;
    client.request("update_coach", json!({ "id": 1, "age": 55 })).await.unwrap_data();
    cursor(&client)
}

fn restore_copy(copy: &Path, file: &Path) {
    for beside in ["-wal", "-shm"] {
        let path = PathBuf::from(format!("{}{beside}", file.display()));
        assert!(!path.exists() || std::fs::remove_file(&path).is_ok());
    }
    std::fs::copy(copy, file).unwrap();
}

/// The log of the backup becomes as long as the log that it replaces, with other entries of the same numbers.
#[actix_web::test]
async fn cursor_after_a_stopped_sqlite_file_is_replaced_by_a_longer_backup_is_invalid() {
    with_database(Engine::Sqlite, async |database| {
        let Database::Sqlite(folder) = database else { unreachable!() };
        let (file, copy) = (folder.path().join("gym.db"), folder.path().join("copy.db"));
        let mut program = ServerProcess::serve(&database.url(), &[]);
        let client = Client::follow(program.address).await;
        fixtures::seed_one_of_each(&client).await;
        let common = cursor(&client);
        database.execute(&format!("vacuum into '{}'", copy.display())).await;
        let mut replaced = Vec::new();
        for age in 50..53 {
            client.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
            replaced.push(cursor(&client));
        }
        program.terminate();
        assert!(program.wait_for_exit().await.success());

        restore_copy(&copy, &file);
        for name in ["Plank", "Lunge", "Bridge", "Crunch", "Row"] {
            database.execute(&format!("update exercise_moves set name = '{name}'")).await;
        }
        let mut program = ServerProcess::serve(&database.url(), &[]);
        for _ in 0..2 {
            for cursor in &replaced {
                assert_receives_snapshots(program.address, cursor).await;
            }
            assert_resumes(program.address, &common).await;
            program.kill();
            program = ServerProcess::serve(&database.url(), &[]);
        }
        assert_receives_changes(&assert_receives_snapshots(program.address, &replaced[2]).await).await;
    })
    .await;
}

/// Transaction numbers and the log's numbers are assigned again, for other rows.
#[actix_web::test]
async fn cursor_after_a_stopped_cluster_is_replaced_by_a_longer_backup_is_invalid() {
    for keeps_running in [true, false] {
        let mut cluster = Cluster::start();
        let url = cluster.url().to_owned();
        let mut program = ServerProcess::serve(&url, &[]);
        fixtures::seed_one_of_each(&Client::follow(program.address).await).await;
        program.kill();
        cluster.back_up();
        let mut program = ServerProcess::serve(&url, &[]);
        let client = Client::follow(program.address).await;
        for age in 50..53 {
            client.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
        }
        let replaced = cursor(&client);
        if !keeps_running {
            program.kill();
        }
        cluster.restore_backup();
        for name in ["Plank", "Lunge", "Bridge", "Crunch", "Row", "Squat", "Hinge", "Swing"] {
            postgres::execute(&url, &format!("update exercise_moves set name = '{name}'")).await;
        }
        if !keeps_running {
            program = ServerProcess::serve(&url, &[]);
        }
        let renamed = |rows: &[serde_json::Value]| rows[0]["name"] == "Swing";
        Client::connect(program.address).await.wait_for_rows("exercise_moves", renamed).await;
        assert_receives_changes(&assert_receives_snapshots(program.address, &replaced).await).await;
    }
}

#[actix_web::test]
async fn cursor_is_invalid_in_copied_database() {
    with_database(Engine::Postgres, async |database| {
        let mut program = ServerProcess::serve(&database.url(), &[]);
        let client = Client::follow(program.address).await;
        fixtures::seed_one_of_each(&client).await;
        let before = cursor(&client);
        program.terminate();
        assert!(program.wait_for_exit().await.success());

        let copy = postgres::Database::copy_of(database).await;
        let mut program = ServerProcess::serve(copy.url(), &[]);
        let client = assert_receives_snapshots(program.address, &before).await;
        assert_receives_changes(&client).await;
        let later = cursor(&client);
        assert_receives_snapshots(program.address, &before).await;
        program.kill();
        let mut program = ServerProcess::serve(copy.url(), &[]);
        assert_resumes(program.address, &later).await;
        assert_receives_snapshots(program.address, &before).await;
        program.kill();

        let program = ServerProcess::serve(&database.url(), &[]);
        assert_resumes(program.address, &before).await;
        assert_receives_snapshots(program.address, &later).await;
        copy.remove().await;
    })
    .await;
}

/// The restore recreates the tables, and clients must receive the older rows.
#[actix_web::test]
async fn dump_restored_under_running_server_is_published() {
    let database = Database::Cluster(Cluster::start());
    let program = ServerProcess::serve(&database.url(), &[]);
    let (client, snapshots) = (Client::follow(program.address).await, Client::connect(program.address).await);
    fixtures::seed_one_of_each(&client).await;
    let before = cursor(&client);
    let dump = postgres::dump(&database.url());
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    client.request("update_exercise_move", json!({ "id": 1, "name": "Plank" })).await.unwrap_data();
    client.request("delete_schedule", json!({ "id": 1 })).await.unwrap_data();
    let after = cursor(&client);
    snapshots.assert_in_sync().await;

    postgres::restore(&dump, &database.url());
    let back = |rows: &[serde_json::Value]| rows.len() == 1;
    snapshots.wait_for_rows("coaches", back).await;
    snapshots.wait_for_rows("schedules", back).await;
    snapshots.wait_for_rows("exercise_moves", |rows| rows[0]["name"] == "Squat").await;
    for cursor in [&before, &after] {
        assert_receives_snapshots(program.address, cursor).await;
    }
    let fresh = Client::follow(program.address).await;
    assert_receives_changes(&fresh).await;
    let changes = client.changes_since(0);
    assert!(changes.iter().any(|changes| changes["coaches"]["deleted"] == json!([2])), "{changes:?}");
}

/// The transaction numbers of the other cluster are behind those in the log.
#[actix_web::test]
async fn dump_restored_in_another_cluster_invalidates_cursors() {
    let (old, new) = (Cluster::start(), Cluster::start());
    let few = ["--change-log-rows", "5"];
    postgres::execute(old.url(), CONSUME_NUMBERS).await;
    let mut program = ServerProcess::serve(old.url(), &few);
    let client = Client::follow(program.address).await;
    fixtures::seed_one_of_each(&client).await;
    for age in 20..30 {
        client.request("update_coach", json!({ "id": 1, "age": age })).await.unwrap_data();
    }
    let before = cursor(&client);
    program.kill();
    let mut program = ServerProcess::serve(old.url(), &few);
    http::until_metric(program.address, "rowcast_change_log_entries", |left| left > 0.0 && left <= 5.0).await;
    program.kill();

    postgres::restore(&postgres::dump(old.url()), new.url());
    let mut program = ServerProcess::serve(new.url(), &few);
    let client = assert_receives_snapshots(program.address, &before).await;
    let then = client.now();
    for age in 30..36 {
        postgres::execute(new.url(), &format!("update coaches set age = {age}")).await;
        client.wait_for_replica("the age", |replica| replica.rows("coaches")[0]["age"] == age).await;
    }
    let once =
        [json!({ "id": 1, "age": 40 }), json!({ "request_id": "6a2f41a3-c54c-4b1c-8f5e-0f1d2c3b4a59" })];
    for _ in 0..4 {
        // The first request is executed; each of the others is acked after a poll that finds nothing.
        client.request_with("update_coach", &once).await.unwrap_data();
    }
    assert_eq!(client.changes_since(then).len(), 7, "one event for each: {:?}", client.changes_since(then));
    assert_resumes(program.address, &cursor(&client)).await;
    assert_receives_changes(&client).await;
    let later = cursor(&client);
    program.kill();
    let program = ServerProcess::serve(new.url(), &few);
    assert_resumes(program.address, &later).await;
    assert_receives_snapshots(program.address, &before).await;
}

/// Consumes transaction numbers.
const CONSUME_NUMBERS: &str = "do $$ begin
    for at in 1..5000 loop perform pg_current_xact_id(); commit; end loop;
end $$";
