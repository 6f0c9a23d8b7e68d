//! Events in both directions, as type parameters for the stock client.

use super::{
    super::{ClientEvent, Contract, ServerEvent},
    literal::{comment, key},
    types::expression,
};

pub(super) fn acks() -> String {
    include_str!("acks.ts").to_owned()
}

pub(super) fn server_to_client(contract: &Contract) -> String {
    let line = |event: &ServerEvent| {
        let argument = |(name, schema): &(&'static str, _)| format!("{name}: {}", expression(schema, "  "));
        let arguments: Vec<String> = event.arguments.iter().map(argument).collect();
        let words = comment(&event.description, "  ");
        format!("{words}  {}: ({}) => void;\n", key(&event.name), arguments.join(", "))
    };
    let lines: String = contract.server_events.iter().map(line).collect();
    format!("/** Events that the server emits. */\nexport interface ServerToClientEvents {{\n{lines}}}\n\n")
}

pub(super) fn client_to_server(contract: &Contract) -> String {
    let line = |event: &ClientEvent| {
        let words = comment(&event.description, "  ");
        format!("{words}  {}: (...args: {}) => void;\n", key(&event.name), arguments(event))
    };
    let lines: String = contract.events.iter().map(line).collect();
    format!("/** Events that clients emit. */\nexport interface ClientToServerEvents {{\n{lines}}}\n\n")
}

fn arguments(event: &ClientEvent) -> String {
    let emits = if event.optional { "OptionalEmitArgs" } else { "EmitArgs" };
    let payload = event.payload.as_ref().map_or("null".into(), |payload| expression(payload, "  "));
    let data = expression(&event.data, "  ");
    match &event.extra {
        None => format!("{emits}<{payload}, {data}>"),
        Some((field, schema)) => {
            format!("{emits}<{payload}, {data}, {{ {}?: {} }}>", key(field), expression(schema, "  "))
        }
    }
}
