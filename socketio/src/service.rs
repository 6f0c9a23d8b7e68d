//! The trait that a namespace's behaviour implements.

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

/// The behaviour of a namespace, with all events in one function. For handlers by event name see
/// [`Namespace`](crate::Namespace), which is also a service.
///
/// A session stays on one worker thread, so futures need not be `Send`. They are not cancelled: once begun they run to
/// their end, also after the client has disconnected. A panic closes the client's session.
pub trait Service: Send + Sync + 'static {
    /// State of each socket.
    type State: 'static;

    /// Authorizes a connection and returns the state of the socket.
    ///
    /// # Errors
    /// A [`ConnectError`] reaches the client as its `connect_error`.
    fn connect(&self, handshake: &Handshake) -> impl Future<Output = Result<Self::State, ConnectError>>;

    /// Called for a new socket. Its CONNECT packet is already in the outbox, and messages emitted before the first
    /// `await` follow it directly: from this moment on broadcasts reach the socket, after them. Its events are handled
    /// afterwards.
    fn connected(&self, socket: &Socket<Self::State>) -> impl Future<Output = ()>;

    /// Handles an event: one at a time per socket, in the order in which they were sent.
    ///
    /// The return value is the ack. `None` sends an empty ack if one was requested, and nothing otherwise.
    fn event(&self, socket: &Socket<Self::State>, event: Event) -> impl Future<Output = Option<Reply>>;

    /// Called after `connected`, when the socket has disconnected and its last event is done.
    fn disconnected(&self, socket: &Socket<Self::State>, reason: Reason) -> impl Future<Output = ()>;
}

pub(crate) type State = Rc<dyn Any>;

/// A type-erased service. It is borrowed, not counted: a reference count would be shared by all workers and changed for
/// each event.
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
