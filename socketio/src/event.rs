//! What a client emitted, and its ack.

use std::{cell::Cell, fmt, rc::Rc};

use serde::Serialize;

use crate::{reply::Reply, session::limiter::RateExceeded, wire::args::Args, worker::socket::SocketInner};

/// What a client emitted.
#[derive(Debug)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// Its arguments. Empty if there is a `limit_exceeded`.
    pub args: Args,
    /// Whether the client asked for an ack.
    pub wants_ack: bool,
    /// Why the arguments were not taken, although the event could be recognised.
    pub limit_exceeded: Option<LimitExceeded>,
    pub(crate) ack_handle: Option<AckHandle>,
}

impl Event {
    /// Takes the ack into one's own hands: what the handler returns is then not sent. Where the client did not ask for
    /// an ack, what is sent goes nowhere.
    pub fn ack(&mut self) -> AckSender {
        let ack = self.lend_ack();
        ack.take_over();
        ack
    }

    /// The ack, still in the session's hands.
    pub(crate) fn lend_ack(&mut self) -> AckSender {
        AckSender(self.ack_handle.take())
    }
}

/// Why an event's arguments were not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitExceeded {
    /// The message, its attachments included, is over [`Config::max_payload`](crate::Config::max_payload).
    TooLarge {
        /// Bytes the client sent.
        bytes: u64,
        /// Bytes allowed.
        limit: usize,
    },
    /// The arguments are nested deeper than [`Config::max_depth`](crate::Config::max_depth).
    TooDeep {
        /// Levels allowed.
        limit: usize,
    },
    /// Too much comes from the client's address or owner, or too many such events wait on its session: see
    /// [`Config::max_events_per_address`](crate::Config::max_events_per_address) and
    /// [`Config::event_limits`](crate::Config::event_limits).
    Busy {
        /// The name of the limit, as a metric's label.
        limit: &'static str,
        /// After how many seconds there may be more.
        seconds: u64,
    },
    /// The session sends more events a second than [`Config::max_events`](crate::Config::max_events).
    TooMany {
        /// Events allowed a second.
        limit: u32,
    },
}

impl LimitExceeded {
    /// The name of the limit, as a metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "max_payload",
            Self::TooDeep { .. } => "max_depth",
            Self::TooMany { .. } => "max_events",
            Self::Busy { limit, .. } => limit,
        }
    }
}

impl From<RateExceeded> for LimitExceeded {
    fn from(RateExceeded { limit, after }: RateExceeded) -> Self {
        Self::Busy { limit, seconds: after.as_secs() + 1 }
    }
}

/// A sentence for whoever sent the event.
impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes, limit } => {
                write!(f, "the message has {bytes} bytes, and at most {limit} are taken: send less at once")
            }
            Self::TooDeep { limit } => write!(f, "the data is nested deeper than {limit} levels"),
            Self::Busy { seconds, .. } => write!(f, "too much at once: try again in {seconds} s"),
            Self::TooMany { limit } => write!(f, "at most {limit} events a second are taken: slow down"),
        }
    }
}

/// An ack that is owed.
#[derive(Debug)]
pub(crate) struct PendingAck {
    id: Cell<Option<u64>>,
    deferred: Cell<bool>,
}

/// One of the two ends that may pay it: the session, when the handler is done, or an [`AckSender`].
#[derive(Debug, Clone)]
pub(crate) struct AckHandle {
    socket: Rc<SocketInner>,
    pending: Rc<PendingAck>,
}

impl AckHandle {
    pub(crate) fn new(socket: Rc<SocketInner>, id: u64) -> Self {
        Self { socket, pending: Rc::new(PendingAck { id: Cell::new(Some(id)), deferred: Cell::new(false) }) }
    }

    /// What the handler returns is not sent: somebody else will.
    pub(crate) fn defer(&self) {
        self.pending.deferred.set(true);
    }

    /// The handler is done.
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

/// The ack of an event, to be sent once. Dropped unsent it is sent empty, so that the client is not left waiting.
#[derive(Debug)]
pub struct AckSender(Option<AckHandle>);

impl AckSender {
    /// From here on the ack is this one's to send.
    fn take_over(&self) {
        if let Some(ack_handle) = &self.0 {
            ack_handle.defer();
        }
    }

    /// Whether the client asked for it.
    pub fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Sends it, with one argument.
    pub fn send<T: Serialize + ?Sized>(self, value: &T) {
        self.reply(Args::new().with(value));
    }

    /// Sends it.
    pub fn reply(mut self, reply: impl Into<Reply>) {
        if let Some(ack_handle) = self.0.take() {
            ack_handle.send_once(reply.into());
        }
    }
}

impl Drop for AckSender {
    fn drop(&mut self) {
        // One that was only lent is the session's to send.
        if let Some(ack_handle) = self.0.take().filter(|ack_handle| ack_handle.pending.deferred.get()) {
            ack_handle.send_once(Reply::default());
        }
    }
}
