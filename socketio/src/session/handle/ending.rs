//! The end of a session: gracefully, by its client, or by an abort.

use crate::{
    metrics::Metrics,
    reason::Reason,
    session::handle::{Closing, Phase, SessionHandle},
    wire::frame::Frame,
};

impl SessionHandle {
    /// Queues a close frame as the last one.
    pub(crate) fn close(&self, closing: Closing) {
        let mut state = self.state.borrow_mut();
        if state.phase != Phase::Open {
            return;
        }
        // A client with a full outbox does not read, and would not read the close.
        if state.outbox.push(Frame::close(closing.code, &closing.sentence).into_bytes()).is_err() {
            drop(state);
            return self.abort(closing.reason);
        }
        state.phase = Phase::Closing(closing.reason);
        state.wake_writer();
        state.wake_task();
    }

    /// The peer has closed or stopped sending: the body ends after the remaining frames. A peer that has closed reads
    /// only the echoed close, so the rest is dropped.
    pub(crate) fn finish(&self, echo: Option<Frame>) {
        self.finish_by(echo, Reason::TransportClose);
    }

    /// [`finish`](Self::finish), with a reason.
    pub(crate) fn finish_by(&self, echo: Option<Frame>, why: Reason) {
        self.peer_closed.set(echo.is_some());
        let mut state = self.state.borrow_mut();
        state.phase = match state.phase {
            Phase::Open => {
                if let Some(echo) = echo {
                    state.outbox.clear();
                    // An empty outbox accepts any frame.
                    let _ = state.outbox.push(echo.into_bytes());
                }
                Phase::Finished(why)
            }
            // The queued close is the answer.
            Phase::Closing(reason) => Phase::Finished(reason),
            Phase::Finished(_) | Phase::Aborted(_) => return,
        };
        state.wake_writer();
        state.wake_task();
    }

    /// Aborts the connection and drops the outbox.
    pub(crate) fn abort(&self, reason: Reason) {
        {
            let mut state = self.state.borrow_mut();
            if matches!(state.phase, Phase::Aborted(_)) {
                return;
            }
            state.phase = Phase::Aborted(match state.phase {
                Phase::Closing(earlier) | Phase::Finished(earlier) => earlier,
                Phase::Open | Phase::Aborted(_) => reason,
            });
            state.outbox.abandon();
            state.wake_writer();
            state.wake_task();
        }
        Metrics::count_eviction(reason);
        if let Some(connection) = self.connection() {
            connection.abort();
        }
    }

    /// actix has dropped the response: the connection is gone, or the body was read to its end.
    pub(crate) fn body_dropped(&self) {
        self.written.set(true);
        let mut state = self.state.borrow_mut();
        state.writer = None;
        state.phase = match state.phase {
            Phase::Open => Phase::Aborted(Reason::TransportClose),
            Phase::Closing(reason) => Phase::Aborted(reason),
            ended => ended,
        };
        state.outbox.abandon();
        state.wake_task();
    }

    /// Whether actix has the last bytes of a finished session. If both sides have closed, the connection is shut down
    /// too: actix has tried to flush by now, and the peer no longer waits for the rest.
    pub(crate) fn is_flushed(&self) -> bool {
        if self.written.get()
            && self.peer_closed.take()
            && let Some(connection) = self.connection()
        {
            connection.end();
        }
        self.written.get()
    }

    /// The transport has delivered everything.
    pub(crate) fn transport_finished(&self) {
        self.written.set(true);
        let mut state = self.state.borrow_mut();
        state.phase = match state.phase {
            Phase::Open => Phase::Finished(Reason::TransportClose),
            Phase::Closing(reason) => Phase::Finished(reason),
            ended => ended,
        };
        state.wake_task();
    }

    /// Finishes without sending the rest: the client has closed.
    pub(crate) fn close_discarding(&self) {
        let mut state = self.state.borrow_mut();
        if state.phase == Phase::Open {
            state.phase = Phase::Finished(Reason::TransportClose);
            state.outbox.abandon();
            state.wake_task();
        }
    }

    /// Marks the close as begun; true for the first call.
    pub(crate) fn begin_closing(&self) -> bool {
        !self.closing.replace(true)
    }

    /// Starts a graceful shutdown: the task closes after everything received is handled.
    pub(crate) fn drain(&self) {
        self.draining.set(true);
        self.state.borrow_mut().wake_task();
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.get()
    }

    /// Ends the task: leaves the list of sessions, and makes sure that the connection ends.
    pub(crate) fn retire(&self, grace: std::time::Duration) {
        self.local.remove(self);
        self.permit.take();
        self.local.metrics.high_water(self.state.borrow().high_water);
        self.local.reap(self.connection.borrow().clone(), grace);
    }
}
