//! The handle that a session's task, writer and sockets share: its outbox, and the phases of its end.
//!
//! ```text
//! Open ─ close ─▶ Closing ─ close frame written, or the peer has closed ─▶ Finished ─ all written ─▶ ended
//!   └──────────── abort: evicted, connection lost, timeout ────────────────────▶ Aborted ─────────▶ ended
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
    metrics::Metrics,
    reason::Reason,
    session::{
        backlog::Backlog,
        connection::Connection,
        limiter::{MemoryQuota, SessionPermit},
        local::LocalSessions,
        outbox::{Key, Outbox},
        ping::{Ping, PollProgress},
    },
    wire::{frame::Frame, message::Message},
};

mod ending;
mod permit;
mod ping;
mod writing;

/// Backlog above which volatile messages are dropped, even if the connection accepts data.
const MAX_VOLATILE_BACKLOG: usize = 64 * 1024;

/// Phase of a session's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Open,
    /// The close frame is queued; nothing follows it.
    Closing(Reason),
    /// The writer ends when the queue is empty.
    Finished(Reason),
    /// The connection is gone or was shut down; the outbox was dropped.
    Aborted(Reason),
}

/// A close frame to send, and the reason for the sockets.
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

pub(crate) struct SessionHandle {
    pub(crate) sid: Sid,
    /// Position in the list of this thread's sessions.
    pub(crate) index: Cell<usize>,
    local: Rc<LocalSessions>,
    this: RcWeak<Self>,
    transport: Cell<Transport>,
    connection: RefCell<Weak<Connection>>,
    draining: Cell<bool>,
    closing: Cell<bool>,
    direct: Cell<bool>,
    dirty: Cell<bool>,
    stalled: Cell<bool>,
    peer_closed: Cell<bool>,
    written: Cell<bool>,
    /// Whether the task waits for fewer unread acks.
    held: Cell<bool>,
    ping: Cell<Ping>,
    poll_progress: Arc<PollProgress>,
    backlog: Cell<Backlog>,
    max_unread_acks: usize,
    quota: Arc<MemoryQuota>,
    /// Released when the session's task has ended.
    permit: RefCell<Option<SessionPermit>>,
    state: RefCell<State>,
}

struct State {
    outbox: Outbox,
    phase: Phase,
    high_water: usize,
    writer: Option<Waker>,
    task: Option<Waker>,
}

impl SessionHandle {
    pub(crate) fn new(
        sid: Sid,
        local: Rc<LocalSessions>,
        transport: Transport,
        connection: Weak<Connection>,
        permit: SessionPermit,
        config: &Config,
    ) -> Rc<Self> {
        Rc::new_cyclic(|this| Self {
            sid,
            index: Cell::new(0),
            local,
            this: this.clone(),
            transport: Cell::new(transport),
            connection: RefCell::new(connection),
            draining: Cell::new(false),
            closing: Cell::new(false),
            direct: Cell::new(false),
            dirty: Cell::new(false),
            stalled: Cell::new(false),
            peer_closed: Cell::new(false),
            written: Cell::new(false),
            held: Cell::new(false),
            ping: Cell::default(),
            poll_progress: Arc::default(),
            backlog: Cell::default(),
            max_unread_acks: config.max_unread_acks,
            quota: permit.quota().clone(),
            permit: RefCell::new(Some(permit)),
            state: RefCell::new(State {
                outbox: Outbox::new(config.max_outbox),
                phase: Phase::Open,
                high_water: 0,
                writer: None,
                task: None,
            }),
        })
    }

    /// The sessions of this thread.
    pub(crate) fn local(&self) -> &Rc<LocalSessions> {
        &self.local
    }

    /// Memory quota of the session's unhandled messages.
    pub(crate) fn quota(&self) -> &Arc<MemoryQuota> {
        &self.quota
    }

    pub(crate) fn transport(&self) -> Transport {
        self.transport.get()
    }

    /// Switches to a WebSocket after an upgrade.
    pub(crate) fn set_connection(&self, connection: Weak<Connection>) {
        self.local.metrics.upgraded(self.transport.replace(Transport::WebSocket));
        *self.connection.borrow_mut() = connection;
        self.backlog.take();
    }

    pub(crate) fn connection(&self) -> Option<Arc<Connection>> {
        self.connection.borrow().upgrade()
    }

    /// Limit of waiting ordered frames in bytes.
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

    /// Sends an ack. Unread acks hold back further events.
    pub(crate) fn answer(&self, frame: Frame) {
        self.queue(|outbox| outbox.push_ack(frame.into_bytes()).is_ok());
    }

    /// Whether the unread acks exceed the limit, so that events wait. If so, the task is woken when they are fewer.
    pub(crate) fn holds_events(&self) -> bool {
        let state = self.state.borrow();
        let held =
            state.phase == Phase::Open && state.outbox.acks() > self.quota.message(self.max_unread_acks);
        self.held.set(held);
        held
    }

    /// Bytes of the largest message sent so far.
    pub(crate) fn largest(&self) -> usize {
        self.state.borrow().outbox.largest()
    }

    /// Bytes that the client has received so far.
    pub(crate) fn bytes_written(&self) -> u64 {
        self.state.borrow().outbox.written()
    }

    /// Sends ahead of the backlog: heartbeat and control frames.
    pub(crate) fn send_priority(&self, frame: Frame) {
        self.queue(|outbox| outbox.push_front(frame.into_bytes()).is_ok());
    }

    pub(crate) fn send_latest(&self, slot: Key, message: &Message) {
        self.queue(|outbox| {
            outbox.put(slot, message);
            true
        });
    }

    /// Drops the unsent messages in a namespace's slots.
    pub(crate) fn discard_unsent(&self, namespace: usize) {
        self.state.borrow_mut().outbox.discard_unsent(namespace);
    }

    /// Sends a frame, unless the client has much unread data.
    pub(crate) fn emit_volatile(&self, frame: Frame) {
        let waiting = self.state.borrow().outbox.bytes();
        if !self.stalled.get() && waiting < MAX_VOLATILE_BACKLOG {
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
            self.schedule_write();
        } else {
            drop(state);
            self.evict("max_outbox");
        }
    }

    /// Disconnects a client that does not read.
    pub(crate) fn evict(&self, limit: &'static str) {
        let bytes = self.state.borrow().outbox.bytes();
        debug!(sid = %self.sid, bytes, limit, "a client was evicted, because it reads too slowly");
        Metrics::count_limit(limit);
        self.abort(Reason::OutboxFull);
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
    /// With an empty outbox: ready if the session has ended.
    fn poll_end(&mut self, cx: &Context<'_>) -> Poll<()> {
        if matches!(self.phase, Phase::Finished(_) | Phase::Aborted(_)) {
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
