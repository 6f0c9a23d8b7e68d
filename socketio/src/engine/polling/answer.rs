//! What a GET is answered with. A large one is handed on a little at a time, so that it is known when its client has taken it: the next
//! GET is answered only then, or who opens connections and reads none of them would be sent something on each.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use actix_http::body::{BodySize, MessageBody};
use bytes::Bytes;

use super::Flags;

/// Answers up to this size are no burden, and their end is not looked for.
const SMALL: usize = 64 * 1024;
/// Bytes that are handed on at a time.
const SLICE: usize = 16 * 1024;

/// A response's body.
pub(in crate::engine) struct Answer {
    bytes: Bytes,
    /// There as long as it is being taken.
    flags: Option<Arc<Flags>>,
}

impl Answer {
    pub(super) fn new(payload: String, flags: &Arc<Flags>) -> Self {
        let flags = (payload.len() > SMALL).then(|| flags.clone());
        if let Some(flags) = &flags {
            flags.answering.store(true, Ordering::SeqCst);
        }
        Self { bytes: payload.into(), flags }
    }

    fn taken(&mut self) {
        if let Some(flags) = self.flags.take() {
            flags.answering.store(false, Ordering::SeqCst);
        }
    }
}

impl MessageBody for Answer {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.bytes.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        if self.bytes.is_empty() {
            return Poll::Ready(None);
        }
        let len = self.bytes.len().min(SLICE);
        let slice = self.bytes.split_to(len);
        if self.bytes.is_empty() {
            // The client cannot have all of it before this.
            self.taken();
        }
        Poll::Ready(Some(Ok(slice)))
    }
}

/// The connection may end before all of it was taken.
impl Drop for Answer {
    fn drop(&mut self) {
        self.taken();
    }
}
