//! Collections that are described by data.
#![allow(clippy::unwrap_used, reason = "a test may")]

#[path = "tables/description.rs"]
mod description;

use std::collections::BTreeSet;

use proptest::prelude::*;
use rowcast_schema::{
    Author, SchemaHashes,
    contract::{Contract, Embed, KeyColumn, Shape, TableDescription, is_reserved, is_type_name, named_json},
};
use serde_json::{Value, json};

use description::{add, names::COLUMNS};

/// A table with this name and these columns of text.
fn table(name: &str, columns: &[&str]) -> TableDescription {
    let fields: Value =
        columns.iter().map(|column| ((*column).to_owned(), json!({ "type": "string" }))).collect();
    let object = json!({ "type": "object", "properties": fields, "required": columns });
    TableDescription {
        sent: true,
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        key: vec![KeyColumn::new("id", json!({ "type": "string" }))],
        new: Some(object.clone()),
        update: Some(object.clone()),
        ..TableDescription::new(name, format!("{name}s"), object)
    }
}

fn contract(tables: impl IntoIterator<Item = TableDescription>) -> Contract {
    let mut contract = Contract::builder();
    contract.from_data();
    tables.into_iter().for_each(|table| add(&mut contract, table));
    contract.build()
}

fn hashes(tables: impl IntoIterator<Item = TableDescription>) -> SchemaHashes {
    contract(tables).hashes()
}

/// The names of all types that a file declares, in order.
fn declared(typescript: &str) -> Vec<&str> {
    let starts = ["export interface ", "export type "];
    let rest = |line| starts.iter().find_map(|start| str::strip_prefix(line, *start));
    typescript.lines().filter_map(rest).map(|rest| rest.split([' ', '<']).next().unwrap()).collect()
}

#[test]
fn hash_covers_what_clients_know_of_columns() {
    let gym = || table("gym", &["id", "name", "floor"]);
    let before = hashes([gym()]);
    let column = || vec!["floor".to_owned()];
    for changed in [
        TableDescription { key: vec![KeyColumn::new("name", json!({ "type": "string" }))], ..gym() },
        TableDescription { key: vec![KeyColumn::new("id", json!({ "type": "integer" }))], ..gym() },
        TableDescription { version_field: "$version".into(), ..gym() },
        TableDescription { numbers: column(), ..gym() },
        TableDescription { bigints: column(), ..gym() },
        TableDescription { times: column(), ..gym() },
        TableDescription { sent: false, ..gym() },
        TableDescription { embeds: vec![hall(Vec::new())], ..gym() },
        table("gym", &["id", "name"]),
    ] {
        let after = hashes([changed.clone()]);
        assert_ne!(before.collections["gyms"], after.collections["gyms"], "{changed:?}");
        assert_eq!(before.collections["events"], after.collections["events"], "{changed:?}");
    }
    assert_eq!(before, hashes([gym()]));
    let [one, other] = [vec![], vec!["floor".to_owned()]]
        .map(|by| hashes([TableDescription { embeds: vec![hall(by)], ..gym() }]));
    assert_ne!(one.collections["gyms"], other.collections["gyms"]);
}

/// An embedded hall in a field whose name is also a keyword of JSON Schema.
fn hall(by: Vec<String>) -> Embed {
    let (field, collection) = ("description".into(), "halls".into());
    Embed { field, collection, many: false, fields: vec!["id".into()], by }
}

#[test]
fn another_table_changes_no_other_hash() {
    let (gym, hall) = (table("gym", &["id"]), table("hall", &["id"]));
    let (one, both) = (hashes([gym.clone()]), hashes([gym, hall]));
    assert_eq!(one.collections["gyms"], both.collections["gyms"]);
    assert_eq!(one.collections["events"], both.collections["events"]);
    assert_eq!(one.collections["events"], hashes([]).collections["events"]);
    assert_ne!(one.hash, both.hash);
}

#[test]
fn rows_without_key_belong_to_no_collection() {
    let view = |columns| TableDescription { key: Vec::new(), ..table("total", columns) };
    let view = |columns| TableDescription { new: None, update: None, ..view(columns) };
    let (before, after) = (hashes([view(&["sum"])]), hashes([view(&["sum", "year"])]));
    assert!(before.collections.keys().eq(["events"]), "{before:?}");
    assert_ne!(before.collections["events"], after.collections["events"]);

    let types = contract([view(&["sum"])]).typescript();
    assert!(
        types.contains("  list_totals: (...args: OptionalEmitArgs<ListTotals, TotalPage>) => void;\n"),
        "{types}"
    );
    assert!(types.contains("export interface Collections {\n}\n"), "{types}");
    assert!(!types.contains("left_out"), "{types}");
    assert!(!types.contains("  totals: ("), "no snapshot: {types}");
}

#[test]
fn table_called_events_leaves_its_hash_to_the_rest_under_another_key() {
    let hashes = hashes([table("event", &["id"])]);
    assert!(hashes.collections.keys().eq(["$events", "events"]), "{hashes:?}");
    let types = contract([table("event", &["id"])]).typescript();
    assert!(
        types.contains(&format!("  events: {:?},\n  collections", hashes.collections["$events"])),
        "{types}"
    );
}

