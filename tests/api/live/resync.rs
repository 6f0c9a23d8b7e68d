//! `planner resync` reloads everything on all nodes.

use serde_json::json;
use tempfile::tempdir;

use super::{
    cursors::{assert_receives_changes, assert_receives_snapshots, assert_resumes, cursor},
    reconciliation::execute_unlogged,
};
use crate::harness::{
    Client, Database, fixtures, on_dedicated_clusters,
    process::{ServerProcess, run},
};

on_dedicated_clusters! { resync_publishes_differences }

async fn resync_publishes_differences(database: &Database) {
    let (url, folder) = (database.url(), tempdir().unwrap());
    let quiet = ["--reconcile-rows", "0"];
    let is_shared = !matches!(database, Database::Sqlite(_));
    let mut programs = vec![ServerProcess::serve(&url, &quiet)];
    programs.extend(is_shared.then(|| ServerProcess::serve(&url, &quiet)));
    let mut clients = Vec::new();
    for program in &programs {
        clients.push((Client::follow(program.address).await, Client::connect(program.address).await));
    }
    fixtures::seed_one_of_each(&clients[0].0).await;
    for (client, snapshots) in &clients {
        client.assert_in_sync().await;
        snapshots.assert_in_sync().await;
    }
    let before = cursor(&clients[0].0);
    execute_unlogged(
        database,
        &["coaches", "schedules"],
        "update coaches set age = 71; delete from schedules",
    )
    .await;

    let done = run(folder.path(), &["resync", "--database-url", &url], "");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stdout).contains("reads everything anew"));
    for (client, snapshots) in &clients {
        client.wait_for_replica("the age", |replica| replica.rows("coaches")[0]["age"] == 71).await;
        snapshots.wait_for_rows("coaches", |rows| rows[0]["age"] == 71).await;
        client.wait_for_replica("no class", |replica| replica.rows("schedules").is_empty()).await;
    }
    for (program, (client, _)) in programs.iter().zip(&clients) {
        let back = assert_receives_snapshots(program.address, &before).await;
        assert_receives_changes(&back).await;
        assert_resumes(program.address, &cursor(&back)).await;
        client.request("update_coach", json!({ "id": 1, "age": 72 })).await.unwrap_data();
        client.assert_in_sync().await;
    }
    // A server that starts later reloads as well.
    let after = cursor(&clients[0].0);
    drop(clients);
    for mut program in programs {
        program.terminate();
        assert!(program.wait_for_exit().await.success());
    }
    let program = ServerProcess::serve(&url, &quiet);
    assert_receives_snapshots(program.address, &before).await;
    assert_resumes(program.address, &after).await;
}

#[actix_web::test]
async fn resync_does_not_create_database() {
    let folder = tempdir().unwrap();
    let done = run(folder.path(), &["resync", "--database-url", "sqlite://nowhere.db"], "");
    assert!(!done.status.success());
    assert!(String::from_utf8_lossy(&done.stderr).contains("nowhere.db"));
    assert!(!folder.path().join("nowhere.db").exists());
}
