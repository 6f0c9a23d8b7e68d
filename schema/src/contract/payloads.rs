//! Schemas of payloads: closed objects, absent fields, list requests, names.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::definitions::{name_of, refer};

/// Forbids unknown fields, unless the payload allows them.
pub(super) fn close(payload: &mut Value, example: &str) {
    let Some(object) = payload.as_object_mut().filter(|object| object.contains_key("properties")) else {
        return;
    };
    object.entry("additionalProperties").or_insert(Value::Bool(false));
    if let Ok(example) = serde_json::from_str::<Value>(example) {
        object.entry("examples").or_insert_with(|| json!([example]));
    }
}

/// In an update an absent field keeps its value. Null is a value, allowed only for fields with `x-nullable`.
pub(super) fn only_absent(payload: &mut Value) {
    let fields = payload.get_mut("properties").and_then(Value::as_object_mut);
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

/// The request of a number of rows; the filter has this name.
pub(super) fn count(where_name: &str) -> Value {
    json!({
        "type": "object",
        "description": "A request for the number of rows.",
        "properties": { "where": { "anyOf": [refer(where_name)], "description": "Which rows: all, if absent." } },
        "additionalProperties": false,
        "examples": [{}],
    })
}

/// Defines the request of a number of rows of one collection, under the name of its event.
pub(super) fn collection_count(definitions: &mut Map<String, Value>, event: &str, plural: &str) -> Value {
    let name = pascal(event);
    let before = definitions.insert(name.clone(), count(&where_name(&format!("list_{plural}"))));
    assert!(before.is_none(), "two types are called {name}");
    refer(&name)
}

/// The name of the filter of a list.
fn where_name(event: &str) -> String {
    format!("{}Where", pascal(event))
}

/// Defines the list request of one collection, under the name of its event.
pub(super) fn list(
    definitions: &mut Map<String, Value>,
    request: &Value,
    event: &str,
    columns: &[String],
) -> Value {
    let (name, where_name) = (pascal(event), where_name(event));
    let (request, filter) = narrowed(definitions, request, columns, &where_name);
    for (name, schema) in [(name.clone(), request), (where_name, filter)] {
        let before = definitions.insert(name.clone(), schema);
        assert!(before.is_none(), "two types are called {name}");
    }
    refer(&name)
}

/// The list request of one table, and its filter, whose name is given. Its rows are in the order of their keys, if they have
/// any.
pub(super) fn table_list(
    definitions: &Map<String, Value>,
    request: &Value,
    columns: &[String],
    has_key: bool,
    where_name: &str,
) -> (Value, Value) {
    let (mut request, filter) = narrowed(definitions, request, columns, where_name);
    let last = if has_key { " The key's columns are always the last." } else { "" };
    request["properties"]["sort"]["description"] = format!(
        "Column names separated by commas, most significant first; `-` before a name means descending.{last}"
    )
    .into();
    (request, filter)
}

/// The list request with these columns, and its filter.
fn narrowed(
    definitions: &Map<String, Value>,
    request: &Value,
    columns: &[String],
    where_name: &str,
) -> (Value, Value) {
    let mut request = name_of(request).and_then(|name| definitions.get(name)).cloned().unwrap_or_default();
    let generic = request["properties"]["where"].take();
    let comparison = &generic["additionalProperties"];
    let own = refer(where_name);
    let mut properties: Map<String, Value> = json!({
        "and": { "type": "array", "items": own, "description": "All of these hold." },
        "or": { "type": "array", "items": own, "description": "One of these holds." },
        "not": { "anyOf": [own], "description": "This does not hold." },
    })
    .as_object()
    .cloned()
    .unwrap_or_default();
    // A column with such a name is compared.
    properties.extend(columns.iter().map(|column| (column.clone(), comparison.clone())));
    let filter = json!({
        "type": "object", "description": "Conditions on columns, all of which must hold.",
        "properties": properties, "additionalProperties": false,
    });
    request["properties"]["where"] =
        json!({ "anyOf": [own, { "type": "null" }], "description": "Which rows: all, if absent." });
    (request, filter)
}

/// The names of types whose schemas differ between the two directions.
pub(super) fn different(sent: &Map<String, Value>, taken: &Map<String, Value>) -> BTreeSet<String> {
    let plain = |schema: &Value| {
        let mut schema = schema.clone();
        schema.as_object_mut().map(|schema| schema.shift_remove("examples"));
        schema
    };
    let differs = |(name, schema): &(&String, &Value)| {
        sent.get(*name).is_some_and(|known| plain(known) != plain(schema))
    };
    taken.iter().filter(differs).map(|(name, _)| name.clone()).collect()
}

/// Appends `Input` to the names of these types.
pub(super) fn rename_all(taken: &mut Map<String, Value>, names: &BTreeSet<String>) {
    let renamed = std::mem::take(taken).into_iter().map(|(name, mut schema)| {
        rename(&mut schema, names);
        (if names.contains(&name) { name + "Input" } else { name }, schema)
    });
    *taken = renamed.collect();
}

pub(super) fn rename(schema: &mut Value, names: &BTreeSet<String>) {
    if let Some(name) = name_of(schema).filter(|name| names.contains(*name)) {
        let Value::String(renamed) = refer(&format!("{name}Input"))["$ref"].take() else { return };
        schema["$ref"] = renamed.into();
    }
    match schema {
        Value::Object(fields) => fields.values_mut().for_each(|value| rename(value, names)),
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, names)),
        _ => {}
    }
}

/// `list_members` → `ListMembers`.
fn pascal(event: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
    };
    event.split('_').filter_map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn update_field_is_nullable_only_with_x_nullable() {
        let mut update = json!({ "properties": {
            "name": { "type": ["string", "null"], "maxLength": 9 },
            "day": { "anyOf": [{ "$ref": "#/$defs/Day" }, { "type": "null" }], "description": "When." },
            "kind": { "type": ["string", "null"], "enum": ["a", null] },
            "nickname": { "type": ["string", "null"], "x-nullable": true },
        } });
        only_absent(&mut update);
        let expected = json!({ "properties": {
            "name": { "type": "string", "maxLength": 9 },
            "day": { "$ref": "#/$defs/Day", "description": "When." },
            "kind": { "type": "string", "enum": ["a"] },
            "nickname": { "type": ["string", "null"] },
        } });
        assert_eq!(update, expected);
    }

    #[test]
    fn type_that_differs_by_direction_has_two_names() {
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        let sent = object(json!({ "Same": { "examples": [1] }, "Address": { "required": ["unit"] } }));
        let mut taken =
            object(json!({ "Same": {}, "Address": {}, "New": { "items": { "$ref": "#/$defs/Address" } } }));
        let twice = different(&sent, &taken);
        rename_all(&mut taken, &twice);
        let renamed =
            json!({ "Same": {}, "AddressInput": {}, "New": { "items": { "$ref": "#/$defs/AddressInput" } } });
        assert_eq!(Value::from(taken), renamed);
    }
}
