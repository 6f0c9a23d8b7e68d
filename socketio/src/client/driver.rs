//! One namespace on one session: its queue, whose items are handled one at a time.

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
    connect::ConnectAttempt,
    run::{self, Completion, Received},
};
use crate::{
    handshake::Handshake,
    reason::Reason,
    service::{ErasedService, SocketService},
    session::{
        handle::{Closing, SessionHandle},
        request::Request,
    },
    wire::{args::Args, frame::Frame},
    worker::{Worker, nsp::Nsp, socket::SocketInner},
};

/// A larger queue releases its memory when it is empty.
const KEEP_CAPACITY: usize = 8;

/// A queued operation.
pub(super) enum Item {
    Connect(Option<Box<RawValue>>),
    Event(Received),
    Disconnect(Reason),
}

/// Membership in the namespace, as the client knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Membership {
    Left,
    Joining,
    Joined,
}

pub(super) struct SocketDriver {
    pub(super) nsp: Arc<Nsp>,
    pub(super) membership: Membership,
    service: Arc<dyn ErasedService>,
    worker: Rc<Worker>,
    session: Rc<SessionHandle>,
    request: Rc<Request>,
    queue: VecDeque<(Item, usize)>,
    bytes: usize,
    running: Option<LocalBoxFuture<'static, Completion>>,
    socket: Option<(Rc<SocketInner>, Rc<dyn SocketService>)>,
    /// A disconnected socket whose last handler runs.
    disconnecting: Option<Rc<SocketInner>>,
    max_rooms: usize,
}

impl SocketDriver {
    pub(super) fn new(
        nsp: Arc<Nsp>,
        service: Arc<dyn ErasedService>,
        worker: Rc<Worker>,
        session: Rc<SessionHandle>,
        request: Rc<Request>,
        max_rooms: usize,
    ) -> Self {
        let (queue, membership) = (VecDeque::new(), Membership::Left);
        Self {
            nsp,
            membership,
            service,
            worker,
            session,
            request,
            queue,
            bytes: 0,
            running: None,
            socket: None,
            disconnecting: None,
            max_rooms,
        }
    }

    pub(super) fn connect(&mut self, auth: Option<Box<RawValue>>, bytes: usize) {
        self.membership = Membership::Joining;
        self.push(Item::Connect(auth), bytes);
    }

    /// Handles a DISCONNECT of the client.
    pub(super) fn leave(&mut self) {
        self.membership = Membership::Left;
        self.mark_disconnected(Reason::ClientDisconnect);
        self.push(Item::Disconnect(Reason::ClientDisconnect), 0);
    }

    /// Ends with the session. If the client is `gone`, queued events are dropped, except those before a deliberate
    /// disconnect.
    pub(super) fn end(&mut self, reason: Reason, gone: bool) {
        if gone {
            self.drop_waiting();
        }
        self.membership = Membership::Left;
        self.mark_disconnected(reason);
        self.push(Item::Disconnect(reason), 0);
    }

    fn drop_waiting(&mut self) {
        let left = self.queue.iter().rposition(|(item, _)| matches!(item, Item::Disconnect(_)));
        let waiting = left.map_or(0, |left| left + 1);
        self.bytes -= self.queue.drain(waiting..).map(|(_, bytes)| bytes).sum::<usize>();
    }

    fn mark_disconnected(&self, reason: Reason) {
        if let Some((socket, _)) = &self.socket {
            socket.mark_disconnected(reason);
        }
    }

    pub(super) fn push(&mut self, item: Item, bytes: usize) {
        self.bytes += bytes;
        self.queue.push_back((item, bytes));
    }

    pub(super) fn acked(&self, id: u64, args: Args) {
        if let Some((socket, _)) = &self.socket {
            socket.acks.answer(id, args);
        }
    }

    /// Number of waiting events of this name.
    pub(super) fn waiting_of(&self, name: &str) -> usize {
        let is_waiting = |event: &Received| event.name == name && event.limit_exceeded.is_none();
        let is_match = |item: &Item| matches!(item, Item::Event(event) if is_waiting(event));
        self.queue.iter().filter(|(item, _)| is_match(item)).count()
    }

    /// Whether a requested ack is outstanding.
    pub(super) fn is_awaiting_ack(&self) -> bool {
        self.socket.as_ref().is_some_and(|(socket, _)| socket.acks.is_awaited())
    }

