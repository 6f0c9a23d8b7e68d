//! The removal of all data.

use std::{fs, path::Path};

use rowcast::project::{Confirmed, reset};

use super::database::{Project, open};

fn reset_url(url: &str) -> Result<(), String> {
    reset(&url.parse().unwrap(), Confirmed)
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[actix_web::test]
async fn reset_deletes_the_file_that_migrations_have_made() {
    let project = Project::on_sqlite().await;
    project.migrate("1_a.sql", "create table a (id integer)").await;
    let refused = reset_url(&project.url).unwrap_err();
    assert!(refused.ends_with("another program has it open: end that first"), "{refused}");
    project.execute("insert into a values (1)").await;
    project.db.close().await;
    reset_url(&project.url).unwrap();
    assert_eq!(files(project.folder.path()), ["migrations"]);
    reset_url(&project.url).unwrap();
    let mut project = project;
    project.db = open(&project.url).await;
    assert_eq!(project.apply().await.unwrap(), ["1_a.sql"]);
    project.remove().await;
}

#[actix_web::test]
async fn reset_deletes_the_file_whose_first_migration_failed() {
    let project = Project::on_sqlite().await;
    project.mistake("1_a.sql", "create tabel a (id integer)").await;
    project.db.close().await;
    reset_url(&project.url).unwrap();
    assert_eq!(files(project.folder.path()), ["migrations"]);
}

#[actix_web::test]
async fn reset_keeps_a_file_that_had_tables_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chinook.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("create table albums (id integer)").unwrap();
    let url = format!("sqlite://{}", path.display());
    let refusal = "it has tables that no migration has made; delete the file by hand if you do not need them";
    assert!(reset_url(&url).unwrap_err().ends_with(refusal));
    let migrations = folder.path().join("migrations");
    fs::create_dir(&migrations).unwrap();
    fs::write(migrations.join("1_a.sql"), "create table a (id integer)").unwrap();
    let db = open(&url).await;
    rowcast::project::migrations::apply(&db, &migrations).await.unwrap();
    db.close().await;
    assert!(reset_url(&url).unwrap_err().ends_with(refusal));
    fs::write(folder.path().join("notes.txt"), "not a database, but long enough to look like one".repeat(40))
        .unwrap();
    assert!(reset_url(&format!("sqlite://{}", folder.path().join("notes.txt").display())).is_err());
    assert_eq!(files(folder.path()), ["chinook.db", "migrations", "notes.txt"]);
}

#[test]
fn reset_refuses_a_server_and_names_no_password() {
    let refused = reset_url("postgres://ada:s3cret@db/gym").unwrap_err();
    assert!(
        refused.contains("postgres://db/gym is not reset")
            && refused.contains("dropdb")
            && !refused.contains("s3cret"),
        "{refused}"
    );
}
