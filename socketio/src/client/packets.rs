//! Packets of a session: decoded, checked against the limits, and queued at the driver of their namespace.

use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{
    Client,
    assembler::{AssembledPacket, PendingPacket},
    driver::{Item, Membership, SocketDriver},
    run::Received,
};
use crate::{
    engine::SessionError,
    handshake::ConnectError,
    limit_exceeded::LimitExceeded,
    metrics::Metrics,
    reason::Reason,
    wire::{
        args::Args,
        frame::Frame,
        json::is_deeper,
        packet::{EventPacket, Packet},
    },
    worker::socket::MAX_NAME_BYTES,
};

impl Client {
    pub(super) fn packet(&mut self, text: &str) -> Result<(), SessionError> {
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
        // Most clients connect to one namespace; a vector that grows by itself makes room for four drivers.
        self.drivers.reserve_exact(1);
        self.drivers.push(driver);
        Ok(())
    }

    fn begin(&mut self, packet: PendingPacket, attachments: usize, bytes: usize) -> Result<(), SessionError> {
        let whole = self.assembler.begin(packet, attachments, bytes)?;
        whole.map_or(Ok(()), |whole| self.take(whole))
    }

    /// Handles a binary message; `None` if it was too large and skipped.
    pub(super) fn attachment(&mut self, attachment: Option<Vec<u8>>, bytes: u64) -> Result<(), SessionError> {
        let whole = self.assembler.attach(attachment, bytes, self.max_payload())?;
        whole.map_or(Ok(()), |whole| self.take(whole))
    }

    /// Handles a packet with all its attachments.
    fn take(&mut self, assembled: AssembledPacket) -> Result<(), SessionError> {
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
                    tracing::debug!(sid = %self.session.sid, %limit_exceeded, "an event over a limit was skipped");
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
                tracing::debug!(sid = %self.session.sid, bytes, limit, "an ack over the limit was dropped");
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
    pub(super) fn too_large(&mut self, prefix: &[u8], bytes: u64) -> Result<(), SessionError> {
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
