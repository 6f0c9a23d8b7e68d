//! The schema of all messages, for programs in other languages and their tools.
//!
//! ```text
//! rows, payloads (schemars) ─▶ Builder ─▶ Contract ─▶ TypeScript | JSON Schema | AsyncAPI
//! tables (JSON Schemas) ───────┤    │         └─────▶ hashes, for `connected`
//! the registry ────────────────┘    └ names of the types of tables
//! ```
//!
//! A collection is described by Rust types ([`Builder::collection`]) or by data ([`Builder::table`]); a contract may
//! have both. What only tables need is printed only if there are any.
//!
//! The schema of a payload says what a client should send; the server accepts more than that (see
//! [`Form`](crate::Form)). The collections and events come from the caller of [`Builder`].

mod asyncapi;
mod authored;
mod builder;
mod builtin;
mod collection;
mod definitions;
mod embeds;
mod events;
mod hash;
mod json_schema;
mod key_type;
mod naming;
mod pattern;
mod payloads;
mod server_events;
mod shape;
mod table;
mod tables;
mod typescript;

use serde_json::{Map, Value};

pub use builder::Builder;
pub use embeds::Embed;
pub use naming::{is_reserved, is_type_name};
pub use pattern::javascript_pattern;
pub use shape::{Shape, TableEvent};
pub use table::{KeyColumn, TableDescription, any_json, named_json};

use collection::Collection;
use events::{ClientEvent, ServerEvent};
use tables::Import;

/// All messages between clients and server.
pub struct Contract {
    /// All named types, each after the types that refer to it.
    definitions: Map<String, Value>,
    collections: Vec<Collection>,
    events: Vec<ClientEvent>,
    server_events: Vec<ServerEvent>,
    /// Whether collections come from data, though there may be none at the moment.
    from_data: bool,
    /// The module with the types of JSON columns that have names, and these types.
    imports: Option<(String, Vec<Import>)>,
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

    /// Collections whose rows have keys; others can only be listed.
    fn keyed(&self) -> impl Iterator<Item = &Collection> {
        self.collections.iter().filter(|collection| collection.is_keyed())
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
