//! The Socket.IO side of one session: packets in, each namespace's events handled in order.
//!
//! ```text
//! messages ─▶ packets ─▶ the namespace's seat ─▶ connect, event, disconnected
//!                  └───▶ acks, at once            one at a time, each seat for itself
//! ```
//!
//! What was received before a client said goodbye is still handled. Of one that is just gone, nothing more is begun.

use std::{
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::{
    config::Config,
    engine::{BUSY, EXHAUSTED, Failure, Message, Request, Upper},
    event::Fault,
    handshake::Refusal,
    metrics::Meters,
    namespaces::Namespaces,
    reason::Reason,
    session::{
        handle::Link,
        limiter::{Exhausted, Holding},
    },
    wire::{
        args::Args,
        frame::Frame,
        json::is_deeper,
        packet::{Emitted, Packet},
    },
    worker::socket::MAX_NAME,
};

mod assembler;
mod connect;
mod driver;
mod rate;
mod run;

use assembler::{Assembly, Whole};
use driver::{Item, Presence, Seat};
use rate::Rate;
use run::Received;

/// How many times its size an inbox may have while an ack is waited for, which may stand behind what fills it.
const ASKING: usize = 8;

pub(crate) struct Client {
    namespaces: Arc<Namespaces>,
    link: Rc<Link>,
    request: Rc<Request>,
    seats: Vec<Seat>,
    /// Namespaces that the server has put it out of, which it may not know yet: what it sends there is dropped.
    put_out: Vec<Arc<str>>,
    assembly: Assembly,
    /// What waits to be handled.
    holding: Holding,
    rate: Rate,
    /// When the session must have a socket.
    join_by: Instant,
    /// There while events wait for the client to read.
    held: Option<Held>,
    winding_down: bool,
    ended: bool,
}

/// How long a client has taken nothing.
struct Held {
    /// Bytes that it had taken by then.
    taken: u64,
    until: Instant,
}

impl Client {
    pub(crate) fn new(namespaces: Arc<Namespaces>, link: Rc<Link>, request: Rc<Request>) -> Self {
        let config = &namespaces.config;
        let (rate, join_by) = (Rate::new(config.max_events), Instant::now() + config.connect_timeout);
        let (seats, put_out) = (Vec::new(), Vec::new());
        let assembly = Assembly::new(config.max_attachments);
        let holding = link.share().holding();
        Self {
            namespaces,
            link,
            request,
            seats,
            put_out,
            assembly,
            holding,
            rate,
            join_by,
            held: None,
            winding_down: false,
            ended: false,
        }
    }

    fn config(&self) -> &Config {
        &self.namespaces.config
    }

    /// Bytes of one message.
    fn max_payload(&self) -> usize {
        self.link.share().message(self.config().max_payload)
    }

    /// Events and bytes that wait to be handled.
    fn waiting(&self) -> (usize, usize) {
        self.seats.iter().fold((0, 0), |(items, bytes), seat| {
            let (more_items, more_bytes) = seat.waiting();
            (items + more_items, bytes + more_bytes)
        })
    }

    /// Counts what is held. Sessions without an owner may hold only so much together.
    fn count(&mut self) -> Result<(), Failure> {
        let held = self.waiting().1 + self.assembly.held();
        self.holding.set(held).map_err(|Exhausted| {
            Meters::limited("max_memory_without_owner");
            Failure { code: BUSY, sentence: EXHAUSTED.to_owned(), reason: Reason::Full }
        })
    }

    /// Events wait, or go on.
    fn hold(&mut self) {
        if !self.seats.iter().any(Seat::is_held) {
            self.held = None;
        } else if self.held.is_none() {
            Meters::limited("max_unread_acks");
            self.wait_for_reading();
        }
    }

    fn wait_for_reading(&mut self) {
        let until = Instant::now() + self.config().unread_timeout;
        self.held = Some(Held { taken: self.link.taken(), until });
    }

    fn packet(&mut self, text: &str) -> Result<(), Failure> {
        if self.assembly.is_waiting() {
            return Err(Failure::invalid("an attachment was to follow"));
        }
        match Packet::parse(text).map_err(Failure::invalid)? {
            Packet::Connect { namespace, auth } => self.connect(&namespace, auth, text.len()),
            Packet::Disconnect { namespace } => {
                let Some(seat) = self.seat(&namespace)? else { return Ok(()) };
                seat.leave();
                self.join_by = Instant::now() + self.config().connect_timeout;
                Ok(())
            }
            Packet::Event(emitted) => {
                self.seat(&emitted.namespace)?;
                let attachments = emitted.attachments;
                self.begin(Whole::Event(emitted, None), attachments, text.len())
            }
            Packet::Ack { namespace, id, args, attachments } => {
                self.seat(&namespace)?;
                self.begin(Whole::Ack { namespace, id, args }, attachments, text.len())
            }
        }
    }

    fn connect(&mut self, name: &str, auth: Option<Box<RawValue>>, bytes: usize) -> Result<(), Failure> {
        if self.winding_down {
            return Ok(());
        }
        let refuse = |sentence: &str| {
            self.link.emit(Frame::text(&Refusal::new(sentence).packet(name)));
            Ok(())
        };
        self.put_out.retain(|other| &**other != name);
        if let Some(seat) = self.seats.iter_mut().find(|seat| &*seat.nsp.name == name) {
            if seat.presence != Presence::Out && !seat.is_ending() {
                // Stock clients ask twice where `connect()` is called before the answer to the first is there.
                return Ok(());
            }
            seat.connect(auth, bytes);
            return Ok(());
        }
        // Seats that were left may still be at work.
        let taken = self.seats.iter().filter(|seat| seat.presence != Presence::Out).count();
        let max = self.config().max_sockets;
        if taken >= max || self.seats.len() >= 2 * max {
            Meters::limited("max_sockets");
            return refuse("Too many namespaces on one connection");
        }
        let known = (name.len() <= MAX_NAME).then(|| self.namespaces.seat(&self.link.shard().hub, name));
        let Some(nsp) = known.flatten() else {
            return refuse("Invalid namespace");
        };
        let mut seat = Seat::new(nsp, self.link.clone(), self.request.clone(), self.config().max_rooms);
        seat.connect(auth, bytes);
        self.seats.push(seat);
        Ok(())
    }

    fn begin(&mut self, packet: Whole, attachments: usize, bytes: usize) -> Result<(), Failure> {
        let whole = self.assembly.begin(packet, attachments, bytes)?;
        whole.map_or(Ok(()), |whole| self.take(whole))
    }

    /// A binary message; nothing of it, if it was too large.
    fn attachment(&mut self, attachment: Option<Vec<u8>>, bytes: u64) -> Result<(), Failure> {
        let whole = self.assembly.attach(attachment, bytes, self.max_payload())?;
        whole.map_or(Ok(()), |whole| self.take(whole))
    }

    /// A packet, with all its attachments.
    fn take(&mut self, assembled: assembler::Assembled) -> Result<(), Failure> {
        let limit = self.max_payload();
        let bytes = assembled.bytes;
        match assembled.packet {
            // Answers are still waited for by what runs.
            Whole::Event(..) if self.winding_down => {}
            Whole::Event(emitted, fault) => {
                let too_large = assembled.over.then_some(Fault::TooLarge { bytes, limit });
                let fault = self.link.charge(1, bytes).err().map(Fault::from).or(fault).or(too_large);
                let fault = fault.or_else(|| self.fault(&emitted));
                if let Some(fault) = fault {
                    Meters::limited(fault.as_str());
                    tracing::debug!(sid = %self.link.sid, %fault, "an event's arguments were not taken");
                }
                let Some(seat) = self.seat(&emitted.namespace)? else { return Ok(()) };
                let Emitted { name, args: json, ack, .. } = emitted;
                let args = Args { json, attachments: assembled.attachments };
                let args = if fault.is_some() { Args::new() } else { sound(args)? };
                seat.push(Item::Event(Received { name, args, ack, fault }), bytes as usize);
            }
            Whole::Ack { namespace, id, args } if !assembled.over => {
                // What is owed is taken, and counted before the next event.
                let _ = self.link.charge(0, bytes);
                let args = sound(Args { json: args, attachments: assembled.attachments })?;
                if let Some(seat) = self.seat(&namespace)? {
                    seat.acked(id, args);
                }
            }
            Whole::Ack { .. } => {
                Meters::limited("max_payload");
                tracing::debug!(sid = %self.link.sid, bytes, limit, "an ack was too large, and dropped");
            }
        }
        Ok(())
    }

    fn fault(&mut self, emitted: &Emitted) -> Option<Fault> {
        let (max_depth, max_events) = (self.config().max_depth, self.config().max_events);
        if !self.rate.take() {
            return Some(Fault::TooMany { limit: max_events });
        }
        let deep = emitted.args.iter().any(|arg| is_deeper(arg.get(), max_depth));
        deep.then_some(Fault::TooDeep { limit: max_depth }).or_else(|| self.busy(emitted))
    }

    /// Whether too many events of this kind wait.
    fn busy(&self, emitted: &Emitted) -> Option<Fault> {
        let limits = &self.config().event_limits;
        let limit = limits.iter().find(|limit| limit.event == emitted.name)?;
        let in_namespace = |seat: &&Seat| *seat.nsp.name == *emitted.namespace;
        let waiting = self.seats.iter().find(in_namespace).map_or(0, |seat| seat.waiting_of(&emitted.name));
        (waiting >= limit.max_waiting).then_some(Fault::Busy { limit: "event_waiting", seconds: 1 })
    }

    /// A message that was skipped: an event can still be answered.
    fn too_large(&mut self, prefix: &[u8], bytes: u64) -> Result<(), Failure> {
        let limit = self.max_payload();
        if prefix.is_empty() {
            return self.attachment(None, bytes);
        }
        let prefix = match std::str::from_utf8(prefix) {
            Ok(prefix) => prefix,
            // It may end within a character.
            Err(error) => std::str::from_utf8(&prefix[..error.valid_up_to()]).unwrap_or_default(),
        };
        let packet = prefix.strip_prefix('4').filter(|_| !self.assembly.is_waiting());
        let Some(emitted) = packet.and_then(Packet::recognise) else {
            Meters::limited("max_payload");
            let sentence = format!("message of {bytes} bytes is over the limit of {limit}");
            return Err(Failure { code: 1009, sentence, reason: Reason::ProtocolError });
        };
        self.seat(&emitted.namespace)?;
        let attachments = emitted.attachments;
        let fault = Some(Fault::TooLarge { bytes, limit });
        self.begin(Whole::Event(emitted, fault), attachments, prefix.len())
    }

    /// The seat of a namespace that the client is in; `None` if it has just been put out of it.
    fn seat(&mut self, namespace: &str) -> Result<Option<&mut Seat>, Failure> {
        let put_out = self.put_out.iter().any(|other| &**other == namespace);
        match self.seats.iter_mut().find(|seat| &*seat.nsp.name == namespace && seat.is_taken()) {
            Some(seat) => Ok(Some(seat).filter(|seat| !seat.is_ending())),
            None if put_out => Ok(None),
            None => Err(Failure::invalid("the namespace is not connected")),
        }
    }
}

fn sound(args: Args) -> Result<Args, Failure> {
    if args.is_sound() { Ok(args) } else { Err(Failure::invalid("a placeholder of nothing")) }
}

impl Upper for Client {
    fn message(&mut self, message: Message) -> Result<(), Failure> {
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
        let Self { seats, namespaces, link, join_by, put_out, .. } = self;
        seats.retain_mut(|seat| {
            if seat.poll(cx) {
                *join_by = Instant::now() + namespaces.config.connect_timeout;
                put_out.truncate(namespaces.config.max_sockets);
                put_out.insert(0, seat.nsp.name.clone());
            }
            if seat.is_over() {
                link.shard().hub.unseat(&seat.nsp);
            }
            !seat.is_over()
        });
        self.hold();
        // To hold less is always possible.
        let _ = self.count();
        if self.ended && self.seats.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn is_full(&self) -> bool {
        let (items, bytes) = self.waiting();
        // A handler that waits for its client's answer must not keep it from being read.
        let times = if self.seats.iter().any(Seat::is_awaiting_ack) { ASKING } else { 1 };
        let config = self.config();
        items >= config.max_inbox.saturating_mul(times)
            || bytes >= self.link.share().message(config.max_payload.saturating_mul(2)).saturating_mul(times)
    }

    fn is_idle(&self) -> bool {
        self.seats.iter().all(Seat::is_idle)
    }

    fn deadline(&self) -> Option<Instant> {
        let join_by = (!self.seats.iter().any(Seat::is_wanted)).then_some(self.join_by);
        let read_by = self.held.as_ref().map(|held| held.until);
        join_by.into_iter().chain(read_by).min()
    }

    fn overdue(&mut self) -> Option<Failure> {
        if let Some(held) = self.held.take_if(|held| held.until <= Instant::now()) {
            match self.link.taken() > held.taken {
                true => self.wait_for_reading(),
                false => self.link.evict("unread_timeout"),
            }
            return None;
        }
        let sentence = format!("no connect packet within {:?}", self.config().connect_timeout);
        Some(Failure { code: 1008, sentence, reason: Reason::ConnectTimeout })
    }

    fn wind_down(&mut self) {
        self.winding_down = true;
    }

    fn end(&mut self, reason: Reason, gone: bool) {
        if !std::mem::replace(&mut self.ended, true) {
            self.seats.iter_mut().for_each(|seat| seat.end(reason, gone));
        }
    }
}

/// A task that was torn down leaves no socket behind.
impl Drop for Client {
    fn drop(&mut self) {
        self.end(Reason::Shutdown, true);
    }
}
