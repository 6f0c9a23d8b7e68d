//! What every collection gives, told once and held by each that is registered.
//!
//! Payloads are the examples in `api-schema`; rows that they refer to are made first, each with id 1. A new
//! collection is one more line in [`every_collection!`](every_collection), and a story fails until it stands there.

use api_schema::Payload;
use rowcast::{
    collection::Collection,
    collections::{self, Coaches, ExerciseMoves, Schedules, WorkoutPlans},
};
use serde_json::{Value, json};

use crate::harness::{Client, Engine, TestApp, tell, wire::Heard};

macro_rules! every_collection {
    ($($collection:ident => $module:ident),+ $(,)?) => {
        const LISTED: &[&str] = &[$(<$collection as Collection>::PLURAL),+];

        /// How a row of a collection is made, and which collections it shows.
        fn recipe(plural: &str) -> Recipe {
            match plural {
                $(<$collection as Collection>::PLURAL => Recipe::of::<$collection>(),)+
                other => panic!("{other} is not listed in contract.rs"),
            }
        }

        $(mod $module {
            use super::*;

            #[actix_web::test]
            async fn on_sqlite() {
                tell(Engine::Sqlite, holds::<$collection>).await;
            }

            #[actix_web::test]
            async fn on_postgres() {
                tell(Engine::Postgres, holds::<$collection>).await;
            }
        })+
    };
}

every_collection! {
    Coaches => coaches,
    ExerciseMoves => exercise_moves,
    Schedules => schedules,
    WorkoutPlans => workout_plans,
}

#[test]
fn every_registered_collection_is_held_to_the_contract() {
    for kind in collections::registry().kinds() {
        assert!(LISTED.contains(&kind.plural()), "add {} to contract.rs", kind.plural());
    }
}

struct Recipe {
    name: &'static str,
    new: &'static str,
    shows: Vec<&'static str>,
}

impl Recipe {
    fn of<C: Collection>() -> Self {
        let shows = C::NESTS.iter().map(|nested| nested.collection).collect();
        Self { name: C::NAME, new: C::New::EXAMPLE, shows }
    }
}

async fn holds<C: Collection>(app: &TestApp) {
    let (writer, other) = (app.connect().await, app.connect().await);
    let mut made = Vec::new();
    for shown in C::NESTS {
        make_first(&writer, shown.collection, &mut made).await;
    }
    rows_are_made::<C>(&writer, &other).await;
    rows_are_changed::<C>(&writer, &other).await;
    rows_are_found::<C>(&writer).await;
    rows_are_listed::<C>(&writer).await;
    rows_go::<C>(&writer, &other).await;
    what_is_unknown_is_named::<C>(&writer).await;
}

/// Makes row 1 of a collection, after row 1 of whatever it shows.
async fn make_first(client: &Client, plural: &'static str, made: &mut Vec<&'static str>) {
    if made.contains(&plural) {
        return;
    }
    made.push(plural);
    let recipe = recipe(plural);
    for shown in recipe.shows {
        Box::pin(make_first(client, shown, made)).await;
    }
    let row = client.ask(&format!("new_{}", recipe.name), parsed(recipe.new)).await.done();
    assert_eq!(row["id"], 1, "{plural}");
}

async fn rows_are_made<C: Collection>(writer: &Client, other: &Client) {
    let payload = parsed(C::New::EXAMPLE);
    let then = writer.now();
    let id = writer.emit(&event::<C>("new"), std::slice::from_ref(&payload));
    let row = writer.ack(id).await.done();

    assert_eq!((&row["id"], &row["version"]), (&json!(1), &json!(1)));
    assert_shows(&row, &payload);
    heard_before_its_ack::<C>(writer, then, id, &row);
    other.sees(C::PLURAL, |rows| rows == [row.clone()]).await;
}

async fn rows_are_changed<C: Collection>(writer: &Client, other: &Client) {
    let update = event::<C>("update");
    let payload = with_id(parsed(C::Update::EXAMPLE), 1);
    let then = writer.now();
    let id = writer.emit(&update, std::slice::from_ref(&payload));
    let row = writer.ack(id).await.done();

    assert_eq!((&row["id"], &row["version"]), (&json!(1), &json!(2)));
    assert_shows(&row, &payload);
    heard_before_its_ack::<C>(writer, then, id, &row);
    other.sees(C::PLURAL, |rows| rows == [row.clone()]).await;

    let stale = writer.ask(&update, json!({ "id": 1, "version": 1 })).await;
    assert_eq!(stale.refused(), ["$conflict"]);
    assert_eq!(stale.data, row, "a conflict shows the row as it stands");

    let fresh = writer.ask(&update, json!({ "id": 1, "version": "2" })).await.done();
    assert_eq!(fresh["version"], 3);
    let whole = writer.ask(&update, fresh.clone()).await.done();
    assert_eq!(with_version(whole, 3), fresh, "a whole row goes back in and changes nothing");
}

