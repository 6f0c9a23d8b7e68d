//! Selection of a namespace's sockets.

use std::{sync::Arc, thread::ThreadId};

use crate::id::SocketId;

/// Name of a set of sockets within a namespace.
pub(crate) type Room = Arc<str>;

/// Sockets in one of `rooms`, or all if it is empty, except those in one of `except`. A socket's id is also a room.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target {
    pub(crate) rooms: Vec<Room>,
    pub(crate) except: Vec<Room>,
    pub(crate) local: Option<ThreadId>,
}

impl Target {
    pub(crate) fn is_all(&self) -> bool {
        self.rooms.is_empty() && self.except.is_empty() && self.local.is_none()
    }

    /// Bytes of the rooms' names.
    pub(crate) fn size(&self) -> usize {
        self.rooms.iter().chain(&self.except).map(|room| room.len()).sum()
    }

    /// Whether a socket with these rooms is selected.
    pub(crate) fn matches(&self, id: &SocketId, rooms: &[Room]) -> bool {
        let within = |room: &Room| &**room == id.as_str() || rooms.contains(room);
        (self.rooms.is_empty() || self.rooms.iter().any(within)) && !self.except.iter().any(within)
    }
}
