//! Tables and columns with names of all kinds.

use rowcast_schema::contract::{KeyColumn, TableDescription};
use serde_json::{Map, Value, json};

use super::{object, text};

/// Names of columns: words of JavaScript, of JSON Schema and of the wire, and characters of all kinds.
pub(crate) const COLUMNS: [&str; 32] = [
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "class",
    "new",
    "get",
    "readonly",
    "where",
    "deleted",
    "version",
    "$conflict",
    "$ref",
    "$defs",
    "properties",
    "prefixItems",
    "items",
    "required",
    "enum",
    "examples",
    "description",
    "x-type-name",
    "a b",
    "a.b",
    "1st",
    "größe",
    "订单",
    "\"quoted\"",
    "line\nbreak\u{2028}",
    "\u{202e}txt",
    "*/",
    "",
];

/// A table with all of [`COLUMNS`], and a column `id` that is no integer.
pub(super) fn names_of_columns() -> TableDescription {
    let mut fields: Map<String, Value> = COLUMNS.map(|name| (name.to_owned(), text())).into_iter().collect();
    let example: Map<String, Value> = COLUMNS.map(|name| (name.to_owned(), "x".into())).into_iter().collect();
    let mut new = object(fields.clone().into(), &[]);
    new["examples"] = json!([example]);
    fields.insert("id".into(), text());
    fields.insert("$version".into(), text());
    let columns: Vec<String> = COLUMNS.map(Into::into).into();
    TableDescription {
        sent: true,
        columns: columns.clone(),
        numbers: columns.clone(),
        bigints: columns.clone(),
        times: columns,
        key: vec![KeyColumn::new("id", text())],
        version_field: "$version".into(),
        update: Some(object(fields.clone().into(), &[])),
        new: Some(new),
        ..TableDescription::new("name", "names", object(fields.into(), &[]))
    }
}

/// Tables with names that are taken, that are equal as types, and that are no names at all.
pub(super) fn names_of_tables() -> Vec<TableDescription> {
    let names = [
        ("class", "classes"),
        ("Ack", "Acks"),
        ("Schema", "Schemas"),
        ("Collection", "Collections"),
        ("Collections", "Collections2"),
        ("Change", "Changes"),
        ("Changes", "Changes of changes"),
        ("Part", "parts"),
        ("record", "records"),
        ("array", "arrays"),
        ("object", "objects"),
        ("author", "authors"),
        ("json", "jsons"),
        ("Comparison", "comparisons"),
        ("event", "events"),
        ("order_item", "order_items"),
        ("OrderItem", "OrderItems"),
        ("ORDER ITEM", "ORDER ITEMS"),
        ("new_customer", "new_customer"),
        ("customer_key", "customer_keys"),
        ("2024 order", "2024 orders"),
        ("a.b/c~d", "a.b/c~ds"),
        ("größe", "größen"),
        ("订单", "订单"),
        ("__proto__", "__proto__"),
        ("constructor", "constructor"),
        ("👍", "👍s"),
        ("\"", "'"),
    ];
    let table = |(name, plural): (&str, &str)| {
        let (id, a) = (json!({ "type": "integer" }), json!({ "type": "integer", "minimum": 0 }));
        let row = object(json!({ "nr": id, "a": a, "version": { "type": "integer" } }), &[]);
        let update = object(json!({ "nr": id, "a": a }), &["a"]);
        TableDescription {
            sent: true,
            columns: vec!["nr".into()],
            key: vec![KeyColumn::new("nr", id)],
            new: Some(object(json!({ "a": a }), &[])),
            update: Some(update),
            ..TableDescription::new(name, plural, row)
        }
    };
    let mut all: Vec<TableDescription> = names.map(table).into();
    // Asked for, so it comes before the table of this name.
    all.push(TableDescription { type_name: Some("Class".into()), ..table(("kurs", "kurse")) });
    all
}
