//! One namespace on one session: what was received for it, handled one at a time.

use std::{
    collections::VecDeque,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::future::LocalBoxFuture;
use serde_json::value::RawValue;
use tracing::error;

use super::{
    connect::Arrival,
    run::{self, Done, Received},
};
use crate::{
    engine::Request,
    handshake::Handshake,
    reason::Reason,
    service::State,
    session::handle::{Closing, Link},
    wire::{args::Args, frame::Frame},
    worker::{nsp::Nsp, socket::Core},
};

/// A queue longer than this gives its memory back when it has emptied.
const KEEP: usize = 8;

/// What was received.
pub(super) enum Item {
    Connect(Option<Box<RawValue>>),
    Event(Received),
    Gone(Reason),
}

/// Whether the client is in the namespace, as far as it can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Out,
    Joining,
    In,
}

pub(super) struct Seat {
    pub(super) nsp: Arc<Nsp>,
    pub(super) presence: Presence,
    link: Rc<Link>,
    request: Rc<Request>,
    queue: VecDeque<(Item, usize)>,
    bytes: usize,
    running: Option<LocalBoxFuture<'static, Done>>,
    socket: Option<(Rc<Core>, State)>,
    /// One that has gone and whose last handler runs.
    parting: Option<Rc<Core>>,
    max_rooms: usize,
}

impl Seat {
    pub(super) fn new(nsp: Arc<Nsp>, link: Rc<Link>, request: Rc<Request>, max_rooms: usize) -> Self {
        let (queue, presence) = (VecDeque::new(), Presence::Out);
        Self {
            nsp,
            presence,
            link,
            request,
            queue,
            bytes: 0,
            running: None,
            socket: None,
            parting: None,
            max_rooms,
        }
    }

    pub(super) fn connect(&mut self, auth: Option<Box<RawValue>>, bytes: usize) {
        self.presence = Presence::Joining;
        self.push(Item::Connect(auth), bytes);
    }

    /// The client leaves the namespace.
    pub(super) fn leave(&mut self) {
        self.presence = Presence::Out;
        self.depart(Reason::ClientDisconnect);
        self.push(Item::Gone(Reason::ClientDisconnect), 0);
    }

    /// The session has ended; if its client is gone, what it sent is not begun, unless it had left the namespace in order after
    /// that.
    pub(super) fn end(&mut self, reason: Reason, gone: bool) {
        if gone {
            self.drop_waiting();
        }
        self.presence = Presence::Out;
        self.depart(reason);
        self.push(Item::Gone(reason), 0);
    }

    fn drop_waiting(&mut self) {
        let left = self.queue.iter().rposition(|(item, _)| matches!(item, Item::Gone(_)));
        let waiting = left.map_or(0, |left| left + 1);
        self.bytes -= self.queue.drain(waiting..).map(|(_, bytes)| bytes).sum::<usize>();
    }

    fn depart(&self, reason: Reason) {
        if let Some((core, _)) = &self.socket {
            core.depart(reason);
        }
    }

    pub(super) fn push(&mut self, item: Item, bytes: usize) {
        self.bytes += bytes;
        self.queue.push_back((item, bytes));
    }

    pub(super) fn acked(&self, id: u64, args: Args) {
        if let Some((core, _)) = &self.socket {
            core.acks.answer(id, args);
        }
    }

    /// How many events of this name wait.
    pub(super) fn waiting_of(&self, name: &str) -> usize {
        let is =
            |item: &Item| matches!(item, Item::Event(event) if event.name == name && event.fault.is_none());
        self.queue.iter().filter(|(item, _)| is(item)).count()
    }

    /// Whether the client owes an ack.
    pub(super) fn is_awaiting_ack(&self) -> bool {
        self.socket.as_ref().is_some_and(|(core, _)| core.acks.is_awaited())
    }

