//! `planner resync`: everything is read anew, at once and everywhere.

use serde_json::json;
use tempfile::tempdir;

use super::{
    cursors::{begins_anew, cursor, lives_on, resumes},
    reconcile::unseen,
};
use crate::harness::{
    Client, Database, alone_on_both_databases, gym,
    program::{Program, run},
};

alone_on_both_databases! { everything_is_read_anew_and_what_differs_is_sent }

async fn everything_is_read_anew_and_what_differs_is_sent(database: &Database) {
    let (url, folder) = (database.url(), tempdir().unwrap());
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
    unseen(database, &["coaches", "schedules"], "update coaches set age = 71; delete from schedules").await;

    let done = run(folder.path(), &["resync", "--database-url", &url], "");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stdout).contains("reads everything anew"));
    for (client, snapshots) in &clients {
        client.keeps("the age", |copy| copy.rows("coaches")[0]["age"] == 71).await;
        snapshots.sees("coaches", |rows| rows[0]["age"] == 71).await;
        client.keeps("no class", |copy| copy.rows("schedules").is_empty()).await;
    }
    for (program, (client, _)) in programs.iter().zip(&clients) {
        let back = begins_anew(program.address, &before).await;
        lives_on(&back).await;
        resumes(program.address, &cursor(&back)).await;
        client.ask("update_coach", json!({ "id": 1, "age": 72 })).await.done();
        client.agrees().await;
    }
    // A server that starts later knows of it, too.
    let after = cursor(&clients[0].0);
    drop((clients, programs));
    let program = Program::serve(&url, &quiet);
    begins_anew(program.address, &before).await;
    resumes(program.address, &after).await;
}

#[actix_web::test]
async fn a_database_that_is_not_there_is_not_made() {
    let folder = tempdir().unwrap();
    let done = run(folder.path(), &["resync", "--database-url", "sqlite://nowhere.db"], "");
    assert!(!done.status.success());
    assert!(String::from_utf8_lossy(&done.stderr).contains("nowhere.db"));
    assert!(!folder.path().join("nowhere.db").exists());
}
