//! Socket.IO on one session: decodes packets and handles the events of each namespace in order.
//!
//! ```text
//! messages ─▶ packets ─▶ the namespace's driver ─▶ connect, event, disconnected
//!                  └───▶ acks, at once              one at a time per driver
//! ```
//!
//! Events received before a deliberate close are still handled. After a lost connection no further event is started.

use std::{
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::{
    config::Config,
    engine::{BUSY, EXHAUSTED, Message, SessionError, SessionLayer},
    handshake::ConnectError,
    limit_exceeded::LimitExceeded,
    metrics::Metrics,
    namespaces::Namespaces,
    reason::Reason,
    session::{
        handle::SessionHandle,
        limiter::{Exhausted, MemoryReservation},
        request::Request,
    },
    wire::{
        args::Args,
        frame::Frame,
        json::is_deeper,
        packet::{EventPacket, Packet},
    },
    worker::{Worker, socket::MAX_NAME_BYTES},
};

mod assembler;
mod connect;
mod driver;
mod rate;
mod run;

use assembler::{PacketAssembler, PendingPacket};
use driver::{Item, Membership, SocketDriver};
use rate::RateLimiter;
use run::Received;

/// Factor by which `max_inbox` grows while a handler waits for an ack, because the ack may stand behind the queued
/// events.
const AWAITING_ACK_FACTOR: usize = 8;

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

    /// Starts or stops the read timeout.
    fn hold(&mut self) {
        if !self.drivers.iter().any(SocketDriver::is_held) {
            self.held = None;
        } else if self.held.is_none() {
            Metrics::count_limit("max_unread_acks");
            self.wait_for_reading();
        }
    }

    fn wait_for_reading(&mut self) {
        let until = Instant::now() + self.config().unread_timeout;
        self.held = Some(HeldEvents { taken: self.session.bytes_written(), until });
    }

    fn packet(&mut self, text: &str) -> Result<(), SessionError> {
        if self.assembler.is_waiting() {
            return Err(SessionError::invalid("an attachment was to follow"));
        }
        match Packet::parse(text).map_err(SessionError::invalid)? {
            Packet::Connect { namespace, auth } => self.connect(&namespace, auth, text.len()),
            Packet::Disconnect { namespace } => {
                let Some(driver) = self.driver(&namespace)? else { return Ok(()) };
                driver.leave();
                self.join_by = Instant::now() + self.config().connect_timeout;
                Ok(())
            }
            Packet::Event(emitted) => {
                self.driver(&emitted.namespace)?;
                let attachments = emitted.attachments;
                self.begin(PendingPacket::Event(emitted, None), attachments, text.len())
            }
            Packet::Ack { namespace, id, args, attachments } => {
                self.driver(&namespace)?;
                self.begin(PendingPacket::Ack { namespace, id, args }, attachments, text.len())
            }
        }
    }

    fn connect(&mut self, name: &str, auth: Option<Box<RawValue>>, bytes: usize) -> Result<(), SessionError> {
        if self.draining {
            return Ok(());
        }
        let refuse = |sentence: &str| {
            self.session.emit(Frame::text(&ConnectError::new(sentence).packet(name)));
            Ok(())
        };
        self.disconnected_by_server.retain(|other| &**other != name);
        if let Some(driver) = self.drivers.iter_mut().find(|driver| &*driver.nsp.name == name) {
            if driver.membership != Membership::Left && !driver.is_disconnected_by_server() {
                // Stock clients send a second CONNECT if `connect()` is called before the first is answered.
                return Ok(());
            }
            driver.connect(auth, bytes);
            return Ok(());
        }
        // Drivers of left namespaces may still run a handler.
        let taken = self.drivers.iter().filter(|driver| driver.membership != Membership::Left).count();
        let max = self.config().max_sockets;
        if taken >= max || self.drivers.len() >= 2 * max {
            Metrics::count_limit("max_sockets");
            return refuse("Too many namespaces on one connection");
        }
        let known = (name.len() <= MAX_NAME_BYTES).then(|| self.namespaces.acquire(&self.worker.hub, name));
        let Some((nsp, service)) = known.flatten() else {
            return refuse("Invalid namespace");
        };
        let mut driver = SocketDriver::new(
            nsp,
            service,
            self.worker.clone(),
            self.session.clone(),
            self.request.clone(),
            self.config().max_rooms,
        );
        driver.connect(auth, bytes);
        self.drivers.push(driver);
        Ok(())
    }

    fn begin(&mut self, packet: PendingPacket, attachments: usize, bytes: usize) -> Result<(), SessionError> {
        let whole = self.assembler.begin(packet, attachments, bytes)?;
        whole.map_or(Ok(()), |whole| self.take(whole))
    }

    /// Handles a binary message; `None` if it was too large and skipped.
    fn attachment(&mut self, attachment: Option<Vec<u8>>, bytes: u64) -> Result<(), SessionError> {
        let whole = self.assembler.attach(attachment, bytes, self.max_payload())?;
        whole.map_or(Ok(()), |whole| self.take(whole))
    }

    /// Handles a packet with all its attachments.
    fn take(&mut self, assembled: assembler::AssembledPacket) -> Result<(), SessionError> {
        let limit = self.max_payload();
        let bytes = assembled.bytes;
        match assembled.packet {
            // Running handlers may still wait for acks.
            PendingPacket::Event(..) if self.draining => {}
            PendingPacket::Event(emitted, limit_exceeded) => {
                let too_large = assembled.over.then_some(LimitExceeded::TooLarge { bytes, limit });
                let limit_exceeded = self
                    .session
                    .charge(1, bytes)
                    .err()
                    .map(LimitExceeded::from)
                    .or(limit_exceeded)
                    .or(too_large);
                let limit_exceeded = limit_exceeded.or_else(|| self.limit_exceeded(&emitted));
                if let Some(limit_exceeded) = limit_exceeded {
                    Metrics::count_limit(limit_exceeded.as_str());
                    tracing::debug!(sid = %self.session.sid, %limit_exceeded, "an event's arguments were not taken");
                }
                let Some(driver) = self.driver(&emitted.namespace)? else { return Ok(()) };
                let EventPacket { name, args: json, ack, .. } = emitted;
                let args = Args { json, attachments: assembled.attachments };
                let args = if limit_exceeded.is_some() { Args::new() } else { checked_args(args)? };
                driver.push(Item::Event(Received { name, args, ack, limit_exceeded }), bytes as usize);
            }
            PendingPacket::Ack { namespace, id, args } if !assembled.over => {
                // An ack is accepted in any case, and charged before the next event.
                let _ = self.session.charge(0, bytes);
                let args = checked_args(Args { json: args, attachments: assembled.attachments })?;
                if let Some(driver) = self.driver(&namespace)? {
                    driver.acked(id, args);
                }
            }
            PendingPacket::Ack { .. } => {
                Metrics::count_limit("max_payload");
                tracing::debug!(sid = %self.session.sid, bytes, limit, "an ack was too large, and dropped");
            }
        }
        Ok(())
    }

    fn limit_exceeded(&mut self, emitted: &EventPacket) -> Option<LimitExceeded> {
        let (max_depth, max_events) = (self.config().max_depth, self.config().max_events);
        if !self.rate.take() {
            return Some(LimitExceeded::TooMany { limit: max_events });
        }
        let deep = emitted.args.iter().any(|arg| is_deeper(arg.get(), max_depth));
        deep.then_some(LimitExceeded::TooDeep { limit: max_depth }).or_else(|| self.busy(emitted))
    }

    /// Checks the limit of waiting events of this name.
    fn busy(&self, emitted: &EventPacket) -> Option<LimitExceeded> {
        let limits = &self.config().event_limits;
        let limit = limits.iter().find(|limit| limit.event == emitted.name)?;
        let in_namespace = |driver: &&SocketDriver| *driver.nsp.name == *emitted.namespace;
        let waiting =
            self.drivers.iter().find(in_namespace).map_or(0, |driver| driver.waiting_of(&emitted.name));
        (waiting >= limit.max_waiting).then_some(LimitExceeded::Busy { limit: "event_waiting", seconds: 1 })
    }

    /// Handles a skipped message. An event can still be acked.
    fn too_large(&mut self, prefix: &[u8], bytes: u64) -> Result<(), SessionError> {
        let limit = self.max_payload();
        if prefix.is_empty() {
            return self.attachment(None, bytes);
        }
        let prefix = match std::str::from_utf8(prefix) {
            Ok(prefix) => prefix,
            // The prefix may end within a character.
            Err(error) => std::str::from_utf8(&prefix[..error.valid_up_to()]).unwrap_or_default(),
        };
        let packet = prefix.strip_prefix('4').filter(|_| !self.assembler.is_waiting());
        let Some(emitted) = packet.and_then(Packet::parse_event_prefix) else {
            Metrics::count_limit("max_payload");
            let sentence = format!("message of {bytes} bytes is over the limit of {limit}");
            return Err(SessionError { code: 1009, sentence, reason: Reason::ProtocolError });
        };
        self.driver(&emitted.namespace)?;
        let attachments = emitted.attachments;
        let limit_exceeded = Some(LimitExceeded::TooLarge { bytes, limit });
        self.begin(PendingPacket::Event(emitted, limit_exceeded), attachments, prefix.len())
    }

    /// Driver of a joined namespace; `None` if the server has just disconnected it.
    fn driver(&mut self, namespace: &str) -> Result<Option<&mut SocketDriver>, SessionError> {
        let disconnected_by_server = self.disconnected_by_server.iter().any(|other| &**other == namespace);
        match self.drivers.iter_mut().find(|driver| &*driver.nsp.name == namespace && driver.is_joined()) {
            Some(driver) => Ok(Some(driver).filter(|driver| !driver.is_disconnected_by_server())),
            None if disconnected_by_server => Ok(None),
            None => Err(SessionError::invalid("the namespace is not connected")),
        }
    }
}