#[test]
fn schema_event_exists_where_tables_may() {
    let line = "  schema: (schema: SchemaHashes) => void;\n";
    assert!(contract([]).typescript().contains(line));
    assert!(!Contract::builder().build().typescript().contains(line));
}

#[test]
fn named_json_without_module_is_json() {
    let mut gym = table("gym", &["id"]);
    gym.row["properties"]["settings"] = named_json("Settings");
    let contract = contract([gym]);
    assert!(contract.typescript().contains("  settings?: Json;\n"), "{}", contract.typescript());
    assert!(!contract.typescript().contains("import type"), "{}", contract.typescript());
    assert!(!contract.json_schema().contains("x-type-name"));
}

#[test]
fn users_are_rows_of_a_table_or_described_by_themselves() {
    let mut contract = Contract::builder();
    add(&mut contract, table("class", &["id"]));
    add(&mut contract, table("user", &["id"]));
    contract.table_users("users");
    let types = contract.build().typescript();
    assert!(
        types.contains("  user: User | null;\n")
            && types.contains("EmitArgs<Login, SignedIn, { user?: User }>"),
        "{types}"
    );

    let mut contract = Contract::builder();
    let key = ["team", "name"].map(|name| KeyColumn::new(name, json!({ "type": "string" })));
    add(&mut contract, TableDescription { key: key.into(), ..table("member", &["team", "name"]) });
    add(&mut contract, table("class", &["id"]));
    contract.table_users("members");
    let schemas: Value = serde_json::from_str(&contract.build().json_schema()).unwrap();
    let by = &schemas["$defs"]["Authored"]["properties"]["by"]["anyOf"][0]["properties"]["id"];
    assert_eq!(by["required"], json!(["team", "name"]), "the key of a user: {by}");

    let mut contract = Contract::builder();
    add(&mut contract, table("user", &["id"]));
    contract.schema_users(json!({ "type": "object", "properties": { "name": { "type": "string" } } }));
    let types = contract.build().typescript();
    assert!(types.contains("  user: User2 | null;\n"), "{types}");
    assert!(types.contains("export interface User2 {\n  name?: string;\n}\n"), "{types}");
}

#[test]
fn author_of_an_own_event_keeps_its_type() {
    let mut contract = Contract::builder();
    add(&mut contract, table("author", &["id"]));
    contract.event("last_author", &Shape::without_payload::<Author>(), None);
    let types = contract.build().typescript();
    assert!(types.contains("  last_author: (...args: OptionalEmitArgs<null, Author>) => void;\n"), "{types}");
    assert!(types.contains("  authors: { row: Author2; "), "{types}");
}

#[test]
#[should_panic(expected = "no collection can be called \"changes\"")]
fn table_with_reserved_name_panics() {
    contract([TableDescription { plural: "changes".into(), ..table("change", &["id"]) }]);
}

#[test]
fn server_events_are_reserved_names() {
    for name in
        ["connected", "changes", "part", "schema", "authored", "cursor", "connect_error", "$events", ""]
    {
        assert!(is_reserved(name), "{name}");
    }
    assert!(!is_reserved("events") && !is_reserved("__proto__"));
}

#[test]
fn declared_types_of_all_kinds_of_tables_are_unique() {
    let types = description::contract().typescript();
    let declared = declared(&types);
    assert_eq!(declared.len(), declared.iter().collect::<BTreeSet<_>>().len());
    for name in [
        "Class",
        "Class2",
        "Json",
        "Json2",
        "Author",
        "Part2",
        "Record2",
        "Table2024Order",
        "OrderItem3",
        "订单",
    ] {
        assert!(declared.contains(&name), "{name} of {declared:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_tables_have_valid_and_unique_types(
        names in proptest::collection::btree_set("(new_|update_|list_)?[aAbé订 ._$1\"'/~\u{202e}👍-]{1,3}(_key|_page|s)?", 0..8),
        columns in proptest::collection::btree_set(any::<String>(), 0..4),
    ) {
        let columns: Vec<&str> = columns.iter().map(String::as_str).chain(COLUMNS).collect();
        let contract = contract(names.iter().map(|name| table(name, &columns)));
        let types = contract.typescript();
        let declared = declared(&types);
        prop_assert_eq!(declared.len(), declared.iter().collect::<BTreeSet<_>>().len(), "{:?}", declared);
        prop_assert!(declared.iter().all(|name| is_type_name(name)), "{:?}", declared);

        let schema: Value = serde_json::from_str(&contract.json_schema()).unwrap();
        let asyncapi: Value = serde_json::from_str(&contract.asyncapi()).unwrap();
        for (document, prefix) in [(&schema, "#/$defs/"), (&asyncapi, "#/")] {
            let mut targets = BTreeSet::new();
            references(document, &mut targets);
            for target in targets {
                prop_assert!(target.starts_with(prefix) && target.is_ascii(), "{}", target);
                let pointer = decoded(&target[1..]);
                prop_assert!(document.pointer(&pointer).is_some(), "{}", target);
            }
        }
    }
}

/// All addresses that a document refers to.
fn references<'a>(value: &'a Value, all: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            all.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, all));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, all)),
        _ => {}
    }
}

/// Without `%` and two digits.
fn decoded(target: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = target.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: String = [rest.next(), rest.next()].into_iter().flatten().map(char::from).collect();
            bytes.push(u8::from_str_radix(&digits, 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}
