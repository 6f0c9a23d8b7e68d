//! What the server emits, in the order in which it does.

use serde_json::{Map, Value, json};

use super::{CHANGES, Collection, Notice, definitions::refer};

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
