//! Constraints of another program's making: said beside the field, and final.

use serde_json::{Value, json};

use crate::{
    harness::{Client, Database, Engine, TestApp, gym, on_both_databases, tell},
    live::{ask, id},
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

/// Changes how a table of ours is declared: what SQLite cannot do by `alter table`, it does by its schema's text.
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
    client.ask("new_coach", gym::coach("Ada")).await.done();
    client.ask("new_coach", gym::coach("Grace")).await.done();
    app.database.execute("create unique index coaches_name on coaches (name)").await;
    let again = client.ask("new_coach", gym::coach("Ada")).await;
    assert_eq!((again.refused(), again.sentence("name")), (vec!["name"], "is already taken"));
    let renamed = client.ask("update_coach", json!({ "id": 2, "name": "Ada" })).await;
    assert_eq!((renamed.refused(), renamed.sentence("name")), (vec!["name"], "is already taken"));
    client.ask("new_coach", gym::coach("ada")).await.done();

    app.database.execute("drop index coaches_name; delete from coaches where name = 'ada'").await;
    app.database.execute("create unique index coaches_called on coaches (lower(name))").await;
    let again = client.ask("new_coach", gym::coach("ADA")).await;
    assert_eq!((again.refused(), again.sentence("name")), (vec!["name"], "is already taken"));
    client.ask("new_coach", gym::coach("Edsger")).await.done();
    client.agrees().await;
}

async fn composite_index_violation_names_each_field(app: &TestApp) {
    let client = app.connect().await;
    gym::open(&client).await;
    app.database.execute("create unique index one_class on schedules (day, hour, coach_id)").await;
    let again = client.ask("new_schedule", gym::schedule("Monday", "900")).await;
    assert_eq!(again.refused(), ["coach.id", "day", "hour"]);
    assert_eq!(again.sentence("hour"), "is already taken, together with day and coach.id");
    let row = client.ask("new_schedule", gym::schedule("Monday", "1000")).await.done();
    let moved = client.ask("update_schedule", json!({ "id": row["id"], "hour": "900" })).await;
    assert_eq!(moved.refused(), ["coach.id", "day", "hour"]);
    client.agrees().await;
}

async fn check_violation_names_field(app: &TestApp) {
    let client = app.connect().await;
    client.ask("new_coach", gym::coach("Ada")).await.done();
    let sql = "alter table coaches add constraint no_shouting check (name <> upper(name))";
    let named = "name text not null constraint no_shouting check (name <> upper(name))";
    declare(&app.database, sql, ("name text not null", named)).await;
    let loud = client.ask("new_coach", gym::coach("GRACE")).await;
    assert_eq!((loud.refused(), loud.sentence("name")), (vec!["name"], "breaks the rule \"no shouting\""));
    let louder = client.ask("update_coach", json!({ "id": 1, "name": "ADA" })).await;
    assert_eq!(louder.refused(), ["name"]);
    client.ask("new_coach", gym::coach("Grace")).await.done();
    client.agrees().await;
}

async fn not_null_violation_names_field(app: &TestApp) {
    let client = app.connect().await;
    let sql = "alter table coaches alter column username set not null";
    declare(&app.database, sql, ("username text unique", "username text not null unique")).await;
    let nameless = client.ask("new_coach", gym::coach("Ada")).await;
    assert_eq!((nameless.refused(), nameless.sentence("username")), (vec!["username"], "is required"));
    let named = gym::with(gym::coach("Ada"), json!({ "username": "ada" }));
    client.ask("new_coach", named).await.done();
    let unnamed =
        client.ask("update_coach", json!({ "id": client.latest("coaches")[0]["id"], "username": null }));
    assert_eq!(unnamed.await.refused(), ["username"]);
}

async fn foreign_key_violation_names_field(app: &TestApp) {
    let client = app.connect().await;
    app.database.execute("create table known_names (name text primary key)").await;
    app.database.execute("insert into known_names values ('Ada'), ('Grace')").await;
    let sql = "alter table coaches add foreign key (name) references known_names (name)";
    declare(&app.database, sql, ("name text not null", "name text not null references known_names (name)"))
        .await;
    client.ask("new_coach", gym::coach("Ada")).await.done();
    let stranger = client.ask("new_coach", gym::coach("Mallory")).await;
    assert_eq!(stranger.refused(), ["name"]);
    assert_eq!(stranger.sentence("name"), "refers to nothing: no row of known names is that one");
    let renamed = client.ask("update_coach", json!({ "id": 1, "name": "Mallory" })).await;
    assert_eq!(renamed.refused(), ["name"]);
    client.ask("update_coach", json!({ "id": 1, "name": "Grace" })).await.done();
    client.agrees().await;
}

