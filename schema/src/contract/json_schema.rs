//! A contract as one document of JSON Schema 2020-12.
//!
//! Beside the named types there are, for every event, `<event>.arguments` and, if clients emit it, `<event>.ack`.

use serde_json::{Map, Value, json};

use super::{Contract, Event, OPTIONS, definitions::refer};

pub(super) fn document(contract: &Contract) -> Value {
    let mut definitions = contract.definitions.clone();
    for event in &contract.events {
        definitions.insert(format!("{}.arguments", event.name), described(&event.description, asked(event)));
        definitions.insert(format!("{}.ack", event.name), ack(event));
    }
    for notice in &contract.notices {
        let arguments: Vec<&Value> = notice.arguments.iter().map(|(_, schema)| schema).collect();
        let arguments = tuple(&arguments, arguments.len());
        definitions.insert(format!("{}.arguments", notice.name), described(&notice.description, arguments));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Made from the server's own types by its command `schema json-schema`; not to be edited.",
        "title": "Rowcast",
        "$defs": definitions,
    })
}

/// What stands before the ack: a payload, which some events can do without, and options, which all can.
pub(super) fn asked(event: &Event) -> Value {
    let nothing = json!({ "type": "null" });
    let payload = match &event.payload {
        None => nothing,
        Some(payload) if event.optional => json!({ "anyOf": [payload, nothing] }),
        Some(payload) => payload.clone(),
    };
    tuple(&[&payload, &refer(OPTIONS)], usize::from(!event.optional))
}

/// What is acked.
pub(super) fn ack(event: &Event) -> Value {
    let (data, sentence) = (&event.data, json!({ "type": "string" }));
    let mut done = Map::new();
    done.insert("ok".into(), json!({ "const": true }));
    done.insert("data".into(), data.clone());
    done.insert("errors".into(), json!({ "type": "object", "maxProperties": 0 }));
    done.extend(event.beside.iter().map(|(field, schema)| ((*field).to_owned(), schema.clone())));
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

fn tuple(entries: &[&Value], least: usize) -> Value {
    json!({ "type": "array", "prefixItems": entries, "items": false, "minItems": least, "maxItems": entries.len() })
}

fn described(description: &str, mut schema: Value) -> Value {
    if !description.is_empty() {
        schema["description"] = description.into();
    }
    schema
}
