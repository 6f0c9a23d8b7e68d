//! The main namespace of one session: what was received, handled in order.
//!
//! ```text
//! session ─▶ Inbox ─▶ connect, event, disconnected ─▶ outbox
//! ```
//!
//! Both ends run in the session's task, so the inbox is not locked. The session stops reading while it is full, and
//! ends it with a reason; what was received before that is still handled.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::poll_fn,
    panic::AssertUnwindSafe,
    rc::Rc,
    task::Poll,
};

use futures_util::FutureExt;
use serde_json::value::RawValue;
use tracing::{debug, error};

use crate::{
    engine::Request,
    frame::Frame,
    id::SocketId,
    link::{Closing, Link},
    server::Server,
    service::{Event, Handshake, Reason, Refusal, Service},
    socket::Socket,
};

/// An inbox longer than this gives its memory back when it has emptied.
const KEEP: usize = 8;

/// What the session received for the namespace.
#[derive(Debug)]
pub(crate) enum Item {
    Connect(Option<Box<RawValue>>),
    Event { event: Event, ack: Option<u64> },
    Leave,
}

/// Whether the client is in the namespace, as far as it can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Out,
    Joining,
    In,
}

/// Received and not yet handled, with each item's bytes.
pub(crate) struct Inbox {
    items: RefCell<VecDeque<(Item, usize)>>,
    bytes: Cell<usize>,
    busy: Cell<bool>,
    end: Cell<Option<Reason>>,
    presence: Cell<Presence>,
    max_items: usize,
    max_bytes: usize,
}

impl Inbox {
    pub(crate) fn new(max_items: usize, max_bytes: usize) -> Self {
        Self {
            items: RefCell::default(),
            bytes: Cell::new(0),
            busy: Cell::new(false),
            end: Cell::new(None),
            presence: Cell::new(Presence::Out),
            max_items,
            max_bytes,
        }
    }

    pub(crate) fn push(&self, item: Item, bytes: usize) {
        self.bytes.set(self.bytes.get() + bytes);
        self.items.borrow_mut().push_back((item, bytes));
    }

    pub(crate) fn is_full(&self) -> bool {
        self.items.borrow().len() >= self.max_items || self.bytes.get() >= self.max_bytes
    }

    /// Nothing waits and nothing runs.
    pub(crate) fn is_idle(&self) -> bool {
        !self.busy.get() && self.items.borrow().is_empty()
    }

    /// Nothing more will come.
    pub(crate) fn end(&self, reason: Reason) {
        if self.end.get().is_none() {
            self.end.set(Some(reason));
        }
    }

    pub(crate) fn presence(&self) -> Presence {
        self.presence.get()
    }

    pub(crate) fn set_presence(&self, presence: Presence) {
        self.presence.set(presence);
    }

    /// The next item, or the reason once all are handled.
    async fn next(&self, link: &Link) -> Result<Item, Reason> {
        if self.busy.replace(false) && link.is_leaving() {
            link.wake_task();
        }
        poll_fn(|_| self.poll_next(link)).await
    }

    /// Registers no waker: the session, which fills the inbox, is polled first in the same task.
    fn poll_next(&self, link: &Link) -> Poll<Result<Item, Reason>> {
        let was_full = self.is_full();
        let Some((item, bytes)) = self.pop() else {
            return self.end.get().map_or(Poll::Pending, |reason| Poll::Ready(Err(reason)));
        };
        self.bytes.set(self.bytes.get() - bytes);
        self.busy.set(true);
        if was_full && !self.is_full() {
            // The session has stopped reading: it can go on.
            link.wake_task();
        }
        Poll::Ready(Ok(item))
    }

    fn pop(&self) -> Option<(Item, usize)> {
        let mut items = self.items.borrow_mut();
        let item = items.pop_front();
        if items.is_empty() && items.capacity() > KEEP {
            *items = VecDeque::new();
        }
        item
    }
}

/// Handles what comes until the inbox has ended and is empty.
pub(crate) async fn handle<S: Service>(
    server: &Server<S>,
    link: &Rc<Link>,
    inbox: &Inbox,
    request: &Rc<Request>,
) {
    let mut socket = None;
    let reason = loop {
        match inbox.next(link).await {
            Ok(Item::Connect(auth)) => {
                let handshake = Handshake { auth, request: request.clone() };
                socket = connect(server, link, inbox, handshake).await;
            }
            Ok(Item::Event { event, ack }) => {
                if let Some(socket) = &socket {
                    answer(server, link, socket, event, ack).await;
                }
            }
            Ok(Item::Leave) => leave(server, socket.take(), Reason::ClientDisconnect).await,
            Err(reason) => break reason,
        }
    };
    leave(server, socket, reason).await;
}

async fn connect<S: Service>(
    server: &Server<S>,
    link: &Rc<Link>,
    inbox: &Inbox,
    handshake: Handshake,
) -> Option<Socket<S::State>> {
    // Boxed, so that an idle session does not keep room for the largest handler.
    let connecting = Box::pin(server.service.connect(&handshake));
    let state = match AssertUnwindSafe(connecting).catch_unwind().await {
        Ok(Ok(state)) => state,
        Ok(Err(refusal)) => {
            link.emit(Frame::text(&refused("/", &refusal)));
            inbox.set_presence(Presence::Out);
            return None;
        }
        Err(_) => {
            panicked(link, "connect");
            return None;
        }
    };
    if !link.is_open() {
        return None;
    }
    let socket = Socket::new(SocketId::random(), state, link.clone());
    link.emit(Frame::text(&format!(r#"40{{"sid":"{}"}}"#, socket.id())));
    // What was broadcast before this is in the state that `connected` finds: see the hub's promise.
    link.shard().pump();
    link.join();
    inbox.set_presence(Presence::In);
    debug!(sid = %link.sid, socket = %socket.id(), "socket connected");
    server.service.connected(&socket);
    Some(socket)
}

async fn answer<S: Service>(
    server: &Server<S>,
    link: &Rc<Link>,
    socket: &Socket<S::State>,
    event: Event,
    ack: Option<u64>,
) {
    let handling = Box::pin(server.service.event(socket, event));
    let Ok(answer) = AssertUnwindSafe(handling).catch_unwind().await else {
        return panicked(link, "event");
    };
    if let Some(id) = ack {
        link.shard().pump();
        link.emit(Frame::ack(id, answer.as_deref()));
    }
}

async fn leave<S: Service>(server: &Server<S>, socket: Option<Socket<S::State>>, reason: Reason) {
    if let Some(socket) = socket {
        debug!(socket = %socket.id(), %reason, "socket disconnected");
        let leaving = Box::pin(server.service.disconnected(&socket, reason));
        if AssertUnwindSafe(leaving).catch_unwind().await.is_err() {
            error!(socket = %socket.id(), "the disconnect handler panicked");
        }
    }
}

/// A panic costs the client its session, and nobody else anything.
fn panicked(link: &Link, handler: &'static str) {
    error!(sid = %link.sid, handler, "a handler panicked; its session is closed");
    link.close(Closing::new(1011, "internal error", Reason::Panic));
}

/// A `connect_error` packet.
pub(crate) fn refused(namespace: &str, refusal: &Refusal) -> String {
    let message = serde_json::Value::from(refusal.message.as_str());
    let comma = if namespace == "/" { "" } else { "," };
    let namespace = if namespace == "/" { "" } else { namespace };
    match &refusal.data {
        Some(data) => format!(r#"44{namespace}{comma}{{"message":{message},"data":{data}}}"#),
        None => format!(r#"44{namespace}{comma}{{"message":{message}}}"#),
    }
}
