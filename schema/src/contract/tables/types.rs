//! Schemas that follow from a table's rows and its key.

use serde_json::{Map, Value, json};

use super::super::{KeyColumn, definitions::refer, key_type, table::JSON};

/// The columns of the key from an example that has all of them.
pub(super) fn key_example<'a>(key: &[KeyColumn], schemas: impl Iterator<Item = &'a Value>) -> Option<Value> {
    schemas.into_iter().find_map(|schema| {
        let example = schema.get("examples")?.get(0)?;
        let field = |column: &KeyColumn| Some((column.name.clone(), example.get(&column.name)?.clone()));
        key.iter().map(field).collect::<Option<Map<_, _>>>().map(Value::from)
    })
}

/// A page of rows.
pub(super) fn page(row: &str, key: &[KeyColumn]) -> Value {
    let (rows, next) =
        ("The rows in the requested order.", "The value of `after` for the next page; null at the end.");
    let mut page = json!({
        "description": "A page of rows.",
        "type": "object",
        "properties": {
            "rows": { "description": rows, "type": "array", "items": refer(row) },
            "next": { "description": next, "type": ["string", "null"] },
        },
        "required": ["rows", "next"],
    });
    if !key.is_empty() {
        let left_out = "Keys of rows of this page that are too large to be sent; absent if there are none.";
        page["properties"]["left_out"] =
            json!({ "description": left_out, "type": "array", "items": key_type::value(key) });
    }
    page
}

/// The type `Json`.
pub(super) fn json_definition() -> Value {
    json!({
        "description": "Any JSON value.",
        "type": ["null", "boolean", "number", "string", "array", "object"],
        "items": refer(JSON),
        "additionalProperties": refer(JSON),
    })
}
