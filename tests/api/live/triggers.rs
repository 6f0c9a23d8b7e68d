//! Effects of the database itself: triggers of other programs, and truncated tables.

use serde_json::{Value, json};

use crate::harness::{Engine, ReplicaModel, TestApp, fixtures, with_app};

/// A trigger of another program, in its own transaction and in one of the server.
#[actix_web::test]
async fn trigger_effects_are_published_with_their_cause_on_sqlite() {
    let fan = "create trigger fan after update of name on coaches begin
        update exercise_moves set focus = new.name, version = version + 1; end";
    with_app(Engine::Sqlite, async |app| assert_trigger_effects_are_published(app, fan).await).await;
}

#[actix_web::test]
async fn trigger_effects_are_published_with_their_cause_on_postgres() {
    let fan = "create function fan() returns trigger language plpgsql as $$ begin
            update exercise_moves set focus = new.name, version = version + 1; return null;
        end $$;
        create trigger fan after update of name on coaches for each row execute function fan()";
    with_app(Engine::Postgres, async |app| assert_trigger_effects_are_published(app, fan).await).await;
}

async fn assert_trigger_effects_are_published(app: &TestApp, trigger: &str) {
    let client = app.follow().await;
    fixtures::seed_one_of_each(&client).await;
    app.database.execute(trigger).await;
    let then = client.now();
    client.request("update_coach", json!({ "id": 1, "name": "Grace" })).await.unwrap_data();
    let changes = client.changes_since(then);
    assert_eq!(changes.len(), 1, "before the ack");
    let focus = |changes: &Value, collection: &str| {
        let row = &changes[collection]["upserted"][0];
        row["focus"].as_str().or_else(|| row["exercise_moves"][0]["focus"].as_str()).map(str::to_owned)
    };
    assert_eq!(focus(&changes[0], "exercise_moves").as_deref(), Some("Grace"));
    assert_eq!(focus(&changes[0], "workout_plans").as_deref(), Some("Grace"));

    app.database.execute("update coaches set name = 'Edsger' where id = 1").await;
    client
        .wait_for_replica("the trigger's work", |replica| {
            replica.rows("exercise_moves")[0]["focus"] == "Edsger"
        })
        .await;
    assert_eq!(client.changes_since(then).len(), 2);
    client.assert_in_sync().await;
}

#[actix_web::test]
async fn truncated_tables_are_published_row_by_row() {
    with_app(Engine::Postgres, async |app| {
        let (client, snapshots) = (app.follow().await, app.connect().await);
        fixtures::seed_one_of_each(&client).await;
        client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
        let then = client.now();
        app.database.execute("truncate coaches cascade").await;
        client.wait_for_replica("no coach", |replica| replica.rows("coaches").is_empty()).await;
        let gone = |ids: &[i64]| json!({ "upserted": [], "deleted": ids });
        assert_eq!(
            client.changes_since(then),
            [json!({ "coaches": gone(&[1, 2]), "schedules": gone(&[1]) })]
        );

        app.database.execute("truncate workout_plan_moves").await;
        let bare = |replica: &ReplicaModel| replica.rows("workout_plans")[0]["exercise_moves"] == json!([]);
        client.wait_for_replica("a plan without moves", bare).await;
        client.assert_in_sync().await;
        snapshots.assert_in_sync().await;
    })
    .await;
}
