//! Outgoing side of an upgraded session, on the session's worker.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use super::handle::Upgraded;
use crate::{
    engine::{pipe::Pipe, writer::Writer},
    reason::Reason,
    session::handle::SessionHandle,
};

/// Writes the outbox directly to the WebSocket, or into the pipe to its response body.
pub(super) struct UpgradedWriter {
    pipe: Arc<Pipe>,
    direct: Option<Writer>,
}

impl UpgradedWriter {
    pub(super) fn new(upgraded: Upgraded, session: &SessionHandle) -> Self {
        let direct = upgraded.connection.upgrade().is_some_and(|connection| connection.is_direct());
        let direct = (direct && !upgraded.early).then(Writer::default);
        session.set_connection(upgraded.connection);
        if direct.is_some() {
            session.enable_direct_writes();
        }
        Self { pipe: upgraded.pipe, direct }
    }

    /// Writes until the outbox is empty or the pipe is full.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, session: &SessionHandle) {
        let ended = match (&mut self.direct, session.connection()) {
            (Some(writer), Some(connection)) => match writer.poll(cx, session, &connection) {
                Poll::Ready(Ok(())) => true,
                Poll::Ready(Err(_)) => {
                    session.abort(Reason::TransportClose);
                    true
                }
                Poll::Pending => false,
            },
            (Some(_), None) => {
                session.abort(Reason::TransportClose);
                true
            }
            (None, _) => self.poll_pipe(cx, session),
        };
        if ended {
            self.pipe.end();
            session.transport_finished();
        }
    }

    fn poll_pipe(&self, cx: &Context<'_>, session: &SessionHandle) -> bool {
        loop {
            let has_capacity = self.pipe.poll_capacity(cx).is_ready();
            session.set_stalled(!has_capacity);
            if !has_capacity {
                return false;
            }
            match session.poll_bytes(cx) {
                Poll::Ready(Some(bytes)) => self.pipe.push(bytes),
                Poll::Ready(None) => return true,
                Poll::Pending => return false,
            }
        }
    }
}

/// The WebSocket ends with the session.
impl Drop for UpgradedWriter {
    fn drop(&mut self) {
        self.pipe.end();
    }
}
