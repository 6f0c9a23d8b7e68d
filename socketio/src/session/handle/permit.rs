//! The session's permit: joining, owner, and rates.

use std::task::Context;

use super::{Closing, SessionHandle};
use crate::{
    metrics::Metrics,
    reason::Reason,
    session::limiter::{LimitReached, RateExceeded},
};

impl SessionHandle {
    /// Marks the session as joined. Returns false if it is closed instead, because the server is full.
    pub(crate) fn join(&self) -> bool {
        let joined = self.permit.borrow_mut().as_mut().map_or(Ok(()), |permit| permit.join());
        if joined.is_err() {
            Metrics::count_limit("max_sessions");
            // A close, not a `connect_error`: after the latter stock clients would not reconnect by themselves.
            self.close(Closing::new(1013, "the server is full", Reason::Full));
        }
        joined.is_ok()
    }

    /// Aborts the session if its permit is revoked for another one. Polled until the session has joined.
    pub(crate) fn poll_evicted(&self, cx: &mut Context<'_>) {
        let evicted = self.permit.borrow_mut().as_mut().map(|permit| permit.poll_evicted(cx));
        if evicted.is_some_and(|evicted| evicted.is_ready()) {
            Metrics::count_limit("max_sessions");
            self.abort(Reason::Full);
        }
    }

    /// Assigns the session to an owner.
    pub(crate) fn set_owner(&self, owner: Option<&str>) -> Result<(), LimitReached> {
        self.permit.borrow_mut().as_mut().map_or(Ok(()), |permit| permit.set_owner(owner))
    }

    /// Charges events and their bytes.
    pub(crate) fn charge(&self, events: u64, bytes: u64) -> Result<(), RateExceeded> {
        self.permit.borrow().as_ref().map_or(Ok(()), |permit| permit.charge(events, bytes))
    }

    /// Counts an operation against its rate.
    pub(crate) fn check_rate(&self, name: &str) -> Result<(), RateExceeded> {
        self.permit.borrow().as_ref().map_or(Ok(()), |permit| permit.check_rate(name))
    }
}
