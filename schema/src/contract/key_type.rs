//! Keys of rows as schemas.

use serde_json::{Map, Value, json};

use super::KeyColumn;

/// The bare value of a key of one column, an object for several.
pub(super) fn value(key: &[KeyColumn]) -> Value {
    match key {
        [only] => bare(&only.schema),
        columns => {
            let mut object = object(columns);
            object["additionalProperties"] = false.into();
            object
        }
    }
}

/// An object with the key's columns, also for one column.
pub(super) fn object(key: &[KeyColumn]) -> Value {
    let field = |column: &KeyColumn| (column.name.clone(), column.schema.clone());
    let fields: Map<_, _> = key.iter().map(field).collect();
    let names: Vec<&str> = key.iter().map(|column| &*column.name).collect();
    json!({ "type": "object", "properties": fields, "required": names })
}

/// Whether it is the integer column `id`, as that of every collection in Rust.
pub(super) fn is_id(key: &[KeyColumn]) -> bool {
    matches!(key, [only] if only.name == ID && only.schema.get("type").is_some_and(|name| name == "integer"))
}

/// Whether clients find the key in the field `id`.
pub(super) fn is_in_id(key: &[KeyColumn]) -> bool {
    matches!(key, [only] if only.name == ID)
}

pub(super) const ID: &str = "id";

/// Without what is said about the column.
fn bare(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(keywords) = schema.as_object_mut() {
        ["description", "title", "examples"].iter().for_each(|word| drop(keywords.shift_remove(*word)));
    }
    schema
}
