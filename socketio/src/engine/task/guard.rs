//! Registration of a session for the lifetime of its task.

use std::{rc::Rc, time::Duration};

use crate::{reason::Reason, session::handle::SessionHandle};

/// A session's entry in its thread's list, and its permit. Both end with the task, even if it is torn down.
pub(super) struct SessionGuard {
    session: Rc<SessionHandle>,
    grace: Duration,
}

impl SessionGuard {
    pub(super) fn new(session: Rc<SessionHandle>, grace: Duration) -> Self {
        session.local().add(session.clone());
        Self { session, grace }
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        // Only a task that is torn down has an open session here.
        if self.session.is_open() {
            self.session.abort(Reason::Shutdown);
        }
        self.session.retire(self.grace);
    }
}
