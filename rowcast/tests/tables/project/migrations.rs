//! Migrations in SQL, on both databases.

use std::fs;

use rowcast::project::{Mistake, init, migrations};

use super::database::{Project, open};

/// A test on each database.
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[actix_web::test]
            async fn $test() {
                super::$test(super::Project::on_sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[actix_web::test]
            async fn $test() {
                super::$test(super::Project::on_postgres().await).await;
            })*
        }
    };
}

on_both! {
    new_project_is_migrated_once,
    failing_statement_is_named_with_its_line,
    file_that_fails_changes_nothing_and_stops_the_rest,
    differences_from_the_past_are_refused_by_name,
    line_breaks_of_a_checkout_change_nothing,
    files_are_checked_without_being_applied,
    vacuum_runs_without_a_transaction,
    file_is_applied_once_by_many_servers,
    without_a_folder_nothing_happens,
}

async fn new_project_is_migrated_once(project: Project) {
    init(project.folder.path()).unwrap();
    assert_eq!(project.apply().await.unwrap(), ["0001_tasks.sql"]);
    assert_eq!(project.apply().await.unwrap(), [""; 0]);
    assert_eq!(project.tables().await, ["tasks"]);
    project.execute("insert into tasks (id, title) values ('1', 'Write')").await;
    let text =
        project.text("select title || ' ' || case when done then 'done' else 'open' end as text from tasks");
    assert_eq!(text.await.unwrap(), "Write open");
    project.remove().await;
}

async fn failing_statement_is_named_with_its_line(project: Project) {
    let sql = "create table tasks (id integer primary key);\n-- Each one\n\ninsert into tasks\n  values (1);\n\
               insert into tasks\n  values (1);\n";
    let mistake = project.mistake("0001_a.sql", sql).await;
    assert!(
        mistake.starts_with("migrations/0001_a.sql:6: ") && mistake.to_lowercase().contains("unique"),
        "{mistake}"
    );
    let mistake =
        project.mistake("0001_a.sql", "create table a (é text);\nselect 'ä',\n  foo\nfrom a;").await;
    assert!(mistake.starts_with("migrations/0001_a.sql:3: ") && mistake.contains("foo"), "{mistake}");
    let mistake = project
        .mistake("0001_a.sql", "create table a (id integer);\n\ncreate tabel b (\n  id integer);")
        .await;
    assert!(mistake.starts_with("migrations/0001_a.sql:3: ") && mistake.contains("tabel"), "{mistake}");
    let mistake = project.mistake("0001_a.sql", "create table a (id integer);\ncommit;").await;
    assert!(mistake.starts_with("migrations/0001_a.sql:2: remove `commit`"), "{mistake}");
    assert_eq!(project.tables().await, [""; 0]);
    project.remove().await;
}

async fn file_that_fails_changes_nothing_and_stops_the_rest(project: Project) {
    project.write("0001_a.sql", "create table a (id integer)");
    project.write("0002_b.sql", "create table b (id integer);\ninsert into nowhere values (1)");
    project.write("0003_c.sql", "create table c (id integer)");
    let mistakes = project.apply().await.unwrap_err();
    assert!(mistakes[0].starts_with("migrations/0002_b.sql:2: "), "{mistakes:?}");
    assert_eq!(project.tables().await, ["a"]);
    project.write("0002_b.sql", "create table b (id integer)");
    assert_eq!(project.apply().await.unwrap(), ["0002_b.sql", "0003_c.sql"]);
    assert_eq!(project.tables().await, ["a", "b", "c"]);
    project.remove().await;
}

async fn differences_from_the_past_are_refused_by_name(project: Project) {
    for name in ["a", "c", "d"] {
        project.write(
            &format!("000{}_{name}.sql", name.as_bytes()[0] - b'a' + 1),
            &format!("create table {name} (id integer)"),
        );
    }
    assert_eq!(project.apply().await.unwrap().len(), 3);
    project.write("0001_a.sql", "create table a (id integer, name text)");
    project.write("0002_b.sql", "create table b (id integer)");
    fs::remove_file(project.migrations().join("0003_c.sql")).unwrap();
    let mistakes = project.apply().await.unwrap_err();
    assert_eq!(
        mistakes,
        [
            "migrations/0001_a.sql: was changed after it was applied: undo the change, and write a new file for what is new",
            "migrations/0003_c.sql: was applied and is missing here: bring the file back",
            "migrations/0002_b.sql: comes before 0004_d.sql, which is applied already: give it a higher number",
        ]
    );
    assert_eq!(project.tables().await, ["a", "c", "d"]);
    project.remove().await;
}

async fn line_breaks_of_a_checkout_change_nothing(project: Project) {
    project.migrate("0001_a.sql", "create table a (\n  id integer\n);\n").await;
    project.write("0001_a.sql", "\u{feff}create table a (\r\n  id integer\r\n);\r\n");
    assert_eq!(project.apply().await.unwrap(), [""; 0]);
    project.remove().await;
}

async fn files_are_checked_without_being_applied(project: Project) {
    let check = async || migrations::check(&project.db, &project.migrations()).await;
    project.write("0001_a.sql", "create table a (id integer)");
    assert_eq!(check().await.unwrap(), ["0001_a.sql"]);
    assert_eq!(project.tables().await, [""; 0]);
    project.write("0002_b.sql", "begin;\nvacuum;");
    let mistakes: Vec<Mistake> = check().await.unwrap_err();
    assert_eq!(mistakes.iter().map(|mistake| mistake.line).collect::<Vec<_>>(), [Some(1), Some(2)]);
    project.remove().await;
}

async fn vacuum_runs_without_a_transaction(project: Project) {
    project.write("0001_a.sql", "create table a (id integer)");
    project.write("0002_vacuum.sql", "-- rowcast: no transaction\nvacuum;\n");
    assert_eq!(project.apply().await.unwrap().len(), 2);
    assert_eq!(project.apply().await.unwrap().len(), 0);
    project.execute("insert into a values (1)").await;
    project.remove().await;
}

async fn file_is_applied_once_by_many_servers(project: Project) {
    for number in 1..=4 {
        project.write(&format!("{number}_t.sql"), &format!("create table t{number} (id integer)"));
    }
    let others = [open(&project.url).await, open(&project.url).await];
    let folder = project.migrations();
    let apply = |db| migrations::apply(db, &folder);
    let (one, two, three) = tokio::join!(apply(&project.db), apply(&others[0]), apply(&others[1]));
    let mut all = [one.unwrap().newly, two.unwrap().newly, three.unwrap().newly].concat();
    all.sort();
    assert_eq!(all, ["1_t.sql", "2_t.sql", "3_t.sql", "4_t.sql"]);
    for other in others {
        other.close().await;
    }
    project.remove().await;
}

async fn without_a_folder_nothing_happens(project: Project) {
    assert_eq!(project.apply().await.unwrap(), [""; 0]);
    let records = "select name as text from rowcast_project_migrations";
    let ask = project.db.read(async move |db: &rowcast::Transaction| {
        let statement =
            sea_orm::Statement::from_string(sea_orm::ConnectionTrait::get_database_backend(db), records);
        Ok(sea_orm::ConnectionTrait::query_one_raw(db, statement).await.is_err())
    });
    assert!(ask.await.unwrap(), "there is no table of records");
    project.remove().await;
}
