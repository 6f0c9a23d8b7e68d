//! A client that returns with its cursor receives what it has missed, once, whatever the keys are.

use serde_json::{Value, json};

use super::{ServedTables, is_postgres};
use crate::harness::{Client, Database, ReplicaModel, on_dedicated_clusters};

on_dedicated_clusters! {
    resume_after_disconnect_sends_missed_changes,
    resume_after_restart_sends_missed_changes,
    changes_made_while_no_server_ran_are_sent,
    resumes_during_writes_and_restarts_lose_and_double_nothing,
    unlogged_change_is_found_while_the_server_runs,
    unlogged_change_while_no_server_ran_is_sent,
}

const TABLES: &str = "
create table customers (code text primary key, name text);
create table lines (order_id integer not null, product text not null, quantity integer, primary key (order_id, product));
insert into customers (code, name) values ('ALFKI', 'Alfreds'), ('BOLID', 'Bolido'), ('CHOPS', 'Chop');
insert into lines (order_id, product, quantity) values (1, 'tea', 1), (1, 'jam', 2), (2, 'tea', 3)";

fn model() -> ReplicaModel {
    ReplicaModel::of(&[("customers", &["code"]), ("lines", &["order_id", "product"])])
}

/// Statements of another program, which leave one row of each kind of change.
const MISSED: &str = "
update customers set name = 'Futterkiste' where code = 'ALFKI';
delete from customers where code = 'BOLID';
insert into customers (code, name) values ('', 'nobody'), ('DRACD', 'gone at once');
delete from customers where code = 'DRACD';
update lines set product = 'coffee' where order_id = 2;
delete from lines where order_id = 1 and product = 'jam'";

/// Asserts that the client was sent the changes of [`MISSED`] and nothing else.
async fn assert_missed(back: &Client) {
    assert_eq!(back.events_since(0), ["connected", "changes"]);
    back.assert_in_sync().await;
    let changes = &back.changes_since(0)[0];
    let codes =
        |rows: &Value| rows.as_array().unwrap().iter().map(|row| row["code"].clone()).collect::<Vec<_>>();
    assert_eq!(codes(&changes["customers"]["upserted"]), ["", "ALFKI"]);
    let deleted = changes["customers"]["deleted"].as_array().unwrap();
    assert!(deleted.contains(&json!("BOLID")), "{deleted:?}");
    let lines = &changes["lines"];
    assert_eq!(lines["upserted"].as_array().unwrap().len(), 1);
    assert_eq!(lines["upserted"][0]["product"], "coffee");
    let mut deleted = lines["deleted"].as_array().unwrap().clone();
    deleted.sort_by_key(|key| key["order_id"].as_i64());
    assert_eq!(
        deleted,
        [json!({ "order_id": 1, "product": "jam" }), json!({ "order_id": 2, "product": "tea" })]
    );
}

async fn resume_after_disconnect_sends_missed_changes(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let other = tables.follow(model()).await;
    let kept = tables.follow(model()).await.replica();
    database.execute(MISSED).await;
    other.wait_for_replica("the changes", |replica| replica.rows("lines").len() == 2).await;
    let back = tables.follow(kept).await;
    assert_missed(&back).await;
    for _ in 0..2 {
        let again = tables.follow(back.replica()).await;
        assert_eq!(again.changes_since(0), [json!({})], "a cursor and nothing else");
        again.assert_in_sync().await;
    }
    let row = back.request("update_line", json!({ "order_id": 1, "product": "tea", "quantity": 9 })).await;
    let row = row.unwrap_data();
    assert!(back.replica().has("lines", &row), "what happens from now on");
    tables.stop().await;
}

async fn resume_after_restart_sends_missed_changes(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let other = tables.follow(model()).await;
    let kept = tables.follow(model()).await.replica();
    database.execute(MISSED).await;
    other.wait_for_replica("the changes", |replica| replica.rows("lines").len() == 2).await;
    tables.stop().await;
    let tables = ServedTables::again(database, &[]).await;
    assert_missed(&tables.follow(kept).await).await;
    tables.stop().await;
}

