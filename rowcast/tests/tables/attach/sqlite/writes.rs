//! Writes of every kind.

use std::process::Command;

use super::database::Attached;

const TASKS: &str = "
create table lists (id integer primary key, name text);
create table tasks (
    id integer primary key autoincrement,
    list integer references lists on delete cascade on update cascade,
    code text unique,
    title text not null default ''
);
insert into lists values (1, 'one'), (2, 'two');
insert into tasks (id, list, code) values (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c');";

#[actix_web::test]
async fn writes_of_other_programs_are_logged_on_sqlite() {
    let sqlite = Attached::with(TASKS).await;
    for (sql, expected) in [
        ("insert into tasks (code) values ('x'), ('y')", &["tasks [4]", "tasks [5]"][..]),
        ("update tasks set title = 'new' where id > 2", &["tasks [3]", "tasks [4]", "tasks [5]"]),
        ("update tasks set id = 6 where id = 5", &["tasks [5]", "tasks [6]"]),
        ("update tasks set title = title where id = 1", &["tasks [1]"]),
        ("delete from tasks where id in (4, 6)", &["tasks [4]", "tasks [6]"]),
        (
            "insert into tasks (id, code) values (9, 'a') on conflict (code) do update set title = 'again'",
            &["tasks [1]"],
        ),
        ("insert or ignore into tasks (id, code) values (9, 'a')", &[]),
        ("begin; delete from tasks; rollback", &[]),
        ("insert or replace into tasks (id, title) values (3, 'replaced')", &["tasks [3]"]),
        ("replace into tasks (id, code) values (9, 'b')", &["tasks [9]"]),
        (
            "pragma recursive_triggers = on; replace into tasks (id, code) values (10, 'b')",
            &["tasks [9]", "tasks [10]"],
        ),
        ("update tasks set list = 2 where id = 3", &["tasks [3]"]),
        (
            "pragma foreign_keys = on; update lists set id = 5 where id = 2",
            &["tasks [3]", "lists [2]", "lists [5]"],
        ),
        ("pragma foreign_keys = on; delete from lists where id = 5", &["tasks [3]", "lists [5]"]),
        ("delete from tasks", &["tasks [1]", "tasks [10]"]),
    ] {
        assert_eq!(sqlite.logged(sql), expected, "{sql}");
    }
}

#[actix_web::test]
async fn writes_to_an_attached_file_of_another_connection_are_logged_on_sqlite() {
    let sqlite = Attached::with(TASKS).await;
    sqlite.execute("delete from rowcast_change_log");
    let path = sqlite.connect().path().unwrap().to_owned();
    let other = rusqlite::Connection::open_in_memory().unwrap();
    other
        .execute_batch(&format!(
            "attach '{path}' as other; create table rowcast_change_log (collection, row_key);
             insert into other.tasks (id) values (7)"
        ))
        .unwrap();
    assert_eq!(sqlite.texts("select collection || row_key from rowcast_change_log"), ["tasks[7]"]);
}

#[actix_web::test]
async fn writes_of_the_sqlite_shell_are_logged_on_sqlite() {
    let sqlite = Attached::with("create table t (id text primary key) without rowid").await;
    sqlite.execute("delete from rowcast_change_log");
    let path = sqlite.connect().path().unwrap().to_owned();
    let sql = "insert into t values ('it''s \"x\"'); update t set id = 'y'";
    assert!(Command::new("sqlite3").args([&*path, sql]).status().unwrap().success());
    let keys = sqlite.texts("select row_key from rowcast_change_log order by seq");
    assert_eq!(keys, [r#"["it's \"x\""]"#, r#"["it's \"x\""]"#, r#"["y"]"#]);
}
