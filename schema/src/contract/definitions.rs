//! Named schemas and references between them.

use serde_json::{Map, Value, json};

const PREFIX: &str = "#/$defs/";

/// The name that a reference refers to.
pub(super) fn name_of(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(PREFIX)
}

/// A reference to a definition.
pub(super) fn refer(name: &str) -> Value {
    json!({ "$ref": format!("{PREFIX}{name}") })
}

/// Calls `visit` with every name that a schema refers to, at any depth.
pub(super) fn names<'a>(schema: &'a Value, visit: &mut impl FnMut(&'a str)) {
    if let Some(name) = name_of(schema) {
        visit(name);
    }
    match schema {
        Value::Array(values) => values.iter().for_each(|value| names(value, visit)),
        Value::Object(fields) => fields.values().for_each(|value| names(value, visit)),
        _ => {}
    }
}

/// Appends a definition and its dependencies to `ordered`, unless it is there already.
pub(super) fn gather(name: &str, all: &Map<String, Value>, ordered: &mut Map<String, Value>) {
    let Some(schema) = all.get(name).filter(|_| !ordered.contains_key(name)) else { return };
    ordered.insert(name.to_owned(), schema.clone());
    let mut needed = Vec::new();
    names(schema, &mut |name| needed.push(name));
    needed.into_iter().for_each(|name| gather(name, all, ordered));
}
