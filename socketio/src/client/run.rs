//! Calls into the namespace's service. Each one completes, with a result or with a panic.

use std::{panic::AssertUnwindSafe, rc::Rc, sync::Arc, time::Instant};

use futures_util::{FutureExt, future::LocalBoxFuture};
use tracing::{Instrument, debug, debug_span};

use super::connect::ConnectAttempt;
use crate::{
    event::{AckHandle, Event},
    handshake::{ConnectError, Handshake},
    hub::Hub,
    limit_exceeded::LimitExceeded,
    observer::Observed,
    reason::Reason,
    reply::Reply,
    service::{ErasedService, SocketService},
    wire::args::Args,
    worker::{nsp::Nsp, socket::SocketInner},
};

/// An event that was received.
pub(super) struct Received {
    pub(super) name: String,
    pub(super) args: Args,
    pub(super) ack: Option<u64>,
    pub(super) limit_exceeded: Option<LimitExceeded>,
}

/// The result of a call.
pub(super) enum Completion {
    Authorized(Result<(Rc<dyn SocketService>, ConnectAttempt), ConnectError>),
    Connected,
    EventHandled { ack_handle: Option<AckHandle>, reply: Option<Reply>, began: Instant },
    Disconnected,
    Panicked(&'static str),
}

/// Runs the authorizer.
pub(super) fn run_authorizer(
    handshake: Handshake,
    service: Arc<dyn ErasedService>,
    nsp: Arc<Nsp>,
    hub: Hub,
) -> LocalBoxFuture<'static, Completion> {
    let handshake = Rc::new(handshake);
    guard("connect", async move {
        let decision = service.connect(handshake.clone()).await;
        Completion::Authorized(match decision {
            Ok(service) => Ok((service, ConnectAttempt::new(handshake, &nsp, &hub).await)),
            Err(refusal) => Err(refusal),
        })
    })
}

/// Runs `connected` for a new socket.
pub(super) fn run_on_connect(
    socket: Rc<SocketInner>,
    service: Rc<dyn SocketService>,
) -> LocalBoxFuture<'static, Completion> {
    socket.hub().observe(|| Observed::Connected { socket: &socket });
    guard("connected", async move {
        service.connected(socket).await;
        Completion::Connected
    })
}

/// Handles an event.
pub(super) fn run_event(
    socket: &Rc<SocketInner>,
    service: Rc<dyn SocketService>,
    received: Received,
) -> LocalBoxFuture<'static, Completion> {
    let Received { name, args, ack, limit_exceeded } = received;
    socket.hub().observe(|| Observed::Received { socket, name: &name, args: &args, limit_exceeded });
    let ack_handle = ack.map(|id| AckHandle::new(socket.clone(), id));
    let event =
        Event { name, args, wants_ack: ack.is_some(), limit_exceeded, ack_handle: ack_handle.clone() };
    let span = debug_span!("event", namespace = %socket.nsp.name, socket = %socket.id, name = %event.name);
    let began = Instant::now();
    let socket = socket.clone();
    let handled = async move {
        let reply = service.event(socket, event).await;
        Completion::EventHandled { ack_handle, reply, began }
    };
    guard("event", handled.instrument(span))
}

/// Runs `disconnected`.
pub(super) fn run_on_disconnect(
    socket: Rc<SocketInner>,
    service: Rc<dyn SocketService>,
    reason: Reason,
) -> LocalBoxFuture<'static, Completion> {
    debug!(socket = %socket.id, namespace = %socket.nsp.name, %reason, "socket disconnected");
    guard("disconnected", async move {
        service.disconnected(socket, reason).await;
        Completion::Disconnected
    })
}

fn guard(
    handler: &'static str,
    running: impl Future<Output = Completion> + 'static,
) -> LocalBoxFuture<'static, Completion> {
    let caught = AssertUnwindSafe(running).catch_unwind();
    Box::pin(async move { caught.await.unwrap_or(Completion::Panicked(handler)) })
}
