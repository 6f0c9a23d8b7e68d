//! Named schemas and what they refer to.

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

/// Calls `visit` with every name that a schema refers to, however deep.
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

/// Moves a definition and all that it needs from `all` to the end of `ordered`, unless that has been done.
pub(super) fn gather(name: &str, all: &Map<String, Value>, ordered: &mut Map<String, Value>) {
    let Some(schema) = all.get(name).filter(|_| !ordered.contains_key(name)) else { return };
    ordered.insert(name.to_owned(), schema.clone());
    let mut needed = Vec::new();
    names(schema, &mut |name| needed.push(name));
    needed.into_iter().for_each(|name| gather(name, all, ordered));
}

/// In an update what is absent stays; null is a value, and stands only where the field says so by `x-nullable`.
pub(super) fn only_absent(schema: &mut Value) {
    let fields = schema.get_mut("properties").and_then(Value::as_object_mut);
    for field in fields.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        if field.shift_remove("x-nullable").is_none() {
            without_null(field);
        }
    }
}

fn without_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(mut either)) = schema.shift_remove("anyOf") {
        either.retain(|one| one.get("type").is_none_or(|name| name != "null"));
        match <[Value; 1]>::try_from(either) {
            Ok([Value::Object(only)]) => schema.extend(only),
            Ok([only]) => drop(schema.insert("anyOf".into(), json!([only]))),
            Err(either) => drop(schema.insert("anyOf".into(), either.into())),
        }
    }
}

/// Fields that nobody knows are refused, unless a payload says otherwise.
pub(super) fn close(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut().filter(|object| object.contains_key("properties")) {
        object.entry("additionalProperties").or_insert(Value::Bool(false));
    }
}
