//! Changes of tables reach every client, whichever program writes and whatever the key is.

mod keys;
mod names;

use serde_json::{Value, json};

use super::{ServedTables, is_postgres};
use crate::harness::{
    Client, Database, Engine, ReplicaModel, on_empty_databases, wire::ServerPacket, with_database,
};

on_empty_databases! {
    every_collection_arrives_on_connect_in_every_mode,
    cascading_delete_is_one_change,
    transaction_over_several_tables_is_one_change,
    writer_receives_change_before_ack,
    authored_names_row_by_its_key,
}

const TABLES: &str = "
create table teams (code text primary key, name text not null);
create table seats (
    team text not null references teams (code) on delete cascade, number integer not null, holder text,
    primary key (team, number)
);
create table notes (id integer primary key, body text);
create table unkeyed (body text);
insert into teams (code, name) values ('red', 'Reds'), ('blue', 'Blues');
insert into seats (team, number, holder) values ('red', 1, 'Ada'), ('red', 2, null), ('blue', 1, 'Bob')";

fn model() -> ReplicaModel {
    ReplicaModel::of(&[("teams", &["code"]), ("seats", &["team", "number"]), ("notes", &["id"])])
}

async fn every_collection_arrives_on_connect_in_every_mode(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let snapshots = Client::connect_to(tables.address(), model()).await;
    let changes = tables.follow(model()).await;
    let parts = Client::in_parts(tables.address(), model()).await;
    for client in [&snapshots, &changes, &parts] {
        client.assert_in_sync().await;
        let seats = client.replica().rows("seats");
        assert_eq!(seats.len(), 3);
        assert_eq!(client.replica().rows("teams").len(), 2);
        assert!(
            !client.events_since(0).contains(&"unkeyed".to_owned()),
            "a table without a key is only listed"
        );
    }
    for collection in model().names() {
        assert_eq!(changes.replica().rows(&collection), parts.replica().rows(&collection));
    }
    let listed = changes.request("list_unkeyed", json!({})).await.unwrap_data();
    assert_eq!(listed["rows"], json!([]));
    tables.stop().await;
}

async fn cascading_delete_is_one_change(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let (client, snapshots) =
        (tables.follow(model()).await, Client::connect_to(tables.address(), model()).await);
    let then = client.now();
    client.request("delete_team", json!({ "code": "red" })).await.unwrap_data();
    assert_eq!(
        client.changes_since(then),
        [json!({
            "teams": { "upserted": [], "deleted": ["red"] },
            "seats": { "upserted": [], "deleted": [{ "team": "red", "number": 1 }, { "team": "red", "number": 2 }] },
        })]
    );
    database.execute("delete from teams").await;
    client.wait_for_replica("no seat", |replica| replica.rows("seats").is_empty()).await;
    client.assert_in_sync().await;
    snapshots.assert_in_sync().await;
    tables.stop().await;
}

async fn transaction_over_several_tables_is_one_change(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let client = tables.follow(model()).await;
    let then = client.now();
    let sql = "begin; insert into teams (code, name) values ('green', 'Greens');
        update seats set holder = 'Cy' where team = 'red' and number = 2;
        insert into notes (id, body) values (1, 'a'), (2, 'b'); delete from notes where id = 2; commit";
    database.execute(sql).await;
    client.wait_for_replica("the note", |replica| !replica.rows("notes").is_empty()).await;
    let [change] = &client.changes_since(then)[..] else { panic!("{:?}", client.changes_since(then)) };
    let mut named: Vec<&String> = change.as_object().unwrap().keys().collect();
    named.sort();
    assert_eq!(named, ["notes", "seats", "teams"]);
    assert_eq!(change["seats"]["upserted"][0]["holder"], "Cy");
    client.assert_in_sync().await;
    tables.stop().await;
}

async fn writer_receives_change_before_ack(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let clients = [tables.follow(model()).await, tables.follow(model()).await, tables.follow(model()).await];
    let writes = clients.iter().enumerate().map(async |(at, client)| {
        for round in 0..10 {
            let key = json!({ "team": "red", "number": 100 * (at + 1) + round });
            for event in ["new_seat", "update_seat", "delete_seat"] {
                let mut payload = key.clone();
                if event != "delete_seat" {
                    payload["holder"] = json!(event);
                }
                let id = client.emit(event, &[payload]);
                let data = client.ack(id).await.unwrap_data();
                assert_eq!(
                    changes_before_ack(client, id, &data, event == "delete_seat"),
                    1,
                    "{event} {data}"
                );
            }
        }
    });
    futures_util::future::join_all(writes).await;
    for client in &clients {
        client.assert_in_sync().await;
    }
    tables.stop().await;
}

