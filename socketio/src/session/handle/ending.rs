//! How a session ends: in order, by its client, or by force.

use crate::{
    metrics::Metrics,
    reason::Reason,
    session::handle::{Closing, Phase, SessionHandle},
    wire::frame::Frame,
};

impl SessionHandle {
    /// Queues a close frame, and nothing after it.
    pub(crate) fn close(&self, closing: Closing) {
        let mut state = self.state.borrow_mut();
        if state.phase != Phase::Open {
            return;
        }
        // A client with a full outbox does not read, and would not read this.
        if state.outbox.push(Frame::close(closing.code, &closing.sentence).into_bytes()).is_err() {
            drop(state);
            return self.abort(closing.reason);
        }
        state.phase = Phase::Closing(closing.reason);
        state.wake_writer();
        state.wake_task();
    }

    /// The peer has closed, or stopped sending: the body ends with what it is still owed. One that has closed reads
    /// no more than our own close, so the rest is dropped.
    pub(crate) fn finish(&self, echo: Option<Frame>) {
        self.finish_by(echo, Reason::TransportClose);
    }

    /// The same, and why.
    pub(crate) fn finish_by(&self, echo: Option<Frame>, why: Reason) {
        self.peer_closed.set(echo.is_some());
        let mut state = self.state.borrow_mut();
        state.phase = match state.phase {
            Phase::Open => {
                if let Some(echo) = echo {
                    state.outbox.clear();
                    // An empty outbox takes any frame.
                    let _ = state.outbox.push(echo.into_bytes());
                }
                Phase::Finished(why)
            }
            // Our own close is the answer.
            Phase::Closing(reason) => Phase::Finished(reason),
            Phase::Finished(_) | Phase::Aborted(_) => return,
        };
        state.wake_writer();
        state.wake_task();
    }

    /// Ends the connection now; what waits is dropped.
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
        Metrics::evicted(reason);
        if let Some(connection) = self.connection() {
            connection.abort();
        }
    }

    /// actix has dropped the response: the connection is gone, or the body has been read to its end.
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

    /// Whether a finished session's last bytes are with actix. If both sides have closed then the connection is
    /// ended, too: actix has tried to flush by now, and whatever it could not the peer no longer waits for.
    pub(crate) fn is_flushed(&self) -> bool {
        if self.written.get()
            && self.peer_closed.take()
            && let Some(connection) = self.connection()
        {
            connection.end();
        }
        self.written.get()
    }

    /// Everything has been written, or was put where it will be.
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

    /// The client has left and wants nothing more.
    pub(crate) fn close_discarding(&self) {
        let mut state = self.state.borrow_mut();
        if state.phase == Phase::Open {
            state.phase = Phase::Finished(Reason::TransportClose);
            state.outbox.abandon();
            state.wake_task();
        }
    }

    /// Whether this is the first time that the session is seen to end.
    pub(crate) fn begin_closing(&self) -> bool {
        !self.closing.replace(true)
    }

    /// The server shuts down: the task closes once all that was received is done.
    pub(crate) fn drain(&self) {
        self.draining.set(true);
        self.state.borrow_mut().wake_task();
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.get()
    }

    /// The session's task is done: leaves the worker's list, and sees to it that the connection ends.
    pub(crate) fn retire(&self, grace: std::time::Duration) {
        self.worker.remove(self);
        self.permit.take();
        self.worker.metrics.high_water(self.state.borrow().high_water);
        self.worker.reap(self.connection.borrow().clone(), grace);
    }
}
