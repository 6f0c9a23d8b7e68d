//! Rules that a form can check before it sends a `new_…` payload.

use serde_json::{Map, Value, json};

use super::{
    super::{Collection, Contract, embeds},
    literal::{key, value},
};

/// Keywords of JSON Schema that a form can check.
const RULES: [&str; 8] =
    ["minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "enum", "pattern"];

pub(super) fn print(contract: &Contract) -> String {
    let collections: String = contract.collections.iter().map(|one| collection(contract, one)).collect();
    format!(
        "/** The rules of each field of a new row, for forms. The server has the final say. */\nexport const rules = {{\n{collections}}} as const;\n"
    )
}

fn collection(contract: &Contract, collection: &Collection) -> String {
    let new = &contract.definitions[&collection.new];
    let field = |(name, field): (&String, &Value)| {
        let rules = value(&rules(contract, field, embeds::is_required(new, name)));
        format!("    {}: {rules},\n", key(name))
    };
    let fields: String = embeds::properties(Some(new)).into_iter().map(field).collect();
    format!("  {}: {{\n{fields}  }},\n", key(collection.plural))
}

fn rules(contract: &Contract, field: &Value, required: bool) -> Value {
    let schema = contract.resolve(field);
    let named = match schema.get("type") {
        Some(Value::Array(names)) => names.first().cloned(),
        named => named.cloned(),
    };
    let mut rules = Map::new();
    rules.extend(named.map(|named| ("type".to_owned(), named)));
    rules.insert("required".into(), json!(required));
    for rule in RULES {
        let bound = schema.get(rule).or_else(|| field.get(rule));
        rules.extend(bound.map(|bound| (rule.to_owned(), bound.clone())));
    }
    let collection = field.get("x-collection");
    rules.extend(collection.map(|collection| ("collection".to_owned(), collection.clone())));
    rules.into()
}
