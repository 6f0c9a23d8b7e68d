//! A session's entry in its worker's list.

use std::{rc::Rc, time::Duration};

use crate::{reason::Reason, session::handle::Link};

/// A session's entry in its worker's list, and its place on the server: both end with the task, however that ends.
pub(super) struct Registered {
    link: Rc<Link>,
    grace: Duration,
}

impl Registered {
    pub(super) fn new(link: Rc<Link>, grace: Duration) -> Self {
        link.shard().add(link.clone());
        Self { link, grace }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        // Only a task that was torn down comes here with an open link.
        if self.link.is_open() {
            self.link.cut(Reason::Shutdown);
        }
        self.link.retire(self.grace);
    }
}
