//! Acks requested from clients, and the futures that wait for them.

use std::{cell::RefCell, collections::HashMap, fmt};

use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{id::SocketId, wire::args::Args};

/// From this number of waiters on, expired ones are removed on insertion.
const CLEANUP_THRESHOLD: usize = 16;

/// The reason why a requested ack is missing.
#[derive(Debug)]
#[non_exhaustive]
pub enum AckError {
    /// The client did not answer in time.
    Timeout,
    /// The client has disconnected.
    Disconnected,
    /// The ack cannot be decoded as the expected type.
    Unexpected(serde_json::Error),
}

impl fmt::Display for AckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("the client did not answer in time"),
            Self::Disconnected => f.write_str("the client has gone"),
            Self::Unexpected(error) => write!(f, "the client's answer is not what was expected: {error}"),
        }
    }
}

impl std::error::Error for AckError {}

/// The result of a broadcast with acks.
#[derive(Debug, Clone, Default)]
pub struct BroadcastAcks {
    /// Sockets and their acks, in the order in which the acks arrived.
    pub replies: Vec<(SocketId, Args)>,
    /// Sockets that did not ack in time, or have disconnected.
    pub missing: Vec<SocketId>,
}

/// A worker's report to a broadcast with acks.
#[derive(Debug)]
pub(crate) enum AckEvent {
    Asked(Vec<SocketId>),
    Reply(SocketId, Args),
}

#[derive(Debug)]
enum AckWaiter {
    One(oneshot::Sender<Args>),
    Many(mpsc::UnboundedSender<AckEvent>, SocketId),
}

/// Requested acks of one socket.
#[derive(Debug, Default)]
pub(crate) struct Acks(RefCell<HashMap<u64, (AckWaiter, Instant)>>);

impl Acks {
    pub(crate) fn expect(&self, id: u64, until: Instant) -> oneshot::Receiver<Args> {
        let (sender, receiver) = oneshot::channel();
        self.insert(id, AckWaiter::One(sender), until);
        receiver
    }

    pub(crate) fn expect_for(
        &self,
        id: u64,
        until: Instant,
        events: mpsc::UnboundedSender<AckEvent>,
        socket: SocketId,
    ) {
        self.insert(id, AckWaiter::Many(events, socket), until);
    }

    fn insert(&self, id: u64, waiter: AckWaiter, until: Instant) {
        let mut waiting = self.0.borrow_mut();
        if waiting.len() >= CLEANUP_THRESHOLD {
            let now = Instant::now();
            waiting.retain(|_, (_, until)| *until > now);
        }
        waiting.insert(id, (waiter, until));
    }

    /// Resolves a requested ack. An ack without a waiter is dropped.
    pub(crate) fn answer(&self, id: u64, args: Args) {
        let waiter = self.0.borrow_mut().remove(&id);
        match waiter {
            Some((AckWaiter::One(sender), _)) => drop(sender.send(args)),
            Some((AckWaiter::Many(events, socket), _)) => drop(events.send(AckEvent::Reply(socket, args))),
            None => tracing::debug!(id, "an ack without a request was dropped"),
        }
    }

    /// Whether a future waits for an ack.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.0.borrow().is_empty()
    }

    /// Drops all waiters: the client has disconnected.
    pub(crate) fn clear(&self) {
        self.0.take();
    }
}
