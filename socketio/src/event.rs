//! What a client emitted, and its ack.

use std::{cell::Cell, fmt, rc::Rc};

use serde::Serialize;

use crate::{reply::Reply, session::limiter::Busy, wire::args::Args, worker::socket::Core};

/// What a client emitted.
#[derive(Debug)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// Its arguments. Empty if there is a `fault`.
    pub args: Args,
    /// Whether the client asked for an ack.
    pub wants_ack: bool,
    /// Why the arguments were not taken, although the event could be recognised.
    pub fault: Option<Fault>,
    pub(crate) ticket: Option<Ticket>,
}

impl Event {
    /// Takes the ack into one's own hands: what the handler returns is then not sent. Where the client did not ask for
    /// an ack, what is sent goes nowhere.
    pub fn ack(&mut self) -> Ack {
        let ack = self.lend_ack();
        ack.take_over();
        ack
    }

    /// The ack, still in the session's hands.
    pub(crate) fn lend_ack(&mut self) -> Ack {
        Ack(self.ticket.take())
    }
}

/// Why an event's arguments were not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
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

impl Fault {
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

impl From<Busy> for Fault {
    fn from(Busy { limit, after }: Busy) -> Self {
        Self::Busy { limit, seconds: after.as_secs() + 1 }
    }
}

/// A sentence for whoever sent the event.
impl fmt::Display for Fault {
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
pub(crate) struct Owed {
    id: Cell<Option<u64>>,
    deferred: Cell<bool>,
}

/// One of the two ends that may pay it: the session, when the handler is done, or an [`Ack`].
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    core: Rc<Core>,
    owed: Rc<Owed>,
}

impl Ticket {
    pub(crate) fn new(core: Rc<Core>, id: u64) -> Self {
        Self { core, owed: Rc::new(Owed { id: Cell::new(Some(id)), deferred: Cell::new(false) }) }
    }

    /// What the handler returns is not sent: somebody else will.
    pub(crate) fn defer(&self) {
        self.owed.deferred.set(true);
    }

    /// The handler is done.
    pub(crate) fn settle(&self, reply: Option<Reply>) {
        if !self.owed.deferred.get() {
            self.pay(reply.unwrap_or_default());
        }
    }

    fn pay(&self, reply: Reply) {
        if let Some(id) = self.owed.id.take() {
            self.core.ack(id, reply);
        }
    }
}

/// The ack of an event, to be sent once. Dropped unsent it is sent empty, so that the client is not left waiting.
#[derive(Debug)]
pub struct Ack(Option<Ticket>);

impl Ack {
    /// From here on the ack is this one's to send.
    fn take_over(&self) {
        if let Some(ticket) = &self.0 {
            ticket.defer();
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
        if let Some(ticket) = self.0.take() {
            ticket.pay(reply.into());
        }
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        // One that was only lent is the session's to send.
        if let Some(ticket) = self.0.take().filter(|ticket| ticket.owed.deferred.get()) {
            ticket.pay(Reply::default());
        }
    }
}
