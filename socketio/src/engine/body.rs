//! The 101 response's body: frames, as they leave the outbox.

use std::{
    convert::Infallible,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_http::body::{BodySize, MessageBody};
use bytes::Bytes;

use crate::link::Link;

pub(super) struct Body(pub(super) Rc<Link>);

impl MessageBody for Body {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.0.poll_bytes(cx).map(|bytes| bytes.map(Ok))
    }
}

/// actix drops the body when the peer resets the connection: the session's task is told.
impl Drop for Body {
    fn drop(&mut self) {
        self.0.body_dropped();
    }
}
