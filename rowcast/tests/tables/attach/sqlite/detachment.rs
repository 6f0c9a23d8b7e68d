//! The removal of every trace.

use rowcast::attach::{Detachment, Installed, Options};

use super::database::{Attached, table};

const SCHEMA: &str = "
create table lists (id integer primary key, name text unique, version integer not null default 1);
create table tasks (id text primary key, list integer references lists on delete cascade) without rowid;
create table \"it's\" (\"a \"\"b\"\"\" blob primary key);
create view shown as select * from lists;
create index tasks_list on tasks (list);
create trigger own after insert on lists begin update lists set name = trim(name) where id = new.id; end;
insert into lists (name) values (' one ');";

/// Further tables, with what SQLite keeps of numbered rows.
const NUMBERED: [&str; 3] = [
    "",
    "create table numbered (id integer primary key autoincrement); insert into numbered values (7);",
    "create table numbered (id integer primary key autoincrement); drop table numbered;",
];

#[actix_web::test]
async fn detached_file_is_dumped_as_it_was_before_on_sqlite() {
    let options = Options { count_versions: [table("lists")].into(), ..Options::default() };
    for numbered in NUMBERED {
        let sqlite = Attached::before(&format!("{SCHEMA} {numbered}")).await;
        let before = sqlite.dump();
        for _ in 0..2 {
            sqlite.attach(&options).await;
            sqlite.execute(
                "create table rowcast_users (id integer primary key autoincrement);
                 create table rowcast_tokens (id integer primary key, user integer references rowcast_users, up references rowcast_tokens);
                 insert into rowcast_users values (1); insert into rowcast_tokens values (1, 1, 1);
                 create trigger rowcast_change_log_cut after delete on rowcast_change_log begin select 1; end;
                 update lists set name = 'two'; update lists set name = 'one', version = 1; pragma user_version = 0",
            );
            assert!(Installed::read(&sqlite.db).await.unwrap().is_attached());
            sqlite.execute("update lists set version = 1 where id = 1; drop trigger if exists x");
            sqlite.detach().await;
            sqlite.execute("update lists set version = 1, name = 'one'");
            assert_eq!(sqlite.dump(), before, "{numbered}");
            sqlite.execute("insert into tasks values ('still', 1); delete from tasks");
        }
    }
}

#[actix_web::test]
async fn objects_of_others_prevent_the_removal_on_sqlite() {
    let sqlite = Attached::with(SCHEMA).await;
    sqlite.execute(
        "create view busy as select collection, count(*) from \"Rowcast_Change_Log\" group by 1;
         create table entries (seq integer references rowcast_change_log);
         create view rowcast_view as select 1;",
    );
    let Detachment { obstacles, .. } = Detachment::read(&sqlite.db).await.unwrap();
    let uses = |name: &str| {
        format!("The {name} uses a table of Rowcast, which would be dropped: drop or change it first.")
    };
    assert_eq!(
        obstacles,
        [
            "The view \"rowcast_view\" is not Rowcast's, but has a name that Rowcast reserves: rename it."
                .to_owned(),
            uses("view \"busy\""),
            uses("table \"entries\""),
        ]
    );
    sqlite.execute("drop view busy; drop table entries; drop view rowcast_view");
    sqlite.detach().await;
}

#[actix_web::test]
async fn file_with_reserved_names_is_not_attached_on_sqlite() {
    let sqlite = Attached::before("create table rowcast_mine (id integer primary key)").await;
    let installed = Installed::read(&sqlite.db).await.unwrap();
    let expected =
        "The table \"rowcast_mine\" is not Rowcast's, but has a name that Rowcast reserves: rename it.";
    assert_eq!(installed.conflicts(), [expected]);
    assert_eq!(Detachment::read(&sqlite.db).await.unwrap(), Detachment::default());
}
