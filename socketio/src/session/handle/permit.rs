//! The session's place among all: what it may still send, whose it is, and whether it is to go for somebody else.

use std::task::Context;

use super::{Closing, SessionHandle};
use crate::{
    metrics::Metrics,
    reason::Reason,
    session::limiter::{LimitReached, RateExceeded},
};

impl SessionHandle {
    /// The session is about to be in a namespace; false if it is closed instead, because all places are taken.
    pub(crate) fn join(&self) -> bool {
        let joined = self.permit.borrow_mut().as_mut().map_or(Ok(()), |permit| permit.join());
        if joined.is_err() {
            Metrics::limited("max_sessions");
            // A close, and not a refusal: after that one stock clients would not come back by themselves.
            self.close(Closing::new(1013, "the server is full", Reason::Full));
        }
        joined.is_ok()
    }

    /// Ends the session if its place is given to another one. To be polled until it has joined.
    pub(crate) fn poll_evicted(&self, cx: &mut Context<'_>) {
        let evicted = self.permit.borrow_mut().as_mut().map(|permit| permit.poll_evicted(cx));
        if evicted.is_some_and(|evicted| evicted.is_ready()) {
            Metrics::limited("max_sessions");
            self.abort(Reason::Full);
        }
    }

    /// Says whose the session is.
    pub(crate) fn set_owner(&self, owner: Option<&str>) -> Result<(), LimitReached> {
        self.permit.borrow_mut().as_mut().map_or(Ok(()), |permit| permit.set_owner(owner))
    }

    /// Counts events of so many bytes.
    pub(crate) fn charge(&self, events: u64, bytes: u64) -> Result<(), RateExceeded> {
        self.permit.borrow().as_ref().map_or(Ok(()), |permit| permit.charge(events, bytes))
    }

    /// Counts what is done only so often.
    pub(crate) fn check_rate(&self, name: &str) -> Result<(), RateExceeded> {
        self.permit.borrow().as_ref().map_or(Ok(()), |permit| permit.check_rate(name))
    }
}
