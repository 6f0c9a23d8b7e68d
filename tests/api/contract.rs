//! The contract of every collection, checked for all collections of the planner and the example products. New
//! collections need no changes here.
//!
//! Payloads are the examples of the schema; referenced rows are created first, each with id 1.

use rowcast::registry::{ErasedCollection, Registry};
use serde_json::{Value, json};

use crate::harness::{Client, Engine, Node, wire::ServerPacket, with_database};

#[actix_web::test]
async fn every_collection_fulfills_contract_on_sqlite() {
    every_collection_fulfills_contract(Engine::Sqlite).await;
}

#[actix_web::test]
async fn every_collection_fulfills_contract_on_postgres() {
    every_collection_fulfills_contract(Engine::Postgres).await;
}

async fn every_collection_fulfills_contract(engine: Engine) {
    for product in [planner::product(), support_desk::rowcast().build(), chat::rowcast().build()] {
        for kind in product.registry.collections() {
            println!("{} of {} on {engine:?}", kind.name(), product.name);
            with_database(engine, async |database| {
                let node = Node::serve(&database.url(), &[], &product).await;
                check_collection(&node, &product.registry, &**kind).await;
                node.stop().await;
            })
            .await;
        }
    }
}

/// A client that has received a snapshot of every live collection.
async fn connect(node: &Node, registry: &Registry) -> Client {
    let client = Client::connect_only(node.address, &json!({})).await.unwrap();
    for kind in registry.collections().iter().filter(|kind| kind.is_live()) {
        client.wait_for_rows(kind.name(), |_| true).await;
    }
    client
}

async fn check_collection(node: &Node, registry: &Registry, kind: &dyn ErasedCollection) {
    let (writer, other) = (connect(node, registry).await, connect(node, registry).await);
    let mut made = Vec::new();
    for shown in kind.embeds() {
        create_with_embedded(&writer, registry, shown.collection, &mut made).await;
    }
    if !kind.is_live() {
        writer.request(&event(kind, "new"), parsed(kind.examples().new)).await.unwrap_data();
        writer
            .request(&event(kind, "update"), with_id(parsed(kind.examples().update), 1))
            .await
            .unwrap_data();
        check_list(&writer, kind).await;
        return assert!(!writer.events_since(0).contains(&kind.name().to_owned()), "it is only listed");
    }
    check_create(&writer, &other, kind).await;
    check_update(&writer, &other, kind).await;
    check_get(&writer, kind).await;
    check_list(&writer, kind).await;
    check_delete(&writer, &other, kind).await;
    check_unknown_fields(&writer, kind).await;
}

/// Creates row 1 of a collection, after row 1 of each collection that it embeds.
async fn create_with_embedded(
    client: &Client,
    registry: &Registry,
    plural: &'static str,
    made: &mut Vec<&'static str>,
) {
    if made.contains(&plural) {
        return;
    }
    made.push(plural);
    let kind =
        registry.collections().iter().find(|kind| kind.name() == plural).expect("a registered collection");
    for shown in kind.embeds() {
        Box::pin(create_with_embedded(client, registry, shown.collection, made)).await;
    }
    let row = client.request(&event(&**kind, "new"), parsed(kind.examples().new)).await.unwrap_data();
    assert_eq!(row["id"], 1, "{plural}");
}

async fn check_create(writer: &Client, other: &Client, kind: &dyn ErasedCollection) {
    let payload = parsed(kind.examples().new);
    let then = writer.now();
    let id = writer.emit(&event(kind, "new"), std::slice::from_ref(&payload));
    let row = writer.ack(id).await.unwrap_data();

    assert_eq!((&row["id"], &row["version"]), (&json!(1), &json!(1)));
    assert_shows(&row, &payload);
    assert_sent_before_ack(writer, kind, then, id, &row);
    other.wait_for_rows(kind.name(), |rows| rows == [row.clone()]).await;
}

async fn check_update(writer: &Client, other: &Client, kind: &dyn ErasedCollection) {
    let update = event(kind, "update");
    let payload = with_id(parsed(kind.examples().update), 1);
    let then = writer.now();
    let id = writer.emit(&update, std::slice::from_ref(&payload));
    let row = writer.ack(id).await.unwrap_data();

    assert_eq!((&row["id"], &row["version"]), (&json!(1), &json!(2)));
    assert_shows(&row, &payload);
    assert_sent_before_ack(writer, kind, then, id, &row);
    other.wait_for_rows(kind.name(), |rows| rows == [row.clone()]).await;

    let stale = writer.request(&update, json!({ "id": 1, "version": 1 })).await;
    assert_eq!(stale.error_keys(), ["$conflict"]);
    assert_eq!(stale.data, row, "a conflict shows the row as it stands");

    let fresh = writer.request(&update, json!({ "id": 1, "version": "2" })).await.unwrap_data();
    assert_eq!(fresh["version"], 3);
    let whole = writer.request(&update, fresh.clone()).await.unwrap_data();
    assert_eq!(with_version(whole, 3), fresh, "a whole row goes back in and changes nothing");
}