async fn row_referenced_by_foreign_table_cannot_be_deleted(app: &TestApp) {
    let client = app.connect().await;
    client.ask("new_coach", gym::coach("Ada")).await.done();
    client.ask("new_coach", gym::coach("Grace")).await.done();
    app.database.execute("create table club_bookings (coach bigint references coaches (id))").await;
    app.database.execute("insert into club_bookings values (1)").await;
    let kept = client.ask("delete_coach", json!({ "id": 1 })).await;
    assert_eq!(kept.refused(), ["$in_use"]);
    assert_eq!(kept.sentence("$in_use"), "this coach is still used by rows of club bookings");
    client.ask("delete_coach", json!({ "id": 2 })).await.done();
    app.database.execute("delete from club_bookings").await;
    client.ask("delete_coach", json!({ "id": 1 })).await.done();
    client.agrees().await;
}

async fn constraint_refusal_is_stored(app: &TestApp) {
    let client = app.connect().await;
    client.ask("new_coach", gym::coach("Ada")).await.done();
    app.database.execute("create unique index coaches_name on coaches (name)").await;
    let (once, ada) = (id(), gym::coach("Ada"));
    let refused = ask(&client, &once, "new_coach", &ada).await;
    assert_eq!(refused.refused(), ["name"]);
    app.database.execute("drop index coaches_name").await;
    assert_eq!(ask(&client, &once, "new_coach", &ada).await, refused);
    assert!(ask(&client, &id(), "new_coach", &ada).await.ok);
    assert_eq!(client.latest("coaches").len(), 2);
}

/// Of many writes at once every fifth is refused, and none of the others.
async fn constraint_violation_leaves_batch_intact(app: &TestApp) {
    let clients = futures_util::future::join_all((0..20).map(|_| app.connect())).await;
    clients[0].ask("new_coach", gym::coach("Ada")).await.done();
    app.database.execute("create unique index coaches_name on coaches (name)").await;
    let write = async |(at, client): (usize, &Client)| {
        for round in 0..6 {
            let name = if at % 5 == 0 { "Ada".to_owned() } else { format!("Coach {at} {round}") };
            let ack = client.ask("new_coach", gym::coach(&name)).await;
            match at % 5 {
                0 => assert_eq!(ack.refused(), ["name"]),
                _ => assert!(ack.ok, "{ack:?}"),
            }
        }
    };
    futures_util::future::join_all(clients.iter().enumerate().map(write)).await;
    assert_eq!(clients[0].every("coaches").await.len(), 1 + 16 * 6);
}

#[actix_web::test]
async fn violation_without_field_reports_database_message() {
    tell(Engine::Postgres, async |app| {
        let client = app.connect().await;
        client.ask("new_coach", gym::coach("Ada")).await.done();
        let database = &app.database;
        database.execute("alter table coaches add constraint ages exclude using gist (int8range(age, age, '[]') with &&)").await;
        let same_age = client.ask("new_coach", gym::coach("Grace")).await;
        assert_eq!(same_age.refused(), ["$refused"]);
        assert_eq!(
            same_age.sentence("$refused"),
            "conflicting key value violates exclusion constraint \"ages\"",
            "and nothing of the other row"
        );
        database.execute("alter table coaches drop constraint ages").await;
        database.execute("alter table coaches add constraint names exclude (name with =)").await;
        assert_eq!(client.ask("new_coach", gym::coach("Ada")).await.refused(), ["name"]);

        database.execute("alter table coaches alter column picture type varchar(40)").await;
        let long = gym::with(gym::coach("Bob"), json!({ "picture": format!("https://e.x/{}", "p".repeat(40)) }));
        let long = client.ask("new_coach", long).await;
        assert_eq!(long.sentence("$refused"), "value too long for type character varying(40)");
        database.execute("comment on constraint names on coaches is 'belongs to somebody else'").await;
        let commented = client.ask("new_coach", gym::coach("Ada")).await;
        assert_eq!(commented.sentence("name"), "belongs to somebody else");
        let rows = client.ask("list_coaches", Value::Null).await.done();
        assert_eq!(rows["rows"].as_array().map(Vec::len), Some(1));
    })
    .await;
}

#[actix_web::test]
async fn missing_privilege_is_refused() {
    tell(Engine::Postgres, async |app| {
        let client = app.connect().await;
        client.ask("new_coach", gym::coach("Ada")).await.done();
        let sql = "alter table coaches enable row level security; alter table coaches force row level security";
        app.database.execute(sql).await;
        // The tests' role is above such rules; a rule of the table's own says the same.
        app.database
            .execute(
                "create function no() returns trigger language plpgsql as $$ begin
                    raise exception 'new row violates the house rules' using errcode = 'insufficient_privilege';
                 end $$;
                 create trigger no before update on coaches for each row execute function no()",
            )
            .await;
        let ack = client.ask("update_coach", json!({ "id": 1, "age": 50 })).await;
        assert_eq!(ack.sentence("$refused"), "new row violates the house rules");
    })
    .await;
}
