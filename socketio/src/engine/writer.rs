//! Writes a session's outbox straight to its connection: many frames by one system call, none of them copied.

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
    /// Made when the kernel first takes no more, to be told when it does.
    full: Option<TcpStream>,
    /// The connection has failed; what its peer said before that may not have been read yet.
    lost: Option<(io::Error, Pin<Box<Sleep>>)>,
}

/// How long the peer's last words are waited for once writing to it has failed.
const READ_GRACE: Duration = Duration::from_millis(50);

impl Writer {
    /// Writes what waits. Ready at the session's end, or when the connection fails.
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
                    session.stalled(true);
                    if self.full.is_none() {
                        self.full = Some(connection.waiting()?);
                    }
                }
                Poll::Ready(Err(error)) if session.is_open() => {
                    session.stalled(true);
                    let mut until = Box::pin(sleep(READ_GRACE));
                    // Asked once, so that it wakes us.
                    let _ = until.as_mut().poll(cx);
                    self.lost = Some((error, until));
                    return Poll::Pending;
                }
                ended => {
                    session.stalled(false);
                    self.full = None;
                    return ended;
                }
            }
        }
    }
}
