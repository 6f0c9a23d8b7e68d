//! The trait that a namespace's behaviour implements.

use std::{future::Future, rc::Rc, sync::Arc};

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

/// A type-erased service.
pub(crate) trait ErasedService: Send + Sync {
    /// Authorizes a connection. The result is the service for that socket.
    fn connect(
        self: Arc<Self>,
        handshake: Rc<Handshake>,
    ) -> LocalBoxFuture<'static, Result<Rc<dyn SocketService>, ConnectError>>;
}

/// A type-erased service with the state of one socket. Events count references to this, and not to the service, whose
/// reference count all workers share.
pub(crate) trait SocketService {
    fn connected(self: Rc<Self>, inner: Rc<SocketInner>) -> LocalBoxFuture<'static, ()>;
    fn event(self: Rc<Self>, inner: Rc<SocketInner>, event: Event) -> LocalBoxFuture<'static, Option<Reply>>;
    fn disconnected(self: Rc<Self>, inner: Rc<SocketInner>, reason: Reason) -> LocalBoxFuture<'static, ()>;
}

impl<S: Service> ErasedService for S {
    fn connect(
        self: Arc<Self>,
        handshake: Rc<Handshake>,
    ) -> LocalBoxFuture<'static, Result<Rc<dyn SocketService>, ConnectError>> {
        Box::pin(async move {
            let state = Rc::new(Service::connect(&*self, &handshake).await?);
            Ok(Rc::new(WithState { service: self, state }) as Rc<dyn SocketService>)
        })
    }
}

struct WithState<S: Service> {
    service: Arc<S>,
    state: Rc<S::State>,
}

impl<S: Service> WithState<S> {
    fn socket(&self, inner: Rc<SocketInner>) -> Socket<S::State> {
        Socket::new(inner, self.state.clone())
    }
}

impl<S: Service> SocketService for WithState<S> {
    fn connected(self: Rc<Self>, inner: Rc<SocketInner>) -> LocalBoxFuture<'static, ()> {
        Box::pin(async move { self.service.connected(&self.socket(inner)).await })
    }

    fn event(self: Rc<Self>, inner: Rc<SocketInner>, event: Event) -> LocalBoxFuture<'static, Option<Reply>> {
        Box::pin(async move { self.service.event(&self.socket(inner), event).await })
    }

    fn disconnected(self: Rc<Self>, inner: Rc<SocketInner>, reason: Reason) -> LocalBoxFuture<'static, ()> {
        Box::pin(async move { self.service.disconnected(&self.socket(inner), reason).await })
    }
}
