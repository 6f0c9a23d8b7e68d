//! What a product plugs in: who may connect to a namespace, and what an event does there.

use std::{any::Any, future::Future, rc::Rc};

use futures_util::future::LocalBoxFuture;

use crate::{
    event::Event,
    handshake::{ConnectError, Handshake},
    reason::Reason,
    reply::Reply,
    socket::Socket,
    worker::socket::SocketInner,
};

/// A namespace's behaviour, all events in one place. For handlers by event name see [`Namespace`](crate::Namespace),
/// which is a service, too.
///
/// A session lives on one worker thread, so futures need not be `Send`. They are never cancelled: what has
/// begun runs to its end, also when the client has gone. A panic costs the client its session.
pub trait Service: Send + Sync + 'static {
    /// Kept with each socket.
    type State: 'static;

    /// Decides who may connect, and makes what is kept with the socket.
    ///
    /// # Errors
    /// A [`ConnectError`] reaches the client as its `connect_error`.
    fn connect(&self, handshake: &Handshake) -> impl Future<Output = Result<Self::State, ConnectError>>;

    /// A socket is there. `40{"sid"}` is already in its outbox, and what is emitted here before the first `await`
    /// follows at once: broadcasts reach the socket from this moment on, behind it. Its events come afterwards.
    fn connected(&self, socket: &Socket<Self::State>) -> impl Future<Output = ()>;

    /// Handles an event: one at a time per socket, in the order they were sent.
    ///
    /// What is returned becomes the ack. Without it a client that asked gets an empty ack; a client that did not
    /// ask gets nothing.
    fn event(&self, socket: &Socket<Self::State>, event: Event) -> impl Future<Output = Option<Reply>>;

    /// A socket that was given to `connected` has gone, and its last event is done.
    fn disconnected(&self, socket: &Socket<Self::State>, reason: Reason) -> impl Future<Output = ()>;
}

pub(crate) type State = Rc<dyn Any>;

/// A service without its types, as a session holds it. Borrowed, not counted: counting would be done for each event, by all
/// workers, in one place.
pub(crate) trait ErasedService: Send + Sync {
    fn connect<'a>(&'a self, handshake: &'a Handshake) -> LocalBoxFuture<'a, Result<State, ConnectError>>;
    fn connected(&self, inner: Rc<SocketInner>, state: State) -> LocalBoxFuture<'_, ()>;
    fn event(&self, inner: Rc<SocketInner>, state: State, event: Event) -> LocalBoxFuture<'_, Option<Reply>>;
    fn disconnected(&self, inner: Rc<SocketInner>, state: State, reason: Reason) -> LocalBoxFuture<'_, ()>;
}

impl<S: Service> ErasedService for S {
    fn connect<'a>(&'a self, handshake: &'a Handshake) -> LocalBoxFuture<'a, Result<State, ConnectError>> {
        Box::pin(async move {
            let state = Service::connect(self, handshake).await?;
            Ok(Rc::new(state) as State)
        })
    }

    fn connected(&self, inner: Rc<SocketInner>, state: State) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(socket) = Socket::new(inner, state) {
                Service::connected(self, &socket).await;
            }
        })
    }

    fn event(&self, inner: Rc<SocketInner>, state: State, event: Event) -> LocalBoxFuture<'_, Option<Reply>> {
        Box::pin(async move { Service::event(self, &Socket::new(inner, state)?, event).await })
    }

    fn disconnected(&self, inner: Rc<SocketInner>, state: State, reason: Reason) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(socket) = Socket::new(inner, state) {
                Service::disconnected(self, &socket, reason).await;
            }
        })
    }
}