fn checked_args(args: Args) -> Result<Args, SessionError> {
    if args.has_valid_placeholders() {
        Ok(args)
    } else {
        Err(SessionError::invalid("a placeholder of nothing"))
    }
}

impl SessionLayer for Client {
    fn message(&mut self, message: Message) -> Result<(), SessionError> {
        match message {
            Message::Text(text) => self.packet(&text[1..]),
            Message::Binary(bytes) => {
                let len = bytes.len() as u64;
                self.attachment(Some(bytes), len)
            }
            Message::TooLarge { prefix, bytes } => self.too_large(&prefix, bytes),
        }?;
        self.count()
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { drivers, namespaces, worker, join_by, disconnected_by_server, .. } = self;
        drivers.retain_mut(|driver| {
            if driver.poll(cx) {
                *join_by = Instant::now() + namespaces.config.connect_timeout;
                disconnected_by_server.truncate(namespaces.config.max_sockets);
                disconnected_by_server.insert(0, driver.nsp.name.clone());
            }
            if driver.is_over() {
                worker.hub.release(&driver.nsp);
            }
            !driver.is_over()
        });
        self.hold();
        // Releasing memory cannot fail.
        let _ = self.count();
        if self.ended && self.drivers.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn is_full(&self) -> bool {
        let (items, bytes) = self.waiting();
        // A handler that waits for the client's ack must not prevent it from being read.
        let times =
            if self.drivers.iter().any(SocketDriver::is_awaiting_ack) { AWAITING_ACK_FACTOR } else { 1 };
        let config = self.config();
        items >= config.max_inbox.saturating_mul(times)
            || bytes
                >= self.session.quota().message(config.max_payload.saturating_mul(2)).saturating_mul(times)
    }

    fn is_idle(&self) -> bool {
        self.drivers.iter().all(SocketDriver::is_idle)
    }

    fn deadline(&self) -> Option<Instant> {
        let join_by = (!self.drivers.iter().any(SocketDriver::is_joined_or_joining)).then_some(self.join_by);
        let read_by = self.held.as_ref().map(|held| held.until);
        join_by.into_iter().chain(read_by).min()
    }

    fn overdue(&mut self) -> Option<SessionError> {
        if let Some(held) = self.held.take_if(|held| held.until <= Instant::now()) {
            match self.session.bytes_written() > held.taken {
                true => self.wait_for_reading(),
                false => self.session.evict("unread_timeout"),
            }
            return None;
        }
        let sentence = format!("no connect packet within {:?}", self.config().connect_timeout);
        Some(SessionError { code: 1008, sentence, reason: Reason::ConnectTimeout })
    }

    fn drain(&mut self) {
        self.draining = true;
    }

    fn end(&mut self, reason: Reason, gone: bool) {
        if !std::mem::replace(&mut self.ended, true) {
            self.drivers.iter_mut().for_each(|driver| driver.end(reason, gone));
        }
    }
}

/// A task that is torn down leaves no socket behind.
impl Drop for Client {
    fn drop(&mut self) {
        self.end(Reason::Shutdown, true);
    }
}