async fn check_get(client: &Client, kind: &dyn ErasedCollection) {
    let get = event(kind, "get");
    let row = client.request(&get, json!({ "id": "1" })).await.unwrap_data();
    assert_eq!(client.latest(kind.name()), std::slice::from_ref(&row));
    assert_eq!(client.request(&get, row.clone()).await.unwrap_data(), row, "a whole row will do");
    for verb in ["get", "update", "delete"] {
        let ack = client.request(&event(kind, verb), json!({ "id": 99 })).await;
        assert_eq!(ack.error_keys(), ["$not_found"], "{verb}");
        let missing = client.request(&event(kind, verb), json!({})).await;
        assert_eq!(missing.error_keys(), ["id"], "{verb}");
    }
}

async fn check_list(client: &Client, kind: &dyn ErasedCollection) {
    for n in 2..=7 {
        create_another(client, kind, n).await;
    }
    let ids = async |request: Value| {
        let page = client.request(&format!("list_{}", kind.name()), request).await.unwrap_data();
        (ids_of(&page["rows"]), page["next"].clone())
    };
    let all = [1, 2, 3, 4, 5, 6, 7];
    assert_eq!(ids(json!({})).await, (all.to_vec(), Value::Null));
    for (filter, expected) in [
        (json!(3), vec![3]),
        (json!("3"), vec![3]),
        (json!({ "eq": 3 }), vec![3]),
        (json!({ "ne": 3 }), vec![1, 2, 4, 5, 6, 7]),
        (json!({ "gt": 5 }), vec![6, 7]),
        (json!({ "gte": 5 }), vec![5, 6, 7]),
        (json!({ "lt": 3 }), vec![1, 2]),
        (json!({ "lte": 3 }), vec![1, 2, 3]),
        (json!({ "gt": 2, "lt": 5, "ne": 3 }), vec![4]),
        (json!({ "in": [7, "1", 99] }), vec![1, 7]),
        (json!({ "in": [] }), vec![]),
    ] {
        let (found, _) = ids(json!({ "where": { "id": filter } })).await;
        assert_eq!(found, expected, "id {filter}");
    }
    check_contains(client, kind).await;

    // Rows 2 to 7 have equal versions, so their order is that of the id, the last sort key.
    for (sort, expected) in [
        ("id", all),
        ("-id", [7, 6, 5, 4, 3, 2, 1]),
        ("version", [2, 3, 4, 5, 6, 7, 1]),
        ("-version", all),
        ("version,-id", [7, 6, 5, 4, 3, 2, 1]),
    ] {
        for limit in [1, 2, 3, 7] {
            assert_eq!(pages(client, kind, sort, limit).await, expected, "{sort} by {limit}");
        }
    }
}

/// Creates another row from the example, with other values where the example's are taken.
async fn create_another(client: &Client, kind: &dyn ErasedCollection, n: usize) {
    let mut payload = parsed(kind.examples().new);
    let ack = client.request(&event(kind, "new"), payload.clone()).await;
    if ack.ok {
        return;
    }
    for field in ack.error_keys() {
        assert_eq!(ack.error(field), "is already taken", "{field}");
        payload[field] = json!(format!("{n}{}", payload[field].as_str().unwrap()));
    }
    client.request(&event(kind, "new"), payload).await.unwrap_data();
}

/// `contains` on the first text column with a value.
async fn check_contains(client: &Client, kind: &dyn ErasedCollection) {
    let row = client.request(&event(kind, "get"), json!({ "id": 2 })).await.unwrap_data();
    let text = kind.columns().into_iter().find_map(|column| Some((column, row[column].as_str()?)));
    let (column, text) = text.expect("a column of text");
    let list = format!("list_{}", kind.name());
    let part: String = text.chars().skip(1).collect();
    let found =
        client.request(&list, json!({ "where": { column: { "contains": part } } })).await.unwrap_data();
    assert!(ids_of(&found["rows"]).contains(&2), "{column} contains {part}");
    let found =
        client.request(&list, json!({ "where": { column: { "contains": "%" } } })).await.unwrap_data();
    assert_eq!(found["rows"], json!([]), "no character is special");
}

