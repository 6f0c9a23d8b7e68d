//! Constraints of other programs: reported by field, and stored as final.

use serde_json::{Value, json};

use crate::{
    harness::{Client, Database, Engine, TestApp, fixtures, on_both_databases, with_app},
    live::{request_id, request_with_id},
};

on_both_databases! {
    unique_index_violation_names_field,
    composite_index_violation_names_each_field,
    check_violation_names_field,
    not_null_violation_names_field,
    foreign_key_violation_names_field,
    row_referenced_by_foreign_table_cannot_be_deleted,
    constraint_refusal_is_stored,
    constraint_violation_leaves_batch_intact,
}

/// Changes the declaration of a table. SQLite needs an edit of its schema's text where `alter table` is not enough.
pub(super) async fn declare(database: &Database, postgres: &str, (from, to): (&str, &str)) {
    match database {
        Database::Sqlite(_) => {
            let sql = format!(
                "pragma writable_schema = on;
                 update sqlite_master set sql = replace(sql, '{from}', '{to}') where name = 'coaches';
                 pragma schema_version = 4711;
                 pragma writable_schema = reset"
            );
            database.execute(&sql).await;
        }
        Database::Postgres(_) | Database::Cluster(_) => database.execute(postgres).await,
    }
}

async fn unique_index_violation_names_field(app: &TestApp) {
    let client = app.follow().await;
    client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    app.database.execute("create unique index coaches_name on coaches (name)").await;
    let again = client.request("new_coach", fixtures::coach("Ada")).await;
    assert_eq!((again.error_keys(), again.error("name")), (vec!["name"], "is already taken"));
    let renamed = client.request("update_coach", json!({ "id": 2, "name": "Ada" })).await;
    assert_eq!((renamed.error_keys(), renamed.error("name")), (vec!["name"], "is already taken"));
    client.request("new_coach", fixtures::coach("ada")).await.unwrap_data();

    app.database.execute("drop index coaches_name; delete from coaches where name = 'ada'").await;
    app.database.execute("create unique index coaches_called on coaches (lower(name))").await;
    let again = client.request("new_coach", fixtures::coach("ADA")).await;
    assert_eq!((again.error_keys(), again.error("name")), (vec!["name"], "is already taken"));
    client.request("new_coach", fixtures::coach("Edsger")).await.unwrap_data();
    client.assert_in_sync().await;
}

async fn composite_index_violation_names_each_field(app: &TestApp) {
    let client = app.connect().await;
    fixtures::seed_one_of_each(&client).await;
    app.database.execute("create unique index one_class on schedules (day, hour, coach_id)").await;
    let again = client.request("new_schedule", fixtures::schedule("Monday", "900")).await;
    assert_eq!(again.error_keys(), ["coach.id", "day", "hour"]);
    assert_eq!(again.error("hour"), "is already taken, together with day and coach.id");
    let row = client.request("new_schedule", fixtures::schedule("Monday", "1000")).await.unwrap_data();
    let moved = client.request("update_schedule", json!({ "id": row["id"], "hour": "900" })).await;
    assert_eq!(moved.error_keys(), ["coach.id", "day", "hour"]);
    client.assert_in_sync().await;
}

async fn check_violation_names_field(app: &TestApp) {
    let client = app.connect().await;
    client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    let sql = "alter table coaches add constraint no_shouting check (name <> upper(name))";
    let named = "name text not null constraint no_shouting check (name <> upper(name))";
    declare(&app.database, sql, ("name text not null", named)).await;
    let loud = client.request("new_coach", fixtures::coach("GRACE")).await;
    assert_eq!((loud.error_keys(), loud.error("name")), (vec!["name"], "breaks the rule \"no shouting\""));
    let louder = client.request("update_coach", json!({ "id": 1, "name": "ADA" })).await;
    assert_eq!(louder.error_keys(), ["name"]);
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    client.assert_in_sync().await;
}

async fn not_null_violation_names_field(app: &TestApp) {
    let client = app.connect().await;
    let sql = "alter table coaches alter column username set not null";
    declare(&app.database, sql, ("username text unique", "username text not null unique")).await;
    let nameless = client.request("new_coach", fixtures::coach("Ada")).await;
    assert_eq!((nameless.error_keys(), nameless.error("username")), (vec!["username"], "is required"));
    let named = fixtures::with(fixtures::coach("Ada"), json!({ "username": "ada" }));
    client.request("new_coach", named).await.unwrap_data();
    let unnamed =
        client.request("update_coach", json!({ "id": client.latest("coaches")[0]["id"], "username": null }));
    assert_eq!(unnamed.await.error_keys(), ["username"]);
}

async fn foreign_key_violation_names_field(app: &TestApp) {
    let client = app.connect().await;
    app.database.execute("create table known_names (name text primary key)").await;
    app.database.execute("insert into known_names values ('Ada'), ('Grace')").await;
    let sql = "alter table coaches add foreign key (name) references known_names (name)";
    declare(&app.database, sql, ("name text not null", "name text not null references known_names (name)"))
        .await;
    client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    let stranger = client.request("new_coach", fixtures::coach("Mallory")).await;
    assert_eq!(stranger.error_keys(), ["name"]);
    assert_eq!(stranger.error("name"), "refers to nothing: no row of known names is that one");
    let renamed = client.request("update_coach", json!({ "id": 1, "name": "Mallory" })).await;
    assert_eq!(renamed.error_keys(), ["name"]);
    client.request("update_coach", json!({ "id": 1, "name": "Grace" })).await.unwrap_data();
    client.assert_in_sync().await;
}

