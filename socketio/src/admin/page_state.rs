//! The sockets as a page knows them, so that each event sent to it is consistent with the earlier ones.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    thread::ThreadId,
};

use serde::Serialize;

use super::{feed::ServerEvent, name::NAMESPACE, socket_details::SocketDetails};
use crate::{
    args,
    id::SocketId,
    wire::{
        args::Args,
        frame::Frame,
        frame_writer::{FrameWriter, Head},
    },
    worker::target::Room,
};

/// Maximum number of shown sockets; a page cannot render more in useful time.
const MAX_SOCKETS: usize = 10_000;

#[derive(Default)]
pub(super) struct PageState(HashMap<SocketId, Known>);

struct Known {
    /// Worker of the socket. A recovered one may have the same id on another worker.
    on: ThreadId,
    namespace: Arc<str>,
    rooms: Vec<Room>,
    polling: bool,
}

impl Known {
    fn of(on: ThreadId, socket: &SocketDetails) -> Self {
        let (namespace, rooms) = (socket.namespace.clone(), socket.rooms.clone());
        Self { on, namespace, rooms, polling: socket.polling }
    }
}

impl PageState {
    /// Replaces the state by the complete list. Returns the frame, limited to `max_bytes`, and whether it is complete.
    pub(super) fn list(&mut self, sockets: &[(ThreadId, SocketDetails)], max_bytes: usize) -> (Frame, bool) {
        let mut writer = FrameWriter::event_in(NAMESPACE, "all_sockets", 0);
        let (json, mut first, mut bytes, mut all) = (writer.arg(), true, 0, true);
        self.0.clear();
        json.push(b'[');
        // Of two sockets with the same id the later one is connected.
        for (on, socket) in sockets.iter().rev() {
            if self.0.contains_key(&socket.id) {
                continue;
            }
            bytes += socket.json.len() + 1;
            if bytes > max_bytes || self.0.len() >= MAX_SOCKETS {
                all = false;
                break;
            }
            if !std::mem::take(&mut first) {
                json.push(b',');
            }
            json.extend_from_slice(socket.json.as_bytes());
            self.0.insert(socket.id, Known::of(*on, socket));
        }
        json.push(b']');
        (writer.seal(), all)
    }

    /// Applies an event and sends its frames to the page.
    pub(super) fn apply(&mut self, on: ThreadId, what: &ServerEvent, mut send: impl FnMut(Frame)) {
        match what {
            ServerEvent::Event(frame) => send(frame.clone()),
            ServerEvent::Connected { socket, at } => {
                if self.0.len() < MAX_SOCKETS || self.0.contains_key(&socket.id) {
                    self.0.insert(socket.id, Known::of(on, socket));
                    send(connected(socket, at));
                }
            }
            ServerEvent::Joined { namespace, room, id, at } => {
                // An unknown socket will be shown with its rooms.
                if let Some(known) = self.0.get_mut(id).filter(|known| !known.rooms.contains(room)) {
                    known.rooms.push(room.clone());
                    send(event("room_joined", &args![**namespace, **room, id, at]));
                }
            }
            ServerEvent::Left { namespace, room, id, at } => {
                if let Some(known) = self.0.get_mut(id) {
                    known.rooms.retain(|one| one != room);
                    send(event("room_left", &args![**namespace, **room, id, at]));
                }
            }
            ServerEvent::Disconnected { namespace, id, reason, at } => {
                if self.0.get(id).is_some_and(|known| known.on == on)
                    && let Some(known) = self.0.remove(id)
                {
                    send(event("socket_disconnected", &args![**namespace, id, reason, at]));
                    // The page removes the socket from a room only on an event of that room.
                    let rooms = known.rooms.iter().map(|room| &**room);
                    for room in rooms.chain([id.as_str()]) {
                        send(event("room_left", &args![**namespace, room, id, at]));
                    }
                }
            }
        }
    }

    /// Updates the transports: a socket that no longer polls has upgraded to WebSocket.
    pub(super) fn polling(&mut self, now: &HashSet<SocketId>, mut send: impl FnMut(Frame)) {
        #[derive(Serialize)]
        struct SocketUpdated<'a> {
            id: &'a SocketId,
            nsp: &'a str,
            transport: &'static str,
        }
        for (id, known) in self.0.iter_mut().filter(|(id, known)| known.polling && !now.contains(id)) {
            known.polling = false;
            let updated = SocketUpdated { id, nsp: &known.namespace, transport: "websocket" };
            send(event("socket_updated", &args![updated]));
        }
    }
}

fn connected(socket: &SocketDetails, at: &str) -> Frame {
    let mut writer = FrameWriter::event_in(NAMESPACE, "socket_connected", socket.json.len() + 32);
    writer.arg().extend_from_slice(socket.json.as_bytes());
    writer.arg().extend_from_slice(format!("\"{at}\"").as_bytes());
    writer.seal()
}

fn event(name: &str, args: &Args) -> Frame {
    Frame::encode(Head::Event { namespace: NAMESPACE, name, ack: None }, args, None)
}

#[cfg(test)]
mod tests;
