//! What ties a session's task, its writer, its worker and its sockets together: the outbox, and how it ends.
//!
//! ```text
//! Open ─ close ─▶ Closing ─ close frame written, or the peer has closed ─▶ Finished ─ written to the end ─▶ gone
//!   └──────────── cut: evicted, connection lost, time is up ─────────────────────▶ Cut ────────────────▶ gone
//! ```

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak as RcWeak},
    sync::{Arc, Weak},
    task::{Context, Poll, Waker},
};

use tracing::debug;

use crate::{
    config::{Config, Transport},
    id::Sid,
    metrics::Meters,
    reason::Reason,
    session::{
        connection::Connection,
        limiter::{Place, Share},
        outbox::{Key, Outbox},
    },
    wire::{frame::Frame, message::Message},
    worker::Shard,
};

mod ending;
mod permit;
mod ping;
mod writing;

pub(crate) use ping::Handed;

/// With this much waiting, a client is behind, whatever its connection says.
const VOLATILE_ROOM: usize = 64 * 1024;

/// How far a session's end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Open,
    /// The close frame is queued; nothing follows it.
    Closing(Reason),
    /// The writer ends when the queue is empty.
    Finished(Reason),
    /// The connection is gone or has been shut down; what waited was dropped.
    Cut(Reason),
}

/// A close frame to be sent, and what the socket is told.
#[derive(Debug, Clone)]
pub(crate) struct Closing {
    pub(crate) code: u16,
    pub(crate) sentence: String,
    pub(crate) reason: Reason,
}

impl Closing {
    pub(crate) fn new(code: u16, sentence: impl Into<String>, reason: Reason) -> Self {
        Self { code, sentence: sentence.into(), reason }
    }
}

pub(crate) struct Link {
    pub(crate) sid: Sid,
    /// Its place in the shard.
    pub(crate) index: Cell<usize>,
    shard: Rc<Shard>,
    me: RcWeak<Self>,
    transport: Cell<Transport>,
    connection: RefCell<Weak<Connection>>,
    leaving: Cell<bool>,
    closing: Cell<bool>,
    direct: Cell<bool>,
    dirty: Cell<bool>,
    stalled: Cell<bool>,
    peer_closed: Cell<bool>,
    written: Cell<bool>,
    /// The task waits until fewer acks do.
    held: Cell<bool>,
    ping: Cell<ping::Ping>,
    handed: Arc<Handed>,
    /// The kernel keeps little of what it could not send yet.
    shallow: Cell<bool>,
    max_unread_acks: usize,
    share: Arc<Share>,
    /// Until the session's task has ended.
    place: RefCell<Option<Place>>,
    state: RefCell<State>,
}

struct State {
    outbox: Outbox,
    phase: Phase,
    high_water: usize,
    writer: Option<Waker>,
    task: Option<Waker>,
}

impl Link {
    pub(crate) fn new(
        sid: Sid,
        shard: Rc<Shard>,
        transport: Transport,
        connection: Weak<Connection>,
        place: Place,
        config: &Config,
    ) -> Rc<Self> {
        Rc::new_cyclic(|me| Self {
            sid,
            index: Cell::new(0),
            shard,
            me: me.clone(),
            transport: Cell::new(transport),
            connection: RefCell::new(connection),
            leaving: Cell::new(false),
            closing: Cell::new(false),
            direct: Cell::new(false),
            dirty: Cell::new(false),
            stalled: Cell::new(false),
            peer_closed: Cell::new(false),
            written: Cell::new(false),
            held: Cell::new(false),
            ping: Cell::default(),
            handed: Arc::default(),
            shallow: Cell::new(false),
            max_unread_acks: config.max_unread_acks,
            share: place.share().clone(),
            place: RefCell::new(Some(place)),
            state: RefCell::new(State {
                outbox: Outbox::new(config.max_outbox),
                phase: Phase::Open,
                high_water: 0,
                writer: None,
                task: None,
            }),
        })
    }

    pub(crate) fn shard(&self) -> &Rc<Shard> {
        &self.shard
    }

    /// What the session may hold of what it has sent.
    pub(crate) fn share(&self) -> &Arc<Share> {
        &self.share
    }

    pub(crate) fn transport(&self) -> Transport {
        self.transport.get()
    }