async fn row_referenced_by_foreign_table_cannot_be_deleted(app: &TestApp) {
    let client = app.connect().await;
    client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    app.database.execute("create table club_bookings (coach bigint references coaches (id))").await;
    app.database.execute("insert into club_bookings values (1)").await;
    let kept = client.request("delete_coach", json!({ "id": 1 })).await;
    assert_eq!(kept.error_keys(), ["$in_use"]);
    assert_eq!(kept.error("$in_use"), "this coach is still used by rows of club bookings");
    client.request("delete_coach", json!({ "id": 2 })).await.unwrap_data();
    app.database.execute("delete from club_bookings").await;
    client.request("delete_coach", json!({ "id": 1 })).await.unwrap_data();
    client.assert_in_sync().await;
}

async fn constraint_refusal_is_stored(app: &TestApp) {
    let client = app.connect().await;
    client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    app.database.execute("create unique index coaches_name on coaches (name)").await;
    let (once, ada) = (request_id(), fixtures::coach("Ada"));
    let refused = request_with_id(&client, &once, "new_coach", &ada).await;
    assert_eq!(refused.error_keys(), ["name"]);
    app.database.execute("drop index coaches_name").await;
    assert_eq!(request_with_id(&client, &once, "new_coach", &ada).await, refused);
    assert!(request_with_id(&client, &request_id(), "new_coach", &ada).await.ok);
    assert_eq!(client.latest("coaches").len(), 2);
}

/// Of many concurrent writes every fifth is refused, and no other.
async fn constraint_violation_leaves_batch_intact(app: &TestApp) {
    let clients = futures_util::future::join_all((0..20).map(|_| app.connect())).await;
    clients[0].request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    app.database.execute("create unique index coaches_name on coaches (name)").await;
    let write = async |(at, client): (usize, &Client)| {
        for round in 0..6 {
            let name = if at % 5 == 0 { "Ada".to_owned() } else { format!("Coach {at} {round}") };
            let ack = client.request("new_coach", fixtures::coach(&name)).await;
            match at % 5 {
                0 => assert_eq!(ack.error_keys(), ["name"]),
                _ => assert!(ack.ok, "{ack:?}"),
            }
        }
    };
    futures_util::future::join_all(clients.iter().enumerate().map(write)).await;
    assert_eq!(clients[0].list_all("coaches").await.len(), 1 + 16 * 6);
}

#[actix_web::test]
async fn violation_without_field_reports_database_message() {
    with_app(Engine::Postgres, async |app| {
        let client = app.connect().await;
        client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
        let database = &app.database;
        database.execute("alter table coaches add constraint ages exclude using gist (int8range(age, age, '[]') with &&)").await;
        let same_age = client.request("new_coach", fixtures::coach("Grace")).await;
        assert_eq!(same_age.error_keys(), ["$refused"]);
        assert_eq!(
            same_age.error("$refused"),
            "conflicting key value violates exclusion constraint \"ages\"",
            "and nothing of the other row"
        );
        database.execute("alter table coaches drop constraint ages").await;
        database.execute("alter table coaches add constraint names exclude (name with =)").await;
        assert_eq!(client.request("new_coach", fixtures::coach("Ada")).await.error_keys(), ["name"]);

        database.execute("alter table coaches alter column picture type varchar(40)").await;
        let long = fixtures::with(fixtures::coach("Bob"), json!({ "picture": format!("https://e.x/{}", "p".repeat(40)) }));
        let long = client.request("new_coach", long).await;
        assert_eq!(long.error("$refused"), "value too long for type character varying(40)");
        database.execute("comment on constraint names on coaches is 'belongs to somebody else'").await;
        let commented = client.request("new_coach", fixtures::coach("Ada")).await;
        assert_eq!(commented.error("name"), "belongs to somebody else");
        let rows = client.request("list_coaches", Value::Null).await.unwrap_data();
        assert_eq!(rows["rows"].as_array().map(Vec::len), Some(1));
    })
    .await;
}

#[actix_web::test]
async fn missing_privilege_is_refused() {
    with_app(Engine::Postgres, async |app| {
        let client = app.connect().await;
        client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
        let sql = "alter table coaches enable row level security; alter table coaches force row level security";
        app.database.execute(sql).await;
        // Row security does not apply to the tests' role, so a trigger raises the same error.
        app.database
            .execute(
                "create function no() returns trigger language plpgsql as $$ begin
                    raise exception 'new row violates the house rules' using errcode = 'insufficient_privilege';
                 end $$;
                 create trigger no before update on coaches for each row execute function no()",
            )
            .await;
        let ack = client.request("update_coach", json!({ "id": 1, "age": 50 })).await;
        assert_eq!(ack.error("$refused"), "new row violates the house rules");
    })
    .await;
}
