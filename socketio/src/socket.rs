//! A client in a namespace, as a handler sees it.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{Instant, timeout_at};

use crate::{
    acks::{AckError, Acks},
    args::Args,
    broadcast::Broadcast,
    frame::{Frame, Head},
    handshake::Handshake,
    hub::{Hub, Message, Slot},
    id::{Pid, SocketId},
    link::{Closing, Link},
    members::Members,
    nsp::{Nsp, Room},
    observer::Observed,
    reason::Reason,
    recovery::Parted,
    reply::Reply,
    target::Target,
};

/// A socket without its state's type.
pub(crate) struct Core {
    pub(crate) id: SocketId,
    pub(crate) nsp: Arc<Nsp>,
    pub(crate) link: Rc<Link>,
    pub(crate) handshake: Rc<Handshake>,
    pub(crate) acks: Acks,
    pub(crate) pid: Option<Pid>,
    pub(crate) recovered: bool,
    /// Events up to this number were before its time.
    pub(crate) since: u64,
    /// Its place among the members.
    pub(crate) index: Cell<usize>,
    pub(crate) rooms: RefCell<Vec<Room>>,
    pub(crate) present: Cell<bool>,
    /// Set when it was the server that ended it.
    pub(crate) ending: Cell<Option<Reason>>,
    pub(crate) members: Rc<Members>,
}

impl Core {
    pub(crate) fn hub(&self) -> &Hub {
        &self.link.shard().hub
    }

    /// Puts a frame into the outbox.
    pub(crate) fn deliver(&self, message: &Message, number: u64) {
        if !self.present.get() || (number > 0 && number <= self.since) {
            return;
        }
        self.hub().observe(|| Observed::Sent { socket: self, frame: &message.frame });
        match message.slot {
            Some(slot) => self.link.put(slot, message.frame.clone()),
            None if message.volatile => self.link.emit_volatile(message.frame.clone()),
            None => self.link.emit(message.frame.clone()),
        }
    }

    fn emit(&self, name: &str, args: &Args, volatile: bool) {
        if self.nsp.is_recoverable() && !volatile {
            let target = Target { rooms: vec![self.id.as_str().into()], ..Target::default() };
            self.hub().append(&self.nsp, Some(Arc::new(target)), name, args);
        } else {
            let head = Head::Event { namespace: &self.nsp.name, name, ack: None };
            let message = Message { volatile, ..Message::event(Frame::encode(head, args, None)) };
            self.deliver(&message, 0);
        }
    }

    pub(crate) fn ack(&self, id: u64, reply: Reply) {
        // What was broadcast before goes before.
        self.link.shard().pump();
        self.link.emit(reply.frame(&self.nsp.name, id));
    }

    /// Asks for an ack: the frame is sent at once, whatever happens to the future.
    pub(crate) fn ask(
        &self,
        name: &str,
        args: &Args,
        within: Duration,
    ) -> impl Future<Output = Result<Args, AckError>> + use<> {
        let (id, until) = (self.nsp.ack_id(), Instant::now() + within);
        let answered = self.present.get().then(|| self.acks.expect(id, until));
        let head = Head::Event { namespace: &self.nsp.name, name, ack: Some(id) };
        self.deliver(&Message::event(Frame::encode(head, args, None)), 0);
        async move {
            let answered = answered.ok_or(AckError::Disconnected)?;
            let answer = timeout_at(until, answered).await.map_err(|_| AckError::Timeout)?;
            answer.map_err(|_| AckError::Disconnected)
        }
    }

    pub(crate) fn join(self: &Rc<Self>, room: &Room) {
        if self.present.get() && !self.rooms.borrow().contains(room) {
            self.rooms.borrow_mut().push(room.clone());
            self.members.join(self, room);
            self.hub().observe(|| Observed::Joined { socket: self, room });
        }
    }

    pub(crate) fn leave(&self, room: &str) {
        let mut rooms = self.rooms.borrow_mut();
        if let Some(at) = rooms.iter().position(|one| &**one == room) {
            let room = rooms.swap_remove(at);
            drop(rooms);
            self.members.leave(self, &room);
            self.hub().observe(|| Observed::Left { socket: self, room: &room });
        }
    }

    /// Ends it, by the server's will; its task does the rest.
    pub(crate) fn disconnect(&self, reason: Reason, close: bool) {
        if self.present.get() && self.ending.get().is_none() {
            let name = &self.nsp.name;
            let packet = if &**name == "/" { "41".to_owned() } else { format!("41{name},") };
            self.link.emit(Frame::text(&packet));
            self.ending.set(Some(reason));
            self.depart(reason);
            self.link.wake_task();
        }
        if close {
            self.link.close(Closing::new(1000, "disconnected by the server", reason));
        }
    }

    /// Nothing reaches it any more; remembered, if it may come back.
    pub(crate) fn depart(&self, reason: Reason) {
        if !self.present.replace(false) {
            return;
        }
        let rooms = self.rooms.take();
        self.members.remove(self, &rooms);
        self.acks.clear();
        self.nsp.left();
        self.hub().left();
        if let (Some(pid), Some(mut log)) = (self.pid, self.nsp.log()) {
            let parted = Parted { id: self.id, rooms: rooms.clone(), since: self.since };
            log.leave(pid, reason.is_recoverable().then_some(parted));
        }
        self.hub().observe(|| Observed::Disconnected { socket: self, reason });
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("namespace", &self.nsp.name)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// One client in one namespace. A clone is the same socket.
///
/// It belongs to the worker thread that serves it. From another thread a socket is reached through the [`Hub`], under its
/// id: `hub.to(id.as_str())`. Nothing here waits: what is sent goes to the outbox, or nowhere once the client has gone.
pub struct Socket<S = ()> {
    pub(crate) core: Rc<Core>,
    state: Rc<S>,
}

impl<S: 'static> Socket<S> {
    pub(crate) fn new(core: Rc<Core>, state: Rc<dyn Any>) -> Option<Self> {
        // Always there: a namespace's sockets are made by its own service.
        Some(Self { core, state: state.downcast().ok()? })
    }
}

impl<S> Socket<S> {
    /// Its id, new with each connect unless it was [recovered](Self::recovered).
    pub fn id(&self) -> &SocketId {
        &self.core.id
    }

