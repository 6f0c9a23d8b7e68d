//! What passes between client and server beside rows, events and their acks.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::Serialize;

/// What the handshake's `auth` may carry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Auth {
    /// Who this is: the `token` of an earlier login.
    pub token: Option<String>,
    /// `snapshots`, the default: collections that changed, whole. `changes`: what changed.
    #[schemars(extend("enum" = ["snapshots", "changes", null]))]
    pub live: Option<String>,
    /// With `changes`, the cursor up to which the client is up to date.
    pub since: Option<String>,
    /// With `changes`, whether to be sent all that there is in parts, by `part`, instead of whole collections.
    pub chunks: Option<bool>,
    /// Whether to be told who made each change, by `authored`.
    pub authors: Option<bool>,
}

/// The first thing that a client is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Connected")]
pub struct Connected<U> {
    /// The socket's id in a sentence.
    pub data: String,
    /// The socket's id.
    pub sid: String,
    /// Whose token was presented.
    pub user: Option<U>,
    /// Who may do what.
    pub access: Access,
    /// Which types the server was built with.
    pub schema: Arc<Schemas>,
    /// What time it is by the database's clock, in milliseconds since 1970; absent if it is not known yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
}

/// Who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Anyone may do anything.
    Open,
    /// Anyone reads, who has signed in writes.
    Read,
    /// Who has signed in reads and writes.
    Members,
}

/// Hashes of what the contract says: a client that was built for others knows which collections have changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Schemas {
    /// Of all of it.
    pub hash: String,
    /// Of each collection, and of `events`, which is all that belongs to no collection.
    pub collections: BTreeMap<String, String>,
}

/// What a snapshot is as of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Position {
    /// To be sent back as `since`; means nothing to a client.
    pub cursor: String,
}

/// That a collection is too large to be sent: in the place of its snapshot, and when it has become so. Whatever a client has of it is
/// not kept up to date from here on; once it is small enough again, its snapshot is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Withheld {
    /// The collection.
    pub collection: String,
    /// How many bytes of JSON a collection may have to be sent.
    pub limit: i64,
    /// What to do instead, in a sentence.
    pub reason: String,
}

/// Who made a change that has just been sent; a decoration, never needed to follow the rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Authored {
    /// The collection.
    pub collection: String,
    /// The row.
    pub id: i64,
    /// The row's version since; null if it is gone.
    pub version: Option<i64>,
    /// Who it was; null for somebody who is not signed in.
    pub by: Option<Author>,
}

/// Who made a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Author {
    /// The user's id.
    pub id: i64,
    /// The user's name.
    pub name: String,
}

/// That a socket is no longer signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SignedOut {
    /// Why, in a sentence.
    pub reason: String,
}
