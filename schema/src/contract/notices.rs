//! What the server emits, in the order in which it does.

use serde_json::{Map, Value, json};

use super::{CHANGES, Collection, Notice, PART, definitions::refer};

/// The greeting, collections, their changes, all else.
pub(super) fn all(own: Vec<Notice>, collections: &[Collection], position: &Value) -> Vec<Notice> {
    let mut own = own.into_iter();
    let mut all: Vec<Notice> = own.next().into_iter().collect();
    all.extend(sent(collections).map(|collection| snapshot(collection, position)));
    all.push(Notice {
        name: "changes",
        description: "What a group of commits has changed; sent with `live: \"changes\"`.".into(),
        collection: None,
        arguments: vec![("changes", refer(CHANGES))],
    });
    all.push(Notice {
        name: "part",
        description:
            "A part of all that there is, in the place of the collections; sent with `chunks: true`.".into(),
        collection: None,
        arguments: vec![("part", refer(PART))],
    });
    all.extend(own);
    all
}

fn snapshot(collection: &Collection, position: &Value) -> Notice {
    let rows = json!({ "type": "array", "items": refer(&collection.row) });
    Notice {
        name: collection.plural,
        description: "All rows in id order: on connect, by `refresh`, and when they have changed.".into(),
        collection: Some(collection.plural),
        arguments: vec![("rows", rows), ("at", position.clone())],
    }
}

/// What `changes` carries.
pub(super) fn changes(collections: &[Collection]) -> Value {
    let mut fields = Map::new();
    let cursor = "To be sent back as `since`; means nothing to a client.";
    fields.insert("cursor".into(), json!({ "description": cursor, "type": "string" }));
    fields
        .extend(sent(collections).map(|collection| (collection.plural.to_owned(), changed(&collection.row))));
    json!({
        "description": "What a group of commits has changed, each collection that it touched.",
        "type": "object",
        "properties": fields,
        "required": ["cursor"],
    })
}

/// What `part` carries.
pub(super) fn part(collections: &[Collection]) -> Value {
    let names: Vec<_> = sent(collections).map(|collection| collection.plural).collect();
    let rows: Vec<_> = sent(collections).map(|collection| refer(&collection.row)).collect();
    let (n, of) = ("Which part it is, counted from 1.", "How many there are.");
    let cursor = "In the last part: to be sent back as `since`.";
    let withheld = "In the last part, if there are any: collections that are too large to be sent.";
    json!({
        "description": "A part of all that there is. Part 1 begins anew; the rows count once the last part is there.",
        "type": "object",
        "properties": {
            "n": { "description": n, "type": "integer", "format": "int64" },
            "of": { "description": of, "type": "integer", "format": "int64" },
            "collection": { "description": "The collection.", "type": "string", "enum": names },
            "rows": { "description": "Some of its rows, in id order.", "type": "array", "items": { "anyOf": rows } },
            "cursor": { "description": cursor, "type": "string" },
            "withheld": { "description": withheld, "type": "array", "items": refer("Withheld") },
        },
        "required": ["n", "of", "collection", "rows"],
    })
}

fn changed(row: &str) -> Value {
    let (upserted, deleted) = ("The rows as they are now.", "The ids of those that are gone.");
    let id = json!({ "type": "integer", "format": "int64" });
    json!({
        "type": "object",
        "properties": {
            "upserted": { "description": upserted, "type": "array", "items": refer(row) },
            "deleted": { "description": deleted, "type": "array", "items": id },
        },
        "required": ["upserted", "deleted"],
    })
}

fn sent(collections: &[Collection]) -> impl Iterator<Item = &Collection> {
    collections.iter().filter(|collection| collection.sent)
}
