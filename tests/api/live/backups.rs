//! A backup that is put back takes the numbers of transactions back with it: cursors from after it are worth nothing.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::cursors::{begins_anew, cursor, lives_on, resumes};
use crate::harness::{
    Client, Database, Engine, begin, gym, http,
    postgres::{self, Cluster},
    program::Program,
};

#[actix_web::test]
async fn a_backup_that_is_put_back_knows_what_it_had_and_no_more() {
    begin(Engine::Sqlite, async |database| {
        let Database::Sqlite(folder) = database else { unreachable!() };
        let (file, copy) = (folder.path().join("gym.db"), folder.path().join("copy.db"));
        let mut program = Program::serve(&database.url(), &[]);
        let client = Client::follow(program.address).await;
        gym::open(&client).await;
        let before = client.copy();
        client.ask("update_coach", json!({ "id": 1, "age": 50 })).await.done();
        // A backup while it runs, and one of a file that nobody uses.
        database.execute(&format!("vacuum into '{}'", copy.display())).await;
        client.ask("update_coach", json!({ "id": 1, "age": 51 })).await.done();
        let after = cursor(&client);
        program.kill();
        let later = program_writes(&database.url()).await;

        put_back(&copy, &file);
        let mut program = Program::serve(&database.url(), &[]);
        for cursor in [&after, &later] {
            begins_anew(program.address, cursor).await;
        }
        let back = Client::resume(program.address, before).await;
        assert_eq!(back.events_since(0)[..2], ["connected", "changes"], "nothing it knows was taken back");
        assert_eq!(back.copy().rows("coaches")[0]["age"], 50);
        back.agrees().await;

        // The numbers are given out once more, for other changes.
        for age in 60..70 {
            back.ask("update_coach", json!({ "id": 1, "age": age })).await.done();
        }
        begins_anew(program.address, &after).await;
        program.kill();
        let program = Program::serve(&database.url(), &[]);
        for cursor in [&after, &later] {
            begins_anew(program.address, cursor).await;
        }
    })
    .await;
}

/// A life of the server in which something is written, and the cursor after that.
async fn program_writes(url: &str) -> String {
    let program = Program::serve(url, &[]);
    let client = Client::follow(program.address).await;
    client.ask("update_coach", json!({ "id": 1, "age": 55 })).await.done();
    cursor(&client)
}

fn put_back(copy: &Path, file: &Path) {
    for beside in ["-wal", "-shm"] {
        let path = PathBuf::from(format!("{}{beside}", file.display()));
        assert!(!path.exists() || std::fs::remove_file(&path).is_ok());
    }
    std::fs::copy(copy, file).unwrap();
}

/// The log of the backup becomes as long as the log that it replaces, with other entries of the same numbers.
#[actix_web::test]
async fn cursor_after_a_stopped_sqlite_file_is_replaced_by_a_longer_backup_is_invalid() {
    begin(Engine::Sqlite, async |database| {
        let Database::Sqlite(folder) = database else { unreachable!() };
        let (file, copy) = (folder.path().join("gym.db"), folder.path().join("copy.db"));
        let mut program = Program::serve(&database.url(), &[]);
        let client = Client::follow(program.address).await;
        gym::open(&client).await;
        let common = cursor(&client);
        database.execute(&format!("vacuum into '{}'", copy.display())).await;
        let mut replaced = Vec::new();
        for age in 50..53 {
            client.ask("update_coach", json!({ "id": 1, "age": age })).await.done();
            replaced.push(cursor(&client));
        }
        program.terminate();
        assert!(program.ended().await.success());

        put_back(&copy, &file);
        for name in ["Plank", "Lunge", "Bridge", "Crunch", "Row"] {
            database.execute(&format!("update exercise_moves set name = '{name}'")).await;
        }
        let mut program = Program::serve(&database.url(), &[]);
        for _ in 0..2 {
            for cursor in &replaced {
                begins_anew(program.address, cursor).await;
            }
            resumes(program.address, &common).await;
            program.kill();
            program = Program::serve(&database.url(), &[]);
        }
        lives_on(&begins_anew(program.address, &replaced[2]).await).await;
    })
    .await;
}

/// Transaction numbers and the log's numbers are assigned again, for other rows.
#[actix_web::test]
async fn cursor_after_a_stopped_cluster_is_replaced_by_a_longer_backup_is_invalid() {
    for keeps_running in [true, false] {
        let mut cluster = Cluster::start();
        let url = cluster.url().to_owned();
        let mut program = Program::serve(&url, &[]);
        gym::open(&Client::follow(program.address).await).await;
        program.kill();
        cluster.back_up();
        let mut program = Program::serve(&url, &[]);
        let client = Client::follow(program.address).await;
        for age in 50..53 {
            client.ask("update_coach", json!({ "id": 1, "age": age })).await.done();
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
            program = Program::serve(&url, &[]);
        }
        let renamed = |rows: &[serde_json::Value]| rows[0]["name"] == "Swing";
        Client::connect(program.address).await.sees("exercise_moves", renamed).await;
        lives_on(&begins_anew(program.address, &replaced).await).await;
    }
}

