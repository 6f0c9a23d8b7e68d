//! Rows that are embedded in rows of another collection.

use serde_json::Value;

use super::Contract;

/// A field that holds rows of another collection, or some of their fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embed {
    /// The field.
    pub field: String,
    /// The other collection.
    pub collection: String,
    /// Whether it is a list of rows.
    pub many: bool,
    /// The fields of the other rows that it shows.
    pub fields: Vec<String>,
    /// The row's own columns that hold the key of the other row. Empty if the field itself holds its `id`.
    pub by: Vec<String>,
}

/// A payload references a row by the same field by which the row embeds it.
pub(super) fn of(contract: &Contract, row: &str, new: &str) -> Vec<Embed> {
    let embedding = properties(contract.definitions.get(row));
    let referencing = properties(contract.definitions.get(new));
    let embed = |(field, reference): (&String, &Value)| {
        let collection = reference.get("x-collection")?.as_str()?.to_owned();
        let embedded = embedding.iter().find(|(name, _)| *name == field)?.1;
        let items = embedded.get("items");
        let fields = properties(Some(contract.resolve(items.unwrap_or(embedded))));
        let fields: Vec<String> = fields.into_iter().map(|(name, _)| name.clone()).collect();
        // A bare id embeds nothing.
        let embed = Embed { field: field.clone(), collection, many: items.is_some(), fields, by: Vec::new() };
        (!embed.fields.is_empty()).then_some(embed)
    };
    referencing.into_iter().filter_map(embed).collect()
}

/// The fields of an object, in order.
pub(super) fn properties(schema: Option<&Value>) -> Vec<(&String, &Value)> {
    let fields = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    fields.into_iter().flatten().collect()
}

/// Whether a field of an object is required.
pub(super) fn is_required(schema: &Value, field: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|name| name == field))
}
