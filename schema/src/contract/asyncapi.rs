//! A contract as AsyncAPI 3.0: the server receives what clients emit, and replies with the ack.
//!
//! Schemas in it are AsyncAPI's own, which know tuples as JSON Schema's draft 07 does.

use serde_json::{Map, Value, json};

use super::{Contract, ServerEvent, json_schema};

pub(super) fn document(contract: &Contract) -> Value {
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    for event in &contract.events {
        let name = event.name;
        let ack = format!("{name}.ack");
        messages.insert(name.into(), message(name, &event.description, json_schema::arguments(event)));
        messages.insert(ack.clone(), message(&ack, "The ack.", json_schema::ack(event)));
        channels.insert(name.into(), channel(name, &[name, &ack]));
        operations.insert(
            name.into(),
            json!({
                "action": "receive",
                "summary": event.description,
                "channel": { "$ref": format!("#/channels/{name}") },
                "messages": [of_channel(name, name)],
                "reply": {
                    "channel": { "$ref": format!("#/channels/{name}") },
                    "messages": [of_channel(name, &ack)],
                },
            }),
        );
    }
    for event in &contract.server_events {
        let name = event.name;
        messages.insert(name.into(), message(name, &event.description, arguments(event)));
        channels.insert(name.into(), channel(name, &[name]));
        operations.insert(
            name.into(),
            json!({
                "action": "send",
                "summary": event.description,
                "channel": { "$ref": format!("#/channels/{name}") },
                "messages": [of_channel(name, name)],
            }),
        );
    }
    let mut document = json!({
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
        "components": { "messages": messages, "schemas": contract.definitions },
    });
    adapt(&mut document);
    document
}

fn message(name: &str, summary: &str, payload: Value) -> Value {
    json!({ "name": name, "summary": summary, "payload": payload })
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

/// Moves definitions and tuples to where AsyncAPI has them.
fn adapt(value: &mut Value) {
    if let Value::Object(fields) = value {
        if let Some(Value::String(target)) = fields.get_mut("$ref") {
            *target = target.replace("#/$defs/", "#/components/schemas/");
        }
        if let Some(entries) = fields.shift_remove("prefixItems") {
            fields.insert("items".into(), entries);
            fields.insert("additionalItems".into(), false.into());
        }
    }
    match value {
        Value::Object(fields) => fields.values_mut().for_each(adapt),
        Value::Array(values) => values.iter_mut().for_each(adapt),
        _ => {}
    }
}
