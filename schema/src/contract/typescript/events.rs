//! Events both ways, in the form that stock clients' types take as parameters.

use super::{
    super::{Contract, Event, Notice},
    literal::{comment, key},
    types::expression,
};

pub(super) fn acks() -> String {
    include_str!("acks.ts").to_owned()
}

/// What the server emits.
pub(super) fn told(contract: &Contract) -> String {
    let line = |notice: &Notice| {
        let argument = |(name, schema): &(&'static str, _)| format!("{name}: {}", expression(schema, "  "));
        let arguments: Vec<String> = notice.arguments.iter().map(argument).collect();
        let words = comment(&notice.description, "  ");
        format!("{words}  {}: ({}) => void;\n", key(notice.name), arguments.join(", "))
    };
    let lines: String = contract.notices.iter().map(line).collect();
    format!("/** What the server emits. */\nexport interface ServerToClientEvents {{\n{lines}}}\n\n")
}

/// What clients emit.
pub(super) fn asked(contract: &Contract) -> String {
    let line = |event: &Event| {
        let words = comment(&event.description, "  ");
        format!("{words}  {}: (...args: {}) => void;\n", key(event.name), arguments(event))
    };
    let lines: String = contract.events.iter().map(line).collect();
    format!("/** What clients emit. */\nexport interface ClientToServerEvents {{\n{lines}}}\n\n")
}

fn arguments(event: &Event) -> String {
    let emits = if event.optional { "EmitsOptional" } else { "Emits" };
    let payload = event.payload.as_ref().map_or("null".into(), |payload| expression(payload, "  "));
    let data = expression(&event.data, "  ");
    match &event.beside {
        None => format!("{emits}<{payload}, {data}>"),
        Some((field, schema)) => {
            format!("{emits}<{payload}, {data}, {{ {}?: {} }}>", key(field), expression(schema, "  "))
        }
    }
}
