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

/// Calls `change` with the keywords of a schema and of every schema in it. Names of fields are no keywords, and examples
/// and constants are no schemas, whatever they are called.
pub(super) fn each(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(keywords) = schema else { return };
    change(keywords);
    for (keyword, value) in keywords.iter_mut() {
        match (keyword.as_str(), value) {
            ("properties" | "patternProperties" | "$defs", Value::Object(named)) => {
                named.values_mut().for_each(|schema| each(schema, change));
            }
            ("items" | "prefixItems" | "anyOf" | "oneOf" | "allOf", Value::Array(all)) => {
                all.iter_mut().for_each(|schema| each(schema, change));
            }
            ("items" | "additionalProperties" | "contains" | "propertyNames" | "not", one) => {
                each(one, change)
            }
            _ => {}
        }
    }
}

/// Replaces the name that a reference refers to.
pub(super) fn redirect(keywords: &mut Map<String, Value>, replace: impl FnOnce(&str) -> Option<String>) {
    if let Some(Value::String(target)) = keywords.get_mut("$ref")
        && let Some(name) = target.strip_prefix(PREFIX).and_then(replace)
    {
        *target = format!("{PREFIX}{name}");
    }
}
