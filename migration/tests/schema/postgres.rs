//! A PostgreSQL server of our own, because roles are those of a whole cluster.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use sea_orm_migration::MigratorTraitSelf;
use test_support::postgres::{Cluster, with_database};

use super::{
    all, before, execute, log, migrations, query, run, stories, text,
    versions::{self, moves, version},
};

struct Server(Cluster);

impl Server {
    fn start() -> Self {
        Self(Cluster::start())
    }

    /// A new database and a pool on it. Its language orders text otherwise than by code point, so that a story that relies
    /// on either order fails.
    async fn database(&self, name: &str) -> DatabaseConnection {
        let language = "template template0 locale_provider icu icu_locale 'en'";
        let create = format!("create database {name} {language}");
        execute(&self.connect("postgres").await, &create).await.unwrap();
        self.connect(name).await
    }

    async fn connect(&self, database: &str) -> DatabaseConnection {
        Database::connect(with_database(self.0.url(), database)).await.unwrap()
    }
}

/// One test: starting the server is what costs time.
#[tokio::test]
async fn every_story_holds_on_postgresql() {
    let server = Server::start();
    let db = server.database("gym").await;
    run(&db).await.unwrap();
    stories::all(&db).await;
    versions::stories(&db).await;
    versions_move_while_others_are_replicated(&db).await;
    a_transaction_moves_a_plan_once_for_its_links(&db).await;
    who_may_write_links_alone_moves_the_plan(&db).await;
    emptied_links_move_their_plans(&db).await;
    truncating_is_logged(&db).await;
    programs_with_another_search_path_can_write(&db).await;
    every_entry_names_its_transaction(&db).await;
    what_logs_changes_is_nobodys_to_call(&db).await;
    servers_may_start_at_once(&server).await;
    let new = server.database("new").await;
    run(&new).await.unwrap();
    before::is_brought_up_to_date(&server.database("before").await, &new).await;
    a_migration_that_fails_leaves_nothing_behind(&server).await;
}

async fn versions_move_while_others_are_replicated(db: &DatabaseConnection) {
    let replica = |sql: &str| format!("begin; set local session_replication_role = replica; {sql}; commit");
    let row = replica("update coaches set age = 50 where id = 901");
    assert_eq!(moves(db, "coaches", 901, &row).await, 1);
    let link =
        "insert into workout_plan_moves (workout_plan_id, exercise_move_id, position) values (901, 900, 0)";
    assert_eq!(moves(db, "workout_plans", 901, &replica(link)).await, 1);
}

async fn a_transaction_moves_a_plan_once_for_its_links(db: &DatabaseConnection) {
    let link = |position: i64| {
        format!(
            "insert into workout_plan_moves (workout_plan_id, exercise_move_id, position)
                values (901, 900, {position})"
        )
    };
    let many = format!("begin; {}; {}; {}; commit", link(1), link(2), link(3));
    assert_eq!(moves(db, "workout_plans", 901, &many).await, 1);
    let counted = "update workout_plans set name = 'Counted', version = version + 1 where id = 901";
    assert_eq!(moves(db, "workout_plans", 901, &format!("begin; {counted}; {}; commit", link(4))).await, 1);
    // What was taken back to a savepoint has moved nothing.
    let taken_back = format!("begin; savepoint a; {counted}; rollback to a; {}; commit", link(5));
    assert_eq!(moves(db, "workout_plans", 901, &taken_back).await, 1);
}

async fn who_may_write_links_alone_moves_the_plan(db: &DatabaseConnection) {
    let grant = "create role linker; grant usage on schema public to linker;
        grant select, insert, update, delete on workout_plan_moves to linker;
        grant insert on change_log to linker";
    all(db, &[grant]).await;
    let own = "begin; set local role linker; update workout_plan_moves set position = 70 where position = 5; commit";
    assert_eq!(moves(db, "workout_plans", 901, own).await, 1);
    let may = "select has_table_privilege('linker', 'workout_plans', 'update')::text as text";
    assert_eq!(text(db, may).await, "false");
}

async fn emptied_links_move_their_plans(db: &DatabaseConnection) {
    assert_eq!(moves(db, "workout_plans", 901, "truncate workout_plan_moves").await, 1);
    let before = version(db, "workout_plans", 901).await;
    all(db, &["begin; truncate workout_plans cascade; rollback"]).await;
    assert_eq!(version(db, "workout_plans", 901).await, before);
}

async fn truncating_is_logged(db: &DatabaseConnection) {
    all(db, &["insert into coaches (id, name, age, picture) values (90, 'Ada', 30, 'https://x')"]).await;
    log(db).await;
    execute(db, "truncate coaches cascade").await.unwrap();
    assert!(log(db).await.contains(&("coaches".into(), 90)));
}

async fn programs_with_another_search_path_can_write(db: &DatabaseConnection) {
    let insert = "begin; set local search_path = pg_catalog; \
        insert into public.coaches (id, name, age, picture) values (91, 'Bob', 30, 'https://x'); commit";
    execute(db, insert).await.unwrap();
    assert_eq!(log(db).await, [("coaches".into(), 91)]);
}

async fn every_entry_names_its_transaction(db: &DatabaseConnection) {
    let write = "with own as (select pg_current_xact_id() as id), \
        written as (update coaches set age = 31 where id = 91 returning id) \
        select own.id::text as text from own, written";
    let writer = text(db, write).await;
    assert_eq!(text(db, "select max(txid::text) as text from change_log").await, writer);
}

/// It fires whatever the session's role in replication, with its owner's rights, on what is in its own schema.
async fn what_logs_changes_is_nobodys_to_call(db: &DatabaseConnection) {
    let functions = "from pg_proc where pronamespace = 'public'::regnamespace
        and proname in ('log_row', 'log_nested', 'log_truncate', 'guard_log')";
    let sound = "prosecdef and proconfig = array['search_path=pg_catalog, public, pg_temp']
        and not has_function_privilege('public', oid, 'execute')";
    assert_eq!(query(db, &format!("select 1 {functions}")).await.len(), 4);
    assert_eq!(query(db, &format!("select 1 {functions} and not ({sound})")).await.len(), 0);
    let rest = format!("tgfoid in (select oid {functions}) and tgenabled <> 'A'");
    assert_eq!(query(db, &format!("select 1 from pg_trigger where {rest}")).await.len(), 0);
    log(db).await;
    let replica = "begin; set local session_replication_role = replica; \
        update public.coaches set age = 32 where id = 91; commit";
    execute(db, replica).await.unwrap();
    assert_eq!(log(db).await, [("coaches".into(), 91)]);
}

async fn servers_may_start_at_once(server: &Server) {
    let first = server.database("race").await;
    let second = server.connect("race").await;
    let (one, other) = tokio::join!(run(&first), run(&second));
    one.unwrap();
    other.unwrap();
    let all = migrations().migrations().len();
    assert_eq!(query(&first, "select 1 from seaql_migrations").await.len(), all);
}

async fn a_migration_that_fails_leaves_nothing_behind(server: &Server) {
    let db = server.database("stray").await;
    execute(&db, "create table tokens (stray text)").await.unwrap();

    assert!(run(&db).await.is_err());

    let tables = "select 1 from pg_tables where schemaname = 'public'";
    assert_eq!(query(&db, tables).await.len(), 1);
    assert!(db.execute_unprepared("drop table tokens").await.is_ok());
    run(&db).await.unwrap();
}
