//! Socket.IO on one session: decodes packets and handles the events of each namespace in order.
//!
//! ```text
//! messages ─▶ packets ─▶ the namespace's driver ─▶ connect, event, disconnected
//!                  └───▶ acks, at once              one at a time per driver
//! ```
//!
//! The packets are in [`packets`], backpressure and deadlines in [`layer`].
//!
//! Events received before a deliberate close are still handled. After a lost connection no further event is started.

use std::{rc::Rc, sync::Arc};

use tokio::time::Instant;

use crate::{
    config::Config,
    engine::{BUSY, EXHAUSTED, SessionError, SessionLayer},
    metrics::Metrics,
    namespaces::Namespaces,
    reason::Reason,
    session::{
        handle::SessionHandle,
        limiter::{Exhausted, MemoryReservation},
        request::Request,
    },
    worker::Worker,
};

mod assembler;
mod connect;
mod driver;
mod layer;
mod packets;
mod rate;
mod run;

use assembler::PacketAssembler;
use driver::SocketDriver;
use rate::RateLimiter;

pub(crate) struct Client {
    namespaces: Arc<Namespaces>,
    session: Rc<SessionHandle>,
    worker: Rc<Worker>,
    request: Rc<Request>,
    drivers: Vec<SocketDriver>,
    /// Namespaces that the server has disconnected. The client may not know yet, so its packets for them are dropped.
    disconnected_by_server: Vec<Arc<str>>,
    assembler: PacketAssembler,
    /// Memory of unhandled events.
    reservation: MemoryReservation,
    rate: RateLimiter,
    /// Deadline for the session to have a socket.
    join_by: Instant,
    /// Set while events wait for the client to read its acks.
    held: Option<HeldEvents>,
    draining: bool,
    ended: bool,
}

/// Time without progress of a client that has to read.
struct HeldEvents {
    /// Bytes that the client had received at the start of this period.
    taken: u64,
    until: Instant,
}

impl Client {
    pub(crate) fn new(
        namespaces: Arc<Namespaces>,
        worker: Rc<Worker>,
        session: Rc<SessionHandle>,
        request: Rc<Request>,
    ) -> Self {
        let config = &namespaces.config;
        let (rate, join_by) = (RateLimiter::new(config.max_events), Instant::now() + config.connect_timeout);
        let (drivers, disconnected_by_server) = (Vec::new(), Vec::new());
        let assembler = PacketAssembler::new(config.max_attachments);
        let reservation = session.quota().reservation();
        Self {
            namespaces,
            session,
            worker,
            request,
            drivers,
            disconnected_by_server,
            assembler,
            reservation,
            rate,
            join_by,
            held: None,
            draining: false,
            ended: false,
        }
    }

    fn config(&self) -> &Config {
        &self.namespaces.config
    }

    /// Limit of one message in bytes.
    fn max_payload(&self) -> usize {
        self.session.quota().message(self.config().max_payload)
    }

    /// Number and bytes of unhandled events.
    fn waiting(&self) -> (usize, usize) {
        self.drivers.iter().fold((0, 0), |(items, bytes), driver| {
            let (more_items, more_bytes) = driver.waiting();
            (items + more_items, bytes + more_bytes)
        })
    }

    /// Updates the memory reservation. Sessions without an owner share a budget.
    fn count(&mut self) -> Result<(), SessionError> {
        let held = self.waiting().1 + self.assembler.held();
        self.reservation.set(held).map_err(|Exhausted| {
            Metrics::count_limit("max_memory_without_owner");
            SessionError { code: BUSY, sentence: EXHAUSTED.to_owned(), reason: Reason::Full }
        })
    }
}

/// A task that is torn down leaves no socket behind.
impl Drop for Client {
    fn drop(&mut self) {
        self.end(Reason::Shutdown, true);
    }
}
