//! What a client was built for, in 16 digits.
//!
//! Shapes and bounds count; words do not, nor does the order in which fields are declared.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{CHANGES, Collection, Contract, definitions};
use crate::Schemas;

/// The part that is all of what belongs to no collection.
pub(super) const REST: &str = "events";

/// Words about a schema that say nothing of what it allows.
const WORDS: [&str; 3] = ["description", "title", "examples"];

impl Contract {
    /// Of all of it, of each collection, and of the rest.
    #[must_use]
    pub fn hashes(&self) -> Schemas {
        let mut collections: BTreeMap<String, String> =
            self.collections.iter().map(|one| (one.plural.to_owned(), self.hash_of(one))).collect();
        collections.insert(REST.into(), self.hash_of_the_rest());
        let hash = digits(&json!(collections));
        Schemas { hash, collections }
    }

    /// One collection's row, payloads and columns.
    pub(super) fn hash_of(&self, collection: &Collection) -> String {
        let Collection { name, plural, sent, columns, row, new, update, .. } = collection;
        let mut types = Map::new();
        [row, new, update]
            .into_iter()
            .for_each(|name| definitions::gather(name, &self.definitions, &mut types));
        let (row, new, update) = (row, new, update);
        digits(&json!({
            "name": name, "plural": plural, "sent": sent, "columns": columns,
            "row": row, "new": new, "update": update, "types": types,
        }))
    }

    /// All events and types that belong to no collection; of those that do, only their names.
    pub(super) fn hash_of_the_rest(&self) -> String {
        let own = |name: &String| {
            self.collections.iter().any(|one| [&one.row, &one.new, &one.update].contains(&name))
                || name == CHANGES
        };
        let others: Map<String, Value> = self
            .definitions
            .iter()
            .filter(|(name, _)| !own(name))
            .map(|(name, of)| (name.clone(), of.clone()))
            .collect();
        let mut types = Map::new();
        let mut says = Vec::new();
        let mut say = |name: &str, parts: Vec<&Value>| {
            for part in &parts {
                definitions::names(part, &mut |name| definitions::gather(name, &others, &mut types));
            }
            says.push(json!([name, parts]));
        };
        for event in self.events.iter().filter(|event| event.collection.is_none()) {
            let beside = event.beside.iter().map(|(_, schema)| schema);
            say(event.name, event.payload.iter().chain([&event.data]).chain(beside).collect());
        }
        for notice in self.notices.iter().filter(|notice| notice.collection.is_none()) {
            say(notice.name, notice.arguments.iter().map(|(_, schema)| schema).collect());
        }
        for name in ["Options", "Auth"] {
            definitions::gather(name, &others, &mut types);
        }
        digits(&json!({ "says": says, "types": types }))
    }
}

/// The first 64 bits of a SHA-256.
fn digits(value: &Value) -> String {
    let hash = Sha256::digest(canonical(value).to_string());
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Without words, and with fields in the order of their names.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            let mut all = Map::new();
            for (name, value) in fields {
                match (name.as_str(), value) {
                    // The fields of an object may have any name, these words among them.
                    ("properties" | "types", Value::Object(named)) => {
                        let named: BTreeMap<&String, Value> =
                            named.iter().map(|(name, value)| (name, canonical(value))).collect();
                        all.insert(name.clone(), json!(named));
                    }
                    (word, _) if WORDS.contains(&word) => {}
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
