//! A chat: rooms, and the messages that were said in them. No user signs in.

use rowcast::{
    Collection, Rowcast,
    migration::{List, NewTable},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A room.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Collection)]
#[collection(plural = Rooms)]
pub struct Room {
    /// Assigned in order from 1.
    pub id: i64,
    /// Name of the room: 2 to 40 characters, of no other room.
    #[collection(validate(length(min = 2, max = 40)), unique, example = "Kitchen")]
    pub name: String,
    /// Changes whenever the row does.
    pub version: i64,
}

/// A message.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Collection)]
#[collection(plural = Messages, update = r#"{"text": "Lunch is served."}"#)]
pub struct Message {
    /// Assigned in order from 1.
    pub id: i64,
    /// The room in which it was said.
    #[collection(references = Rooms)]
    pub room: i64,
    /// The name of the author: 1 to 40 characters.
    #[collection(validate(length(min = 1, max = 40)), example = "Ada")]
    pub author: String,
    /// What was said: 1 to 1,000 characters.
    #[collection(validate(length(min = 1, max = 1000)), example = "Lunch is ready.")]
    pub text: String,
    /// Whether it stays at the top of the room; no if it is not said.
    #[collection(optional, example = true)]
    pub pinned: bool,
    /// When, in UTC.
    #[collection(read_only)]
    pub sent_at: String,
    /// Changes whenever the row does.
    pub version: i64,
}

/// What the chat is made of.
#[must_use]
pub fn rowcast() -> Rowcast {
    Rowcast::new("chat").migrations(migrations).collection::<Rooms>().collection::<Messages>()
}

fn migrations() -> List {
    vec![
        NewTable::new("m20261201_000001_rooms", "rooms", ROOMS).boxed(),
        NewTable::new("m20261201_000002_messages", "messages", MESSAGES).boxed(),
    ]
}

const ROOMS: &str = "
create table rooms (
    id {id},
    name {text} not null unique check (length(name) between 2 and 40),
    version {i64} not null default 1 check (version >= 1)
) {strict}";

const MESSAGES: &str = "
create table messages (
    id {id},
    room {i64} not null references rooms (id),
    author {text} not null check (length(author) between 1 and 40),
    text {text} not null check (length(text) between 1 and 1000),
    pinned {bool} not null default false check (pinned in (true, false)),
    sent_at {text} not null default (cast(current_timestamp as text)),
    version {i64} not null default 1 check (version >= 1)
) {strict}";
