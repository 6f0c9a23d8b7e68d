//! External writers: a role with rights on some tables only, and sessions in which ordinary triggers do not fire.

use serde_json::json;

use crate::harness::{Client, Engine, Node, TestApp, fixtures, http, postgres::Session, with_app};

/// Another service's role, which may write some tables and nothing else.
#[actix_web::test]
async fn role_with_table_rights_only_can_write() {
    with_app(Engine::Postgres, async |app: &TestApp| {
        let client = app.follow().await;
        fixtures::seed_one_of_each(&client).await;
        let url = app.database.url();
        // Roles belong to the cluster, which other tests share.
        let role = format!("etl_{}", std::process::id());
        let mut session = Session::open(&url).await;
        session.execute(&format!("create role {role}")).await;
        for sql in [
            "grant usage on schema public to {role}",
            "grant select, insert, update, delete, truncate on coaches, schedules, workout_plan_moves to {role}",
            "set role {role}",
            // Temporary tables of the same names do not affect the triggers.
            "create temp table rowcast_change_log (collection text, row_id bigint)",
            "create temp table rowcast_change_log_state (id bigint, floor bigint)",
            "update coaches set age = 51",
            "insert into coaches (name, age, picture) values ('Etl', 30, 'https://e.x/p')",
            "delete from workout_plan_moves",
        ] {
            session.execute(&sql.replace("{role}", &role)).await;
        }
        client.wait_for_replica("what it wrote", |replica| replica.rows("coaches").len() == 2).await;
        client.assert_in_sync().await;
        assert_eq!(client.replica().rows("workout_plans")[0]["exercise_moves"], json!([]));
        session.execute("truncate schedules").await;
        client.wait_for_replica("no class", |replica| replica.rows("schedules").is_empty()).await;
        client.assert_in_sync().await;
        session.execute(&format!("reset role; drop owned by {role}; drop role {role}")).await;
        assert_eq!(http::metric(app.address, "rowcast_reconciled_rows_total").await, 0.0);
    })
    .await;
}

/// As a subscription applies changes; on two nodes, one of them without reconciliation.
#[actix_web::test]
async fn replicated_writes_are_published() {
    with_app(Engine::Postgres, async |app: &TestApp| {
        let beside = Node::start(&app.database.url(), &["--reconcile-rows", "0"]).await;
        let (client, there) = (app.follow().await, Client::follow(beside.address).await);
        fixtures::seed_one_of_each(&client).await;
        there.assert_in_sync().await;
        let replica = "set session_replication_role = replica; ";
        for sql in [
            "update coaches set age = 62",
            "insert into coaches (name, age, picture) values ('Grace', 30, 'https://e.x/p')",
            "insert into workout_plan_moves (workout_plan_id, exercise_move_id, position) values (1, 1, 1)",
            "update exercise_moves set name = 'Deep squat'",
            "delete from schedules",
            "truncate workout_plan_moves",
        ] {
            let then = there.now();
            app.database.execute(&format!("{replica}{sql}")).await;
            there.until("changes", |_| (!there.changes_since(then).is_empty()).then_some(())).await;
            there.assert_in_sync().await;
            client.assert_in_sync().await;
            assert_eq!(there.changes_since(then).len(), 1, "{sql}");
        }
        beside.stop().await;
    })
    .await;
}

/// `pg_restore --disable-triggers` ends so, and leaves triggers that fire in ordinary sessions only.
#[actix_web::test]
async fn reenabled_triggers_fire_in_replica_sessions() {
    with_app(Engine::Postgres, async |app: &TestApp| {
        let client = app.follow().await;
        fixtures::seed_one_of_each(&client).await;
        app.database
            .execute("alter table coaches disable trigger all; alter table coaches enable trigger all")
            .await;
        let mut session = Session::open(&app.database.url()).await;
        let armed = "do $$ begin
            for at in 1..1200 loop
                exit when not exists (select from pg_trigger
                    where tgrelid = 'coaches'::regclass and tgname ~ '_log|^zz_' and tgenabled <> 'A');
                perform pg_sleep(0.02);
                if at = 1200 then raise 'not armed'; end if;
            end loop;
        end $$";
        session.execute(armed).await;
        session.execute("set session_replication_role = replica; update coaches set age = 62").await;
        client.wait_for_replica("the age", |replica| replica.rows("coaches")[0]["age"] == 62).await;
        let stale = json!({ "id": 1, "name": "Stale", "version": 1 });
        assert_eq!(
            client.request("update_coach", stale).await.error_keys(),
            ["$conflict"],
            "its version has moved, too"
        );
        client.assert_in_sync().await;
    })
    .await;
}
