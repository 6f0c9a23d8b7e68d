//! All that crosses the wire, as types say it: for programs in other languages, and for their tools.
//!
//! ```text
//! rows, payloads (schemars) ─▶ Builder ─▶ Contract ─▶ TypeScript | JSON Schema | AsyncAPI
//! the registry ───────────────────┘           └─────▶ hashes, for `connected`
//! ```
//!
//! A payload is described as a client should send it; forms may send more than that (see [`Form`](crate::Form)).
//! Which collections and events there are is said by whoever builds a contract: nothing here names one.

mod asyncapi;
mod builder;
mod definitions;
mod hash;
mod json_schema;
mod nests;
mod notices;
mod own;
mod payloads;
mod shape;
mod typescript;

use serde_json::{Map, Value};

pub use builder::Builder;
pub use shape::Shape;

use nests::Nest;

/// What clients and server say to each other.
pub struct Contract {
    /// All named types, each after those that it is named by.
    definitions: Map<String, Value>,
    collections: Vec<Collection>,
    events: Vec<Event>,
    notices: Vec<Notice>,
}

/// A collection; its types stand among the definitions.
struct Collection {
    name: &'static str,
    plural: &'static str,
    sent: bool,
    columns: Vec<&'static str>,
    /// Of the columns, those whose text is compared as the number that it spells.
    numbers: Vec<&'static str>,
    row: String,
    new: String,
    update: String,
    nests: Vec<Nest>,
}

/// What a client emits.
#[derive(Clone)]
struct Event {
    name: &'static str,
    description: String,
    /// The collection that it comes with.
    collection: Option<&'static str>,
    payload: Option<Value>,
    /// Whether the payload may be left out.
    optional: bool,
    data: Value,
    /// What stands beside `data` when it was done.
    beside: Option<(&'static str, Value)>,
}

/// What the server emits.
struct Notice {
    name: &'static str,
    description: String,
    /// The collection that it is about.
    collection: Option<&'static str>,
    arguments: Vec<(&'static str, Value)>,
}

impl Event {
    /// All that it carries and is acked with.
    fn schemas(&self) -> impl Iterator<Item = &Value> {
        self.payload.iter().chain([&self.data]).chain(self.beside.iter().map(|(_, schema)| schema))
    }
}

/// What every event may carry beside its payload, and the handshake.
const OPTIONS: &str = "Options";
const AUTH: &str = "Auth";

/// Names that TypeScript has types of its own for.
const RESERVED: [&str; 10] = [
    "Ack",
    "Changes",
    "ClientToServerEvents",
    "CollectionSchema",
    "Collections",
    "Emits",
    "EmitsOptional",
    "Part",
    "Schema",
    "ServerToClientEvents",
];

/// What `changes` carries: some of every collection.
const CHANGES: &str = "Changes";
/// What `part` carries: some rows of one.
const PART: &str = "Part";

impl Contract {
    /// Nothing yet but what every server says.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Types for a stock `socket.io-client`, and the values that a typed store needs of them.
    #[must_use]
    pub fn typescript(&self) -> String {
        typescript::print(self)
    }

    /// One document of JSON Schema 2020-12, with a definition for everything.
    #[must_use]
    pub fn json_schema(&self) -> String {
        pretty(&json_schema::document(self))
    }

    /// The same as AsyncAPI 3.0, from the server's point of view.
    #[must_use]
    pub fn asyncapi(&self) -> String {
        pretty(&asyncapi::document(self))
    }

    /// What a `$ref` stands for, or the schema itself.
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let named = definitions::name_of(schema).and_then(|name| self.definitions.get(name));
        named.unwrap_or(schema)
    }
}

fn pretty(document: &Value) -> String {
    format!("{document:#}\n")
}
