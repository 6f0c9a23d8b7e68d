//! What a client was built for, in 16 digits.
//!
//! Shapes and bounds count; words do not, nor does the order in which fields are declared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{AUTH, CHANGES, Collection, Contract, OPTIONS, PART, definitions};
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

    /// One collection: its row, its payloads, its columns, its events.
    fn hash_of(&self, collection: &Collection) -> String {
        let Collection { name, plural, sent, columns, row, new, update, .. } = collection;
        let mut part = Part::new(&self.definitions);
        for event in self.events.iter().filter(|event| event.collection == Some(*plural)) {
            part.says(event.name, event.schemas());
        }
        let own = [row, new, update].map(|name| definitions::refer(name));
        part.says(name, &own);
        let columns: BTreeSet<&str> = columns.iter().copied().collect();
        digits(
            &json!({ "plural": plural, "sent": sent, "columns": columns, "says": part.says, "types": part.types }),
        )
    }

    /// All that belongs to no collection. What collections are made of is known here by its name alone.
    fn hash_of_the_rest(&self) -> String {
        let own = |name: &&String| {
            let of = |one: &Collection| [&one.row, &one.new, &one.update].contains(name);
            self.collections.iter().any(of) || [CHANGES, PART].contains(&name.as_str())
        };
        let others = self.definitions.iter().filter(|(name, _)| !own(name));
        let others: Map<String, Value> =
            others.map(|(name, schema)| (name.clone(), schema.clone())).collect();
        let mut part = Part::new(&others);
        for event in self.events.iter().filter(|event| event.collection.is_none()) {
            part.says(event.name, event.schemas());
        }
        for notice in self.notices.iter().filter(|notice| notice.collection.is_none()) {
            part.says(notice.name, notice.arguments.iter().map(|(_, schema)| schema));
        }
        part.says("socket", &[OPTIONS, AUTH].map(definitions::refer));
        digits(&json!({ "says": part.says, "types": part.types }))
    }
}

/// What is hashed together: schemas by name, and the types that they need.
struct Part<'a> {
    definitions: &'a Map<String, Value>,
    says: BTreeMap<String, Vec<Value>>,
    types: Map<String, Value>,
}

impl<'a> Part<'a> {
    fn new(definitions: &'a Map<String, Value>) -> Self {
        Self { definitions, says: BTreeMap::new(), types: Map::new() }
    }

    fn says<'s>(&mut self, name: &str, schemas: impl IntoIterator<Item = &'s Value>) {
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
                    ("properties" | "says" | "types", Value::Object(named)) => {
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

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;

    use super::*;
    use crate::fixture::{NewGym, UpdateGym};

    /// A row with one field, `floor`, in so many words.
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

    fn gyms<R: JsonSchema>() -> Schemas {
        let mut contract = Contract::builder();
        contract.collection::<R, NewGym, UpdateGym>(("gym", "gyms"), true, vec!["id"]);
        contract.build().hashes()
    }

    #[test]
    fn shapes_and_bounds_count_and_words_do_not() {
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
    fn a_hash_is_the_same_wherever_it_is_made() {
        assert_eq!(
            digits(&json!({ "b": 1, "a": ["ä"], "description": "no" })),
            digits(&json!({ "a": ["ä"], "b": 1 }))
        );
        assert_eq!(canonical(&json!({ "b": 1, "a": ["ä"] })).to_string(), r#"{"a":["ä"],"b":1}"#);
        assert_eq!(digits(&json!({})), "44136fa355b3678a");
    }
}