#[actix_web::test]
async fn a_copy_within_the_cluster_is_another_database() {
    begin(Engine::Postgres, async |database| {
        let mut program = Program::serve(&database.url(), &[]);
        let client = Client::follow(program.address).await;
        gym::open(&client).await;
        let before = cursor(&client);
        program.terminate();
        assert!(program.ended().await.success());

        let copy = postgres::Database::copy_of(database).await;
        let mut program = Program::serve(copy.url(), &[]);
        let client = begins_anew(program.address, &before).await;
        lives_on(&client).await;
        let later = cursor(&client);
        begins_anew(program.address, &before).await;
        program.kill();
        let mut program = Program::serve(copy.url(), &[]);
        resumes(program.address, &later).await;
        begins_anew(program.address, &before).await;
        program.kill();

        let program = Program::serve(&database.url(), &[]);
        resumes(program.address, &before).await;
        begins_anew(program.address, &later).await;
        copy.remove().await;
    })
    .await;
}

/// The tables are other tables then, and what clients have must go back with them.
#[actix_web::test]
async fn a_dump_that_is_put_back_under_a_running_server_is_seen_by_all() {
    let database = Database::Cluster(Cluster::start());
    let program = Program::serve(&database.url(), &[]);
    let (client, snapshots) = (Client::follow(program.address).await, Client::connect(program.address).await);
    gym::open(&client).await;
    let before = cursor(&client);
    let dump = postgres::dump(&database.url());
    client.ask("new_coach", gym::coach("Grace")).await.done();
    client.ask("update_exercise_move", json!({ "id": 1, "name": "Plank" })).await.done();
    client.ask("delete_schedule", json!({ "id": 1 })).await.done();
    let after = cursor(&client);
    snapshots.agrees().await;

    postgres::restore(&dump, &database.url());
    let back = |rows: &[serde_json::Value]| rows.len() == 1;
    snapshots.sees("coaches", back).await;
    snapshots.sees("schedules", back).await;
    snapshots.sees("exercise_moves", |rows| rows[0]["name"] == "Squat").await;
    for cursor in [&before, &after] {
        begins_anew(program.address, cursor).await;
    }
    let fresh = Client::follow(program.address).await;
    lives_on(&fresh).await;
    let told = client.told(0);
    assert!(told.iter().any(|told| told["coaches"]["deleted"] == json!([2])), "{told:?}");
}

/// Another cluster has come less far with its numbers than the log that is brought to it.
#[actix_web::test]
async fn a_dump_that_moves_to_another_cluster_begins_anew() {
    let (old, new) = (Cluster::start(), Cluster::start());
    let few = ["--change-log-rows", "5"];
    postgres::execute(old.url(), FAR).await;
    let mut program = Program::serve(old.url(), &few);
    let client = Client::follow(program.address).await;
    gym::open(&client).await;
    for age in 20..30 {
        client.ask("update_coach", json!({ "id": 1, "age": age })).await.done();
    }
    let before = cursor(&client);
    program.kill();
    let mut program = Program::serve(old.url(), &few);
    http::until_metric(program.address, "rowcast_change_log_entries", |left| left > 0.0 && left <= 5.0).await;
    program.kill();

    postgres::restore(&postgres::dump(old.url()), new.url());
    let mut program = Program::serve(new.url(), &few);
    let client = begins_anew(program.address, &before).await;
    let then = client.now();
    for age in 30..36 {
        postgres::execute(new.url(), &format!("update coaches set age = {age}")).await;
        client.keeps("the age", |copy| copy.rows("coaches")[0]["age"] == age).await;
    }
    let once =
        [json!({ "id": 1, "age": 40 }), json!({ "request_id": "6a2f41a3-c54c-4b1c-8f5e-0f1d2c3b4a59" })];
    for _ in 0..4 {
        // The first is carried out; each of the others is acked after a look that finds nothing.
        client.ask_with("update_coach", &once).await.done();
    }
    assert_eq!(client.told(then).len(), 7, "one event for each: {:?}", client.told(then));
    resumes(program.address, &cursor(&client)).await;
    lives_on(&client).await;
    let later = cursor(&client);
    program.kill();
    let program = Program::serve(new.url(), &few);
    resumes(program.address, &later).await;
    begins_anew(program.address, &before).await;
}

/// Uses up numbers of transactions.
const FAR: &str = "do $$ begin
    for at in 1..5000 loop perform pg_current_xact_id(); commit; end loop;
end $$";
