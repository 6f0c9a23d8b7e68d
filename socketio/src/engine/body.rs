//! The body of the 101 response, which drives the writing of frames.
//!
//! ```text
//! before the client's first message   outbox ─▶ actix, which copies into its buffer ─▶ socket
//! from then on                        outbox ─▶ socket, many frames per call; actix sees a pending body
//! ```
//!
//! The first message is an answer to the open packet: by then nothing is left in actix's buffer that could be
//! overtaken. Without a handle on the connection (see [`on_connect`](crate::on_connect)), or over TLS, all data goes
//! through actix.

use std::{
    convert::Infallible,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_http::body::{BodySize, MessageBody};
use bytes::Bytes;

use super::writer::Writer;
use crate::{reason::Reason, session::handle::SessionHandle};

pub(super) struct Body {
    session: Rc<SessionHandle>,
    writer: Writer,
}

impl Body {
    pub(super) fn new(session: Rc<SessionHandle>) -> Self {
        Self { session, writer: Writer::default() }
    }
}

impl MessageBody for Body {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let Self { session, writer } = &mut *self;
        let Some(connection) = session.direct() else {
            return session.poll_bytes(cx).map(|bytes| bytes.map(Ok));
        };
        if ready!(writer.poll(cx, session, &connection)).is_err() {
            session.abort(Reason::TransportClose);
        }
        Poll::Ready(None)
    }
}

/// actix drops the body when the peer resets the connection; this notifies the session's task.
impl Drop for Body {
    fn drop(&mut self) {
        self.session.body_dropped();
    }
}
