//! Migrations that wait or take long: the start does not fail, and the log names the cause.

use std::io::Read;

use tempfile::tempdir;

use crate::harness::{
    Client, Database, Engine, TIMEOUT, fixtures, on_empty_databases,
    postgres::Session,
    process::{self, ServerProcess},
    with_database,
};

on_empty_databases! { concurrent_migrations_wait_for_each_other }

/// The lock that a migration holds; see the `migration` crate.
const LOCK: &str = "select pg_advisory_xact_lock(x'726f7763617374'::bigint)";

#[actix_web::test]
async fn start_waits_for_migrating_node_and_logs_it() {
    with_database(Engine::Postgres, async |database| {
        let holder = Session::begin(&database.url(), LOCK).await;
        let url = database.url();
        let starting = actix_web::rt::task::spawn_blocking(move || ServerProcess::serve(&url, &[]));
        // Longer than the lock timeout of other statements.
        let waits = "select coalesce(max(extract(epoch from now() - query_start)) > 7, false)::text
            from pg_stat_activity where datname = current_database() and wait_event = 'advisory'";
        Session::open(&database.url()).await.until(waits).await;
        holder.commit().await;
        let program = starting.await.unwrap();
        program.wait_for_log("another node is migrating this database").await;
        fixtures::seed_one_of_each(&Client::connect(program.address).await).await;
    })
    .await;
}

#[actix_web::test]
async fn slow_migration_statement_is_not_cancelled() {
    with_database(Engine::Postgres, async |database| {
        let slow = "create table slept (at timestamptz);
            create function slow() returns event_trigger language plpgsql as $$ begin
                if tg_tag = 'CREATE INDEX' and not exists (select from slept) then
                    insert into slept values (now());
                    perform pg_sleep(7);
                end if;
            end $$;
            create event trigger slow on ddl_command_start execute function slow()";
        database.execute(slow).await;
        let url = database.url();
        let run = move || process::run(tempdir().unwrap().path(), &["migrate", "--database-url", &url], "");
        let output = actix_web::rt::task::spawn_blocking(run).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        database.execute("drop event trigger slow").await;
        let program = ServerProcess::serve(&database.url(), &[]);
        fixtures::seed_one_of_each(&Client::connect(program.address).await).await;
    })
    .await;
}

#[actix_web::test]
async fn migration_waits_for_locked_file() {
    with_database(Engine::Sqlite, async |database| {
        drop(ServerProcess::serve(&database.url(), &[]));
        let file = rusqlite::Connection::open(database.url().trim_start_matches("sqlite://")).unwrap();
        file.execute_batch("begin immediate").unwrap();
        let mut process = process::spawn(&["migrate", "--database-url", &database.url()]);
        let mut log = process.stderr.take().unwrap();
        let says = move || {
            let (mut said, mut byte) = (String::new(), [0]);
            while !said.contains("waiting until it is done") && log.read(&mut byte).unwrap() > 0 {
                said.push(char::from(byte[0]));
            }
            said
        };
        let said = actix_web::rt::task::spawn_blocking(says).await.unwrap();
        assert!(said.contains("another program holds the database file"), "{said}");
        assert!(process.try_wait().unwrap().is_none(), "it waits");
        file.execute_batch("rollback").unwrap();
        let ended = actix_web::rt::task::spawn_blocking(move || process.wait().unwrap());
        assert!(ended.await.unwrap().success());
    })
    .await;
}

/// SIGTERM ends a start that waits for a lock.
#[actix_web::test]
async fn sigterm_ends_waiting_start() {
    with_database(Engine::Postgres, async |database| {
        let holder = Session::begin(&database.url(), LOCK).await;
        let mut process =
            process::spawn(&["serve", "--bind", "127.0.0.1:0", "--database-url", &database.url()]);
        let waits = "select exists (select from pg_stat_activity
            where datname = current_database() and wait_event = 'advisory')::text";
        Session::open(&database.url()).await.until(waits).await;
        process::signal(&process, "TERM");
        let ended = actix_web::rt::task::spawn_blocking(move || process.wait().unwrap());
        let ended = tokio::time::timeout(TIMEOUT, ended).await.expect("it to end").unwrap();
        assert!(!ended.success());
        holder.commit().await;
    })
    .await;
}

async fn concurrent_migrations_wait_for_each_other(database: &Database) {
    let starts = (0..3).map(|_| {
        let url = database.url();
        let run = move || process::run(tempdir().unwrap().path(), &["migrate", "--database-url", &url], "");
        actix_web::rt::task::spawn_blocking(run)
    });
    for output in futures_util::future::join_all(starts).await {
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let program = ServerProcess::serve(&database.url(), &[]);
    fixtures::seed_one_of_each(&Client::connect(program.address).await).await;
}
