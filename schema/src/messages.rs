//! Messages beside rows, requests and acks: the handshake, and the events that the server emits about a socket.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::Serialize;

/// The handshake's `auth`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HandshakeAuth {
    /// The `token` of an earlier login.
    pub token: Option<String>,
    /// `snapshots`, the default: whole collections whenever they change. `changes`: only the rows that changed. `none`: no
    /// collection unasked.
    #[schemars(extend("enum" = ["snapshots", "changes", "none", null]))]
    pub live: Option<String>,
    /// With `changes`: the cursor up to which the client is up to date.
    pub since: Option<String>,
    /// With `changes`: whether full snapshots are sent in parts, by `part`, instead of whole collections.
    pub chunks: Option<bool>,
    /// Whether to send the author of each change, by `authored`.
    pub authors: Option<bool>,
}

/// The first event on every connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Connected")]
pub struct Connected<U> {
    /// A sentence with the socket's id.
    pub data: String,
    /// The socket's id.
    pub sid: String,
    /// The owner of the token that was presented; null without a valid one.
    pub user: Option<U>,
    /// The server's access mode.
    pub access: AccessMode,
    /// Hashes of the server's schema.
    pub schema: Arc<SchemaHashes>,
    /// The time by the database's clock, in milliseconds since 1970; absent if it is not known yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
}

/// Which requests need a signed-in user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessMode {
    /// None: anyone reads and writes.
    Open,
    /// Writes: anyone reads.
    Read,
    /// All of them.
    Members,
}

/// Hashes of the schema: a client that was built for another schema finds out which collections have changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SchemaHashes {
    /// Of the whole schema.
    pub hash: String,
    /// Of each collection, and of `events`: everything that belongs to no collection.
    pub collections: BTreeMap<String, String>,
}

/// Sent with a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SnapshotMeta {
    /// Opaque to clients; to be sent back as `since`.
    pub cursor: String,
}

/// A collection is too large to be sent. Sent in place of its snapshot, and when it grows too large. The client's rows
/// of it are not kept up to date from then on; once the collection is small enough again, its snapshot is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Withheld {
    /// The collection.
    pub collection: String,
    /// The most bytes of JSON that a collection may have to be sent.
    pub limit: i64,
    /// A sentence that says what to do instead.
    pub reason: String,
}

/// The author of a change that has just been sent. Best-effort: following the rows does not need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Authored {
    /// The collection.
    pub collection: String,
    /// The row's id.
    pub id: i64,
    /// The row's version after the change; null if it was deleted.
    pub version: Option<i64>,
    /// The author; null if the change was made without signing in.
    pub by: Option<Author>,
}

/// The user that made a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Author {
    /// The user's id.
    pub id: i64,
    /// The user's name.
    pub name: String,
}

/// The socket is no longer signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SignedOut {
    /// The reason, in a sentence.
    pub reason: String,
}
