//! The outbox, seen from whoever writes: a response's body, a waiting GET, or the session itself.

use std::{
    io::{self, IoSlice},
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;

use crate::{connection::Connection, engine::payload, link::Link};

/// Frames written by one system call.
const SLICES: usize = 16;

impl Link {
    /// Whether what was sent last is known not to get through just now.
    pub(crate) fn stalled(&self, stalled: bool) {
        self.stalled.set(stalled);
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

    /// Appends what waits to a payload; says whether it was the close. That goes alone: stock clients act on it before they
    /// act on what came with it.
    pub(crate) fn drain(&self, payload: &mut String) -> bool {
        let mut state = self.state.borrow_mut();
        let (before, mut frames, mut closed) = (payload.len(), 0, false);
        while let Some(bytes) = state.outbox.pop_if(|bytes| payload.is_empty() || !payload::is_close(bytes)) {
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
}
