//! Batches of writes to tables with keys of any kind.

use serde_json::json;

use super::{ServedTables, is_postgres};
use crate::harness::{Database, ReplicaModel, on_empty_databases};

on_empty_databases! {
    keys_of_any_kind_are_referred_to,
    refusal_of_the_database_is_at_its_write,
}

const TABLES: &str = "
create table customers (code text primary key, name text not null);
create table orders (id integer primary key, customer text not null references customers (code));
create table lines (
    order_id integer not null references orders (id), product text not null, amount integer not null check (amount > 0),
    primary key (order_id, product)
);";

fn model() -> ReplicaModel {
    ReplicaModel::of(&[("customers", &["code"]), ("orders", &["id"]), ("lines", &["order_id", "product"])])
}

async fn keys_of_any_kind_are_referred_to(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let (client, other) = (tables.follow(model()).await, tables.follow(model()).await);
    let then = other.now();
    let batch = json!([
        ["new_customer", { "code": "ADA", "name": "Ada" }],
        ["new_order", { "id": 7, "customer": { "$ref": 0 } }],
        ["new_line", { "order_id": { "$ref": 1 }, "product": "tea", "amount": 2 }],
        ["new_line", { "order_id": { "$ref": 1 }, "product": "milk", "amount": 1 }],
        ["update_line", { "order_id": { "$ref": 1 }, "product": "tea", "amount": 3 }],
        ["delete_line", { "order_id": 7, "product": "milk" }],
    ]);
    let options = json!({ "request_id": uuid::Uuid::new_v4().to_string() });
    let data = client.request_with("batch", &[batch.clone(), options.clone()]).await.unwrap_data();
    assert_eq!((&data[1]["customer"], &data[4]["amount"]), (&json!("ADA"), &json!(3)));
    assert_eq!(data[5], json!({ "order_id": 7, "product": "milk" }));
    assert_eq!(client.request_with("batch", &[batch, options]).await.unwrap_data(), data);
    other.wait_for_replica("the line", |replica| replica.rows("lines").len() == 1).await;
    assert_eq!(other.changes_since(then).len(), 1);

    let lines = json!([
        ["new_line", { "order_id": 7, "product": "salt", "amount": 1 }],
        ["new_customer", { "code": { "$ref": 0 }, "name": "Bob" }],
    ]);
    let ack = client.request("batch", lines).await;
    assert!(ack.error("1.code").contains("a key of several columns"), "{ack:?}");
    other.assert_in_sync().await;
    tables.stop().await;
}

async fn refusal_of_the_database_is_at_its_write(database: &Database) {
    let tables = ServedTables::start(database, TABLES).await;
    let trigger = match is_postgres(database) {
        true => {
            "create function no_sugar() returns trigger language plpgsql as
             $$ begin if new.product = 'sugar' then raise 'no sugar today'; end if; return new; end $$;
             create trigger no_sugar before insert on lines for each row execute function no_sugar()"
        }
        false => {
            "create trigger no_sugar before insert on lines when new.product = 'sugar'
             begin select raise(abort, 'no sugar today'); end"
        }
    };
    database.execute(trigger).await;
    let client = tables.follow(model()).await;
    let order = json!(["new_order", { "id": 7, "customer": "ADA" }]);
    let customer = json!(["new_customer", { "code": "ADA", "name": "Ada" }]);
    let line = |product: &str, amount: i64| json!(["new_line", { "order_id": 7, "product": product, "amount": amount }]);
    for (last, keys) in [
        (line("sugar", 1), vec!["3.$refused"]),
        (line("tea", 2), vec!["3.order_id", "3.product"]),
        (line("milk", 0), vec!["3.amount"]),
    ] {
        let batch = json!([customer, order, line("tea", 1), last]);
        let with_id = json!({ "request_id": uuid::Uuid::new_v4().to_string() });
        for options in [json!({}), with_id] {
            let ack = client.request_with("batch", &[batch.clone(), options]).await;
            assert_eq!(ack.error_keys(), keys, "{ack:?}");
        }
    }
    assert!(client.replica().rows("customers").is_empty(), "nothing is left of them");
    client.assert_in_sync().await;
    tables.stop().await;
}
