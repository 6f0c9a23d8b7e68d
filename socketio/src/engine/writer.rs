//! Writes a session's outbox straight to its connection: many frames by one system call, none of them copied.

use std::{
    io,
    task::{Context, Poll, ready},
};

use tokio::net::TcpStream;

use crate::{connection::Connection, link::Link};

#[derive(Default)]
pub(super) struct Writer {
    /// Made when the kernel first takes no more, to be told when it does.
    full: Option<TcpStream>,
}

impl Writer {
    /// Writes what waits. Ready at the session's end, or when the connection fails.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        link: &Link,
        connection: &Connection,
    ) -> Poll<io::Result<()>> {
        loop {
            let outcome = match &self.full {
                None => link.poll_write(cx, |slices| connection.write(slices)),
                Some(stream) => {
                    ready!(stream.poll_write_ready(cx))?;
                    link.poll_write(cx, |slices| stream.try_write_vectored(slices))
                }
            };
            match outcome {
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    link.stalled(true);
                    if self.full.is_none() {
                        self.full = Some(connection.waiting()?);
                    }
                }
                ended => {
                    link.stalled(false);
                    self.full = None;
                    return ended;
                }
            }
        }
    }
}
