//! A session's entries: in its worker's list, and among the server's places.

use std::{rc::Rc, time::Duration};

use crate::{census::Place, link::Link, reason::Reason};

/// A session's entry in its worker's list, and its place on the server: both end with the task, however that ends.
pub(super) struct Registered {
    link: Rc<Link>,
    grace: Duration,
    _place: Place,
}

impl Registered {
    pub(super) fn new(link: Rc<Link>, grace: Duration, place: Place) -> Self {
        link.shard().add(link.clone());
        Self { link, grace, _place: place }
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
