//! One client in one namespace, for handlers.

use std::{fmt, rc::Rc, sync::Arc, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    acks::AckError,
    broadcast::Broadcast,
    handshake::Handshake,
    hub::Hub,
    id::SocketId,
    reason::Reason,
    wire::{
        args::Args,
        frame::Frame,
        message::{Message, Slot},
    },
    worker::socket::SocketInner,
};

/// One client in one namespace. A clone is the same socket.
///
/// It belongs to the worker thread of its session. Other threads reach it through the [`Hub`], by its id:
/// `hub.to(id.as_str())`. No function here waits. Messages go to the outbox; after a disconnect they are dropped.
pub struct Socket<S = ()> {
    inner: Rc<SocketInner>,
    state: Rc<S>,
}

impl<S: 'static> Socket<S> {
    pub(crate) fn new(inner: Rc<SocketInner>, state: Rc<S>) -> Self {
        Self { inner, state }
    }
}

impl<S> Socket<S> {
    /// Id of the socket, new for each connection unless it was [recovered](Self::recovered).
    pub fn id(&self) -> &SocketId {
        &self.inner.id
    }

    /// Return value of the namespace's connect hook.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// The socket after all earlier broadcasts have reached it, so that direct operations come after them.
    fn flushed(&self) -> &Rc<SocketInner> {
        self.inner.worker.drain_commands();
        &self.inner
    }

    pub(crate) fn shared_state(&self) -> Rc<S> {
        self.state.clone()
    }

    /// Name of the namespace.
    pub fn namespace(&self) -> &str {
        &self.inner.nsp.name
    }

    /// Handshake of the connection.
    pub fn handshake(&self) -> &Handshake {
        &self.inner.handshake
    }

    /// Whether a lost connection was recovered: same id, same rooms, and the missed events have been sent.
    pub fn recovered(&self) -> bool {
        self.inner.recovered
    }

    /// Whether the socket is connected.
    pub fn is_connected(&self) -> bool {
        self.inner.connected.get()
    }

    /// Waits until the socket is disconnected, for a handler whose result is then useless: handlers are not cancelled.
    ///
    /// ```
    /// # async fn on(socket: socketio::Socket, turn: impl Future<Output = ()>) {
    /// tokio::select! {
    ///     () = turn => {} // do it
    ///     () = socket.disconnected() => return,
    /// }
    /// # }
    /// ```
    pub async fn disconnected(&self) {
        self.inner.disconnected().await;
    }

    /// Bytes of the largest message that the session has begun to send.
    pub fn largest_sent(&self) -> usize {
        self.inner.session.largest()
    }

    /// Emits an event with one argument.
    pub fn emit<T: Serialize + ?Sized>(&self, name: &str, value: &T) {
        self.emit_args(name, &Args::new().with(value));
    }

    /// Emits an event with any arguments.
    pub fn emit_args(&self, name: &str, args: &Args) {
        self.flushed().emit(name, args, false);
    }

    /// Emits an event that is dropped if the client has not received earlier messages yet.
    pub fn emit_volatile<T: Serialize + ?Sized>(&self, name: &str, value: &T) {
        self.flushed().emit(name, &Args::new().with(value), true);
    }

    /// Emits an event and waits for the client's ack. Returns its first argument.
    ///
    /// The event is sent at once, whenever the future is awaited, so the ack can also be awaited outside the handler:
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
    /// No ack arrived in time, or it has another type.
    pub fn emit_with_ack<R: DeserializeOwned, T: Serialize + ?Sized>(
        &self,
        name: &str,
        value: &T,
        within: Duration,
    ) -> impl Future<Output = Result<R, AckError>> + use<S, R, T> {
        let answer = self.flushed().emit_with_ack(name, &Args::new().with(value), within);
        async move { answer.await?.get(0).map_err(AckError::Unexpected) }
    }

    /// Emits an event with any arguments and waits for all arguments of the client's ack.
    ///
    /// # Errors
    /// No ack arrived in time.
    pub fn emit_args_with_ack(
        &self,
        name: &str,
        args: &Args,
        within: Duration,
    ) -> impl Future<Output = Result<Args, AckError>> + use<S> {
        self.flushed().emit_with_ack(name, args, within)
    }

    /// Sends an encoded frame of this namespace, in order. It is not recovered.
    pub fn send(&self, frame: Frame) {
        self.flushed().deliver(&Message::event(frame), 0);
    }

    /// Sends a frame that replaces the slot's unsent one.
    pub fn send_latest(&self, slot: Slot, frame: Frame) {
        self.flushed().deliver(&Message::latest(slot, frame), 0);
    }

    /// Sends messages, each queued by its own rule. `make` runs after all earlier broadcasts have reached the socket,
    /// so that its result is not older than these. A versioned message is sent even if its version was sent before, and
    /// replaces the unsent one of its slot.
    pub fn send_messages_with(&self, make: impl FnOnce() -> Vec<Message>) {
        let inner = self.flushed();
        for message in make() {
            inner.deliver(&Message { force: true, ..message }, 0);
        }
    }

    /// Drops the unsent messages of its slots. Coalesced ones would otherwise include changes made after this call,
    /// because they are built when they are written.
    pub fn discard_unsent(&self) {
        let inner = self.flushed();
        inner.session.discard_unsent(Arc::as_ptr(&inner.nsp).addr());
    }

    /// Joins a room. The socket leaves all rooms when it disconnects.
    pub fn join(&self, room: impl Into<Arc<str>>) {
        self.flushed().join(&room.into());
    }

    /// Leaves a room.
    pub fn leave(&self, room: &str) {
        self.flushed().leave(room);
    }

    /// Rooms of the socket, without its own id, which is also a room.
    pub fn rooms(&self) -> Vec<Arc<str>> {
        self.inner.rooms.borrow().iter().cloned().collect()
    }

    /// All other sockets of the namespace.
    pub fn broadcast(&self) -> Broadcast {
        Broadcast::new(self.hub(), self.inner.nsp.name.clone()).except(self.id().as_str())
    }

    /// All other sockets in a room.
    pub fn to(&self, room: impl Into<Arc<str>>) -> Broadcast {
        self.broadcast().to(room)
    }

    /// All other sockets that are not in a room.
    pub fn except(&self, room: impl Into<Arc<str>>) -> Broadcast {
        self.broadcast().except(room)
    }

    /// All sockets of the server.
    pub fn hub(&self) -> Hub {
        self.inner.hub().clone()
    }

    /// Disconnects the socket; the session stays open. Stock clients do not reconnect by themselves.
    pub fn disconnect(&self) {
        self.flushed().disconnect(Reason::ServerDisconnect, false);
    }

    /// Closes the whole session, after its outbox is flushed.
    pub fn close(&self) {
        self.flushed().disconnect(Reason::ServerDisconnect, true);
    }
}

impl<S> Clone for Socket<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), state: self.state.clone() }
    }
}

impl<S> fmt::Debug for Socket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
