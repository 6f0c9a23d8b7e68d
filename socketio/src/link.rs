//! What ties a session's task, its response body, its worker and its socket together: the outbox, and how it ends.

use std::{
    cell::{Cell, RefCell},
    io::{self, IoSlice},
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use tracing::warn;

use crate::{
    connection::Connection,
    frame::Frame,
    hub::{Message, Slot},
    id::Sid,
    meters::Meters,
    outbox::Outbox,
    service::Reason,
    shard::Shard,
};

/// Frames written by one system call.
const SLICES: usize = 16;

/// How far a session's end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Open,
    /// The close frame is queued; nothing follows it.
    Closing(Reason),
    /// The body ends when the queue is empty.
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
    connection: Weak<Connection>,
    joined: Cell<bool>,
    leaving: Cell<bool>,
    heard: Cell<bool>,
    peer_closed: Cell<bool>,
    body_gone: Cell<bool>,
    state: RefCell<State>,
}

struct State {
    outbox: Outbox,
    phase: Phase,
    high_water: usize,
    body: Option<Waker>,
    task: Option<Waker>,
}

impl Link {
    pub(crate) fn new(sid: Sid, shard: Rc<Shard>, connection: Weak<Connection>, max_outbox: usize) -> Self {
        Self {
            sid,
            index: Cell::new(0),
            shard,
            connection,
            joined: Cell::new(false),
            leaving: Cell::new(false),
            heard: Cell::new(false),
            peer_closed: Cell::new(false),
            body_gone: Cell::new(false),
            state: RefCell::new(State {
                outbox: Outbox::new(max_outbox),
                phase: Phase::Open,
                high_water: 0,
                body: None,
                task: None,
            }),
        }
    }

    pub(crate) fn shard(&self) -> &Rc<Shard> {
        &self.shard
    }

    pub(crate) fn phase(&self) -> Phase {
        self.state.borrow().phase
    }

    pub(crate) fn is_open(&self) -> bool {
        self.phase() == Phase::Open
    }

    /// From here on broadcasts reach it.
    pub(crate) fn join(&self) {
        if !self.joined.replace(true) {
            self.shard.hub.joined();
        }
    }

    pub(crate) fn leave(&self) {
        if self.joined.replace(false) {
            self.shard.hub.left();
        }
    }

    pub(crate) fn is_joined(&self) -> bool {
        self.joined.get()
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

    pub(crate) fn deliver(&self, message: &Message) {
        if !self.joined.get() {
            return;
        }
        match message.slot {
            Some(slot) => self.put(slot, message.frame.clone()),
            None => self.emit(message.frame.clone()),
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
            state.wake_body();
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
        state.wake_body();
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
        state.wake_body();
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
            state.wake_body();
            state.wake_task();
        }
        Meters::evicted(reason);
        if let Some(connection) = self.connection.upgrade() {
            connection.cut();
        }
    }

    /// actix has dropped the response: the connection is gone, or the body has been read to its end.
    pub(crate) fn body_dropped(&self) {
        self.body_gone.set(true);
        let mut state = self.state.borrow_mut();
        state.body = None;
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
        if self.body_gone.get()
            && self.peer_closed.take()
            && let Some(connection) = self.connection.upgrade()
        {
            connection.end();
        }
        self.body_gone.get()
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
    pub(crate) fn direct(&self) -> Option<Rc<Connection>> {
        self.connection.upgrade().filter(|_| self.heard.get())
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
        self.leave();
        self.shard.remove(self);
        self.shard.meters.high_water(self.state.borrow().high_water);
        self.shard.reap(self.connection.clone(), grace);
    }
}

impl State {
    /// With nothing left to send: ready if nothing more will come.
    fn poll_end(&mut self, cx: &Context<'_>) -> Poll<()> {
        if matches!(self.phase, Phase::Finished(_) | Phase::Cut(_)) {
            return Poll::Ready(());
        }
        self.body = Some(cx.waker().clone());
        Poll::Pending
    }

    fn wake_body(&mut self) {
        if let Some(waker) = self.body.take() {
            waker.wake();
        }
    }

    fn wake_task(&mut self) {
        if let Some(waker) = self.task.take() {
            waker.wake();
        }
    }
}
