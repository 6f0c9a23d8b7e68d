//! The outbox for its writers: a response's body, a waiting GET, or the session's task.

use std::{
    io::{self, IoSlice},
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use bytes::Bytes;

use super::{SessionHandle, State};
use crate::{session::connection::Connection, wire::payload};

/// Packets of one payload, unless one event has more; python-socketio accepts no more.
const PACKETS: usize = 16;

/// Bytes of a payload, unless one event has more. A payload is a copy for one client, and no ping overtakes it.
const PAYLOAD: usize = 256 * 1024;

/// A backlog that takes seconds on a slow network.
const LARGE: usize = 256 * 1024;

/// Frames per system call.
const SLICES: usize = 16;

impl SessionHandle {
    /// Records whether earlier data is known to be blocked.
    pub(crate) fn set_stalled(&self, stalled: bool) {
        self.stalled.set(stalled);
    }

    /// Enables writes that bypass actix. The client has answered, so it has received everything that went through
    /// actix, and nothing can be overtaken.
    pub(crate) fn enable_direct_writes(&self) {
        self.direct.set(true);
    }

    /// The connection, once it may be written to directly.
    pub(crate) fn direct(&self) -> Option<Arc<Connection>> {
        if !self.direct.get() {
            return None;
        }
        self.connection().filter(|connection| connection.is_direct())
    }

    /// Schedules a write: at the end of the thread's batch, or by the writer.
    pub(super) fn schedule_write(&self) {
        if self.direct.get() && self.local.is_batching() {
            if !self.dirty.replace(true)
                && let Some(this) = self.this.upgrade()
            {
                self.local.flush_later(this);
            }
        } else {
            self.state.borrow_mut().wake_writer();
        }
    }

    /// Writes the outbox now. The writer waits for the rest that the kernel does not accept.
    pub(crate) fn flush(&self) {
        self.dirty.set(false);
        let written = match self.direct() {
            Some(connection) if !self.stalled.get() => self.write_all(|slices| connection.write(slices)),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        };
        if written.is_err() {
            self.state.borrow_mut().wake_writer();
        }
    }

    /// Appends packets to a payload, as many as every client accepts at once; returns whether it is the close. A close
    /// goes alone, because stock clients act on it before the other packets.
    pub(crate) fn fill_payload(&self, payload: &mut String) -> bool {
        let mut state = self.state.borrow_mut();
        let (before, mut frames, mut packets, mut closed) = (payload.len(), 0, 0, false);
        let mut next = |payload: &str| {
            state.outbox.pop_if(|bytes| {
                packets += payload::packets(bytes);
                let room = packets <= PACKETS && payload.len() + bytes.len() <= PAYLOAD;
                payload.is_empty() || (room && !payload::is_close(bytes))
            })
        };
        while let Some(bytes) = next(payload) {
            frames += 1;
            closed |= payload::append(payload, &bytes);
        }
        self.release_held_events(&mut state);
        self.local.metrics.sent(payload.len() - before, frames);
        closed
    }

    /// Registers the caller as the writer of what is queued from here on.
    pub(crate) fn register_writer(&self, cx: &Context<'_>) {
        self.state.borrow_mut().writer = Some(cx.waker().clone());
    }

    /// Limits the kernel's share of a large backlog, because pings overtake the outbox but not the kernel. Acks do not
    /// count: they are bounded, and a client that sends much before it reads relies on the kernel's buffer.
    fn limit_kernel_buffer(&self, state: &State) {
        let mut backlog = self.backlog.get();
        let limit = backlog.observe(state.outbox.without_acks() >= LARGE, Instant::now);
        self.backlog.set(backlog);
        if let Some(limited) = limit {
            self.connection().iter().for_each(|connection| connection.limit_kernel_buffer(limited));
        }
    }

    /// The next bytes for a copying writer; `None` at the end.
    pub(crate) fn poll_bytes(&self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.state.borrow_mut();
        self.limit_kernel_buffer(&state);
        match state.outbox.next() {
            Some((bytes, last)) => {
                self.release_held_events(&mut state);
                self.local.metrics.sent(bytes.len(), u64::from(last));
                Poll::Ready(Some(bytes))
            }
            None => state.poll_end(cx).map(|()| None),
        }
    }

    /// Writes until the outbox is empty or `write` fails; ready at the session's end.
    pub(crate) fn poll_write(
        &self,
        cx: &Context<'_>,
        write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> Poll<io::Result<()>> {
        if let Err(error) = self.write_all(write) {
            return Poll::Ready(Err(error));
        }
        self.state.borrow_mut().poll_end(cx).map(Ok)
    }

    /// Resumes held events.
    fn release_held_events(&self, state: &mut State) {
        if self.held.get() && state.outbox.acks() <= self.max_unread_acks {
            self.held.set(false);
            state.wake_task();
        }
    }

    fn write_all(&self, mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>) -> io::Result<()> {
        let mut state = self.state.borrow_mut();
        self.limit_kernel_buffer(&state);
        while !state.outbox.is_empty() {
            state.outbox.materialize(SLICES);
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = state.outbox.peek(&mut slices);
            let written = write(&slices[..count])?;
            let frames = state.outbox.advance(written);
            self.release_held_events(&mut state);
            self.local.metrics.sent(written, frames);
        }
        self.limit_kernel_buffer(&state);
        Ok(())
    }
}
