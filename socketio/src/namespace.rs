//! Namespaces that are built from handlers.

use std::{collections::HashMap, fmt};

use futures_util::future::LocalBoxFuture;

use crate::{
    event::Event,
    extract::EventParts,
    handler::Handler,
    handshake::{ConnectError, Handshake},
    reason::Reason,
    rejection::Rejection,
    reply::Reply,
    service::Service,
    socket::Socket,
};

type Authorizer<S> = Box<dyn Fn(Handshake) -> LocalBoxFuture<'static, Result<S, ConnectError>> + Send + Sync>;
type OnConnect<S> = Box<dyn Fn(Socket<S>) -> LocalBoxFuture<'static, ()> + Send + Sync>;
type OnDisconnect<S> = Box<dyn Fn(Socket<S>, Reason) -> LocalBoxFuture<'static, ()> + Send + Sync>;
type OnEvent<S> =
    Box<dyn Fn(&mut EventParts<'_, S>) -> Result<LocalBoxFuture<'static, Reply>, Rejection> + Send + Sync>;

/// A namespace: its authorizer and its event handlers. `S` is the state of each socket.
///
/// The handlers of one socket run one at a time, in the order of its events. Those of different sockets, and of
/// different namespaces, do not wait for each other. A requested ack is always sent: the return value of the handler;
/// `{"error": …}` if the arguments do not fit, no handler has that name, or the event exceeds a limit
/// ([`LimitExceeded`](crate::LimitExceeded)); an empty ack otherwise.
pub struct Namespace<S = ()> {
    name: String,
    authorizer: Authorizer<S>,
    on_connect: Option<OnConnect<S>>,
    events: HashMap<String, OnEvent<S>>,
    fallback: Option<OnEvent<S>>,
    on_disconnect: Option<OnDisconnect<S>>,
}

impl Namespace {
    /// A namespace without authorization.
    ///
    /// The name begins with `/`; `/` is the main namespace. A name with parts in braces, such as `/org-{id}` or
    /// `/room/{name:[a-z]+}`, is a pattern. Each matching name is a namespace of its own, which exists while a client
    /// is in it. See [`Handshake::param`].
    pub fn new(name: impl Into<String>) -> Self {
        Self::with_authorizer(name, |_| async { Ok(()) })
    }
}

impl<S: 'static> Namespace<S> {
    /// A namespace with a connect hook, which authorizes the connection and returns the state of the socket.
    ///
    /// The hook is not cancelled, and counts as part of its session until it ends, also after the client has
    /// disconnected: set timeouts for what it awaits.
    pub fn with_authorizer<F, Fut>(name: impl Into<String>, authorizer: F) -> Self
    where
        F: Fn(Handshake) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, ConnectError>> + 'static,
    {
        Self {
            name: name.into(),
            authorizer: Box::new(move |handshake| Box::pin(authorizer(handshake))),
            on_connect: None,
            events: HashMap::new(),
            fallback: None,
            on_disconnect: None,
        }
    }

    /// Sets the handler of new sockets. The events of a socket wait until it has ended.
    #[must_use]
    pub fn on_connect<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(Socket<S>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        self.on_connect = Some(Box::new(move |socket| Box::pin(handler(socket))));
        self
    }

    /// Sets the handler of disconnected sockets, which runs after their last event.
    #[must_use]
    pub fn on_disconnect<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(Socket<S>, Reason) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        self.on_disconnect = Some(Box::new(move |socket, reason| Box::pin(handler(socket, reason))));
        self
    }

    /// Sets the handler of an event. It replaces an earlier one of that name.
    #[must_use]
    pub fn on<A: 'static>(mut self, event: impl Into<String>, handler: impl Handler<S, A>) -> Self {
        self.events.insert(event.into(), Box::new(move |parts| handler.call(parts)));
        self
    }

    /// Sets the handler of the event `message`, which the stock clients' `socket.send(…)` emits.
    #[must_use]
    pub fn message<A: 'static>(self, handler: impl Handler<S, A>) -> Self {
        self.on("message", handler)
    }

    /// Sets the handler of events without a handler of their own.
    #[must_use]
    pub fn on_fallback<A: 'static>(mut self, handler: impl Handler<S, A>) -> Self {
        self.fallback = Some(Box::new(move |parts| handler.call(parts)));
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl<S: 'static> Service for Namespace<S> {
    type State = S;

    async fn connect(&self, handshake: &Handshake) -> Result<S, ConnectError> {
        (self.authorizer)(handshake.clone()).await
    }

    async fn connected(&self, socket: &Socket<S>) {
        if let Some(on_connect) = &self.on_connect {
            on_connect(socket.clone()).await;
        }
    }

    async fn event(&self, socket: &Socket<S>, event: Event) -> Option<Reply> {
        let name = event.name.clone();
        if let Some(limit_exceeded) = event.limit_exceeded {
            return Some(Reply::error(&limit_exceeded.to_string()));
        }
        let Some(handler) = self.events.get(&name).or(self.fallback.as_ref()) else {
            tracing::debug!(namespace = socket.namespace(), "no handler for an event");
            return Some(Reply::error(&format!("nobody handles the event {name:?}")));
        };
        match handler(&mut EventParts::new(socket, event)) {
            Ok(handling) => Some(handling.await),
            Err(rejection) => {
                tracing::debug!(%rejection, "the arguments of an event do not match its handler");
                Some(Reply::error(&rejection.0))
            }
        }
    }

    async fn disconnected(&self, socket: &Socket<S>, reason: Reason) {
        if let Some(on_disconnect) = &self.on_disconnect {
            on_disconnect(socket.clone(), reason).await;
        }
    }
}

impl<S> fmt::Debug for Namespace<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespace").field("name", &self.name).finish_non_exhaustive()
    }
}
