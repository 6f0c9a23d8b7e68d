//! Constraints of tables, as sentences at their fields.

use serde_json::json;

use super::{is_postgres, with_tables};
use crate::harness::{Database, on_empty_databases};

on_empty_databases! {
    violated_constraints_are_reported_together_by_field,
    referenced_row_is_not_deleted,
    computed_columns_come_back_and_are_not_written,
    what_triggers_change_comes_back,
}

const TABLES: &str = "
create table teams (id integer primary key, name text not null unique);
create table people (
    id integer primary key,
    name text not null check (length(name) between 2 and 40),
    role text not null check (role in ('lead', 'member')),
    age integer check (age >= 18 and age < 130),
    email text unique,
    team_id integer not null references teams (id),
    boss_id integer references people (id),
    seat integer, room text,
    unique (seat, room)
)";

async fn violated_constraints_are_reported_together_by_field(database: &Database) {
    with_tables(database, TABLES, async |client| {
        client.request("new_team", json!({ "id": 1, "name": "Red" })).await.unwrap_data();
        let ada = json!({ "id": 1, "name": "Ada", "role": "lead", "email": "ada@x", "team_id": 1, "seat": 1, "room": "a" });
        let ada = client.request("new_person", ada).await.unwrap_data();
        let wrong = json!({
            "id": 2, "name": "A", "role": "boss", "age": 12, "email": "ada@x", "team_id": 9, "boss_id": 8, "seat": 1,
            "room": "a",
        });
        let ack = client.request("new_person", wrong).await;
        for (field, sentence) in [
            ("name", "must have 2 to 40 characters"),
            ("role", "must be one of lead, member"),
            ("age", "must be at least 18 and below 130"),
            ("email", "is already taken"),
            ("team_id", "no row of teams has id 9"),
            ("boss_id", "no row of people has id 8"),
            ("seat", "is already taken, together with room"),
            ("room", "is already taken, together with seat"),
        ] {
            assert_eq!(ack.error(field), sentence, "{field}");
        }
        assert_eq!(ack.error_keys().len(), 8);
        let ack = client.request("new_person", json!({ "id": 3 })).await;
        assert_eq!(ack.error_keys(), ["name", "role", "team_id"]);
        assert_eq!(ack.error("team_id"), "is required");
        // A part of a unique key that stays as it is.
        let bob = json!({ "id": 4, "name": "Bob", "role": "member", "team_id": 1, "seat": 2, "room": "a" });
        client.request("new_person", bob).await.unwrap_data();
        let ack = client.request("update_person", json!({ "id": 4, "seat": 1 })).await;
        assert_eq!(ack.error("seat"), "is already taken, together with room");
        // What the row has already is not taken.
        client.request("update_person", ada).await.unwrap_data();
    })
    .await;
}

async fn referenced_row_is_not_deleted(database: &Database) {
    with_tables(database, TABLES, async |client| {
        client.request("new_team", json!({ "id": 1, "name": "Red" })).await.unwrap_data();
        for id in 1..=2 {
            let person = json!({ "id": id, "name": "Ada", "role": "lead", "team_id": 1, "boss_id": 1 });
            let person = if id == 1 {
                json!({ "boss_id": null, "id": 1, "name": "Ada", "role": "lead", "team_id": 1 })
            } else {
                person
            };
            client.request("new_person", person).await.unwrap_data();
        }
        client.request("update_person", json!({ "id": 1, "boss_id": 1 })).await.unwrap_data();
        let ack = client.request("delete_team", json!({ "id": 1 })).await;
        assert_eq!(ack.error("$in_use"), "this team is still used by 2 rows of people");
        let ack = client.request("delete_person", json!({ "id": 1 })).await;
        assert_eq!(ack.error("$in_use"), "this person is still used by 1 row of people");
        client.request("delete_person", json!({ "id": 2 })).await.unwrap_data();
        // A row that refers to itself.
        client.request("delete_person", json!({ "id": 1 })).await.unwrap_data();
        let own = json!({ "id": 3, "name": "Bob", "role": "lead", "team_id": 1, "boss_id": 3 });
        client.request("new_person", own).await.unwrap_data();
        client.request("delete_person", json!({ "id": 3 })).await.unwrap_data();
        client.request("delete_team", json!({ "id": 1 })).await.unwrap_data();
    })
    .await;
}

async fn computed_columns_come_back_and_are_not_written(database: &Database) {
    let sql = match is_postgres(database) {
        true => "create table items (
            id bigint generated always as identity primary key, price numeric(10, 2) not null, count integer not null default 2,
            total numeric generated always as (price * count) stored, made timestamptz not null default now())",
        false => "create table items (
            id integer primary key, price integer not null, count integer not null default 2,
            total integer generated always as (price * count) stored, made text not null default current_timestamp)",
    };
    with_tables(database, sql, async |client| {
        // PostgreSQL alone would refuse the id.
        let id = if is_postgres(database) { json!(99) } else { json!("") };
        let item = json!({ "id": id, "price": "5", "total": 7, "count": null });
        let created = client.request("new_item", item).await.unwrap_data();
        assert_eq!(created["id"], 1, "numbered by the database");
        assert_eq!(created["total"].to_string().trim_matches('"').parse::<f64>().unwrap(), 10.0);
        assert_eq!(created["count"], 2);
        assert!(created["made"].is_string());
        let mut update = created.clone();
        update["count"] = json!(3);
        let updated = client.request("update_item", update).await.unwrap_data();
        assert_eq!(updated["total"].to_string().trim_matches('"').parse::<f64>().unwrap(), 15.0);
    })
    .await;
}

async fn what_triggers_change_comes_back(database: &Database) {
    let sql = match is_postgres(database) {
        true => "create table notes (id serial primary key, body text not null, size integer);
            create function measure() returns trigger language plpgsql as $$ begin
                update notes set size = length(new.body) where id = new.id and size is distinct from length(new.body);
                return null; end $$;
            create trigger measure after insert or update on notes for each row execute function measure();
            create function refuse() returns trigger language plpgsql as $$ begin
                raise exception 'no % here', new.body; end $$;
            create trigger refuse before insert on notes for each row when (new.body = 'spam') execute function refuse()",
        false => "create table notes (id integer primary key, body text not null, size integer);
            create trigger measure after insert on notes begin
                update notes set size = length(new.body) where id = new.id; end;
            create trigger measure_again after update of body on notes begin
                update notes set size = length(new.body) where id = new.id; end;
            create trigger refuse before insert on notes when new.body = 'spam' begin
                select raise(abort, 'no spam here'); end",
    };
    with_tables(database, sql, async |client| {
        let created = client.request("new_note", json!({ "body": "four" })).await.unwrap_data();
        assert_eq!(created["size"], 4);
        let updated = client
            .request("update_note", json!({ "id": 1, "body": "seven77", "version": created["version"] }))
            .await;
        assert_eq!(updated.unwrap_data()["size"], 7);
        let ack = client.request("new_note", json!({ "body": "spam" })).await;
        assert_eq!(ack.error("$refused"), "no spam here");
    })
    .await;
}