/// The ids of all pages.
async fn pages(client: &Client, kind: &dyn ErasedCollection, sort: &str, limit: u64) -> Vec<i64> {
    let (mut all, mut after) = (Vec::new(), Value::Null);
    loop {
        let request = json!({ "sort": sort, "limit": limit, "after": after });
        let page = client.request(&format!("list_{}", kind.name()), request).await.unwrap_data();
        let ids = ids_of(&page["rows"]);
        assert!(ids.len() as u64 <= limit);
        all.extend(ids);
        after = page["next"].clone();
        if after.is_null() {
            return all;
        }
        assert!(after.is_string() && all.len() < 100, "pages do not end");
    }
}

async fn check_delete(writer: &Client, other: &Client, kind: &dyn ErasedCollection) {
    let delete = event(kind, "delete");
    // A whole row is accepted, and its version is ignored.
    let row = with_version(writer.latest(kind.name()).pop().unwrap(), 77);
    assert_eq!(writer.request(&delete, row).await.unwrap_data(), json!({ "id": 7 }));
    assert_eq!(ids_of(&Value::Array(writer.latest(kind.name()))), [1, 2, 3, 4, 5, 6]);
    other.wait_for_rows(kind.name(), |rows| rows.len() == 6).await;
    assert_eq!(writer.request(&delete, json!({ "id": 7 })).await.error_keys(), ["$not_found"]);
    assert_eq!(writer.request(&event(kind, "get"), json!({ "id": 7 })).await.error_keys(), ["$not_found"]);
}

async fn check_unknown_fields(client: &Client, kind: &dyn ErasedCollection) {
    let before = client.latest(kind.name());
    let mut payload = parsed(kind.examples().new);
    payload["colour"] = json!("red");
    let ack = client.request(&event(kind, "new"), payload).await;
    assert!(ack.error_keys().contains(&"colour"), "{ack:?}");
    let update = json!({ "id": 1, "colour": "red" });
    assert_eq!(client.request(&event(kind, "update"), update).await.error_keys(), ["colour"]);

    let list = format!("list_{}", kind.name());
    let request = json!({ "where": { "colour": "red" }, "sort": "colour" });
    assert_eq!(client.request(&list, request).await.error_keys(), ["sort", "where.colour"]);
    let request = json!({ "limit": 0, "colour": "red" });
    assert_eq!(client.request(&list, request).await.error_keys(), ["colour", "limit"]);
    assert_eq!(client.request(&list, json!({ "limit": 501 })).await.error_keys(), ["limit"]);
    assert_eq!(client.request(&list, json!({ "after": "nonsense" })).await.error_keys(), ["after"]);
    client.request("refresh", Value::Null).await.unwrap_data();
    assert_eq!(client.latest(kind.name()), before);
}

/// Asserts that the writer received the collection with its row before the ack.
fn assert_sent_before_ack(writer: &Client, kind: &dyn ErasedCollection, then: usize, id: u64, row: &Value) {
    let mut shown = false;
    for packet in writer.since(then) {
        match packet {
            ServerPacket::Event(name, arguments) if name == kind.name() => {
                shown = arguments[0].as_array().unwrap().contains(row);
                assert!(arguments[1]["cursor"].is_string(), "a cursor comes with every snapshot");
            }
            ServerPacket::Ack(of, _) if of == id => return assert!(shown, "acked before it was shown"),
            _ => {}
        }
    }
}

/// Asserts that the row has the values of the payload: equal or as text, references by id.
fn assert_shows(row: &Value, payload: &Value) {
    let id = |value: &Value| if value.is_object() { value["id"].clone() } else { value.clone() };
    for (field, sent) in payload.as_object().unwrap() {
        let same = match (&row[field], sent) {
            (Value::Array(shown), Value::Array(sent)) => shown.iter().map(id).eq(sent.iter().map(id)),
            (Value::String(shown), Value::Number(sent)) => *shown == sent.to_string(),
            (shown, sent) => id(shown) == id(sent),
        };
        assert!(same, "{field}: {sent} became {}", row[field]);
    }
}

fn event(kind: &dyn ErasedCollection, verb: &str) -> String {
    format!("{verb}_{}", kind.singular())
}

fn parsed(example: &str) -> Value {
    serde_json::from_str(example).expect("an example is JSON")
}

fn with_id(mut payload: Value, id: i64) -> Value {
    payload["id"] = json!(id);
    payload
}

fn with_version(mut row: Value, version: i64) -> Value {
    row["version"] = json!(version);
    row
}

fn ids_of(rows: &Value) -> Vec<i64> {
    rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}
