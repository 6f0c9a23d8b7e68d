//! `planner resync`: everything is read anew, at once and everywhere.

use serde_json::json;

use super::{
    cursors::{assert_receives_changes, assert_receives_snapshots, assert_resumes, cursor},
    reconcile::execute_unlogged,
};
use crate::harness::{
    Client, Database, alone_on_both_databases,
    folder::Folder,
    gym,
    program::{Program, run},
};

alone_on_both_databases! { resync_publishes_differences }

async fn resync_publishes_differences(database: &Database) {
    let (url, folder) = (database.url(), Folder::new());
    let quiet = ["--reconcile-rows", "0"];
    let is_shared = !matches!(database, Database::Sqlite(_));
    let mut programs = vec![Program::serve(&url, &quiet)];
    programs.extend(is_shared.then(|| Program::serve(&url, &quiet)));
    let mut clients = Vec::new();
    for program in &programs {
        clients.push((Client::follow(program.address).await, Client::connect(program.address).await));
    }
    gym::open(&clients[0].0).await;
    for (client, snapshots) in &clients {
        client.agrees().await;
        snapshots.agrees().await;
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
        client.keeps("the age", |copy| copy.rows("coaches")[0]["age"] == 71).await;
        snapshots.sees("coaches", |rows| rows[0]["age"] == 71).await;
        client.keeps("no class", |copy| copy.rows("schedules").is_empty()).await;
    }
    for (program, (client, _)) in programs.iter().zip(&clients) {
        let back = assert_receives_snapshots(program.address, &before).await;
        assert_receives_changes(&back).await;
        assert_resumes(program.address, &cursor(&back)).await;
        client.ask("update_coach", json!({ "id": 1, "age": 72 })).await.done();
        client.agrees().await;
    }
    // A server that starts later knows of it, too.
    let after = cursor(&clients[0].0);
    drop((clients, programs));
    let program = Program::serve(&url, &quiet);
    assert_receives_snapshots(program.address, &before).await;
    assert_resumes(program.address, &after).await;
}

#[actix_web::test]
async fn resync_does_not_create_database() {
    let folder = Folder::new();
    let done = run(folder.path(), &["resync", "--database-url", "sqlite://nowhere.db"], "");
    assert!(!done.status.success());
    assert!(String::from_utf8_lossy(&done.stderr).contains("nowhere.db"));
    assert!(!folder.path().join("nowhere.db").exists());
}
