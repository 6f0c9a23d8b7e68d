//! The product's code, as it runs for one seat: whatever happens in it, there is an end that can be dealt with.

use std::{panic::AssertUnwindSafe, rc::Rc, sync::Arc, time::Instant};

use futures_util::{FutureExt, future::LocalBoxFuture};
use tracing::{Instrument, debug, debug_span};

use super::connect::Arrival;
use crate::{
    event::{Event, Fault, Ticket},
    handshake::{Handshake, Refusal},
    hub::Hub,
    observer::Observed,
    reason::Reason,
    reply::Reply,
    service::State,
    wire::args::Args,
    worker::{nsp::Nsp, socket::Core},
};

/// An event that was received.
pub(super) struct Received {
    pub(super) name: String,
    pub(super) args: Args,
    pub(super) ack: Option<u64>,
    pub(super) fault: Option<Fault>,
}

/// What ran has come to its end.
pub(super) enum Done {
    Decided(Result<(State, Arrival), Refusal>),
    Greeted,
    Handled { ticket: Option<Ticket>, reply: Option<Reply>, began: Instant },
    Parted,
    Panicked(&'static str),
}

/// May the client come in?
pub(super) fn decide(handshake: Handshake, nsp: Arc<Nsp>, hub: Hub) -> LocalBoxFuture<'static, Done> {
    let handshake = Rc::new(handshake);
    guard("connect", async move {
        let decision = nsp.service.connect(&handshake).await;
        Done::Decided(match decision {
            Ok(state) => Ok((state, Arrival::new(handshake, &nsp, &hub).await)),
            Err(refusal) => Err(refusal),
        })
    })
}

/// It is in.
pub(super) fn greet(core: Rc<Core>, state: State) -> LocalBoxFuture<'static, Done> {
    core.hub().observe(|| Observed::Connected { socket: &core });
    guard("connected", async move {
        core.nsp.service.connected(core.clone(), state).await;
        Done::Greeted
    })
}

/// An event.
pub(super) fn handle(core: &Rc<Core>, state: &State, received: Received) -> LocalBoxFuture<'static, Done> {
    let Received { name, args, ack, fault } = received;
    let ticket = ack.map(|id| Ticket::new(core.clone(), id));
    let event = Event { name, args, wants_ack: ack.is_some(), fault, ticket: ticket.clone() };
    core.hub().observe(|| Observed::Received { socket: core, event: &event });
    let span = debug_span!("event", namespace = %core.nsp.name, socket = %core.id, name = %event.name);
    let began = Instant::now();
    let (core, state) = (core.clone(), state.clone());
    let handled = async move {
        let reply = core.nsp.service.event(core.clone(), state, event).await;
        Done::Handled { ticket, reply, began }
    };
    guard("event", handled.instrument(span))
}

/// It has gone.
pub(super) fn part(core: Rc<Core>, state: State, reason: Reason) -> LocalBoxFuture<'static, Done> {
    debug!(socket = %core.id, namespace = %core.nsp.name, %reason, "socket disconnected");
    guard("disconnected", async move {
        core.nsp.service.disconnected(core.clone(), state, reason).await;
        Done::Parted
    })
}

fn guard(
    handler: &'static str,
    running: impl Future<Output = Done> + 'static,
) -> LocalBoxFuture<'static, Done> {
    let caught = AssertUnwindSafe(running).catch_unwind();
    Box::pin(async move { caught.await.unwrap_or(Done::Panicked(handler)) })
}