    /// Items and bytes that wait.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.queue.len(), self.bytes)
    }

    /// Whether the client is in the namespace, or was until the server put it out just now.
    pub(super) fn is_taken(&self) -> bool {
        self.presence == Presence::In
    }

    /// Whether the client is in the namespace, or has asked to be.
    pub(super) fn is_wanted(&self) -> bool {
        self.presence != Presence::Out
    }

    /// Whether the server has put the client out, which it may not know yet.
    pub(super) fn is_ending(&self) -> bool {
        self.socket.as_ref().is_some_and(|(core, _)| core.ending.get().is_some())
    }

    pub(super) fn is_idle(&self) -> bool {
        self.running.is_none() && self.queue.is_empty()
    }

    /// Nobody is here, and nothing is left to do.
    pub(super) fn is_over(&self) -> bool {
        self.is_idle() && self.presence == Presence::Out && self.socket.is_none()
    }

    /// Whether its next event waits for the client to read what it has been answered.
    pub(super) fn is_held(&self) -> bool {
        let next = self.queue.front().map(|(item, _)| item);
        self.running.is_none() && matches!(next, Some(Item::Event(_))) && self.link.holds_events()
    }

    /// Gets on. Says whether the server has put the client out.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        let mut put_out = false;
        loop {
            if let Some(running) = &mut self.running {
                let Poll::Ready(done) = running.as_mut().poll(cx) else { return put_out };
                self.running = None;
                self.done(done);
                continue;
            }
            if let Some(reason) = self.socket.as_ref().and_then(|(core, _)| core.ending.take()) {
                // Put out by the server: what the client sent is not for anyone any more.
                self.queue.retain(|(item, _)| !matches!(item, Item::Event(_)));
                self.bytes = 0;
                self.queue.push_front((Item::Gone(reason), 0));
                // Unless it is coming in again already.
                put_out = self.presence == Presence::In;
                if put_out {
                    self.presence = Presence::Out;
                }
            }
            if self.is_held() {
                return put_out;
            }
            let Some((item, bytes)) = self.queue.pop_front() else { return put_out };
            self.bytes = self.bytes.saturating_sub(bytes);
            if self.queue.is_empty() && self.queue.capacity() > KEEP {
                self.queue = VecDeque::new();
            }
            self.begin(item);
        }
    }

    fn begin(&mut self, item: Item) {
        match item {
            Item::Connect(auth) => {
                let (handshake, hub) = (self.handshake(auth), self.link.shard().hub.clone());
                self.running = Some(run::decide(handshake, self.nsp.clone(), hub));
            }
            Item::Event(received) => {
                // Events of a socket that was put out may still come in.
                let Some((core, state)) =
                    self.socket.as_ref().filter(|(core, _)| core.ending.get().is_none())
                else {
                    return;
                };
                self.running = Some(run::handle(core, state, received));
            }
            Item::Gone(reason) => {
                let Some((core, state)) = self.socket.take() else { return };
                core.depart(reason);
                self.parting = Some(core.clone());
                self.running = Some(run::part(core, state, reason));
            }
        }
    }

    fn handshake(&self, auth: Option<Box<RawValue>>) -> Handshake {
        Handshake {
            auth: auth.map(Into::into),
            namespace: self.nsp.name.clone(),
            params: self.nsp.params.clone(),
            request: self.request.clone(),
            link: self.link.clone(),
        }
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Decided(Ok((state, arrival))) if self.link.is_open() && self.link.join() => {
                self.enter(state, arrival)
            }
            // The client has gone meanwhile.
            Done::Decided(Ok(_)) => self.presence = Presence::Out,
            Done::Decided(Err(refusal)) => {
                self.link.emit(Frame::text(&refusal.packet(&self.nsp.name)));
                self.presence = Presence::Out;
            }
            Done::Handled { ticket, reply, began } => {
                self.nsp.handler_seconds.record(began.elapsed().as_secs_f64());
                if let Some(ticket) = ticket {
                    ticket.settle(reply);
                }
            }
            Done::Greeted => {}
            Done::Parted => self.parted(),
            Done::Panicked(handler) => {
                self.parted();
                self.panicked(handler);
            }
        }
    }

    /// Lets a socket in, and says hello.
    fn enter(&mut self, state: State, arrival: Arrival) {
        let core = arrival.enter(&self.nsp, &self.link, self.max_rooms);
        self.presence = Presence::In;
        self.socket = Some((core.clone(), state.clone()));
        self.running = Some(run::greet(core, state));
    }

    fn parted(&mut self) {
        if let Some(core) = self.parting.take() {
            core.finish();
        }
    }

    /// A panic costs the client its session, and nobody else anything.
    fn panicked(&mut self, handler: &'static str) {
        error!(sid = %self.link.sid, namespace = %self.nsp.name, handler, "a handler panicked; its session is closed");
        self.presence = Presence::Out;
        self.link.close(Closing::new(1011, "internal error", Reason::Panic));
    }
}

/// A task that was torn down leaves nobody waiting for what ran in it.
impl Drop for Seat {
    fn drop(&mut self) {
        for core in self.parting.iter().chain(self.socket.as_ref().map(|(core, _)| core)) {
            core.finish();
        }
    }
}
