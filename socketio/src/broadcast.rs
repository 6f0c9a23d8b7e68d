//! Sending to some of a namespace's sockets, or doing something to them, from any thread.

use std::{sync::Arc, thread, time::Duration};

use serde::Serialize;
use tokio::{
    sync::mpsc::unbounded_channel,
    time::{Instant, timeout_at},
};

use crate::{
    acks::{AckEvent, BroadcastAcks},
    hub::Hub,
    id::SocketId,
    wire::{
        args::Args,
        frame::{Frame, Head},
        message::{Message, Slot},
    },
    worker::{
        command::{SocketOp, WorkerCommand},
        nsp::Nsp,
        socket::SocketInner,
        target::{Room, Target},
    },
};

/// Some of a namespace's sockets: everyone, or those in certain rooms, without those in others.
///
/// It is a description, and finds whoever is there when it is used:
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

/// A socket, as it was when asked for.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SocketInfo {
    /// Its id.
    pub id: SocketId,
    /// The rooms it is in.
    pub rooms: Vec<Arc<str>>,
    /// The transport its session uses.
    pub transport: &'static str,
}

impl SocketInfo {
    pub(crate) fn of(socket: &SocketInner) -> Self {
        let rooms = socket.rooms.borrow().iter().cloned().collect();
        Self { id: socket.id, rooms, transport: socket.session.transport().as_str() }
    }
}

impl Broadcast {
    pub(crate) fn new(hub: Hub, namespace: Arc<str>) -> Self {
        Self { hub, namespace, target: Target::default(), slot: None, volatile: false }
    }

    /// Those in this room; with another call, also those in that one. A socket's id is a room of its own.
    pub fn to(mut self, room: impl Into<Arc<str>>) -> Self {
        self.target.rooms.push(room.into());
        self
    }

    /// The same as [`to`](Self::to).
    pub fn within(self, room: impl Into<Arc<str>>) -> Self {
        self.to(room)
    }

    /// Nobody in this room.
    pub fn except(mut self, room: impl Into<Arc<str>>) -> Self {
        self.target.except.push(room.into());
        self
    }

    /// Only sockets served by the thread that calls this: none, if it is not one of the server's workers. Not
    /// recovered.
    pub fn local(mut self) -> Self {
        self.target.local = Some(thread::current().id());
        self
    }

    /// Dropped for clients that do not take what was sent before. Not recovered.
    pub fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// In place of the slot's unsent event, where there is one. Not recovered.
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

    /// Sends a frame of this namespace, as it is.
    pub fn send(self, frame: Frame) {
        if let Some(nsp) = self.hub.find(&self.namespace) {
            let message = Message { slot: self.slot, volatile: self.volatile, ..Message::event(frame) };
            self.hub.send(&nsp, shared(self.target), &[message]);
        }
    }

    /// Gives them messages, in this order, each queued as it says itself. Each worker is woken once, so they leave
    /// together. Not recovered.
    pub fn send_messages(self, messages: &[Message]) {
        if let Some(nsp) = self.hub.find(&self.namespace) {
            self.hub.send(&nsp, shared(self.target), messages);
        }
    }

    /// Emits an event and waits for everyone's ack.
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
        // Ends when all have answered or gone, because then nobody can answer any more.
        while let Ok(Some(events)) = timeout_at(until, received.recv()).await {
            match events {
                AckEvent::Asked(ids) => acks.missing.extend(ids),
                AckEvent::Reply(id, args) => acks.replies.push((id, args)),
            }
        }
        acks.missing.retain(|id| !acks.replies.iter().any(|(replied, _)| replied == id));
        acks
    }

    /// Who is there now.
    pub async fn sockets(self) -> Vec<SocketInfo> {
        let (list, mut lists) = unbounded_channel();
        self.apply(SocketOp::Fetch(list));
        let mut sockets = Vec::new();
        while let Some(more) = lists.recv().await {
            sockets.extend(more);
        }
        sockets
    }

    /// Lets them enter rooms.
    pub fn join(self, rooms: impl IntoIterator<Item: Into<Arc<str>>>) {
        self.apply(SocketOp::Join(collect(rooms)));
    }

    /// Lets them leave rooms.
    pub fn leave(self, rooms: impl IntoIterator<Item: Into<Arc<str>>>) {
        self.apply(SocketOp::Leave(collect(rooms)));
    }

    /// Ends these sockets, and with `close` their whole sessions.
    pub fn disconnect(self, close: bool) {
        self.apply(SocketOp::Disconnect { close });
    }

    /// How many sockets the namespace has, whichever rooms they are in.
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
