//! A session's entry in its worker's list.

use std::{rc::Rc, time::Duration};

use crate::{reason::Reason, session::handle::SessionHandle};

/// A session's entry in its worker's list, and its place on the server: both end with the task, however that ends.
pub(super) struct SessionGuard {
    session: Rc<SessionHandle>,
    grace: Duration,
}

impl SessionGuard {
    pub(super) fn new(session: Rc<SessionHandle>, grace: Duration) -> Self {
        session.worker().add(session.clone());
        Self { session, grace }
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        // Only a task that was torn down comes here with an open link.
        if self.session.is_open() {
            self.session.abort(Reason::Shutdown);
        }
        self.session.retire(self.grace);
    }
}
