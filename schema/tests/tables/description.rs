//! Tables with everything that a database allows and a schema may stumble over.

#[path = "names.rs"]
pub(crate) mod names;

use rowcast_schema::contract::{
    Builder, Contract, Embed, KeyColumn, Shape, TableDescription, TableEvent, any_json, javascript_pattern,
    named_json,
};
use serde_json::{Map, Value, json};

use names::{names_of_columns, names_of_tables};

/// The contract of all tables.
pub(crate) fn contract() -> Contract {
    let mut contract = Contract::builder();
    contract.types_module("./types.js");
    for table in tables() {
        add(&mut contract, table);
    }
    let sum = json!({ "type": "object", "properties": { "sum": { "type": "string" } }, "required": ["sum"] });
    contract.event("sum", &Shape::of_schemas(Some(any_json()), sum).described("Adds up."), None);
    contract.build()
}

/// Adds a table with the events that its description allows.
pub(crate) fn add(contract: &mut Builder, table: TableDescription) {
    let TableDescription { name, plural, new, update, key, .. } = table.clone();
    contract.table(table);
    let mut event = |event: String, of: TableEvent| {
        contract.event(&event, &Shape::of_table(of).described(format!("{of:?}.")), Some(&plural));
    };
    if new.is_some() {
        event(format!("new_{name}"), TableEvent::New);
    }
    if update.is_some() {
        event(format!("update_{name}"), TableEvent::Update);
        event(format!("delete_{name}"), TableEvent::Delete);
    }
    if !key.is_empty() {
        event(format!("get_{name}"), TableEvent::Get);
    }
    event(format!("list_{plural}"), TableEvent::List);
}