async fn rows_are_found<C: Collection>(client: &Client) {
    let get = event::<C>("get");
    let row = client.ask(&get, json!({ "id": "1" })).await.done();
    assert_eq!(client.latest(C::PLURAL), std::slice::from_ref(&row));
    assert_eq!(client.ask(&get, row.clone()).await.done(), row, "a whole row will do");
    for verb in ["get", "update", "delete"] {
        let ack = client.ask(&event::<C>(verb), json!({ "id": 99 })).await;
        assert_eq!(ack.refused(), ["$not_found"], "{verb}");
        let missing = client.ask(&event::<C>(verb), json!({})).await;
        assert_eq!(missing.refused(), ["id"], "{verb}");
    }
}

async fn rows_are_listed<C: Collection>(client: &Client) {
    for _ in 2..=7 {
        client.ask(&event::<C>("new"), parsed(C::New::EXAMPLE)).await.done();
    }
    let ids = async |request: Value| {
        let page = client.ask(&format!("list_{}", C::PLURAL), request).await.done();
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
    text_is_searched::<C>(client).await;

    // Rows 2 to 7 have the same version, so the order rests on what is last of itself: the id.
    for (sort, expected) in [
        ("id", all),
        ("-id", [7, 6, 5, 4, 3, 2, 1]),
        ("version", [2, 3, 4, 5, 6, 7, 1]),
        ("-version", all),
        ("version,-id", [7, 6, 5, 4, 3, 2, 1]),
    ] {
        for limit in [1, 2, 3, 7] {
            assert_eq!(pages::<C>(client, sort, limit).await, expected, "{sort} by {limit}");
        }
    }
}

/// `contains` over the first column of text that has any.
async fn text_is_searched<C: Collection>(client: &Client) {
    let row = client.ask(&event::<C>("get"), json!({ "id": 2 })).await.done();
    let text = C::COLUMNS.iter().find_map(|(column, _)| Some((column, row[column].as_str()?)));
    let (column, text) = text.expect("a column of text");
    let list = format!("list_{}", C::PLURAL);
    let part: String = text.chars().skip(1).collect();
    let found = client.ask(&list, json!({ "where": { *column: { "contains": part } } })).await.done();
    assert!(ids_of(&found["rows"]).contains(&2), "{column} contains {part}");
    let found = client.ask(&list, json!({ "where": { *column: { "contains": "%" } } })).await.done();
    assert_eq!(found["rows"], json!([]), "no character is special");
}

/// Every page from the first to the end.
async fn pages<C: Collection>(client: &Client, sort: &str, limit: u64) -> Vec<i64> {
    let (mut all, mut after) = (Vec::new(), Value::Null);
    loop {
        let request = json!({ "sort": sort, "limit": limit, "after": after });
        let page = client.ask(&format!("list_{}", C::PLURAL), request).await.done();
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

async fn rows_go<C: Collection>(writer: &Client, other: &Client) {
    let delete = event::<C>("delete");
    // A whole row will do, and its version is not looked at.
    let row = with_version(writer.latest(C::PLURAL).pop().unwrap(), 77);
    assert_eq!(writer.ask(&delete, row).await.done(), json!({ "id": 7 }));
    assert_eq!(ids_of(&Value::Array(writer.latest(C::PLURAL))), [1, 2, 3, 4, 5, 6]);
    other.sees(C::PLURAL, |rows| rows.len() == 6).await;
    assert_eq!(writer.ask(&delete, json!({ "id": 7 })).await.refused(), ["$not_found"]);
    assert_eq!(writer.ask(&event::<C>("get"), json!({ "id": 7 })).await.refused(), ["$not_found"]);
}

async fn what_is_unknown_is_named<C: Collection>(client: &Client) {
    let before = client.latest(C::PLURAL);
    let mut payload = parsed(C::New::EXAMPLE);
    payload["colour"] = json!("red");
    assert_eq!(client.ask(&event::<C>("new"), payload).await.refused(), ["colour"]);
    let update = json!({ "id": 1, "colour": "red" });
    assert_eq!(client.ask(&event::<C>("update"), update).await.refused(), ["colour"]);

    let list = format!("list_{}", C::PLURAL);
    let request = json!({ "where": { "colour": "red" }, "sort": "colour" });
    assert_eq!(client.ask(&list, request).await.refused(), ["sort", "where.colour"]);
    let request = json!({ "limit": 0, "colour": "red" });
    assert_eq!(client.ask(&list, request).await.refused(), ["colour", "limit"]);
    assert_eq!(client.ask(&list, json!({ "limit": 501 })).await.refused(), ["limit"]);
    assert_eq!(client.ask(&list, json!({ "after": "nonsense" })).await.refused(), ["after"]);
    client.ask("refresh", Value::Null).await.done();
    assert_eq!(client.latest(C::PLURAL), before);
}

/// The writer was sent the collection with its row in it, and only then the ack.
fn heard_before_its_ack<C: Collection>(writer: &Client, then: usize, id: u64, row: &Value) {
    let mut shown = false;
    for heard in writer.since(then) {
        match heard {
            Heard::Event(name, arguments) if name == C::PLURAL => {
                shown = arguments[0].as_array().unwrap().contains(row);
                assert!(arguments[1]["cursor"].is_string(), "a cursor comes with every snapshot");
            }
            Heard::Ack(of, _) if of == id => return assert!(shown, "acked before it was shown"),
            _ => {}
        }
    }
}

/// What was sent stands in the row: values as they are or as text, references by their ids.
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

fn event<C: Collection>(verb: &str) -> String {
    format!("{verb}_{}", C::NAME)
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
