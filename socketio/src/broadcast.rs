//! Operations on some sockets of a namespace, from any thread.

use std::{sync::Arc, thread, time::Duration};

use serde::Serialize;
use tokio::{
    sync::mpsc::unbounded_channel,
    time::{Instant, timeout_at},
};

use crate::{
    acks::{AckEvent, BroadcastAcks},
    hub::Hub,
    wire::{
        args::Args,
        frame::Frame,
        frame_writer::Head,
        message::{Message, Slot},
    },
    worker::{
        command::{SocketOp, WorkerCommand},
        nsp::Nsp,
        socket_info::SocketInfo,
        target::{Room, Target},
    },
};

/// Some sockets of a namespace: all, or those in certain rooms, except those in others.
///
/// It is a description; the sockets are selected when it is used:
///
/// ```
/// # let hub = socketio::Hub::new();
/// hub.of("/").to("news").except("muted").emit("headline", "It works");
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before emit"]
pub struct Broadcast {
    hub: Hub,
    namespace: Arc<str>,
    target: Target,
    slot: Option<Slot>,
    volatile: bool,
}

impl Broadcast {
    pub(crate) fn new(hub: Hub, namespace: Arc<str>) -> Self {
        Self { hub, namespace, target: Target::default(), slot: None, volatile: false }
    }

    /// Selects the sockets in this room; several calls add up. A socket's id is also a room.
    pub fn to(mut self, room: impl Into<Arc<str>>) -> Self {
        self.target.rooms.push(room.into());
        self
    }

    /// The same as [`to`](Self::to).
    pub fn within(self, room: impl Into<Arc<str>>) -> Self {
        self.to(room)
    }

    /// Excludes the sockets in this room.
    pub fn except(mut self, room: impl Into<Arc<str>>) -> Self {
        self.target.except.push(room.into());
        self
    }

    /// Selects only sockets of the calling thread: none, if it is not one of the server's workers. Disables recovery.
    pub fn local(mut self) -> Self {
        self.target.local = Some(thread::current().id());
        self
    }

    /// Drops the event for clients that have not received earlier messages yet. Disables recovery.
    pub fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// Replaces the unsent event of the slot. Disables recovery.
    pub fn latest(mut self, slot: Slot) -> Self {
        self.slot = Some(slot);
        self
    }

    /// Emits an event with one argument. Never waits.
    pub fn emit<T: Serialize + ?Sized>(self, name: &str, value: &T) {
        self.emit_args(name, &Args::new().with(value));
    }

    /// Emits an event with any arguments.
    pub fn emit_args(self, name: &str, args: &Args) {
        let Some(nsp) = self.hub.find(&self.namespace) else { return };
        let kept = self.slot.is_none() && !self.volatile && self.target.local.is_none();
        let target = shared(self.target);
        if kept && nsp.is_recoverable() {
            return self.hub.append(&nsp, target, name, args);
        }
        let head = Head::Event { namespace: &nsp.name, name, ack: None };
        let frame = Frame::encode(head, args, None);
        let message = Message { slot: self.slot, volatile: self.volatile, ..Message::event(frame) };
        self.hub.send(&nsp, target, &[message]);
    }

    /// Sends an encoded frame of this namespace.
    pub fn send(self, frame: Frame) {
        if let Some(nsp) = self.hub.find(&self.namespace) {
            let message = Message { slot: self.slot, volatile: self.volatile, ..Message::event(frame) };
            self.hub.send(&nsp, shared(self.target), &[message]);
        }
    }

    /// Sends messages in this order, each queued by its own rule. Each worker is woken once, so they leave together.
    /// Disables recovery.
    pub fn send_messages(self, messages: &[Message]) {
        if let Some(nsp) = self.hub.find(&self.namespace) {
            self.hub.send(&nsp, shared(self.target), messages);
        }
    }

    /// Emits an event and collects the acks of all recipients.
    pub async fn emit_with_ack<T: Serialize + ?Sized>(
        self,
        name: &str,
        value: &T,
        within: Duration,
    ) -> BroadcastAcks {
        let args = Args::new().with(value);
        let Some(nsp) = self.hub.find(&self.namespace) else { return BroadcastAcks::default() };
        let (id, until) = (nsp.ack_id(), Instant::now() + within);
        let head = Head::Event { namespace: &nsp.name, name, ack: Some(id) };
        let frame = Frame::encode(head, &args, None);
        let (events, mut received) = unbounded_channel();
        self.hub.command(&WorkerCommand::Apply(
            nsp,
            shared(self.target),
            SocketOp::EmitWithAck { frame, id, until, events },
        ));
        let mut acks = BroadcastAcks::default();
        // The channel closes when every recipient has acked or disconnected.
        while let Ok(Some(events)) = timeout_at(until, received.recv()).await {
            match events {
                AckEvent::Asked(ids) => acks.missing.extend(ids),
                AckEvent::Reply(id, args) => acks.replies.push((id, args)),
            }
        }
        acks.missing.retain(|id| !acks.replies.iter().any(|(replied, _)| replied == id));
        acks
    }

    /// Lists the connected sockets.
    pub async fn sockets(self) -> Vec<SocketInfo> {
        let (list, mut lists) = unbounded_channel();
        self.apply(SocketOp::Fetch(list));
        let mut sockets = Vec::new();
        while let Some(more) = lists.recv().await {
            sockets.extend(more);
        }
        sockets
    }

    /// Adds the sockets to rooms.
    pub fn join(self, rooms: impl IntoIterator<Item: Into<Arc<str>>>) {
        self.apply(SocketOp::Join(collect(rooms)));
    }

    /// Removes the sockets from rooms.
    pub fn leave(self, rooms: impl IntoIterator<Item: Into<Arc<str>>>) {
        self.apply(SocketOp::Leave(collect(rooms)));
    }

    /// Disconnects the sockets; with `close`, closes their sessions too.
    pub fn disconnect(self, close: bool) {
        self.apply(SocketOp::Disconnect { close });
    }

    /// Number of sockets in the namespace, regardless of rooms.
    pub fn count(&self) -> usize {
        self.hub.find(&self.namespace).map_or(0, |nsp: Arc<Nsp>| nsp.sockets())
    }

    fn apply(self, op: SocketOp) {
        if let Some(nsp) = self.hub.find(&self.namespace) {
            self.hub.command(&WorkerCommand::Apply(nsp, shared(self.target), op));
        }
    }
}

fn shared(target: Target) -> Option<Arc<Target>> {
    (!target.is_all()).then(|| Arc::new(target))
}

fn collect(rooms: impl IntoIterator<Item: Into<Arc<str>>>) -> Arc<[Room]> {
    rooms.into_iter().map(Into::into).collect()
}