async fn changes_made_while_no_server_ran_are_sent(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let kept = tables.follow(model()).await.replica();
    tables.stop().await;
    database.execute(MISSED).await;
    let tables = ServedTables::again(database, &[]).await;
    let back = tables.follow(kept).await;
    assert_missed(&back).await;
    let fresh = tables.follow(model()).await;
    for collection in model().names() {
        assert_eq!(fresh.replica().rows(&collection), back.replica().rows(&collection));
    }
    tables.stop().await;
}

async fn resumes_during_writes_and_restarts_lose_and_double_nothing(database: &Database) {
    let mut tables = ServedTables::start(database, TABLES).await;
    let mut kept = tables.follow(model()).await.replica();
    for round in 0..3 {
        let writer = tables.follow(model()).await;
        let writes = async {
            for at in 0..12 {
                let code = format!("W{round}-{at}");
                writer.request("new_customer", json!({ "code": code, "name": "x" })).await.unwrap_data();
                let line = json!({ "order_id": 100 + round, "product": code, "quantity": at });
                writer.request("new_line", line.clone()).await.unwrap_data();
                if at % 3 == 0 {
                    writer.request("delete_line", line).await.unwrap_data();
                }
            }
        };
        let resumes = async {
            let mut replica = kept.clone();
            for _ in 0..5 {
                let back = tables.follow(replica).await;
                assert_eq!(back.events_since(0)[..2], ["connected", "changes"]);
                back.request("list_lines", json!({ "limit": 1 })).await.unwrap_data();
                replica = back.replica();
            }
            replica
        };
        let ((), replica) = tokio::join!(writes, resumes);
        let back = tables.follow(replica).await;
        back.assert_in_sync().await;
        let first = tables.follow(kept).await;
        first.assert_in_sync().await;
        kept = back.replica();
        tables.stop().await;
        tables = ServedTables::again(database, &[]).await;
    }
    let back = tables.follow(kept).await;
    assert_eq!(back.changes_since(0), [json!({})]);
    assert_eq!(back.replica().rows("lines").len(), 3 + 3 * 8);
    back.assert_in_sync().await;
    tables.stop().await;
}

/// Executes SQL of which no trigger is told.
async fn execute_unlogged(database: &Database, sql: &str) {
    match is_postgres(database) {
        true => {
            let sql = format!("begin; set local session_replication_role = replica; {sql}; commit");
            database.execute(&sql).await;
        }
        false => crate::live::reconciliation::execute_unlogged(database, &["customers", "lines"], sql).await,
    }
}

async fn unlogged_change_is_found_while_the_server_runs(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let (client, snapshots) =
        (tables.follow(model()).await, Client::connect_to(tables.address(), model()).await);
    let kept = client.replica();
    execute_unlogged(database, MISSED).await;
    client
        .wait_for_replica("the changed rows", |replica| {
            let names: Vec<Value> = replica.rows("customers").iter().map(|row| row["name"].clone()).collect();
            names == ["nobody", "Futterkiste", "Chop"] && replica.rows("lines").len() == 2
        })
        .await;
    client.assert_in_sync().await;
    snapshots.assert_in_sync().await;
    assert_missed(&tables.follow(kept).await).await;
    tables.stop().await;
}

/// Rows that were deleted without a trigger name no transaction: then the whole is sent.
async fn unlogged_change_while_no_server_ran_is_sent(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let mut kept = tables.follow(model()).await.replica();
    tables.stop().await;
    for sql in [
        "update customers set name = 'Unseen' where code = 'ALFKI'",
        "insert into lines (order_id, product, quantity) values (7, 'tea', 1)",
        "delete from lines where product = 'tea'",
        "delete from customers",
    ] {
        execute_unlogged(database, sql).await;
        let tables = ServedTables::again(database, &[]).await;
        let back = tables.follow(kept).await;
        back.assert_in_sync().await;
        if is_postgres(database) && !sql.starts_with("delete") {
            assert_eq!(back.events_since(0), ["connected", "changes"], "{sql}");
        }
        kept = back.replica();
        tables.stop().await;
    }
}
