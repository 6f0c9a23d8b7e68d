//! A contract as one document of JSON Schema 2020-12.
//!
//! It defines the named types and, for every event, `<event>.arguments` and, if clients emit it, `<event>.ack`.

use serde_json::{Map, Value, json};

use super::{
    ClientEvent, Contract, REQUEST_OPTIONS,
    definitions::{each, redirect, refer},
};

pub(super) fn document(contract: &Contract) -> Value {
    let mut definitions = contract.definitions.clone();
    for event in &contract.events {
        definitions.insert(
            format!("{}.arguments", event.name),
            described(&event.description, self::arguments(event)),
        );
        definitions.insert(format!("{}.ack", event.name), ack(event));
    }
    for event in &contract.server_events {
        let arguments: Vec<&Value> = event.arguments.iter().map(|(_, schema)| schema).collect();
        let arguments = tuple(&arguments, arguments.len());
        let id = event.id(&contract.events);
        definitions.insert(format!("{id}.arguments"), described(&event.description, arguments));
    }
    definitions.values_mut().for_each(|schema| each(schema, &mut |keywords| redirect(keywords, encoded)));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Generated from the server's types by its command `schema json-schema`; do not edit.",
        "title": "Rowcast",
        "$defs": definitions,
    })
}

/// The arguments before the ack: a payload, optional for some events, and options, always optional.
pub(super) fn arguments(event: &ClientEvent) -> Value {
    let nothing = json!({ "type": "null" });
    let payload = match &event.payload {
        None => nothing,
        Some(payload) if event.optional => json!({ "anyOf": [payload, nothing] }),
        Some(payload) => payload.clone(),
    };
    tuple(&[&payload, &refer(REQUEST_OPTIONS)], usize::from(!event.optional))
}

pub(super) fn ack(event: &ClientEvent) -> Value {
    let (data, sentence) = (&event.data, json!({ "type": "string" }));
    let mut done = Map::new();
    done.insert("ok".into(), json!({ "const": true }));
    done.insert("data".into(), data.clone());
    done.insert("errors".into(), json!({ "type": "object", "maxProperties": 0 }));
    done.extend(event.extra.iter().map(|(field, schema)| ((*field).to_owned(), schema.clone())));
    let all: Vec<&String> = done.keys().collect();
    let done =
        json!({ "type": "object", "properties": done, "required": all, "additionalProperties": false });
    let refused = json!({
        "type": "object",
        "properties": {
            "ok": { "const": false },
            "data": { "anyOf": [data, { "type": "null" }] },
            "errors": { "type": "object", "minProperties": 1, "additionalProperties": sentence },
        },
        "required": ["ok", "data", "errors"],
        "additionalProperties": false,
    });
    json!({ "oneOf": [done, refused] })
}

/// A name as a part of an address; most names need no change.
fn encoded(name: &str) -> Option<String> {
    let byte = |byte: u8| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    (!name.is_ascii()).then(|| name.bytes().map(byte).collect())
}

fn tuple(entries: &[&Value], least: usize) -> Value {
    json!({ "type": "array", "prefixItems": entries, "items": false, "minItems": least, "maxItems": entries.len() })
}

fn described(description: &str, mut schema: Value) -> Value {
    if !description.is_empty() {
        schema["description"] = description.into();
    }
    schema
}
