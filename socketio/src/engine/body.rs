//! The 101 response's body: what drives the writing of frames, as they leave the outbox.
//!
//! ```text
//! before the client is heard   outbox ─▶ actix, which copies into its buffer ─▶ socket
//! from then on                 outbox ─▶ socket, many frames by one call; actix sees a body that is pending
//! ```
//!
//! The switch waits for the client's first message, because it is an answer to the open packet: by then nothing is left in
//! actix's buffer that could be overtaken. Without a handle on the connection (see
//! [`on_connect`](crate::on_connect)) all goes through actix.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_http::body::{BodySize, MessageBody};
use bytes::Bytes;
use tokio::net::TcpStream;

use crate::{connection::Connection, link::Link, service::Reason};

pub(super) struct Body {
    link: Rc<Link>,
    /// Made when the kernel first takes no more, to be told when it does.
    full: Option<TcpStream>,
}

impl Body {
    pub(super) fn new(link: Rc<Link>) -> Self {
        Self { link, full: None }
    }

    fn poll_direct(&mut self, cx: &mut Context<'_>, connection: &Connection) -> Poll<io::Result<()>> {
        loop {
            let outcome = match &self.full {
                None => self.link.poll_write(cx, |slices| connection.write(slices)),
                Some(stream) => {
                    ready!(stream.poll_write_ready(cx))?;
                    self.link.poll_write(cx, |slices| stream.try_write_vectored(slices))
                }
            };
            match outcome {
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.full.is_none() {
                        self.full = Some(connection.waiting()?);
                    }
                }
                ended => {
                    self.full = None;
                    return ended;
                }
            }
        }
    }
}

impl MessageBody for Body {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let Some(connection) = self.link.direct() else {
            return self.link.poll_bytes(cx).map(|bytes| bytes.map(Ok));
        };
        if ready!(self.poll_direct(cx, &connection)).is_err() {
            self.link.cut(Reason::TransportClose);
        }
        Poll::Ready(None)
    }
}

/// actix drops the body when the peer resets the connection: the session's task is told.
impl Drop for Body {
    fn drop(&mut self) {
        self.link.body_dropped();
    }
}
