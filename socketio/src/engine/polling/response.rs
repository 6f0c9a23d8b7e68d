//! The response to a GET. A large one is passed on in slices, to learn when the client has received it. The next GET is
//! answered only then; otherwise a client could open many connections, read none, and be sent data on each.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use actix_http::body::{BodySize, MessageBody};
use bytes::Bytes;

use crate::session::{connection::Connection, ping::PollProgress};

/// Size up to which a response's progress is not tracked.
const SMALL: usize = 64 * 1024;
/// Bytes passed on at a time.
const SLICE: usize = 16 * 1024;

/// Body of the response.
pub(in crate::engine) struct PollResponse {
    bytes: Bytes,
    poll_progress: Arc<PollProgress>,
    /// Whether a large response is still being received.
    large: bool,
}

impl PollResponse {
    pub(super) fn new(
        payload: String,
        poll_progress: &Arc<PollProgress>,
        connection: Option<&Connection>,
    ) -> Self {
        let large = payload.len() > SMALL;
        if large {
            poll_progress.begin();
            connection.inspect(|connection| connection.limit_kernel_buffer(true));
        }
        Self { bytes: payload.into(), poll_progress: poll_progress.clone(), large }
    }

    fn mark_received(&mut self) {
        if std::mem::take(&mut self.large) {
            self.poll_progress.end();
        }
    }
}

impl MessageBody for PollResponse {
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
            // The client cannot have all of it earlier.
            self.mark_received();
        }
        Poll::Ready(Some(Ok(slice)))
    }
}

/// The connection may end before the client has received all of it.
impl Drop for PollResponse {
    fn drop(&mut self) {
        self.mark_received();
    }
}
