//! What a GET is answered with. A large one is handed on a little at a time, so that it is known when its client has taken it: the next
//! GET is answered only then, or who opens connections and reads none of them would be sent something on each.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use actix_http::body::{BodySize, MessageBody};
use bytes::Bytes;

use crate::session::{connection::Connection, handle::PollProgress};

/// Answers up to this size are no burden, and their end is not looked for.
const SMALL: usize = 64 * 1024;
/// Bytes that are handed on at a time.
const SLICE: usize = 16 * 1024;

/// A response's body.
pub(in crate::engine) struct Answer {
    bytes: Bytes,
    poll_progress: Arc<PollProgress>,
    /// As long as a large one is being taken.
    large: bool,
}

impl Answer {
    pub(super) fn new(
        payload: String,
        poll_progress: &Arc<PollProgress>,
        connection: Option<&Connection>,
    ) -> Self {
        let large = payload.len() > SMALL;
        if large {
            poll_progress.begin();
            connection.inspect(|connection| connection.limit_kernel_buffer());
        }
        Self { bytes: payload.into(), poll_progress: poll_progress.clone(), large }
    }

    fn taken(&mut self) {
        if std::mem::take(&mut self.large) {
            self.poll_progress.end();
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
        self.poll_progress.add(len);
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
