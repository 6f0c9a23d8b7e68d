//! Events that the server emits, in that order.

use serde_json::{Map, Value, json};

use super::{CHANGES, Collection, PART, ServerEvent, definitions::refer, key_type};

/// `connected`, snapshots, changes, then all others.
pub(super) fn all(builtin: Vec<ServerEvent>, collections: &[Collection], meta: &Value) -> Vec<ServerEvent> {
    let mut builtin = builtin.into_iter();
    let mut all: Vec<ServerEvent> = builtin.next().into_iter().collect();
    all.extend(sent(collections).map(|collection| snapshot(collection, meta)));
    all.push(ServerEvent {
        name: "changes".into(),
        description: "The rows that one or more commits changed; sent with `live: \"changes\"`.".into(),
        collection: None,
        arguments: vec![("changes", refer(CHANGES))],
    });
    all.push(ServerEvent {
        name: "part".into(),
        description: "A part of the full snapshot, instead of whole collections; sent with `chunks: true`."
            .into(),
        collection: None,
        arguments: vec![("part", refer(PART))],
    });
    all.extend(builtin);
    all
}

fn snapshot(collection: &Collection, meta: &Value) -> ServerEvent {
    let rows = json!({ "type": "array", "items": refer(&collection.row) });
    let order = if key_type::is_in_id(&collection.key) { "id" } else { "key" };
    ServerEvent {
        name: collection.plural.clone(),
        description: format!(
            "All rows in {order} order: on connect, by `refresh`, and when they have changed."
        ),
        collection: Some(collection.plural.clone()),
        arguments: vec![("rows", rows), ("meta", meta.clone())],
    }
}

/// The event with the hashes of a schema that has changed.
pub(super) fn schema(hashes: Value) -> ServerEvent {
    ServerEvent {
        name: "schema".into(),
        description: "The server's schema has changed while it runs; these are its hashes.".into(),
        collection: None,
        arguments: vec![("schema", hashes)],
    }
}

/// The schema of the argument of `changes`.
pub(super) fn changes(collections: &[Collection]) -> Value {
    let mut fields = Map::new();
    let cursor = "Opaque to clients; to be sent back as `since`.";
    fields.insert("cursor".into(), json!({ "description": cursor, "type": "string" }));
    fields.extend(sent(collections).map(|collection| (collection.plural.clone(), changed(collection))));
    json!({
        "description": "The rows that one or more commits changed, by collection.",
        "type": "object",
        "properties": fields,
        "required": ["cursor"],
    })
}

/// The schema of the argument of `part`.
pub(super) fn part(collections: &[Collection]) -> Value {
    let names: Vec<_> = sent(collections).map(|collection| &*collection.plural).collect();
    let rows: Vec<_> = sent(collections).map(|collection| refer(&collection.row)).collect();
    let (names, rows) = match names.is_empty() {
        // No value at all.
        true => (json!({ "not": {} }), json!({ "not": {} })),
        false => (json!({ "type": "string", "enum": names }), json!({ "anyOf": rows })),
    };
    let mut collection = json!({ "description": "The collection." });
    names.as_object().into_iter().flatten().for_each(|(keyword, value)| collection[keyword] = value.clone());
    let (n, of) = ("The number of this part, counted from 1.", "The number of parts.");
    let cursor = "In the last part: to be sent back as `since`.";
    let withheld = "In the last part: collections that are too large to be sent, if there are any.";
    json!({
        "description": "A part of the full snapshot. Part 1 starts a new snapshot; apply the rows when the last part has arrived.",
        "type": "object",
        "properties": {
            "n": { "description": n, "type": "integer", "format": "int64" },
            "of": { "description": of, "type": "integer", "format": "int64" },
            "collection": collection,
            "rows": { "description": "Some of its rows, in id order.", "type": "array", "items": rows },
            "cursor": { "description": cursor, "type": "string" },
            "withheld": { "description": withheld, "type": "array", "items": refer("Withheld") },
        },
        "required": ["n", "of", "collection", "rows"],
    })
}

fn changed(collection: &Collection) -> Value {
    let deleted = if key_type::is_in_id(&collection.key) { "Ids" } else { "Keys" };
    json!({
        "type": "object",
        "properties": {
            "upserted": { "description": "Current rows.", "type": "array", "items": refer(&collection.row) },
            "deleted": {
                "description": format!("{deleted} of deleted rows."),
                "type": "array",
                "items": key_type::value(&collection.key),
            },
        },
        "required": ["upserted", "deleted"],
    })
}

fn sent(collections: &[Collection]) -> impl Iterator<Item = &Collection> {
    collections.iter().filter(|collection| collection.sent)
}