/// The number of changes before the ack that show its row.
fn changes_before_ack(client: &Client, id: u64, row: &Value, deleted: bool) -> usize {
    let packets = client.since(0);
    let before = packets.iter().take_while(|packet| !matches!(packet, ServerPacket::Ack(of, _) if *of == id));
    let what = if deleted { "deleted" } else { "upserted" };
    let shows = |packet: &&ServerPacket| match packet {
        ServerPacket::Event(_, arguments) => {
            arguments[0]["seats"][what].as_array().is_some_and(|rows| rows.contains(row))
        }
        _ => false,
    };
    before.filter(shows).count()
}

async fn authored_names_row_by_its_key(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let auth = json!({ "live": "changes", "authors": true });
    let reader = Client::connect_only(tables.address(), &auth).await.unwrap();
    let writer = tables.follow(model()).await;
    let team = writer.request("update_team", json!({ "code": "red", "name": "Crimson" })).await.unwrap_data();
    let expected = json!({ "collection": "teams", "id": "red", "version": team["version"], "by": null });
    assert_eq!(reader.next_event("authored").await, expected);
    let key = json!({ "team": "blue", "number": 1 });
    writer.request("delete_seat", key.clone()).await.unwrap_data();
    let expected = json!({ "collection": "seats", "id": key, "version": null, "by": null });
    assert_eq!(reader.next_event("authored").await, expected);
    let note = writer.request("new_note", json!({ "id": 7 })).await.unwrap_data();
    let expected = json!({ "collection": "notes", "id": 7, "version": note["version"], "by": null });
    assert_eq!(reader.next_event("authored").await, expected);
    tables.stop().await;
}

#[actix_web::test]
async fn truncated_table_is_empty_at_every_client() {
    with_database(Engine::Postgres, async |database: &Database| {
        let tables = ServedTables::start(database, TABLES).await;
        let client = tables.follow(model()).await;
        let snapshots = Client::connect_to(tables.address(), model()).await;
        let then = client.now();
        database.execute("truncate teams cascade").await;
        client.wait_for_replica("no team", |replica| replica.rows("teams").is_empty()).await;
        client.wait_for_replica("no seat", |replica| replica.rows("seats").is_empty()).await;
        assert_eq!(client.changes_since(then).len(), 1);
        snapshots.assert_in_sync().await;
        client.request("new_team", json!({ "code": "red", "name": "Reds" })).await.unwrap_data();
        client.assert_in_sync().await;
        tables.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn partitioned_table_is_one_collection() {
    with_database(Engine::Postgres, async |database: &Database| {
        let sql = "create table readings (region text not null, id integer not null, value numeric, primary key (region, id))
                partition by list (region);
            create table readings_north partition of readings for values in ('north');
            create table readings_south partition of readings for values in ('south');
            insert into readings values ('north', 1, 1.50), ('south', 1, 2)";
        let tables = ServedTables::start(database, sql).await;
        let client = tables.follow(ReplicaModel::of(&[("readings", &["region", "id"])])).await;
        assert_eq!(client.replica().rows("readings").len(), 2);
        let then = client.now();
        database.execute("update readings set region = 'south', id = 2 where region = 'north'").await;
        client
            .wait_for_replica("the row in the other part", |replica| {
                replica.rows("readings").iter().all(|row| row["region"] == "south")
            })
            .await;
        assert_eq!(client.changes_since(then)[0]["readings"]["deleted"], json!([{ "region": "north", "id": 1 }]));
        database.execute("insert into readings_north values ('north', 9, 3)").await;
        client.wait_for_replica("the third", |replica| replica.rows("readings").len() == 3).await;
        client.request("new_reading", json!({ "region": "south", "id": 7, "value": "1" })).await.unwrap_data();
        let update = json!({ "region": "north", "id": 9, "value": "1.25" });
        assert_eq!(client.request("update_reading", update).await.unwrap_data()["value"], "1.25");
        database.execute("create table readings_west partition of readings for values in ('west')").await;
        database.execute("insert into readings values ('west', 1, 4)").await;
        client.wait_for_replica("the row of the new part", |replica| replica.rows("readings").len() == 5).await;
        database.execute("truncate readings_south").await;
        client.wait_for_replica("the other parts", |replica| replica.rows("readings").len() == 2).await;
        client.assert_in_sync().await;
        tables.stop().await;
    })
    .await;
}

/// The text for the kind of database.
fn of(database: &Database, postgres: &'static str, sqlite: &'static str) -> &'static str {
    if is_postgres(database) { postgres } else { sqlite }
}
