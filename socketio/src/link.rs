//! What ties a session's task, its writer, its worker and its sockets together: the outbox, and how it ends.
//!
//! ```text
//! Open ─ close ─▶ Closing ─ close frame written, or the peer has closed ─▶ Finished ─ written to the end ─▶ gone
//!   └──────────── cut: evicted, connection lost, time is up ─────────────────────▶ Cut ────────────────▶ gone
//! ```

use std::{
    cell::{Cell, RefCell},
    io::{self, IoSlice},
    rc::Rc,
    sync::{Arc, Weak},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use tracing::warn;

use crate::{
    config::Transport, connection::Connection, engine::payload, frame::Frame, hub::Slot, id::Sid,
    meters::Meters, outbox::Outbox, reason::Reason, shard::Shard,
};

/// Frames written by one system call.
const SLICES: usize = 16;

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
    transport: Cell<Transport>,
    connection: RefCell<Weak<Connection>>,
    leaving: Cell<bool>,
    closing: Cell<bool>,
    heard: Cell<bool>,
    stalled: Cell<bool>,
    peer_closed: Cell<bool>,
    written: Cell<bool>,
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
        max_outbox: usize,
    ) -> Self {
        Self {
            sid,
            index: Cell::new(0),
            shard,
            transport: Cell::new(transport),
            connection: RefCell::new(connection),
            leaving: Cell::new(false),
            closing: Cell::new(false),
            heard: Cell::new(false),
            stalled: Cell::new(false),
            peer_closed: Cell::new(false),
            written: Cell::new(false),
            state: RefCell::new(State {
                outbox: Outbox::new(max_outbox),
                phase: Phase::Open,
                high_water: 0,
                writer: None,
                task: None,
            }),
        }
    }

    pub(crate) fn shard(&self) -> &Rc<Shard> {
        &self.shard
    }

    pub(crate) fn transport(&self) -> Transport {
        self.transport.get()
    }

    /// The session has moved to a WebSocket.
    pub(crate) fn set_connection(&self, connection: Weak<Connection>) {
        self.shard.meters.moved(self.transport.replace(Transport::WebSocket));
        *self.connection.borrow_mut() = connection;
    }

    pub(crate) fn connection(&self) -> Option<Arc<Connection>> {
        self.connection.borrow().upgrade()
    }

    pub(crate) fn phase(&self) -> Phase {
        self.state.borrow().phase
    }

    pub(crate) fn is_open(&self) -> bool {
        self.phase() == Phase::Open
    }

    pub(crate) fn emit(&self, frame: Frame) {
        self.queue(|outbox| outbox.push(frame.into_bytes()).is_ok());
    }

    /// Ahead of the backlog: heartbeat and control frames.
    pub(crate) fn hurry(&self, frame: Frame) {
        self.queue(|outbox| outbox.push_front(frame.into_bytes()).is_ok());
    }

    pub(crate) fn put(&self, slot: Slot, frame: Frame) {
        self.queue(|outbox| {
            outbox.put(slot, frame.into_bytes());
            true
        });
    }

    /// Sent only if nothing is in its way.
    pub(crate) fn emit_volatile(&self, frame: Frame) {
        let waiting = self.state.borrow().outbox.bytes();
        if !self.stalled.get() && waiting < VOLATILE_ROOM {
            self.emit(frame);
        }
    }

    /// Whether what was sent last is known not to get through just now.
    pub(crate) fn stalled(&self, stalled: bool) {
        self.stalled.set(stalled);
    }

    fn queue(&self, push: impl FnOnce(&mut Outbox) -> bool) {
        let mut state = self.state.borrow_mut();
        if state.phase != Phase::Open {
            return;
        }
        if push(&mut state.outbox) {
            let waiting = state.outbox.bytes();
            state.high_water = state.high_water.max(waiting);
            state.wake_writer();
        } else {
            let bytes = state.outbox.bytes();
            drop(state);
            warn!(sid = %self.sid, bytes, "evicted: the client reads too slowly");
            self.cut(Reason::OutboxFull);
        }
    }

    /// Queues a close frame, and nothing after it.
    pub(crate) fn close(&self, closing: Closing) {
        let mut state = self.state.borrow_mut();
        if state.phase != Phase::Open {
            return;
        }
        // A client with a full outbox does not read, and would not read this.
        if state.outbox.push(Frame::close(closing.code, &closing.sentence).into_bytes()).is_err() {
            drop(state);
            return self.cut(closing.reason);
        }
        state.phase = Phase::Closing(closing.reason);
        state.wake_writer();
        state.wake_task();
    }

    /// The peer has closed, or stopped sending: the body ends with what it is still owed. One that has closed reads
    /// no more than our own close, so the rest is dropped.
    pub(crate) fn finish(&self, echo: Option<Frame>) {
        self.peer_closed.set(echo.is_some());
        let mut state = self.state.borrow_mut();
        state.phase = match state.phase {
            Phase::Open => {
                if let Some(echo) = echo {
                    state.outbox.clear();
                    // An empty outbox takes any frame.
                    let _ = state.outbox.push(echo.into_bytes());
                }
                Phase::Finished(Reason::TransportClose)
            }
            // Our own close is the answer.
            Phase::Closing(reason) => Phase::Finished(reason),
            Phase::Finished(_) | Phase::Cut(_) => return,
        };
        state.wake_writer();
        state.wake_task();
    }

    /// Ends the connection now; what waits is dropped.
    pub(crate) fn cut(&self, reason: Reason) {
        {
            let mut state = self.state.borrow_mut();
            if matches!(state.phase, Phase::Cut(_)) {
                return;
            }
            state.phase = Phase::Cut(match state.phase {
                Phase::Closing(earlier) | Phase::Finished(earlier) => earlier,
                Phase::Open | Phase::Cut(_) => reason,
            });
            state.outbox.abandon();
            state.wake_writer();
            state.wake_task();
        }
        Meters::evicted(reason);
        if let Some(connection) = self.connection() {
            connection.cut();
        }
    }

    /// actix has dropped the response: the connection is gone, or the body has been read to its end.
    pub(crate) fn body_dropped(&self) {
        self.written.set(true);
        let mut state = self.state.borrow_mut();
        state.writer = None;
        state.phase = match state.phase {
            Phase::Open => Phase::Cut(Reason::TransportClose),
            Phase::Closing(reason) => Phase::Cut(reason),
            ended => ended,
        };
        state.outbox.abandon();
        state.wake_task();
    }

    /// Whether a finished session's last bytes are with actix. If both sides have closed then the connection is
    /// ended, too: actix has tried to flush by now, and whatever it could not the peer no longer waits for.
    pub(crate) fn settled(&self) -> bool {
        if self.written.get()
            && self.peer_closed.take()
            && let Some(connection) = self.connection()
        {
            connection.end();
        }
        self.written.get()
    }

    /// Everything has been written, or was put where it will be.
    pub(crate) fn over(&self) {
        self.written.set(true);
        let mut state = self.state.borrow_mut();
        state.phase = match state.phase {
            Phase::Open => Phase::Finished(Reason::TransportClose),
            Phase::Closing(reason) => Phase::Finished(reason),
            ended => ended,
        };
        state.wake_task();
    }

    /// The client has left and wants nothing more.
    pub(crate) fn depart(&self) {
        let mut state = self.state.borrow_mut();
        if state.phase == Phase::Open {
            state.phase = Phase::Finished(Reason::TransportClose);
            state.outbox.abandon();
            state.wake_task();
        }
    }

    /// Whether this is the first time that the session is seen to end.
    pub(crate) fn begin_closing(&self) -> bool {
        !self.closing.replace(true)
    }

    /// The server shuts down: the task closes once all that was received is done.
    pub(crate) fn go_away(&self) {
        self.leaving.set(true);
        self.state.borrow_mut().wake_task();
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.get()
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

    /// The client has been heard, so it has been sent all that went through actix, and nothing of that is still there to
    /// be overtaken.
    pub(crate) fn heard(&self) {
        self.heard.set(true);
    }

    /// The connection, once it may be written to without going through actix.
    pub(crate) fn direct(&self) -> Option<Arc<Connection>> {
        if !self.heard.get() {
            return None;
        }
        self.connection().filter(|connection| connection.is_direct())
    }

    /// Appends all that waits to a payload; says whether the close was among it.
    pub(crate) fn drain(&self, payload: &mut String) -> bool {
        let mut state = self.state.borrow_mut();
        let (before, mut frames, mut closed) = (payload.len(), 0, false);
        while let Some(bytes) = state.outbox.pop() {
            frames += 1;
            closed |= payload::append(payload, &bytes);
        }
        self.shard.meters.sent(payload.len() - before, frames);
        closed
    }

    /// Whoever calls writes what is queued from here on.
    pub(crate) fn register_writer(&self, cx: &Context<'_>) {
        self.state.borrow_mut().writer = Some(cx.waker().clone());
    }

    /// The next bytes, for a writer that copies them; `None` at the end.
    pub(crate) fn poll_bytes(&self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.state.borrow_mut();
        match state.outbox.next() {
            Some((bytes, last)) => {
                self.shard.meters.sent(bytes.len(), u64::from(last));
                Poll::Ready(Some(bytes))
            }
            None => state.poll_end(cx).map(|()| None),
        }
    }

    /// Writes what waits, until there is no more or `write` fails; ready at the session's end.
    pub(crate) fn poll_write(
        &self,
        cx: &Context<'_>,
        mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.state.borrow_mut();
        while state.outbox.bytes() > 0 {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = state.outbox.peek(&mut slices);
            let written = match write(&slices[..count]) {
                Ok(written) => written,
                Err(error) => return Poll::Ready(Err(error)),
            };
            let frames = state.outbox.advance(written);
            self.shard.meters.sent(written, frames);
        }
        state.poll_end(cx).map(Ok)
    }

    /// The session's task is done: leaves the worker's list, and sees to it that the connection ends.
    pub(crate) fn retire(&self, grace: std::time::Duration) {
        self.shard.remove(self);
        self.shard.meters.high_water(self.state.borrow().high_water);
        self.shard.reap(self.connection.borrow().clone(), grace);
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
