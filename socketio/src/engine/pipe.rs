//! Outgoing side of an upgraded session's WebSocket. The response's body is on the worker of the connection, the
//! session on the worker that opened it. Data that cannot be written directly crosses here, in small amounts.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use actix_http::body::{BodySize, MessageBody};
use bytes::Bytes;

/// Maximum bytes in the pipe; the rest stays in the outbox, which has its own rules.
const CAPACITY: usize = 64 * 1024;

#[derive(Default)]
pub(super) struct Pipe(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<Bytes>,
    bytes: usize,
    ended: bool,
    body: Option<Waker>,
    session: Option<Waker>,
}

impl Pipe {
    pub(super) fn push(&self, bytes: Bytes) {
        let mut state = self.lock();
        state.bytes += bytes.len();
        state.waiting.push_back(bytes);
        wake(&mut state.body);
    }

    /// Ends the body after the queued bytes.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        wake(&mut state.body);
    }

    /// Ready while more may be pushed.
    pub(super) fn poll_capacity(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.bytes < CAPACITY {
            return Poll::Ready(());
        }
        state.session = Some(cx.waker().clone());
        Poll::Pending
    }

    fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.lock();
        match state.waiting.pop_front() {
            Some(bytes) => {
                state.bytes -= bytes.len();
                if state.bytes < CAPACITY {
                    wake(&mut state.session);
                }
                Poll::Ready(Some(bytes))
            }
            None if state.ended => Poll::Ready(None),
            None => {
                state.body = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// Body of the response.
pub(super) struct PipeBody(pub(super) Arc<Pipe>);

impl MessageBody for PipeBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.0.poll_next(cx).map(|bytes| bytes.map(Ok))
    }
}

/// The connection is gone; the session must not wait for capacity.
impl Drop for PipeBody {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        (state.ended, state.bytes) = (true, 0);
        state.waiting = VecDeque::new();
        wake(&mut state.session);
    }
}
