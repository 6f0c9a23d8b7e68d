//! A PostgreSQL server of our own, because roles are those of a whole cluster.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use sea_orm_migration::MigratorTraitSelf;
use test_support::postgres::{Cluster, with_database};

use super::{
    all, common, earlier_versions, execute, log, migrations, prefix, query, run, text,
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

/// One test, because starting the server takes long.
#[tokio::test]
async fn schema_holds_on_postgres() {
    let server = Server::start();
    let db = server.database("gym").await;
    run(&db).await.unwrap();
    common::check_all(&db).await;
    versions::check_all(&db).await;
    prefix::helpers_find_the_tables(&db).await;
    prefix::earlier_versions_are_refused(&db).await;
    prefix::restored_earlier_tables_are_refused(&db).await;
    versions_increment_while_others_are_replicated(&db).await;
    transaction_increments_plan_version_once_for_its_links(&db).await;
    role_with_link_rights_only_increments_plan_version(&db).await;
    truncated_links_increment_plan_versions(&db).await;
    truncate_is_logged(&db).await;
    session_with_another_search_path_can_write(&db).await;
    log_entry_names_its_transaction(&db).await;
    log_functions_are_not_callable(&db).await;
    concurrent_migrations_succeed(&server).await;
    let new = server.database("new").await;
    run(&new).await.unwrap();
    let old = server.database("before").await;
    earlier_versions::assert_migrated(&old, &new).await;
    prefix::earlier_versions_are_refused(&old).await;
    prefix::tables_of_others_are_left_alone(&server.database("others").await).await;
    prefix::log_without_prefix_keeps_entries_and_numbers(&server.database("unprefixed").await).await;
    failed_migration_is_rolled_back(&server).await;
}

async fn versions_increment_while_others_are_replicated(db: &DatabaseConnection) {
    let replica = |sql: &str| format!("begin; set local session_replication_role = replica; {sql}; commit");
    let row = replica("update coaches set age = 50 where id = 901");
    assert_eq!(moves(db, "coaches", 901, &row).await, 1);
    let link =
        "insert into workout_plan_moves (workout_plan_id, exercise_move_id, position) values (901, 900, 0)";
    assert_eq!(moves(db, "workout_plans", 901, &replica(link)).await, 1);
}

async fn transaction_increments_plan_version_once_for_its_links(db: &DatabaseConnection) {
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
    // A change before a savepoint rollback increments nothing.
    let taken_back = format!("begin; savepoint a; {counted}; rollback to a; {}; commit", link(5));
    assert_eq!(moves(db, "workout_plans", 901, &taken_back).await, 1);
}

async fn role_with_link_rights_only_increments_plan_version(db: &DatabaseConnection) {
    let grant = "create role linker; grant usage on schema public to linker;
        grant select, insert, update, delete on workout_plan_moves to linker;
        grant insert on rowcast_change_log to linker";
    all(db, &[grant]).await;
    let own = "begin; set local role linker; update workout_plan_moves set position = 70 where position = 5; commit";
    assert_eq!(moves(db, "workout_plans", 901, own).await, 1);
    let may = "select has_table_privilege('linker', 'workout_plans', 'update')::text as text";
    assert_eq!(text(db, may).await, "false");
}

async fn truncated_links_increment_plan_versions(db: &DatabaseConnection) {
    assert_eq!(moves(db, "workout_plans", 901, "truncate workout_plan_moves").await, 1);
    let before = version(db, "workout_plans", 901).await;
    all(db, &["begin; truncate workout_plans cascade; rollback"]).await;
    assert_eq!(version(db, "workout_plans", 901).await, before);
}

async fn truncate_is_logged(db: &DatabaseConnection) {
    all(db, &["insert into coaches (id, name, age, picture) values (90, 'Ada', 30, 'https://x')"]).await;
    log(db).await;
    execute(db, "truncate coaches cascade").await.unwrap();
    assert!(log(db).await.contains(&("coaches".into(), 90)));
}

async fn session_with_another_search_path_can_write(db: &DatabaseConnection) {
    let insert = "begin; set local search_path = pg_catalog; \
        insert into public.coaches (id, name, age, picture) values (91, 'Bob', 30, 'https://x'); commit";
    execute(db, insert).await.unwrap();
    assert_eq!(log(db).await, [("coaches".into(), 91)]);
}

async fn log_entry_names_its_transaction(db: &DatabaseConnection) {
    let write = "with own as (select pg_current_xact_id() as id), \
        written as (update coaches set age = 31 where id = 91 returning id) \
        select own.id::text as text from own, written";
    let writer = text(db, write).await;
    assert_eq!(text(db, "select max(txid::text) as text from rowcast_change_log").await, writer);
}

/// The triggers fire in replica sessions as well, with their owner's rights, on their own schema.
async fn log_functions_are_not_callable(db: &DatabaseConnection) {
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

async fn concurrent_migrations_succeed(server: &Server) {
    let first = server.database("race").await;
    let second = server.connect("race").await;
    let (one, other) = tokio::join!(run(&first), run(&second));
    one.unwrap();
    other.unwrap();
    let all = migrations().migrations().len();
    assert_eq!(query(&first, "select 1 from rowcast_migrations").await.len(), all);
}

async fn failed_migration_is_rolled_back(server: &Server) {
    let db = server.database("stray").await;
    execute(&db, "create table coaches (stray text)").await.unwrap();

    assert!(run(&db).await.is_err());

    let tables = "select 1 from pg_tables where schemaname = 'public'";
    assert_eq!(query(&db, tables).await.len(), 1);
    assert!(db.execute_unprepared("drop table coaches").await.is_ok());
    run(&db).await.unwrap();
}
