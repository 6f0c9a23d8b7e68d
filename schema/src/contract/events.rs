//! Events in a contract.

use serde_json::Value;

/// An event that clients emit.
#[derive(Clone)]
pub(super) struct ClientEvent {
    pub(super) name: String,
    pub(super) description: String,
    /// The collection that declares it.
    pub(super) collection: Option<String>,
    pub(super) payload: Option<Value>,
    /// Whether the payload may be left out.
    pub(super) optional: bool,
    pub(super) data: Value,
    /// A field of a successful ack beside `data`.
    pub(super) extra: Option<(&'static str, Value)>,
}

/// An event that the server emits.
pub(super) struct ServerEvent {
    pub(super) name: String,
    pub(super) description: String,
    /// The collection whose snapshot it carries.
    pub(super) collection: Option<String>,
    pub(super) arguments: Vec<(&'static str, Value)>,
}

impl ClientEvent {
    /// The schemas of its payload and its ack.
    pub(super) fn schemas(&self) -> impl Iterator<Item = &Value> {
        self.payload.iter().chain([&self.data]).chain(self.extra.iter().map(|(_, schema)| schema))
    }

    /// The same, to be changed.
    pub(super) fn schemas_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        let extra = self.extra.iter_mut().map(|(_, schema)| schema);
        self.payload.iter_mut().chain([&mut self.data]).chain(extra)
    }
}

impl ServerEvent {
    /// Its id in documents that have one list for both directions. A table may be called `new_gym`, as an event that
    /// clients emit.
    pub(super) fn id(&self, emitted: &[ClientEvent]) -> String {
        let taken = emitted.iter().any(|event| event.name == self.name);
        if taken { format!("{}.sent", self.name) } else { self.name.clone() }
    }
}
