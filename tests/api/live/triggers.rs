//! What the database does by itself, as another program has set it up: triggers of its own, and emptied tables.

use serde_json::{Value, json};

use crate::harness::{Copy, Engine, TestApp, gym, tell};

/// A trigger that is no part of the schema, in another program's or the writer's own transaction.
#[actix_web::test]
async fn trigger_effects_are_published_with_their_cause_on_sqlite() {
    let fan = "create trigger fan after update of name on coaches begin
        update exercise_moves set focus = new.name, version = version + 1; end";
    tell(Engine::Sqlite, async |app| assert_trigger_effects_are_published(app, fan).await).await;
}

#[actix_web::test]
async fn trigger_effects_are_published_with_their_cause_on_postgres() {
    let fan = "create function fan() returns trigger language plpgsql as $$ begin
            update exercise_moves set focus = new.name, version = version + 1; return null;
        end $$;
        create trigger fan after update of name on coaches for each row execute function fan()";
    tell(Engine::Postgres, async |app| assert_trigger_effects_are_published(app, fan).await).await;
}

async fn assert_trigger_effects_are_published(app: &TestApp, trigger: &str) {
    let client = app.follow().await;
    gym::open(&client).await;
    app.database.execute(trigger).await;
    let then = client.now();
    client.ask("update_coach", json!({ "id": 1, "name": "Grace" })).await.done();
    let told = client.told(then);
    assert_eq!(told.len(), 1, "before the ack");
    let focus = |told: &Value, collection: &str| {
        let row = &told[collection]["upserted"][0];
        row["focus"].as_str().or_else(|| row["exercise_moves"][0]["focus"].as_str()).map(str::to_owned)
    };
    assert_eq!(focus(&told[0], "exercise_moves").as_deref(), Some("Grace"));
    assert_eq!(focus(&told[0], "workout_plans").as_deref(), Some("Grace"));

    app.database.execute("update coaches set name = 'Edsger' where id = 1").await;
    client.keeps("the trigger's work", |copy| copy.rows("exercise_moves")[0]["focus"] == "Edsger").await;
    assert_eq!(client.told(then).len(), 2);
    client.agrees().await;
}

#[actix_web::test]
async fn truncated_tables_are_published_row_by_row() {
    tell(Engine::Postgres, async |app| {
        let (client, snapshots) = (app.follow().await, app.connect().await);
        gym::open(&client).await;
        client.ask("new_coach", gym::coach("Grace")).await.done();
        let then = client.now();
        app.database.execute("truncate coaches cascade").await;
        client.keeps("no coach", |copy| copy.rows("coaches").is_empty()).await;
        let gone = |ids: &[i64]| json!({ "upserted": [], "deleted": ids });
        assert_eq!(client.told(then), [json!({ "coaches": gone(&[1, 2]), "schedules": gone(&[1]) })]);

        app.database.execute("truncate workout_plan_moves").await;
        let bare = |copy: &Copy| copy.rows("workout_plans")[0]["exercise_moves"] == json!([]);
        client.keeps("a plan without moves", bare).await;
        client.agrees().await;
        snapshots.agrees().await;
    })
    .await;
}
