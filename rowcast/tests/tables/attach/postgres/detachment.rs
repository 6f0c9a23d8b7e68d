//! The removal of every trace.

use rowcast::attach::{self, Detachment, Installed, Options};

use super::database::{Attached, table};

const SCHEMA: &str = r#"
create schema "odd schema";
create extension citext;
create type mood as enum ('sad', 'ok');
create table lists (id integer generated always as identity primary key, name citext unique, version integer not null default 1);
create table tasks (id uuid primary key, list integer references lists on delete cascade, mood mood, check (mood <> 'sad'));
create table "odd schema"."it's" ("a ""b""" text primary key);
create table events (at date, id integer, primary key (at, id)) partition by range (at);
create table events_old partition of events for values from (minvalue) to ('2020-01-01');
create table events_new partition of events default;
create view shown as select * from lists;
create materialized view stored as select * from tasks;
create function touch() returns trigger language plpgsql as 'begin return new; end';
create trigger touched before update on tasks for each row execute function touch();
alter table tasks enable always trigger touched;
create publication everything for table lists, tasks;
insert into lists (name) values ('one');
insert into events values ('2019-01-01', 1), ('2021-01-01', 2);
comment on schema public is 'mine';"#;

#[actix_web::test]
async fn detached_database_is_dumped_as_it_was_before_on_postgres() {
    let postgres = Attached::before(SCHEMA).await;
    let before = postgres.dump();
    let options = Options { count_versions: [table("public", "lists")].into(), ..Options::default() };
    postgres.attach(&options).await;
    assert!(Installed::read(&postgres.db).await.unwrap().is_attached());
    assert!(postgres.dump().contains("rowcast_change_log"));
    postgres.detach().await;
    assert_eq!(postgres.dump(), before);
    postgres.attach(&options).await;
    postgres.detach().await;
    assert_eq!(postgres.dump(), before);
    postgres.remove().await;
}

#[actix_web::test]
async fn schema_that_was_made_for_rowcast_stays_empty_on_postgres() {
    let postgres = Attached::before(SCHEMA).await;
    postgres.execute("create schema rowcast; comment on schema rowcast is 'for live data'").await;
    let before = postgres.dump();
    postgres.attach(&Options::default()).await;
    postgres
        .execute(
            "create function rowcast.log_row() returns trigger language plpgsql as 'begin return null; end'",
        )
        .await;
    postgres.execute("create trigger own after insert on rowcast.rowcast_change_log for each row execute function rowcast.log_row()").await;
    let Detachment { obstacles, statements } = Detachment::read(&postgres.db).await.unwrap();
    assert_eq!(obstacles, [""; 0]);
    attach::execute(&postgres.db, &statements).await.unwrap();
    assert_eq!(postgres.dump(), before);
    postgres.remove().await;
}

#[actix_web::test]
async fn search_path_of_any_shape_gets_the_schema_on_postgres() {
    let postgres = Attached::with(SCHEMA).await;
    for (at, path) in
        ["''", "public", "\"$user\", public", "\"odd schema\"", "nowhere"].into_iter().enumerate()
    {
        postgres
            .execute(&format!(
                "set search_path = {path}; begin; {}; create table rowcast_own_{at} (id integer); commit;
                 {}; select 1 from rowcast_own_{at}; insert into rowcast.rowcast_change_log (collection, row_key)
                 values (current_setting('search_path'), '')",
                attach::CREATE_IN_SCHEMA,
                attach::FIND_IN_SCHEMA
            ))
            .await;
    }
    let created = "select relname::text as text from pg_class where relnamespace = 'rowcast'::regnamespace and relname like 'rowcast\\_own%'";
    assert_eq!(postgres.texts(created).await.len(), 5);
    let paths =
        postgres.texts("select collection as text from rowcast.rowcast_change_log order by seq").await;
    let own = [
        "\"\", rowcast",
        "public, rowcast",
        "\"$user\", public, rowcast",
        "\"odd schema\", rowcast",
        "nowhere, rowcast",
    ];
    assert_eq!(paths, own);
    postgres.detach().await;
    postgres.remove().await;
}

#[actix_web::test]
async fn objects_of_others_prevent_the_removal_on_postgres() {
    let postgres = Attached::with(SCHEMA).await;
    postgres
        .execute(
            "create view busy as select collection, count(*) from rowcast.rowcast_change_log group by 1;
             create table rowcast.mine (id integer primary key);
             create view rowcast.report as select 1 as one;
             create function rowcast.f(a integer) returns integer language sql as 'select 1';
             create table entries (seq bigint references rowcast.rowcast_change_log, log rowcast.rowcast_change_log);
             create trigger mine after insert on lists for each row execute function touch();
             create publication log for table rowcast.rowcast_change_log",
        )
        .await;
    let Detachment { obstacles, .. } = Detachment::read(&postgres.db).await.unwrap();
    let others = |kind: &str, name: &str| {
        format!(
            "The schema rowcast contains the {kind} \"{name}\", which is not Rowcast's: move it to another schema, or drop it."
        )
    };
    let dependent = |name: &str| {
        format!(
            "The {name} depends on the schema rowcast, and would be dropped with it: drop or change it first."
        )
    };
    assert_eq!(
        obstacles,
        [
            others("function", "f"),
            others("table", "mine"),
            others("view", "report"),
            dependent("column log of table entries"),
            dependent("constraint entries_seq_fkey on table entries"),
            dependent("publication of table rowcast.rowcast_change_log in publication log"),
            dependent("view busy"),
        ]
    );
    postgres.execute("drop view busy; drop table entries, rowcast.mine; drop view rowcast.report; drop function rowcast.f; drop publication log").await;
    postgres.detach().await;
    postgres.remove().await;
}
