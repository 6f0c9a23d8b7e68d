//! Rules that a form can check before it sends a `new_…` payload.

use serde_json::{Map, Value, json};

use super::{
    super::{Collection, Contract, embeds},
    literal::{key, value},
};

/// Keywords of JSON Schema that a form can check.
const RULES: [&str; 10] = [
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
    "enum",
    "pattern",
];

pub(super) fn print(contract: &Contract) -> String {
    let collections: String = contract.keyed().map(|one| collection(contract, one)).collect();
    format!(
        "/** The rules of each field of a new row, for forms. The server has the final say. */\nexport const rules = {{\n{collections}}} as const;\n"
    )
}

fn collection(contract: &Contract, collection: &Collection) -> String {
    let new = collection.new.as_ref().map_or(&Value::Null, |new| &contract.definitions[new]);
    let field = |(name, field): (&String, &Value)| {
        let rules = value(&rules(contract, field, embeds::is_required(new, name)));
        format!("    {}: {rules},\n", key(name))
    };
    let fields: String = embeds::properties(Some(new)).into_iter().map(field).collect();
    format!("  {}: {{\n{fields}  }},\n", key(&collection.plural))
}

fn rules(contract: &Contract, field: &Value, required: bool) -> Value {
    let schema = contract.resolve(nullable(field));
    let mut rules = Map::new();
    rules.extend(type_of(schema).map(|named| ("type".to_owned(), named.clone())));
    rules.insert("required".into(), json!(required));
    for rule in RULES {
        let bound = schema.get(rule).or_else(|| field.get(rule)).cloned();
        rules.extend(bound.map(|bound| (rule.to_owned(), without_null(bound))));
    }
    let collection = field.get("x-collection");
    rules.extend(collection.map(|collection| ("collection".to_owned(), collection.clone())));
    rules.into()
}

/// The schema of a value that is not null.
fn nullable(field: &Value) -> &Value {
    match field.get("anyOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([one, null] | [null, one]) if null.get("type").is_some_and(|name| name == "null") => one,
        _ => field,
    }
}

/// The type of a value that is not null, if it has one type.
fn type_of(schema: &Value) -> Option<&Value> {
    match schema.get("type")? {
        Value::Array(names) => {
            let mut names = names.iter().filter(|name| *name != "null");
            names.next().filter(|_| names.next().is_none())
        }
        name => Some(name),
    }
}

/// A choice leaves null to `required`.
fn without_null(bound: Value) -> Value {
    match bound {
        Value::Array(values) => values.into_iter().filter(|value| !value.is_null()).collect(),
        bound => bound,
    }
}