    /// Number and bytes of queued items.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.queue.len(), self.bytes)
    }

    /// Whether the client has joined the namespace, as far as it knows.
    pub(super) fn is_joined(&self) -> bool {
        self.membership == Membership::Joined
    }

    /// Whether the client has joined, or has requested to.
    pub(super) fn is_joined_or_joining(&self) -> bool {
        self.membership != Membership::Left
    }

    /// Whether the server has disconnected the socket, which the client may not know yet.
    pub(super) fn is_disconnected_by_server(&self) -> bool {
        self.socket.as_ref().is_some_and(|(socket, _)| socket.disconnected_by_server.get().is_some())
    }

    pub(super) fn is_idle(&self) -> bool {
        self.running.is_none() && self.queue.is_empty()
    }

    /// Whether no client is joined and nothing is left to do.
    pub(super) fn is_over(&self) -> bool {
        self.is_idle() && self.membership == Membership::Left && self.socket.is_none()
    }

    /// Whether the next event waits for the client to read its acks.
    pub(super) fn is_held(&self) -> bool {
        let next = self.queue.front().map(|(item, _)| item);
        self.running.is_none() && matches!(next, Some(Item::Event(_))) && self.session.holds_events()
    }

    /// Makes progress. Returns whether the server has disconnected the socket.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        let mut disconnected_by_server = false;
        loop {
            if let Some(running) = &mut self.running {
                let Poll::Ready(completion) = running.as_mut().poll(cx) else {
                    return disconnected_by_server;
                };
                self.running = None;
                self.complete(completion);
                continue;
            }
            if let Some(reason) =
                self.socket.as_ref().and_then(|(socket, _)| socket.disconnected_by_server.take())
            {
                // The remaining events have no socket any more.
                self.queue.retain(|(item, _)| !matches!(item, Item::Event(_)));
                self.bytes = 0;
                self.queue.push_front((Item::Disconnect(reason), 0));
                // The client may be reconnecting already.
                disconnected_by_server = self.membership == Membership::Joined;
                if disconnected_by_server {
                    self.membership = Membership::Left;
                }
            }
            if self.is_held() {
                return disconnected_by_server;
            }
            let Some((item, bytes)) = self.queue.pop_front() else { return disconnected_by_server };
            self.bytes = self.bytes.saturating_sub(bytes);
            if self.queue.is_empty() && self.queue.capacity() > KEEP_CAPACITY {
                self.queue = VecDeque::new();
            }
            self.begin(item);
        }
    }

    fn begin(&mut self, item: Item) {
        match item {
            Item::Connect(auth) => {
                // Many sockets only listen and never queue another item.
                self.queue.shrink_to_fit();
                let (handshake, hub) = (self.handshake(auth), self.worker.hub.clone());
                self.running =
                    Some(run::run_authorizer(handshake, self.service.clone(), self.nsp.clone(), hub));
            }
            Item::Event(received) => {
                // Events of a disconnected socket may still arrive.
                let Some((socket, service)) =
                    self.socket.as_ref().filter(|(socket, _)| socket.disconnected_by_server.get().is_none())
                else {
                    return;
                };
                self.running = Some(run::run_event(socket, service.clone(), received));
            }
            Item::Disconnect(reason) => {
                let Some((socket, service)) = self.socket.take() else { return };
                socket.mark_disconnected(reason);
                self.disconnecting = Some(socket.clone());
                self.running = Some(run::run_on_disconnect(socket, service, reason));
            }
        }
    }

    fn handshake(&self, auth: Option<Box<RawValue>>) -> Handshake {
        Handshake {
            auth: auth.map(Into::into),
            namespace: self.nsp.name.clone(),
            params: self.nsp.params.clone(),
            request: self.request.clone(),
            session: self.session.clone(),
        }
    }

    fn complete(&mut self, completion: Completion) {
        match completion {
            Completion::Authorized(Ok((service, attempt)))
                if self.session.is_open() && self.session.join() =>
            {
                self.connect_socket(service, attempt)
            }
            // The client has disconnected meanwhile.
            Completion::Authorized(Ok(_)) => self.membership = Membership::Left,
            Completion::Authorized(Err(refusal)) => {
                self.session.emit(Frame::text(&refusal.packet(&self.nsp.name)));
                self.membership = Membership::Left;
            }
            Completion::EventHandled { ack_handle, reply, began } => {
                self.nsp.handler_seconds.record(began.elapsed().as_secs_f64());
                if let Some(ack_handle) = ack_handle {
                    ack_handle.finish(reply);
                }
            }
            Completion::Connected => {}
            Completion::Disconnected => self.finish_disconnect(),
            Completion::Panicked(handler) => {
                self.finish_disconnect();
                self.panicked(handler);
            }
        }
    }

    /// Creates the socket and runs `on_connect`.
    fn connect_socket(&mut self, service: Rc<dyn SocketService>, attempt: ConnectAttempt) {
        let socket = attempt.complete(&self.nsp, &self.worker, &self.session, self.max_rooms);
        self.membership = Membership::Joined;
        self.socket = Some((socket.clone(), service.clone()));
        self.running = Some(run::run_on_connect(socket, service));
    }

    fn finish_disconnect(&mut self) {
        if let Some(socket) = self.disconnecting.take() {
            socket.finish();
        }
    }

    /// A panic closes the client's session; other clients are not affected.
    fn panicked(&mut self, handler: &'static str) {
        error!(sid = %self.session.sid, namespace = %self.nsp.name, handler, "a handler panicked, which closes its session");
        self.membership = Membership::Left;
        self.session.close(Closing::new(1011, "internal error", Reason::Panic));
    }
}

/// A task that is torn down releases the ids of its sockets for recovery.
impl Drop for SocketDriver {
    fn drop(&mut self) {
        for socket in self.disconnecting.iter().chain(self.socket.as_ref().map(|(socket, _)| socket)) {
            socket.finish();
        }
    }
}
