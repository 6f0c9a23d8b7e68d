//! A client in the namespace, as a handler sees it.

use std::{fmt, rc::Rc};

use crate::{
    frame::Frame,
    hub::Slot,
    id::SocketId,
    link::{Closing, Link},
    service::Reason,
};

/// One client, connected. Nothing here waits: what is sent goes to the outbox, or nowhere once the client has gone.
pub struct Socket<S> {
    id: SocketId,
    state: S,
    link: Rc<Link>,
}

impl<S> Socket<S> {
    pub(crate) fn new(id: SocketId, state: S, link: Rc<Link>) -> Self {
        Self { id, state, link }
    }

    /// Its id, new with each connect.
    pub fn id(&self) -> &SocketId {
        &self.id
    }

    /// What [`Service::connect`](crate::Service::connect) returned.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// Sends a frame, behind all that is waiting.
    pub fn emit(&self, frame: Frame) {
        self.link.emit(frame);
    }

    /// Sends a frame in place of the slot's unsent one, if there is one; otherwise as [`emit`](Self::emit).
    pub fn put(&self, slot: Slot, frame: Frame) {
        self.link.put(slot, frame);
    }

    /// Ends the socket and its session, once what is waiting has been sent. Stock clients do not come back by
    /// themselves.
    pub fn disconnect(&self) {
        self.link.emit(Frame::text("41"));
        self.link.close(Closing::new(1000, "disconnected by the server", Reason::ServerDisconnect));
    }
}

impl<S> fmt::Debug for Socket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("id", &self.id).finish_non_exhaustive()
    }
}
