//! Writes a session's outbox directly to its connection: many frames per system call, without copies.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    net::TcpStream,
    time::{Sleep, sleep},
};

use crate::session::{connection::Connection, handle::SessionHandle};

#[derive(Default)]
pub(super) struct Writer {
    /// Created when the kernel's buffer is first full, to wait for writability.
    full: Option<TcpStream>,
    /// The error of a failed connection, and the time to read the peer's last messages.
    lost: Option<(io::Error, Pin<Box<Sleep>>)>,
}

/// Time to read the peer's last messages after a failed write.
const READ_GRACE: Duration = Duration::from_millis(50);

impl Writer {
    /// Writes the outbox. Ready at the session's end, or when the connection fails.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        session: &SessionHandle,
        connection: &Connection,
    ) -> Poll<io::Result<()>> {
        if let Some((_, until)) = &mut self.lost {
            let waits = session.is_open() && until.as_mut().poll(cx).is_pending();
            let error = if waits { None } else { self.lost.take().map(|(error, _)| error) };
            return error.map_or(Poll::Pending, |error| Poll::Ready(Err(error)));
        }
        loop {
            let outcome = match &self.full {
                None => session.poll_write(cx, |slices| connection.write(slices)),
                Some(stream) => {
                    ready!(stream.poll_write_ready(cx))?;
                    session.poll_write(cx, |slices| stream.try_write_vectored(slices))
                }
            };
            match outcome {
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    session.set_stalled(true);
                    if self.full.is_none() {
                        self.full = Some(connection.waiting()?);
                    }
                }
                Poll::Ready(Err(error)) if session.is_open() => {
                    session.set_stalled(true);
                    let mut until = Box::pin(sleep(READ_GRACE));
                    // Registers the waker.
                    let _ = until.as_mut().poll(cx);
                    self.lost = Some((error, until));
                    return Poll::Pending;
                }
                ended => {
                    session.set_stalled(false);
                    self.full = None;
                    return ended;
                }
            }
        }
    }
}
