//! A client in a namespace, as a handler sees it.

use std::{any::Any, fmt, rc::Rc, sync::Arc, time::Duration};

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
/// It belongs to the worker thread that serves it. From another thread a socket is reached through the [`Hub`], under its
/// id: `hub.to(id.as_str())`. Nothing here waits: what is sent goes to the outbox, or nowhere once the client has gone.
pub struct Socket<S = ()> {
    inner: Rc<SocketInner>,
    state: Rc<S>,
}

impl<S: 'static> Socket<S> {
    pub(crate) fn new(inner: Rc<SocketInner>, state: Rc<dyn Any>) -> Option<Self> {
        // Always there: a namespace's sockets are made by its own service.
        Some(Self { inner, state: state.downcast().ok()? })
    }
}

impl<S> Socket<S> {
    /// Its id, new with each connect unless it was [recovered](Self::recovered).
    pub fn id(&self) -> &SocketId {
        &self.inner.id
    }

    /// What the namespace's connect hook returned.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// The socket, once all that was broadcast so far has reached it: what is done to it by hand comes after.
    fn flushed(&self) -> &Rc<SocketInner> {
        self.inner.session.worker().drain_commands();
        &self.inner
    }

    pub(crate) fn shared_state(&self) -> Rc<S> {
        self.state.clone()
    }

    /// The namespace's name.
    pub fn namespace(&self) -> &str {
        &self.inner.nsp.name
    }

    /// How the client came.
    pub fn handshake(&self) -> &Handshake {
        &self.inner.handshake
    }

    /// Whether it has taken up where an earlier connection was lost: same id, same rooms, and what was missed
    /// has been sent.
    pub fn recovered(&self) -> bool {
        self.inner.recovered
    }

    /// Whether it is still there.
    pub fn is_connected(&self) -> bool {
        self.inner.connected.get()
    }

    /// Ready once it has gone, for a handler that waits for something that nobody else could use: a handler is not
    /// cancelled by itself.
    ///
    /// ```
    /// # async fn on(socket: socketio::Socket, turn: impl Future<Output = ()>) {
    /// tokio::select! {
    ///     () = turn => {} // do it
    ///     () = socket.gone() => return,
    /// }
    /// # }
    /// ```
    pub async fn disconnected(&self) {
        self.inner.disconnected().await;
    }

    /// Bytes of the largest message that its session has begun to be sent.
    pub fn largest_sent(&self) -> usize {
        self.inner.session.largest()
    }

    /// Emits an event with one argument, behind all that is waiting.
    pub fn emit<T: Serialize + ?Sized>(&self, name: &str, value: &T) {
        self.emit_args(name, &Args::new().with(value));
    }

    /// Emits an event with any arguments.
    pub fn emit_args(&self, name: &str, args: &Args) {
        self.flushed().emit(name, args, false);
    }

    /// Emits an event that is dropped if the client does not take what was sent before.
    pub fn emit_volatile<T: Serialize + ?Sized>(&self, name: &str, value: &T) {
        self.flushed().emit(name, &Args::new().with(value), true);
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
        let answer = self.flushed().emit_with_ack(name, &Args::new().with(value), within);
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
        self.flushed().emit_with_ack(name, args, within)
    }

    /// Sends a frame of this namespace, behind all that is waiting. It is sent as it is, and not recovered.
    pub fn send(&self, frame: Frame) {
        self.flushed().deliver(&Message::event(frame), 0);
    }

    /// Sends a frame in place of the slot's unsent one, if there is one; otherwise as [`send`](Self::send).
    pub fn send_latest(&self, slot: Slot, frame: Frame) {
        self.flushed().deliver(&Message::latest(slot, frame), 0);
    }

    /// Gives it messages, each queued as it says itself. They are made once all that was broadcast so far has reached the
    /// socket, so what they say is no older than that. A numbered one goes also to a socket that has been put that
    /// number before, and takes the place of what is unsent in its slot.
    pub fn send_messages_with(&self, make: impl FnOnce() -> Vec<Message>) {
        let inner = self.flushed();
        for message in make() {
            inner.deliver(&Message { force: true, ..message }, 0);
        }
    }

    /// Takes back what waits in its slots and has not begun to leave: what is made of steps when it is written would otherwise know
    /// of what came later.
    pub fn discard_unsent(&self) {
        let inner = self.flushed();
        inner.session.discard_unsent(Arc::as_ptr(&inner.nsp).addr());
    }

    /// Enters a room. It leaves them all when it is gone.
    pub fn join(&self, room: impl Into<Arc<str>>) {
        self.flushed().join(&room.into());
    }

    /// Leaves a room.
    pub fn leave(&self, room: &str) {
        self.flushed().leave(room);
    }

    /// The rooms it is in. Its own id, which is a room of its own, is not among them.
    pub fn rooms(&self) -> Vec<Arc<str>> {
        self.inner.rooms.borrow().iter().cloned().collect()
    }

    /// Everyone else in its namespace.
    pub fn broadcast(&self) -> Broadcast {
        Broadcast::new(self.hub(), self.inner.nsp.name.clone()).except(self.id().as_str())
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
        self.inner.hub().clone()
    }

    /// Ends the socket; the session, and what is waiting in it, goes on. Stock clients do not come back by themselves.
    pub fn disconnect(&self) {
        self.flushed().disconnect(Reason::ServerDisconnect, false);
    }

    /// Ends the whole session, once what is waiting has been sent.
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
