//! How a session ends: in order, by its client, or by force.

use crate::{
    metrics::Meters,
    reason::Reason,
    session::handle::{Closing, Link, Phase},
    wire::frame::Frame,
};

impl Link {
    /// Queues a close frame, and nothing after it.
    pub(crate) fn close(&self, closing: Closing) {
        let mut state = self.state.borrow_mut();
        if state.phase != Phase::Open {
            return;
        }
        // A client with a full outbox does not read, and would not read this.
        if state.outbox.push(Frame::close(closing.code, &closing.sentence).into_bytes()).is_err() {
            drop(state);
            return self.cut(closing.reason);
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
            Phase::Finished(_) | Phase::Cut(_) => return,
        };
        state.wake_writer();
        state.wake_task();
    }

    /// Ends the connection now; what waits is dropped.
    pub(crate) fn cut(&self, reason: Reason) {
        {
            let mut state = self.state.borrow_mut();
            if matches!(state.phase, Phase::Cut(_)) {
                return;
            }
            state.phase = Phase::Cut(match state.phase {
                Phase::Closing(earlier) | Phase::Finished(earlier) => earlier,
                Phase::Open | Phase::Cut(_) => reason,
            });
            state.outbox.abandon();
            state.wake_writer();
            state.wake_task();
        }
        Meters::evicted(reason);
        if let Some(connection) = self.connection() {
            connection.cut();
        }
    }

    /// actix has dropped the response: the connection is gone, or the body has been read to its end.
    pub(crate) fn body_dropped(&self) {
        self.written.set(true);
        let mut state = self.state.borrow_mut();
        state.writer = None;
        state.phase = match state.phase {
            Phase::Open => Phase::Cut(Reason::TransportClose),
            Phase::Closing(reason) => Phase::Cut(reason),
            ended => ended,
        };
        state.outbox.abandon();
        state.wake_task();
    }

    /// Whether a finished session's last bytes are with actix. If both sides have closed then the connection is
    /// ended, too: actix has tried to flush by now, and whatever it could not the peer no longer waits for.
    pub(crate) fn settled(&self) -> bool {
        if self.written.get()
            && self.peer_closed.take()
            && let Some(connection) = self.connection()
        {
            connection.end();
        }
        self.written.get()
    }

    /// Everything has been written, or was put where it will be.
    pub(crate) fn over(&self) {
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
    pub(crate) fn depart(&self) {
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
    pub(crate) fn go_away(&self) {
        self.leaving.set(true);
        self.state.borrow_mut().wake_task();
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.get()
    }

    /// The session's task is done: leaves the worker's list, and sees to it that the connection ends.
    pub(crate) fn retire(&self, grace: std::time::Duration) {
        self.shard.remove(self);
        self.place.take();
        self.shard.meters.high_water(self.state.borrow().high_water);
        self.shard.reap(self.connection.borrow().clone(), grace);
    }
}
