//! Hashes of a contract, 16 hexadecimal digits each.
//!
//! A hash covers types and bounds, not descriptions, nor the order in which fields are declared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    CHANGES, ClientEvent, Collection, Contract, Embed, HANDSHAKE_AUTH, PART, REQUEST_OPTIONS, authored,
    definitions,
};
use crate::SchemaHashes;

/// The key of everything that belongs to no collection.
pub(super) const REST: &str = "events";
/// The same where a table is called `events`.
pub(super) const REST_BESIDE_EVENTS: &str = "$events";

/// Keywords that do not constrain a value.
const ANNOTATIONS: [&str; 3] = ["description", "title", "examples"];

impl Contract {
    /// Hashes of the contract, of each collection, and of the rest. Collections whose rows can only be listed belong to
    /// the rest, because clients keep none of their rows.
    #[must_use]
    pub fn hashes(&self) -> SchemaHashes {
        let mut collections: BTreeMap<String, String> =
            self.keyed().map(|one| (one.plural.clone(), self.hash_of(one))).collect();
        collections.insert(self.rest().into(), self.hash_of_rest());
        let hash = digits(&json!(collections));
        SchemaHashes { hash, collections }
    }

    /// The key of everything that belongs to no collection.
    pub(super) fn rest(&self) -> &'static str {
        let taken = self.keyed().any(|collection| collection.plural == REST);
        if taken { REST_BESIDE_EVENTS } else { REST }
    }

    /// Covers the row, the payloads, the columns and the events; of a table also what the client knows of its columns.
    fn hash_of(&self, collection: &Collection) -> String {
        let Collection { name, plural, sent, columns, .. } = collection;
        let mut input = HashInput::new(&self.definitions);
        for event in self.events.iter().filter(|event| event.collection.as_ref() == Some(plural)) {
            input.add(&event.name, event.schemas());
        }
        let own: Vec<Value> = collection.types().map(|name| definitions::refer(name)).collect();
        input.add(name, &own);
        let columns: BTreeSet<&String> = columns.iter().collect();
        let mut all = json!({ "plural": plural, "sent": sent, "columns": columns, "says": input.says, "types": input.types });
        if collection.table.is_some() {
            all["table"] = facts(collection);
        }
        digits(&all)
    }

    /// Covers everything that belongs to no collection. Types of collections count by name alone.
    fn hash_of_rest(&self) -> String {
        // Its type is made of the keys of all collections.
        let authored = self.from_data.then(|| authored::type_name(&self.server_events)).flatten();
        let own = |name: &&String| {
            self.keyed().any(|one| one.types().any(|own| own == *name))
                || [CHANGES, PART].contains(&name.as_str())
                || authored == Some(name)
        };
        let others = self.definitions.iter().filter(|(name, _)| !own(name));
        let others: Map<String, Value> =
            others.map(|(name, schema)| (name.clone(), schema.clone())).collect();
        let mut input = HashInput::new(&others);
        let keyed: BTreeSet<&String> = self.keyed().map(|collection| &collection.plural).collect();
        let of_none =
            |event: &&ClientEvent| event.collection.as_ref().is_none_or(|name| !keyed.contains(name));
        for event in self.events.iter().filter(of_none) {
            input.add(&event.name, event.schemas());
        }
        for event in self.server_events.iter().filter(|event| event.collection.is_none()) {
            input.add(&event.name, event.arguments.iter().map(|(_, schema)| schema));
        }
        input.add("socket", &[REQUEST_OPTIONS, HANDSHAKE_AUTH].map(definitions::refer));
        digits(&json!({ "says": input.says, "types": input.types }))
    }
}

/// What a client of a table knows of its columns.
fn facts(collection: &Collection) -> Value {
    let key: Vec<&String> = collection.key.iter().map(|column| &column.name).collect();
    let sorted = |columns: &[String]| json!(columns.iter().collect::<BTreeSet<_>>());
    let embed = |embed: &Embed| {
        let Embed { field, collection, many, fields, by } = embed;
        json!({ "field": field, "collection": collection, "many": many, "fields": fields, "by": by })
    };
    let mut embeds: Vec<&Embed> = collection.embeds.iter().collect();
    embeds.sort_by_key(|embed| &embed.field);
    json!({
        "key": key,
        "version": collection.version,
        "numbers": sorted(&collection.numbers),
        "bigints": sorted(&collection.bigints),
        "times": sorted(&collection.times),
        "nests": embeds.into_iter().map(embed).collect::<Vec<_>>(),
    })
}