fn tables() -> Vec<TableDescription> {
    let mut all = vec![customers(), order_details(), tasks(), totals(), names_of_columns()];
    all.extend(names_of_tables());
    all
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn object(fields: Value, optional: &[&str]) -> Value {
    let fields: Map<String, Value> = serde_json::from_value(fields).unwrap();
    let required: Vec<&String> = fields.keys().filter(|name| !optional.contains(&name.as_str())).collect();
    json!({ "type": "object", "required": required, "properties": fields })
}

/// A key that is text, columns of all types, and a version that is derived.
fn customers() -> TableDescription {
    let code = javascript_pattern("^[A-Z]{5}$").unwrap();
    let id = json!({ "type": "string", "minLength": 5, "maxLength": 5, "pattern": code });
    let columns = json!({
        "customer_id": id,
        "name": { "type": "string", "description": "Ends */ here.\n@ts-expect-error", "minLength": 1, "maxLength": 40 },
        "level": { "type": ["string", "null"], "enum": ["gold", "si|ver", "a \"b\"", null] },
        "nothing": { "type": "string", "enum": [] },
        "discount": { "type": "number", "minimum": 0, "exclusiveMaximum": 1 },
        "points": { "type": "string", "pattern": "^-?[0-9]+$" },
        "credit": { "type": ["string", "null"], "pattern": r"^-?[0-9]+(\.[0-9]+)?$" },
        "since": { "type": "string", "format": "date-time" },
        "extra": any_json(),
        "note": { "anyOf": [any_json(), { "type": "null" }] },
        "settings": named_json("Settings"),
        "written_by": { "anyOf": [named_json("Author"), { "type": "null" }] },
        "odd": named_json("no name"),
        "tags": { "type": "array", "items": text(), "maxItems": 9 },
        "grid": { "type": "array", "items": { "type": "array", "items": { "type": ["integer", "null"] } } },
        "moods": { "type": ["array", "null"], "items": { "type": "string", "enum": ["sad", "glad"] } },
        "places": { "type": "array", "items": { "anyOf": [
            { "type": "object", "properties": { "x": { "type": "number" } }, "required": ["x"] }, { "type": "null" }
        ] } },
    });
    let given = ["level", "credit", "note", "written_by", "tags", "moods"];
    let mut new = object(columns.clone(), &given);
    new["examples"] = json!([{
        "customer_id": "ALFKI", "name": "Alfred", "discount": 0.5, "points": "9007199254740993", "since": "2026-12-01T00:00:00Z",
        "extra": { "$ref": "#/$defs/Customer" }, "settings": null, "odd": [1], "grid": [[1, null]], "places": [null],
    }]);
    // Nothing is of the type without values.
    new["required"].as_array_mut().unwrap().retain(|name| name != "nothing");
    let mut update =
        object(columns.clone(), &columns.as_object().unwrap().keys().map(|name| &**name).collect::<Vec<_>>());
    update["properties"]["version"] = text();
    update["required"] = json!(["customer_id"]);
    update["description"] = "Changes a customer; absent columns keep their values.".into();
    update["examples"] = json!([{ "customer_id": "ALFKI", "version": "741", "name": "Alfreda" }]);
    let mut shown = columns;
    shown["version"] = text();
    let mut row = object(shown, &[]);
    row["description"] = "The comment of the table.".into();
    TableDescription {
        sent: true,
        columns: ["customer_id", "name", "points", "version"].map(Into::into).into(),
        numbers: ["points", "credit"].map(Into::into).into(),
        bigints: vec!["points".into()],
        times: vec!["since".into()],
        key: vec![KeyColumn::new("customer_id", id)],
        new: Some(new),
        update: Some(update),
        ..TableDescription::new("customer", "customers", row)
    }
}

/// A key of two columns, names with a space, another column `version`, and an embedded row.
fn order_details() -> TableDescription {
    let columns = json!({
        "order_id": { "type": "integer" },
        "product": { "type": "string" },
        "customer_id": { "type": ["string", "null"], "x-collection": "customers" },
        "version": { "type": ["string", "null"], "description": "The edition." },
    });
    let mut row = object(columns.clone(), &[]);
    row["properties"]["$version"] = json!({ "type": "integer" });
    row["properties"]["customer"] = json!({ "anyOf": [object(json!({ "customer_id": text(), "name": text() }), &[]), { "type": "null" }] });
    let mut update = object(columns.clone(), &["customer_id", "version", "$version"]);
    update["properties"]["$version"] = json!({ "type": "integer" });
    let example = json!([{ "order_id": 10248, "product": "a/b" }]);
    let mut new = object(columns, &["customer_id", "version"]);
    (new["examples"], update["examples"]) = (example.clone(), example);
    TableDescription {
        sent: true,
        columns: ["order_id", "product"].map(Into::into).into(),
        key: vec![
            KeyColumn::new("order_id", json!({ "type": "integer", "description": "The order." })),
            KeyColumn::new("product", text()),
        ],
        version_field: "$version".into(),
        new: Some(new),
        update: Some(update),
        embeds: vec![Embed {
            field: "customer".into(),
            collection: "customers".into(),
            many: false,
            fields: ["customer_id", "name"].map(Into::into).into(),
            by: vec!["customer_id".into()],
        }],
        ..TableDescription::new("Order Detail", "Order Details", row)
    }
}

/// A table like a collection in Rust, whose rows are listed.
fn tasks() -> TableDescription {
    let id = json!({ "type": "integer" });
    let row = object(json!({ "id": id, "title": text(), "version": { "type": "integer" } }), &[]);
    TableDescription {
        columns: ["id", "title"].map(Into::into).into(),
        key: vec![KeyColumn::new("id", id)],
        new: Some(object(json!({ "title": text() }), &[])),
        ..TableDescription::new("task", "tasks", row)
    }
}

/// A view.
fn totals() -> TableDescription {
    let row = object(json!({ "total": { "type": ["string", "null"] } }), &[]);
    TableDescription {
        columns: vec!["total".into()],
        sent: true,
        ..TableDescription::new("total", "totals by year", row)
    }
}
