//! Acks that clients owe: each event sent with an id, and who waits for its answer.

use std::{cell::RefCell, collections::HashMap, fmt};

use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{id::SocketId, wire::args::Args};

/// Above this many, those whose time is over are looked for.
const CLEANUP_THRESHOLD: usize = 16;

/// Why there is no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum AckError {
    /// The client did not answer in time.
    Timeout,
    /// The client has gone.
    Disconnected,
    /// The client answered, and not with what was expected.
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

/// What became of a broadcast that asked for acks.
#[derive(Debug, Clone, Default)]
pub struct BroadcastAcks {
    /// Who answered, and what, in the order of the answers.
    pub replies: Vec<(SocketId, Args)>,
    /// Who was asked and did not answer in time, or has gone.
    pub missing: Vec<SocketId>,
}

/// What a broadcast hears from the workers.
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

/// One socket's.
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

    /// The client's answer. One that nobody waits for any more is dropped.
    pub(crate) fn answer(&self, id: u64, args: Args) {
        let waiter = self.0.borrow_mut().remove(&id);
        match waiter {
            Some((AckWaiter::One(sender), _)) => drop(sender.send(args)),
            Some((AckWaiter::Many(events, socket), _)) => drop(events.send(AckEvent::Reply(socket, args))),
            None => tracing::debug!(id, "an ack that nobody waits for"),
        }
    }

    /// Whether anyone waits.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.0.borrow().is_empty()
    }

    /// The client has gone.
    pub(crate) fn clear(&self) {
        self.0.take();
    }
}
