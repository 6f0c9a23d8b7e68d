//! What only PostgreSQL does.

use super::database::{Project, open};
use rowcast::project::migrations;

#[actix_web::test]
async fn function_with_a_body_is_one_statement_on_postgres() {
    let project = Project::on_postgres().await;
    let sql = "create table a (id integer primary key, n integer);
        create function bump() returns trigger language plpgsql as $f$
        begin
            new.n := 2; -- ; $$
            return new;
        end $f$;
        create function one(x integer) returns integer begin atomic
            select 1; select case when x > 1 then 2 end;
        end;
        create trigger t before insert on a for each row execute function bump();
        insert into a values (1, 9);";
    project.migrate("1_a.sql", sql).await;
    assert_eq!(project.text("select n::text as text from a").await.unwrap(), "2");
    let broken =
        "select 1;\ncreate function f() returns integer language plpgsql as $$\nbegin\n  retrun 1;\nend $$;";
    let mistake = project.mistake("2_b.sql", broken).await;
    assert!(mistake.starts_with("migrations/2_b.sql:4: ") && mistake.contains("retrun"), "{mistake}");
    project.remove().await;
}

#[actix_web::test]
async fn index_is_created_concurrently_while_another_server_starts_on_postgres() {
    let project = Project::on_postgres().await;
    project.write("1_a.sql", "create table a (id integer)");
    let index = "create index concurrently a_id on a (id);";
    let mistake = project.mistake("2_b.sql", index).await;
    assert!(
        mistake.starts_with("migrations/2_b.sql:1: `concurrently` does not run in a transaction"),
        "{mistake}"
    );
    project.write("2_b.sql", &format!("-- rowcast: no transaction\n{index}"));
    let folder = project.migrations();
    let other = async {
        let db = open(&project.url).await;
        migrations::apply(&db, &folder).await.unwrap();
        db.close().await;
    };
    let (_, ()) = tokio::join!(async { migrations::apply(&project.db, &folder).await.unwrap() }, other);
    assert!(project.apply().await.unwrap().is_empty());
    project.remove().await;
}

#[actix_web::test]
async fn setting_of_one_file_ends_with_it_on_postgres() {
    let project = Project::on_postgres().await;
    project.write(
        "1_a.sql",
        "select pg_catalog.set_config('search_path', '', false); create table public.a (id integer)",
    );
    project.write("2_b.sql", "set role pg_read_all_data; select 1");
    project.write("3_c.sql", "create table c (id integer)");
    assert_eq!(project.apply().await.unwrap().len(), 3);
    assert_eq!(project.tables().await, ["a", "c"]);
    project.remove().await;
}

#[actix_web::test]
async fn constraint_that_fails_at_the_end_is_reported_on_postgres() {
    let project = Project::on_postgres().await;
    let sql = "create table a (id integer primary key);
        create table b (a integer references a deferrable initially deferred);
        insert into b values (7);";
    let mistake = project.mistake("1_a.sql", sql).await;
    assert!(mistake.starts_with("migrations/1_a.sql: ") && mistake.contains("(a)=(7)"), "{mistake}");
    assert!(project.tables().await.is_empty());
    project.remove().await;
}

#[actix_web::test]
async fn statement_that_the_server_runs_outside_of_transactions_alone_has_a_remedy_on_postgres() {
    let project = Project::on_postgres().await;
    let mistake = project.mistake("1_a.sql", "create table a (id integer);\ncluster;").await;
    assert!(
        mistake.contains("migrations/1_a.sql:2: ") && mistake.contains("-- rowcast: no transaction"),
        "{mistake}"
    );
    project.remove().await;
}
