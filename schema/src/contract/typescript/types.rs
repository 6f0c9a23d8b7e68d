//! JSON Schema as TypeScript types, as far as schemars generates it from Rust types.

use serde_json::{Map, Value};

use super::{
    super::{definitions::name_of, embeds::is_required, table::TYPE_NAME},
    literal::{comment, key, value},
};
use crate::number::without_zeros;

/// The type without values.
pub(super) const NONE: &str = "never";

/// Bounds that a type cannot express; they go into its comment.
const BOUNDS: [&str; 8] = [
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
];

/// A named type with its comment.
pub(super) fn declaration(name: &str, schema: &Value) -> String {
    let words = comment(&words(schema), "");
    match fields(schema) {
        Some(fields) => format!("{words}export interface {name} {{\n{}}}\n\n", members(schema, fields, "  ")),
        None => {
            // An alias may refer to itself in an index signature, not in the argument of another type.
            let record = format!("Record<string, {name}>");
            let of = expression(schema, "").replace(&record, &format!("{{ [key: string]: {name} }}"));
            format!("{words}export type {name} = {of};\n\n")
        }
    }
}

/// A type where it is used.
pub(super) fn expression(schema: &Value, indent: &str) -> String {
    let either = either(schema, indent);
    if either.is_empty() { NONE.to_owned() } else { either.join(" | ") }
}

/// The same without line breaks, for objects of values.
pub(super) fn on_one_line(schema: &Value) -> String {
    let Some(fields) = fields(schema) else { return expression(schema, "") };
    let field = |(name, field): (&String, &Value)| format!("{}: {}", key(name), expression(field, ""));
    let fields: Vec<String> = fields.iter().map(field).collect();
    format!("{{ {} }}", fields.join("; "))
}

/// The types of which a value has one, each once.
fn either(schema: &Value, indent: &str) -> Vec<String> {
    if let Some(name) = schema.get(TYPE_NAME).and_then(Value::as_str).or_else(|| name_of(schema)) {
        return vec![name.to_owned()];
    }
    if let Some(constant) = schema.get("const") {
        return vec![value(constant)];
    }
    let choice =
        ["enum", "anyOf", "oneOf"].into_iter().find_map(|key| Some((key, schema.get(key)?.as_array()?)));
    match choice {
        Some(("enum", values)) => return distinct(values.iter().map(value)),
        Some((_, schemas)) => {
            return distinct(schemas.iter().flat_map(|schema| self::either(schema, indent)));
        }
        None => {}
    }
    match schema.get("type") {
        Some(Value::Array(names)) => {
            distinct(names.iter().map(|name| of_type(name.as_str().unwrap_or_default(), schema, indent)))
        }
        Some(Value::String(name)) => vec![of_type(name, schema, indent)],
        _ if schema.get("not").is_some_and(|not| not.as_object().is_some_and(Map::is_empty)) => Vec::new(),
        _ => vec!["unknown".into()],
    }
}

fn of_type(name: &str, schema: &Value, indent: &str) -> String {
    match name {
        "string" | "boolean" | "null" => name.into(),
        "integer" | "number" => "number".into(),
        "array" => list(schema, indent),
        "object" => object(schema, indent),
        _ => "unknown".into(),
    }
}

fn list(schema: &Value, indent: &str) -> String {
    if let Some(entries) = schema.get("prefixItems").and_then(Value::as_array) {
        let entries: Vec<String> = entries.iter().map(|entry| expression(entry, indent)).collect();
        return format!("[{}]", entries.join(", "));
    }
    let entries = schema.get("items").map_or(vec!["unknown".into()], |entry| either(entry, indent));
    match entries.as_slice() {
        [] => format!("{NONE}[]"),
        [entry] => format!("{entry}[]"),
        entries => format!("({})[]", entries.join(" | ")),
    }
}

fn object(schema: &Value, indent: &str) -> String {
    if let Some(fields) = fields(schema) {
        return format!("{{\n{}{indent}}}", members(schema, fields, &format!("{indent}  ")));
    }
    let value = schema.get("additionalProperties").filter(|schema| schema.is_object());
    let value = value.map_or("unknown".into(), |value| expression(value, indent));
    format!("Record<string, {value}>")
}

fn fields(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object()
}

/// One field a line, each under its comment.
fn members(schema: &Value, fields: &Map<String, Value>, indent: &str) -> String {
    let member = |(name, field): (&String, &Value)| {
        let optional = if is_required(schema, name) { "" } else { "?" };
        let (words, of) = (comment(&words(field), indent), expression(field, indent));
        format!("{words}{indent}{}{optional}: {of};\n", key(name))
    };
    fields.iter().map(member).collect()
}

/// The description of a schema, and its bounds as tags.
fn words(schema: &Value) -> String {
    let said = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let bound = |name: &&str| {
        let bound = without_zeros(schema.get(*name)?.as_number()?);
        Some(format!("@{name} {bound}"))
    };
    let bounds: Vec<String> = BOUNDS.iter().filter_map(bound).collect();
    format!("{said} {}", bounds.join(" ")).trim().to_owned()
}

fn distinct(types: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for one in types {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schema_prints_as_type() {
        for (schema, expected) in [
            (json!({ "type": "integer", "format": "int64" }), "number"),
            (json!({ "type": ["string", "null"] }), "string | null"),
            (json!({ "$ref": "#/$defs/Member", "description": "Who." }), "Member"),
            (json!({ "anyOf": [{ "$ref": "#/$defs/Member" }, { "type": "null" }] }), "Member | null"),
            (json!({ "type": "array", "items": { "$ref": "#/$defs/Member" } }), "Member[]"),
            (json!({ "type": "array", "items": { "type": ["integer", "null"] } }), "(number | null)[]"),
            (json!({ "type": "array", "prefixItems": [{ "type": "string" }, true] }), "[string, unknown]"),
            (json!({ "type": "string", "enum": ["a", "b"] }), r#""a" | "b""#),
            (json!({ "oneOf": [{ "const": "a", "description": "A." }, { "const": 2 }] }), r#""a" | 2"#),
            (
                json!({ "type": "object", "additionalProperties": { "type": "string" } }),
                "Record<string, string>",
            ),
            (json!({ "type": "object" }), "Record<string, unknown>"),
            (json!(true), "unknown"),
        ] {
            assert_eq!(expression(&schema, ""), expected, "{schema}");
        }
    }

    #[test]
    fn struct_prints_as_interface_with_description_and_bounds() {
        let schema = json!({
            "description": "A gym.\n\nWith */ in it.",
            "properties": {
                "floor": { "type": "integer", "description": "How high.", "minimum": 0, "maximum": 9.0 },
                "opens-at": { "type": "object", "properties": { "hour": { "type": "string" } } },
            },
            "required": ["floor"],
        });
        let expected = "/**\n * A gym.\n *\n * With *\u{200b}/ in it.\n */\nexport interface Gym {\n  \
            /** How high. @minimum 0 @maximum 9 */\n  floor: number;\n  \
            \"opens-at\"?: {\n    hour?: string;\n  };\n}\n\n";
        assert_eq!(declaration("Gym", &schema), expected);
    }
}
