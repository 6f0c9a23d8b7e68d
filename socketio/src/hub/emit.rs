//! Broadcasts of a hub: selection of sockets, and the main namespace.

use std::sync::Arc;

use serde::Serialize;

use super::Hub;
use crate::{
    broadcast::Broadcast,
    wire::{args::Args, message::Message},
};

impl Hub {
    /// All sockets of a namespace. The leading slash of its name is optional.
    pub fn of(&self, namespace: impl Into<Arc<str>>) -> Broadcast {
        let mut namespace = namespace.into();
        if !namespace.starts_with('/') {
            namespace = format!("/{namespace}").into();
        }
        Broadcast::new(self.clone(), namespace)
    }

    /// All sockets in a room of the main namespace.
    pub fn to(&self, room: impl Into<Arc<str>>) -> Broadcast {
        self.of("/").to(room)
    }

    /// The same as [`to`](Self::to).
    pub fn within(&self, room: impl Into<Arc<str>>) -> Broadcast {
        self.to(room)
    }

    /// All sockets of the main namespace that are not in a room.
    pub fn except(&self, room: impl Into<Arc<str>>) -> Broadcast {
        self.of("/").except(room)
    }

    /// Emits an event with one argument to the main namespace.
    pub fn emit<T: Serialize + ?Sized>(&self, name: &str, value: &T) {
        self.of("/").emit(name, value);
    }

    /// Emits an event with any arguments to the main namespace.
    pub fn emit_args(&self, name: &str, args: &Args) {
        self.of("/").emit_args(name, args);
    }

    /// Sends an encoded message to the main namespace. Never waits; the cost for the caller does not depend on the
    /// number of sockets.
    pub fn broadcast(&self, message: Message) {
        self.broadcast_all(&[message]);
    }

    /// Sends several messages to the main namespace, in this order. Each worker is woken once, so they leave together.
    pub fn broadcast_all(&self, messages: &[Message]) {
        self.of("/").send_messages(messages);
    }
}
