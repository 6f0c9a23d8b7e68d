//! The schema of all messages, for programs in other languages and their tools.
//!
//! ```text
//! rows, payloads (schemars) ─▶ Builder ─▶ Contract ─▶ TypeScript | JSON Schema | AsyncAPI
//! the registry ───────────────────┘           └─────▶ hashes, for `connected`
//! ```
//!
//! The schema of a payload says what a client should send; the server accepts more than that (see
//! [`Form`](crate::Form)). The collections and events come from the caller of [`Builder`].

mod asyncapi;
mod builder;
mod builtin;
mod definitions;
mod embeds;
mod hash;
mod json_schema;
mod payloads;
mod server_events;
mod shape;
mod typescript;

use serde_json::{Map, Value};

pub use builder::Builder;
pub use shape::Shape;

use embeds::Embed;

/// All messages between clients and server.
pub struct Contract {
    /// All named types, each after the types that refer to it.
    definitions: Map<String, Value>,
    collections: Vec<Collection>,
    events: Vec<ClientEvent>,
    server_events: Vec<ServerEvent>,
}

/// A collection; its types are definitions.
struct Collection {
    name: &'static str,
    plural: &'static str,
    sent: bool,
    columns: Vec<&'static str>,
    /// Text columns that are compared as the whole numbers they contain.
    numbers: Vec<&'static str>,
    row: String,
    new: String,
    update: String,
    embeds: Vec<Embed>,
}

/// An event that clients emit.
#[derive(Clone)]
struct ClientEvent {
    name: &'static str,
    description: String,
    /// The collection that declares it.
    collection: Option<&'static str>,
    payload: Option<Value>,
    /// Whether the payload may be left out.
    optional: bool,
    data: Value,
    /// x `data` when it was done.
    extra: Option<(&'static str, Value)>,
}

/// An event that the server emits.
struct ServerEvent {
    name: &'static str,
    description: String,
    /// The collection whose snapshot it carries.
    collection: Option<&'static str>,
    arguments: Vec<(&'static str, Value)>,
}

impl ClientEvent {
    /// The schemas of its payload and its ack.
    fn schemas(&self) -> impl Iterator<Item = &Value> {
        self.payload.iter().chain([&self.data]).chain(self.extra.iter().map(|(_, schema)| schema))
    }
}

/// The second argument of every event, and the handshake's `auth`.
const REQUEST_OPTIONS: &str = "RequestOptions";
const HANDSHAKE_AUTH: &str = "HandshakeAuth";

/// Names of types that the TypeScript output declares itself.
const RESERVED: [&str; 10] = [
    "Ack",
    "Changes",
    "ClientToServerEvents",
    "CollectionSchema",
    "Collections",
    "EmitArgs",
    "OptionalEmitArgs",
    "Part",
    "Schema",
    "ServerToClientEvents",
];

/// The argument of `changes`: changed rows of several collections.
const CHANGES: &str = "Changes";
/// The argument of `part`: some rows of one collection.
const PART: &str = "Part";

impl Contract {
    /// A contract with the built-in events alone.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Types for a stock `socket.io-client`, and the values that a typed store needs at run time.
    #[must_use]
    pub fn typescript(&self) -> String {
        typescript::print(self)
    }

    /// One JSON Schema 2020-12 document with all definitions.
    #[must_use]
    pub fn json_schema(&self) -> String {
        pretty(&json_schema::document(self))
    }

    /// One AsyncAPI 3.0 document, from the server's point of view.
    #[must_use]
    pub fn asyncapi(&self) -> String {
        pretty(&asyncapi::document(self))
    }

    /// The target of a `$ref`, or the schema itself.
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let named = definitions::name_of(schema).and_then(|name| self.definitions.get(name));
        named.unwrap_or(schema)
    }
}

fn pretty(document: &Value) -> String {
    format!("{document:#}\n")
}