    /// What the namespace's connect hook returned.
    pub fn state(&self) -> &S {
        &self.state
    }

    pub(crate) fn shared_state(&self) -> Rc<S> {
        self.state.clone()
    }

    /// The namespace's name.
    pub fn namespace(&self) -> &str {
        &self.core.nsp.name
    }

    /// How the client came.
    pub fn handshake(&self) -> &Handshake {
        &self.core.handshake
    }

    /// Whether it has taken up where an earlier connection was lost: same id, same rooms, and what was missed
    /// has been sent.
    pub fn recovered(&self) -> bool {
        self.core.recovered
    }

    /// Whether it is still there.
    pub fn is_connected(&self) -> bool {
        self.core.present.get()
    }

    /// Emits an event with one argument, behind all that is waiting.
    pub fn emit<T: Serialize + ?Sized>(&self, name: &str, value: &T) {
        self.emit_args(name, &Args::new().with(value));
    }

    /// Emits an event with any arguments.
    pub fn emit_args(&self, name: &str, args: &Args) {
        self.core.emit(name, args, false);
    }

    /// Emits an event that is dropped if the client does not take what was sent before.
    pub fn emit_volatile<T: Serialize + ?Sized>(&self, name: &str, value: &T) {
        self.core.emit(name, &Args::new().with(value), true);
    }

    /// Emits an event and waits for the client's ack, of which the first argument is returned.
    ///
    /// The event is sent at once, whenever the future is awaited, so that the answer can be waited for beside the handler:
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # fn on(socket: socketio::Socket) {
    /// let answer = socket.emit_with_ack::<String, _>("who", &(), Duration::from_secs(5));
    /// actix_web::rt::spawn(async move { println!("{:?}", answer.await) });
    /// # }
    /// ```
    ///
    /// # Errors
    /// No ack in time, or not what was expected.
    pub fn emit_with_ack<R: DeserializeOwned, T: Serialize + ?Sized>(
        &self,
        name: &str,
        value: &T,
        within: Duration,
    ) -> impl Future<Output = Result<R, AckError>> + use<S, R, T> {
        let answer = self.core.ask(name, &Args::new().with(value), within);
        async move { answer.await?.get(0).map_err(AckError::Unexpected) }
    }

    /// Emits an event with any arguments and waits for all those of the client's ack.
    ///
    /// # Errors
    /// No ack in time.
    pub fn emit_args_with_ack(
        &self,
        name: &str,
        args: &Args,
        within: Duration,
    ) -> impl Future<Output = Result<Args, AckError>> + use<S> {
        self.core.ask(name, args, within)
    }

    /// Sends a frame of this namespace, behind all that is waiting. It is sent as it is, and not recovered.
    pub fn send(&self, frame: Frame) {
        self.core.deliver(&Message::event(frame), 0);
    }

    /// Sends a frame in place of the slot's unsent one, if there is one; otherwise as [`send`](Self::send).
    pub fn put(&self, slot: Slot, frame: Frame) {
        self.core.deliver(&Message::latest(slot, frame), 0);
    }

    /// Enters a room. It leaves them all when it is gone.
    pub fn join(&self, room: impl Into<Arc<str>>) {
        self.core.join(&room.into());
    }

    /// Leaves a room.
    pub fn leave(&self, room: &str) {
        self.core.leave(room);
    }

    /// The rooms it is in. Its own id, which is a room of its own, is not among them.
    pub fn rooms(&self) -> Vec<Arc<str>> {
        self.core.rooms.borrow().clone()
    }

    /// Everyone else in its namespace.
    pub fn broadcast(&self) -> Broadcast {
        Broadcast::new(self.hub(), self.core.nsp.name.clone()).except(self.id().as_str())
    }

    /// Everyone else in a room.
    pub fn to(&self, room: impl Into<Arc<str>>) -> Broadcast {
        self.broadcast().to(room)
    }

    /// Everyone else who is not in a room.
    pub fn except(&self, room: impl Into<Arc<str>>) -> Broadcast {
        self.broadcast().except(room)
    }

    /// All sockets of the server.
    pub fn hub(&self) -> Hub {
        self.core.hub().clone()
    }

    /// Ends the socket; the session, and what is waiting in it, goes on. Stock clients do not come back by themselves.
    pub fn disconnect(&self) {
        self.core.disconnect(Reason::ServerDisconnect, false);
    }

    /// Ends the whole session, once what is waiting has been sent.
    pub fn close(&self) {
        self.core.disconnect(Reason::ServerDisconnect, true);
    }
}

impl<S> Clone for Socket<S> {
    fn clone(&self) -> Self {
        Self { core: self.core.clone(), state: self.state.clone() }
    }
}

impl<S> fmt::Debug for Socket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(f)
    }
}
