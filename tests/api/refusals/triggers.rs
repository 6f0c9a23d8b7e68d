//! Triggers that raise: their message is reported, and nothing else is affected.

use serde_json::json;

use crate::{
    harness::{Database, Engine, TestApp, fixtures, http, on_both_databases, with_app},
    live::{request_id, request_with_id},
};

on_both_databases! {
    trigger_message_is_reported,
    violation_in_trigger_is_refused,
    write_skipped_by_trigger_is_refused,
}

/// Creates a trigger that raises this message.
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
    client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    for (event, name, payload) in [
        ("insert", "new_coach", fixtures::coach("Grace")),
        ("update", "update_coach", json!({ "id": 1, "age": 50 })),
        ("delete", "delete_coach", json!({ "id": 1 })),
    ] {
        raise(&app.database, event, &format!("no {event} on Sundays")).await;
        let once = request_id();
        let ack = request_with_id(&client, &once, name, &payload).await;
        assert_eq!(ack.error_keys(), ["$refused"]);
        assert_eq!(ack.error("$refused"), format!("no {event} on Sundays"));
        assert_eq!(request_with_id(&other, &once, name, &payload).await, ack, "it is final");
        other.request("new_exercise_move", fixtures::exercise_move("Squat")).await.unwrap_data();
    }
    assert_eq!(client.list_all("coaches").await.len(), 1);
    client.assert_in_sync().await;
}

/// Including codes that PostgreSQL uses for shutdowns, lock timeouts and full disks.
#[actix_web::test]
async fn trigger_error_of_any_code_is_refused() {
    with_app(Engine::Postgres, async |app| {
        let client = app.connect().await;
        for code in ["57014", "57P01", "08006", "53100", "55P03", "40001", "25006", "26000", "XX000", "42703"]
        {
            let sql = format!(
                "create or replace function own() returns trigger language plpgsql as
                    $$ begin raise exception 'not by {code}' using errcode = '{code}'; end $$;
                 create or replace trigger own before insert on coaches for each row execute function own()"
            );
            app.database.execute(&sql).await;
            let ack = client.request("new_coach", fixtures::coach("Grace")).await;
            assert_eq!(ack.error("$refused"), format!("not by {code}"));
            client.request("new_exercise_move", fixtures::exercise_move("Squat")).await.unwrap_data();
        }
        assert_eq!(http::get(app.address, "/readyz").await.0, 200);
    })
    .await;
}

/// A write that a trigger skips silently was not executed.
async fn write_skipped_by_trigger_is_refused(app: &TestApp) {
    let client = app.connect().await;
    let row = client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
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
        ("new_coach", fixtures::coach("Grace")),
        ("update_coach", json!({ "id": 1, "age": 50 })),
        ("delete_coach", json!({ "id": 1 })),
    ] {
        assert_eq!(client.request(name, payload).await.error_keys(), ["$refused"], "{name}");
    }
    assert_eq!(client.list_all("coaches").await, [row]);
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
    client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    let again = client.request("new_coach", fixtures::coach("Ada")).await;
    assert_eq!(again.error_keys(), ["$refused"], "a badge is no field of the form");
    assert!(again.error("$refused").contains("badges"), "{again:?}");
    client.request("new_coach", fixtures::coach("Grace")).await.unwrap_data();
    assert_eq!(client.list_all("coaches").await.len(), 2);
}

#[actix_web::test]
async fn trigger_error_with_column_names_field() {
    with_app(Engine::Postgres, async |app| {
        let client = app.connect().await;
        let sql = "create function grown() returns trigger language plpgsql as $$ begin
                if new.age < 30 then
                    raise exception 'is too young for this gym' using column = 'age', errcode = 'GY001';
                end if;
                return new;
            end $$;
            create trigger grown before insert or update on coaches for each row execute function grown()";
        app.database.execute(sql).await;
        let young =
            client.request("new_coach", fixtures::with(fixtures::coach("Ada"), json!({ "age": 20 }))).await;
        assert_eq!((young.error_keys(), young.error("age")), (vec!["age"], "is too young for this gym"));
        client.request("new_coach", fixtures::coach("Ada")).await.unwrap_data();
    })
    .await;
}

/// The rollback undoes the other writes of the batch as well, which are executed again.
#[actix_web::test]
async fn trigger_rollback_refuses_only_its_write() {
    with_app(Engine::Sqlite, async |app| {
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
                let ack = client.request("new_coach", fixtures::coach(&name)).await;
                match at {
                    0 => assert_eq!(ack.error("$refused"), "not here"),
                    _ => assert!(ack.ok, "{ack:?}"),
                }
            }
        });
        futures_util::future::join_all(writes).await;
        assert_eq!(clients[0].list_all("coaches").await.len(), 70);
    })
    .await;
}