/// The input of one hash: schemas by name, and the types that they need.
struct HashInput<'a> {
    definitions: &'a Map<String, Value>,
    says: BTreeMap<String, Vec<Value>>,
    types: Map<String, Value>,
}

impl<'a> HashInput<'a> {
    fn new(definitions: &'a Map<String, Value>) -> Self {
        Self { definitions, says: BTreeMap::new(), types: Map::new() }
    }

    fn add<'s>(&mut self, name: &str, schemas: impl IntoIterator<Item = &'s Value>) {
        let schemas: Vec<Value> = schemas.into_iter().cloned().collect();
        for schema in &schemas {
            definitions::names(schema, &mut |name| {
                definitions::gather(name, self.definitions, &mut self.types)
            });
        }
        self.says.insert(name.to_owned(), schemas);
    }
}

/// The first 64 bits of a SHA-256.
fn digits(value: &Value) -> String {
    let hash = Sha256::digest(canonical(value).to_string());
    hex::encode(&hash[..8])
}

/// Without annotations, and with fields in the order of their names.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            let mut all = Map::new();
            for (name, value) in fields {
                match (name.as_str(), value) {
                    // The fields of an object may have any name, those of annotations among them.
                    ("properties" | "says" | "types", Value::Object(named)) => {
                        let named: BTreeMap<&String, Value> =
                            named.iter().map(|(name, value)| (name, canonical(value))).collect();
                        all.insert(name.clone(), json!(named));
                    }
                    (word, _) if ANNOTATIONS.contains(&word) => {}
                    ("required", Value::Array(names)) => {
                        let mut names = names.clone();
                        names.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
                        all.insert(name.clone(), names.into());
                    }
                    _ => drop(all.insert(name.clone(), canonical(value))),
                }
            }
            all.into()
        }
        Value::Array(values) => values.iter().map(canonical).collect(),
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;

    use super::*;
    use crate::fixture::{NewGym, UpdateGym};

    /// A row with these fields and this description.
    macro_rules! gym {
        ($module:ident, $words:literal, $($field:tt)*) => {
            mod $module {
                #[doc = $words]
                #[derive(super::JsonSchema)]
                #[expect(dead_code, reason = "a type to be described")]
                pub(super) struct Gym {
                    $($field)*
                }
            }
        };
    }
    gym!(first, "A gym.", #[validate(range(max = 5))] floor: i64, name: String);
    gym!(reworded, "Where it takes place.", #[doc = "Up."] #[validate(range(max = 5))] floor: i64, name: String);
    gym!(reordered, "A gym.", name: String, #[validate(range(max = 5))] floor: i64);
    gym!(higher, "A gym.", #[validate(range(max = 6))] floor: i64, name: String);
    gym!(another, "A gym.", #[validate(range(max = 5))] floor: i64, title: String);
    gym!(worded, "A gym.", #[validate(range(max = 5))] floor: i64, description: String, name: String);

    fn gyms<R: JsonSchema>() -> SchemaHashes {
        let mut contract = Contract::builder();
        contract.collection::<R, NewGym, UpdateGym>(("gym", "gyms"), true, vec!["id"]);
        contract.build().hashes()
    }

    #[test]
    fn hash_covers_types_and_bounds_but_not_descriptions() {
        let first = gyms::<first::Gym>();
        assert_eq!(first, gyms::<reworded::Gym>());
        assert_eq!(first, gyms::<reordered::Gym>());
        for other in [gyms::<higher::Gym>(), gyms::<another::Gym>(), gyms::<worded::Gym>()] {
            assert_ne!(first.hash, other.hash);
            assert_ne!(first.collections["gyms"], other.collections["gyms"]);
            assert_eq!(first.collections[REST], other.collections[REST]);
        }
    }

    #[test]
    fn hash_is_stable() {
        assert_eq!(
            digits(&json!({ "b": 1, "a": ["ä"], "description": "no" })),
            digits(&json!({ "a": ["ä"], "b": 1 }))
        );
        assert_eq!(canonical(&json!({ "b": 1, "a": ["ä"] })).to_string(), r#"{"a":["ä"],"b":1}"#);
        assert_eq!(digits(&json!({})), "44136fa355b3678a");
    }
}
