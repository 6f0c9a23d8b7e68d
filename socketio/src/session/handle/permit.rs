//! The session's place among all: what it may still send, whose it is, and whether it is to go for somebody else.

use std::task::Context;

use super::{Closing, Link};
use crate::{
    metrics::Meters,
    reason::Reason,
    session::limiter::{Busy, Refusal},
};

impl Link {
    /// The session is about to be in a namespace; false if it is closed instead, because all places are taken.
    pub(crate) fn join(&self) -> bool {
        let joined = self.place.borrow_mut().as_mut().map_or(Ok(()), |place| place.join());
        if joined.is_err() {
            Meters::limited("max_sessions");
            // A close, and not a refusal: after that one stock clients would not come back by themselves.
            self.close(Closing::new(1013, "the server is full", Reason::Full));
        }
        joined.is_ok()
    }

    /// Ends the session if its place is given to another one. To be polled until it has joined.
    pub(crate) fn poll_sent_away(&self, cx: &mut Context<'_>) {
        let sent_away = self.place.borrow_mut().as_mut().map(|place| place.poll_sent_away(cx));
        if sent_away.is_some_and(|sent_away| sent_away.is_ready()) {
            Meters::limited("max_sessions");
            self.cut(Reason::Full);
        }
    }

    /// Says whose the session is.
    pub(crate) fn set_owner(&self, owner: Option<&str>) -> Result<(), Refusal> {
        self.place.borrow_mut().as_mut().map_or(Ok(()), |place| place.set_owner(owner))
    }

    /// Counts events of so many bytes.
    pub(crate) fn charge(&self, events: u64, bytes: u64) -> Result<(), Busy> {
        self.place.borrow().as_ref().map_or(Ok(()), |place| place.charge(events, bytes))
    }

    /// Counts what is done only so often.
    pub(crate) fn spend(&self, name: &str) -> Result<(), Busy> {
        self.place.borrow().as_ref().map_or(Ok(()), |place| place.spend(name))
    }
}