    /// The session has moved to a WebSocket.
    pub(crate) fn set_connection(&self, connection: Weak<Connection>) {
        self.shard.meters.moved(self.transport.replace(Transport::WebSocket));
        *self.connection.borrow_mut() = connection;
        self.shallow.set(false);
    }

    pub(crate) fn connection(&self) -> Option<Arc<Connection>> {
        self.connection.borrow().upgrade()
    }

    /// Bytes of ordered frames that may wait.
    pub(crate) fn max_outbox(&self) -> usize {
        self.state.borrow().outbox.limit()
    }

    pub(crate) fn phase(&self) -> Phase {
        self.state.borrow().phase
    }

    pub(crate) fn is_open(&self) -> bool {
        self.phase() == Phase::Open
    }

    pub(crate) fn emit(&self, frame: Frame) {
        self.queue(|outbox| outbox.push_frame(&frame).is_ok());
    }

    /// An ack, which its client is to read before it is given many others.
    pub(crate) fn answer(&self, frame: Frame) {
        self.queue(|outbox| outbox.push_ack(frame.into_bytes()).is_ok());
    }

    /// Whether the client has more acks to read than it may, so that its events wait. If so, the task is woken once they are
    /// fewer.
    pub(crate) fn holds_events(&self) -> bool {
        let state = self.state.borrow();
        let held =
            state.phase == Phase::Open && state.outbox.acks() > self.share.message(self.max_unread_acks);
        self.held.set(held);
        held
    }

    /// Bytes of the largest message that it has been sent so far.
    pub(crate) fn largest(&self) -> usize {
        self.state.borrow().outbox.largest()
    }

    /// Bytes that the client has taken so far.
    pub(crate) fn taken(&self) -> u64 {
        self.state.borrow().outbox.left()
    }

    /// Ahead of the backlog: heartbeat and control frames.
    pub(crate) fn hurry(&self, frame: Frame) {
        self.queue(|outbox| outbox.push_front(frame.into_bytes()).is_ok());
    }

    pub(crate) fn put(&self, slot: Key, message: &Message) {
        self.queue(|outbox| {
            outbox.put(slot, message);
            true
        });
    }

    /// Nothing more is sent of what waits in a namespace's slots.
    pub(crate) fn take_back(&self, namespace: usize) {
        self.state.borrow_mut().outbox.take_back(namespace);
    }

    /// Sent only if nothing is in its way.
    pub(crate) fn emit_volatile(&self, frame: Frame) {
        let waiting = self.state.borrow().outbox.bytes();
        if !self.stalled.get() && waiting < VOLATILE_ROOM {
            self.emit(frame);
        }
    }

    fn queue(&self, push: impl FnOnce(&mut Outbox) -> bool) {
        let mut state = self.state.borrow_mut();
        if state.phase != Phase::Open {
            return;
        }
        if push(&mut state.outbox) {
            let waiting = state.outbox.bytes();
            state.high_water = state.high_water.max(waiting);
            drop(state);
            self.written_to();
        } else {
            drop(state);
            self.evict("max_outbox");
        }
    }

    /// The client does not read what it is sent: it is cut off.
    pub(crate) fn evict(&self, limit: &'static str) {
        let bytes = self.state.borrow().outbox.bytes();
        debug!(sid = %self.sid, bytes, limit, "evicted: the client reads too slowly");
        Meters::limited(limit);
        self.cut(Reason::OutboxFull);
    }

    pub(crate) fn register_task(&self, cx: &Context<'_>) {
        let task = &mut self.state.borrow_mut().task;
        if !task.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *task = Some(cx.waker().clone());
        }
    }

    pub(crate) fn wake_task(&self) {
        self.state.borrow_mut().wake_task();
    }
}

impl State {
    /// With nothing left to send: ready if nothing more will come.
    fn poll_end(&mut self, cx: &Context<'_>) -> Poll<()> {
        if matches!(self.phase, Phase::Finished(_) | Phase::Cut(_)) {
            return Poll::Ready(());
        }
        self.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    fn wake_writer(&mut self) {
        if let Some(waker) = self.writer.take() {
            waker.wake();
        }
    }

    fn wake_task(&mut self) {
        if let Some(waker) = self.task.take() {
            waker.wake();
        }
    }
}
