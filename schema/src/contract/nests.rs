//! Whose rows are shown within a collection's.

use serde_json::Value;

use super::Contract;

/// That a field of a row shows rows of a collection, or some of their fields.
pub(super) struct Nest {
    pub(super) field: String,
    pub(super) collection: String,
    pub(super) many: bool,
    pub(super) fields: Vec<String>,
}

/// A payload that names a row and a row that shows it do so by the same field.
pub(super) fn of(contract: &Contract, row: &str, new: &str) -> Vec<Nest> {
    let shown = properties(contract.definitions.get(row));
    let named = properties(contract.definitions.get(new));
    let nest = |(field, named): (&String, &Value)| {
        let collection = named.get("x-collection")?.as_str()?.to_owned();
        let shown = shown.iter().find(|(name, _)| *name == field)?.1;
        let items = shown.get("items");
        let fields = properties(Some(contract.resolve(items.unwrap_or(shown))));
        let fields: Vec<String> = fields.into_iter().map(|(name, _)| name.clone()).collect();
        // An id alone shows nothing of its row.
        let nest = Nest { field: field.clone(), collection, many: items.is_some(), fields };
        (!nest.fields.is_empty()).then_some(nest)
    };
    named.into_iter().filter_map(nest).collect()
}

/// The fields of an object, in order.
pub(super) fn properties(schema: Option<&Value>) -> Vec<(&String, &Value)> {
    let fields = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    fields.into_iter().flatten().collect()
}

/// Whether a field of an object must be there.
pub(super) fn is_required(schema: &Value, field: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|name| name == field))
}
