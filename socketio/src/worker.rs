//! A worker: one thread with its sessions, and the commands of other threads for it.
//!
//! ```text
//! Hub ─▶ CommandQueue ─▶ Worker ─▶ Members ─▶ SocketInner ─▶ SessionHandle ─▶ Outbox
//!  │                       │ of a namespace       ├───▶ Nsp: the state of its namespace, shared by all workers
//!  │                       └▶ LocalSessions       └───▶ back to its Members, its Worker, and the Worker's Hub
//!  └▶ Observer: is shown the hub and its sockets
//! ```
//!
//! The arrows back make the only large circle of modules in this crate: hub, observer, worker, members and socket. A
//! socket removes itself from its members, executes its worker's commands before an ack, and reports to the hub's
//! observer. Members hold a socket only while it is connected, so a disconnect ends the circle of references.

use std::{cell::RefCell, collections::HashMap, rc::Rc, sync::Arc};

use crate::{
    hub::Hub,
    session::local::LocalSessions,
    worker::{command::CommandQueue, members::Members, nsp::Nsp},
};

pub(crate) mod command;
mod execute;
pub(crate) mod members;
pub(crate) mod nsp;
pub(crate) mod recovery;
pub(crate) mod socket;
pub(crate) mod socket_info;
mod start;
pub(crate) mod target;

/// The sessions of one hub on one worker thread.
pub(crate) struct Worker {
    pub(crate) hub: Hub,
    pub(crate) sessions: Rc<LocalSessions>,
    queue: Arc<CommandQueue>,
    /// Sockets of each namespace, by the namespace's address.
    namespaces: RefCell<HashMap<*const Nsp, Rc<Members>>>,
}

impl Worker {
    /// Sockets of a namespace on this thread, for a socket that is about to be added. Each socket holds the namespace,
    /// so that the address stays unique until [`forget`](Self::forget).
    pub(crate) fn members(&self, nsp: &Arc<Nsp>) -> Rc<Members> {
        self.namespaces.borrow_mut().entry(Arc::as_ptr(nsp)).or_default().clone()
    }

    /// Removes a namespace without sockets on this thread.
    pub(crate) fn forget(&self, nsp: &Arc<Nsp>) {
        self.namespaces.borrow_mut().remove(&Arc::as_ptr(nsp));
    }

    fn members_of(&self, nsp: &Arc<Nsp>) -> Option<Rc<Members>> {
        self.namespaces.borrow().get(&Arc::as_ptr(nsp)).cloned()
    }
}
