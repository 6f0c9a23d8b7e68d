//! A contract as AsyncAPI 3.0: the server receives what clients emit, and replies with the ack.
//!
//! Schemas in it are AsyncAPI's own, which know tuples as JSON Schema's draft 07 does.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Contract, ServerEvent, definitions::each, json_schema};

pub(super) fn document(contract: &Contract) -> Value {
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    for event in &contract.events {
        let name = &*event.name;
        let (id, ack) = (key(name), key(&format!("{name}.ack")));
        messages.insert(id.clone(), message(name, &event.description, json_schema::arguments(event)));
        messages.insert(ack.clone(), message(&format!("{name}.ack"), "The ack.", json_schema::ack(event)));
        channels.insert(id.clone(), channel(name, &[&id, &ack]));
        operations.insert(
            id.clone(),
            json!({
                "action": "receive",
                "summary": event.description,
                "channel": { "$ref": format!("#/channels/{id}") },
                "messages": [of_channel(&id, &id)],
                "reply": {
                    "channel": { "$ref": format!("#/channels/{id}") },
                    "messages": [of_channel(&id, &ack)],
                },
            }),
        );
    }
    for event in &contract.server_events {
        let (name, id) = (&*event.name, key(&event.id(&contract.events)));
        messages.insert(id.clone(), message(name, &event.description, arguments(event)));
        channels.insert(id.clone(), channel(name, &[&id]));
        operations.insert(
            id.clone(),
            json!({
                "action": "send",
                "summary": event.description,
                "channel": { "$ref": format!("#/channels/{id}") },
                "messages": [of_channel(&id, &id)],
            }),
        );
    }
    let definitions = contract.definitions.iter();
    let schemas: Map<_, _> = definitions.map(|(name, schema)| (key(name), adapted(schema.clone()))).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Rowcast",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Events of Socket.IO (protocol v5), each a channel. A message is the list of an event's arguments; an ack is the reply. \
                Generated from the server's types by its command `schema asyncapi`; do not edit.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "localhost:5555",
                "pathname": "/socket.io/",
                "protocol": "ws",
                "description": "Socket.IO's own path, by WebSocket or HTTP long-polling; the server's default address.",
            },
        },
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas },
    })
}

fn message(name: &str, summary: &str, payload: Value) -> Value {
    json!({ "name": name, "summary": summary, "payload": adapted(payload) })
}

fn channel(name: &str, messages: &[&str]) -> Value {
    let message =
        |name: &&str| ((*name).to_owned(), json!({ "$ref": format!("#/components/messages/{name}") }));
    json!({ "address": name, "messages": messages.iter().map(message).collect::<Map<_, _>>() })
}

fn of_channel(channel: &str, message: &str) -> Value {
    json!({ "$ref": format!("#/channels/{channel}/messages/{message}") })
}

fn arguments(event: &ServerEvent) -> Value {
    let arguments: Vec<&Value> = event.arguments.iter().map(|(_, schema)| schema).collect();
    json!({ "type": "array", "prefixItems": arguments, "items": false, "minItems": arguments.len() })
}

/// The key of a component: AsyncAPI allows letters, digits and `.-_` of ASCII. A name with others is made different from
/// all names without by its hash.
fn key(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if !name.is_empty() && name.chars().all(plain) && !UNSAFE.contains(&name) {
        return name.to_owned();
    }
    let name_like: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    let hash = Sha256::digest(name);
    format!("{name_like}-{}", hex::encode(&hash[..4]))
}

/// Names that AsyncAPI's own parser and its tools, written in JavaScript, take for something else than a name.
const UNSAFE: [&str; 4] = ["__proto__", "constructor", "hasOwnProperty", "$ref"];

/// Moves definitions and tuples to where AsyncAPI has them, and fields with unsafe names to patterns that match them.
fn adapted(mut schema: Value) -> Value {
    each(&mut schema, &mut |keywords| {
        if let Some(Value::String(target)) = keywords.get_mut("$ref")
            && let Some(name) = target.strip_prefix("#/$defs/")
        {
            *target = format!("#/components/schemas/{}", key(name));
        }
        if let Some(entries) = keywords.shift_remove("prefixItems") {
            keywords.insert("items".into(), entries);
            keywords.insert("additionalItems".into(), false.into());
        }
        if keywords.get("examples").is_some_and(mentions_unsafe) {
            keywords.shift_remove("examples");
        }
        let Some(Value::Object(fields)) = keywords.get_mut("properties") else { return };
        let unsafe_fields =
            UNSAFE.iter().filter_map(|name| fields.shift_remove(*name).map(|field| (name, field)));
        let patterns: Map<_, _> =
            unsafe_fields.map(|(name, field)| (format!("^{}$", name.replace('$', r"\$")), field)).collect();
        if !patterns.is_empty() {
            keywords.insert("patternProperties".into(), patterns.into());
        }
    });
    schema
}

fn mentions_unsafe(example: &Value) -> bool {
    match example {
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| UNSAFE.contains(&&**name) || mentions_unsafe(value))
        }
        Value::Array(values) => values.iter().any(mentions_unsafe),
        _ => false,
    }
}
