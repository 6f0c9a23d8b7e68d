//! Triggers of others that raise: their sentence reaches the form, and nothing else is held up.

use serde_json::json;

use crate::{
    harness::{Database, Engine, TestApp, gym, http, on_both_databases, tell},
    live::{ask, id},
};

on_both_databases! {
    trigger_message_is_reported,
    violation_in_trigger_is_refused,
    write_skipped_by_trigger_is_refused,
}

/// A trigger that raises this, on either database.
async fn raise(database: &Database, event: &str, sentence: &str) {
    let sql = match database {
        Database::Sqlite(_) => format!(
            "create trigger own_{event} before {event} on coaches begin select raise(abort, '{sentence}'); end"
        ),
        _ => format!(
            "create function own_{event}() returns trigger language plpgsql as
                $$ begin raise exception '{sentence}'; end $$;
             create trigger own_{event} before {event} on coaches for each row execute function own_{event}()"
        ),
    };
    database.execute(&sql).await;
}

async fn trigger_message_is_reported(app: &TestApp) {
    let (client, other) = (app.connect().await, app.connect().await);
    client.ask("new_coach", gym::coach("Ada")).await.done();
    for (event, name, payload) in [
        ("insert", "new_coach", gym::coach("Grace")),
        ("update", "update_coach", json!({ "id": 1, "age": 50 })),
        ("delete", "delete_coach", json!({ "id": 1 })),
    ] {
        raise(&app.database, event, &format!("no {event} on Sundays")).await;
        let once = id();
        let ack = ask(&client, &once, name, &payload).await;
        assert_eq!(ack.refused(), ["$refused"]);
        assert_eq!(ack.sentence("$refused"), format!("no {event} on Sundays"));
        assert_eq!(ask(&other, &once, name, &payload).await, ack, "it is final");
        other.ask("new_exercise_move", gym::exercise_move("Squat")).await.done();
    }
    assert_eq!(client.every("coaches").await.len(), 1);
    client.agrees().await;
}

/// Also one that PostgreSQL itself uses while it shuts down, waits for a lock or has no room.
#[actix_web::test]
async fn trigger_error_of_any_code_is_refused() {
    tell(Engine::Postgres, async |app| {
        let client = app.connect().await;
        for code in ["57014", "57P01", "08006", "53100", "55P03", "40001", "25006", "26000", "XX000", "42703"]
        {
            let sql = format!(
                "create or replace function own() returns trigger language plpgsql as
                    $$ begin raise exception 'not by {code}' using errcode = '{code}'; end $$;
                 create or replace trigger own before insert on coaches for each row execute function own()"
            );
            app.database.execute(&sql).await;
            let ack = client.ask("new_coach", gym::coach("Grace")).await;
            assert_eq!(ack.sentence("$refused"), format!("not by {code}"));
            client.ask("new_exercise_move", gym::exercise_move("Squat")).await.done();
        }
        assert_eq!(http::get(app.address, "/readyz").await.0, 200);
    })
    .await;
}

/// A write that is left out without a word has not been carried out.
async fn write_skipped_by_trigger_is_refused(app: &TestApp) {
    let client = app.connect().await;
    let row = client.ask("new_coach", gym::coach("Ada")).await.done();
    for event in ["insert", "update", "delete"] {
        let sql = match app.database {
            Database::Sqlite(_) => {
                format!("create trigger own_{event} before {event} on coaches begin select raise(ignore); end")
            }
            _ => format!(
                "create function own_{event}() returns trigger language plpgsql as $$ begin return null; end $$;
                 create trigger own_{event} before {event} on coaches for each row execute function own_{event}()"
            ),
        };
        app.database.execute(&sql).await;
    }
    for (name, payload) in [
        ("new_coach", gym::coach("Grace")),
        ("update_coach", json!({ "id": 1, "age": 50 })),
        ("delete_coach", json!({ "id": 1 })),
    ] {
        assert_eq!(client.ask(name, payload).await.refused(), ["$refused"], "{name}");
    }
    assert_eq!(client.every("coaches").await, [row]);
}

async fn violation_in_trigger_is_refused(app: &TestApp) {
    let client = app.connect().await;
    let sql = match &app.database {
        Database::Sqlite(_) => {
            "create table badges (name text unique);
             create trigger badge after insert on coaches begin insert into badges values (new.name); end"
        }
        _ => {
            "create table badges (name text unique);
             create function badge() returns trigger language plpgsql as
                $$ begin insert into badges values (new.name); return new; end $$;
             create trigger badge after insert on coaches for each row execute function badge()"
        }
    };
    app.database.execute(sql).await;
    client.ask("new_coach", gym::coach("Ada")).await.done();
    let again = client.ask("new_coach", gym::coach("Ada")).await;
    assert_eq!(again.refused(), ["$refused"], "a badge is no field of the form");
    assert!(again.sentence("$refused").contains("badges"), "{again:?}");
    client.ask("new_coach", gym::coach("Grace")).await.done();
    assert_eq!(client.every("coaches").await.len(), 2);
}

#[actix_web::test]
async fn trigger_error_with_column_names_field() {
    tell(Engine::Postgres, async |app| {
        let client = app.connect().await;
        let sql = "create function grown() returns trigger language plpgsql as $$ begin
                if new.age < 30 then
                    raise exception 'is too young for this gym' using column = 'age', errcode = 'GY001';
                end if;
                return new;
            end $$;
            create trigger grown before insert or update on coaches for each row execute function grown()";
        app.database.execute(sql).await;
        let young = client.ask("new_coach", gym::with(gym::coach("Ada"), json!({ "age": 20 }))).await;
        assert_eq!((young.refused(), young.sentence("age")), (vec!["age"], "is too young for this gym"));
        client.ask("new_coach", gym::coach("Ada")).await.done();
    })
    .await;
}

/// It takes the others of its commit back with it, as far as SQLite goes.
#[actix_web::test]
async fn trigger_rollback_refuses_only_its_write() {
    tell(Engine::Sqlite, async |app| {
        let clients = futures_util::future::join_all((0..8).map(|_| app.connect())).await;
        app.database
            .execute(
                "create trigger never before insert on coaches when new.name = 'Mallory'
                 begin select raise(rollback, 'not here'); end",
            )
            .await;
        let writes = clients.iter().enumerate().map(async |(at, client)| {
            for round in 0..10 {
                let name = if at == 0 { "Mallory".to_owned() } else { format!("Coach {at} {round}") };
                let ack = client.ask("new_coach", gym::coach(&name)).await;
                match at {
                    0 => assert_eq!(ack.sentence("$refused"), "not here"),
                    _ => assert!(ack.ok, "{ack:?}"),
                }
            }
        });
        futures_util::future::join_all(writes).await;
        assert_eq!(clients[0].every("coaches").await.len(), 70);
    })
    .await;
}
