//! The argument of `authored` where collections come from data: keys and versions of any type.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    Collection,
    definitions::{name_of, names},
    events::{ClientEvent, ServerEvent},
    key_type,
};

/// The event.
pub(super) const AUTHORED: &str = "authored";

/// The name of the type of its argument.
pub(super) fn type_name(events: &[ServerEvent]) -> Option<&str> {
    let event = events.iter().find(|event| event.name == AUTHORED)?;
    event.arguments.first().and_then(|(_, schema)| name_of(schema))
}

/// Makes the author's type nameless, because a table may well be called `authors`; unless an event of the product's own
/// has it too.
pub(super) fn free_author(all: &mut Map<String, Value>, events: &[ServerEvent], emitted: &[ClientEvent]) {
    let Some(name) = type_name(events) else { return };
    let by = |authored: &Value| name_of(&authored["properties"]["by"]["anyOf"][0]).map(ToOwned::to_owned);
    let Some(author) = all.get(name).and_then(by) else { return };
    let mut uses = 0;
    let schemas = all.values().chain(emitted.iter().flat_map(ClientEvent::schemas));
    schemas.for_each(|schema| names(schema, &mut |name| uses += usize::from(name == author)));
    if uses == 1
        && let Some(author) = all.shift_remove(&author)
        && let Some(authored) = all.get_mut(name)
    {
        authored["properties"]["by"]["anyOf"][0] = author;
    }
}

/// Describes keys and versions of all collections; `users` is the one whose rows sign in.
pub(super) fn describe(
    all: &mut Map<String, Value>,
    events: &[ServerEvent],
    collections: &[Collection],
    users: Option<&str>,
) {
    let Some(name) = type_name(events) else { return };
    let (mut id, mut version) = (key(collections), version(all, collections));
    let Some(fields) = all.get_mut(name).map(|authored| &mut authored["properties"]) else { return };
    id["description"] = "The row's key.".into();
    version["description"] = fields["version"]["description"].take();
    (fields["id"], fields["version"]) = (id, version);
    let users = users.and_then(|users| collections.iter().find(|collection| collection.plural == users));
    if let (Some(users), Some(by)) = (users, fields["by"]["anyOf"][0].get_mut("properties")) {
        let mut id = key_type::value(&users.key);
        id["description"] = by["id"]["description"].take();
        by["id"] = id;
    }
}

/// The key of a row of any collection.
fn key(collections: &[Collection]) -> Value {
    let mut all: Vec<Value> = Vec::new();
    for collection in collections.iter().filter(|collection| collection.is_keyed()) {
        let one = key_type::value(&collection.key);
        // Bounds and formats make no other type.
        let one = match one.get("type").and_then(Value::as_str) {
            Some(name @ ("integer" | "number" | "string")) => json!({ "type": name }),
            _ => one,
        };
        if !all.contains(&one) {
            all.push(one);
        }
    }
    match <[Value; 1]>::try_from(all) {
        Ok([only]) => only,
        Err(none) if none.is_empty() => json!({ "type": ["integer", "string", "object"] }),
        Err(all) => json!({ "anyOf": all }),
    }
}

/// The version of a row of any collection; null if the row was deleted.
fn version(all: &Map<String, Value>, collections: &[Collection]) -> Value {
    let of = |collection: &Collection| {
        let schema = &all.get(&collection.row)?["properties"][&collection.version]["type"];
        schema.as_str().map(str::to_owned)
    };
    let mut names: BTreeSet<String> = collections.iter().filter_map(of).collect();
    if names.is_empty() {
        names.extend(["integer", "string"].map(ToOwned::to_owned));
    }
    json!({ "type": names.into_iter().chain(["null".to_owned()]).collect::<Vec<_>>() })
}
