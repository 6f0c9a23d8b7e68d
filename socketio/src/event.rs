//! Events from clients, and their acks.

use std::{cell::Cell, rc::Rc};

use serde::Serialize;

use crate::{limit_exceeded::LimitExceeded, reply::Reply, wire::args::Args, worker::socket::SocketInner};

/// An event from a client.
#[derive(Debug)]
pub struct Event {
    /// Name of the event.
    pub name: String,
    /// Arguments; empty if `limit_exceeded` is set.
    pub args: Args,
    /// Whether the client requested an ack.
    pub wants_ack: bool,
    /// The limit that prevented the arguments from being read.
    pub limit_exceeded: Option<LimitExceeded>,
    pub(crate) ack_handle: Option<AckHandle>,
}

impl Event {
    /// Takes the ack: the return value of the handler is then not sent. If the client requested no ack, nothing is
    /// sent.
    pub fn ack(&mut self) -> AckSender {
        let ack = self.borrow_ack();
        ack.take_over();
        ack
    }

    /// The ack, which the session still sends unless it is taken over.
    pub(crate) fn borrow_ack(&mut self) -> AckSender {
        AckSender(self.ack_handle.take())
    }
}

/// A requested ack, which is sent once.
#[derive(Debug)]
pub(crate) struct PendingAck {
    id: Cell<Option<u64>>,
    deferred: Cell<bool>,
}

/// One of the two senders of an ack: the session, when the handler is done, or an [`AckSender`].
#[derive(Debug, Clone)]
pub(crate) struct AckHandle {
    socket: Rc<SocketInner>,
    pending: Rc<PendingAck>,
}

impl AckHandle {
    pub(crate) fn new(socket: Rc<SocketInner>, id: u64) -> Self {
        Self { socket, pending: Rc::new(PendingAck { id: Cell::new(Some(id)), deferred: Cell::new(false) }) }
    }

    /// Leaves the ack to the [`AckSender`]: the return value of the handler is not sent.
    pub(crate) fn defer(&self) {
        self.pending.deferred.set(true);
    }

    /// Sends the return value of the handler, unless the ack was deferred.
    pub(crate) fn finish(&self, reply: Option<Reply>) {
        if !self.pending.deferred.get() {
            self.send_once(reply.unwrap_or_default());
        }
    }

    fn send_once(&self, reply: Reply) {
        if let Some(id) = self.pending.id.take() {
            self.socket.ack(id, reply);
        }
    }
}

/// The ack of an event, to be sent once. Dropped unsent, it sends an empty ack, so that the client does not wait in
/// vain.
#[derive(Debug)]
pub struct AckSender(Option<AckHandle>);

impl AckSender {
    /// Makes this the only sender of the ack.
    fn take_over(&self) {
        if let Some(ack_handle) = &self.0 {
            ack_handle.defer();
        }
    }

    /// Whether the client requested it.
    pub fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Sends the ack with one argument.
    pub fn send<T: Serialize + ?Sized>(self, value: &T) {
        self.reply(Args::new().with(value));
    }

    /// Sends the ack.
    pub fn reply(mut self, reply: impl Into<Reply>) {
        if let Some(ack_handle) = self.0.take() {
            ack_handle.send_once(reply.into());
        }
    }
}

impl Drop for AckSender {
    fn drop(&mut self) {
        // The session sends an ack that was not taken over.
        if let Some(ack_handle) = self.0.take().filter(|ack_handle| ack_handle.pending.deferred.get()) {
            ack_handle.send_once(Reply::default());
        }
    }
}
