//! Event dispatch: authorize, decode, run in a transaction, commit, wait until published, ack.
//!
//! The gateway implements [`socketio::Service`]. Every event is acked exactly once, including events that fail, panic
//! or have no handler.

mod authorization;
mod authors;
mod batch;
mod clock;
mod dispatch;
mod message_limits;
mod presence;
pub mod reply;
mod sign_in;
mod socket_state;
mod suggestion;
mod token_monitor;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

use futures_util::FutureExt;
use rowcast_schema::{Connected, RequestOptions};
use serde_json::value::RawValue;
use socketio::{ConnectError, Event, Frame, Handshake, Hub, LimitExceeded, Reason, Reply, Service, Socket};

use crate::{
    auth::Auth,
    bounds::MESSAGES,
    config::AccessMode,
    database::{self, Database},
    error::Error,
    idempotency::AckQuota,
    live::{Limit, Live},
    registry::{CurrentRegistry, Registry},
};
use authors::AuthorBroadcast;
use clock::Clock;
use message_limits::MessageLimits;
pub use socket_state::SocketState;
use socket_state::{HandshakeAuth, Subscriptions, with_limit};
use token_monitor::TokenMonitor;

/// The event handler that all sockets share.
pub struct Gateway {
    db: Database,
    registry: CurrentRegistry,
    live: Live,
    /// None if the product has no users.
    auth: Option<Auth>,
    access: AccessMode,
    authors: AuthorBroadcast,
    clock: Clock,
    token_monitor: TokenMonitor,
    message_limits: MessageLimits,
    ledger: AckQuota,
}

/// Events about the socket itself; a product without users has only the first.
const BUILTIN_EVENTS: [&str; 6] = ["refresh", "batch", "login", "logout", "me", "set_password"];
/// The built-in events that need no authorization.
const AUTH_EVENTS: [&str; 3] = ["login", "logout", "me"];

/// An ack's JSON and its outcome, for metrics.
type EncodedAck = (String, &'static str);
type AckResult = Result<EncodedAck, Error>;

impl Gateway {
    /// Creates the gateway.
    #[must_use]
    pub(crate) fn new(
        db: Database,
        hub: Hub,
        registry: CurrentRegistry,
        live: Live,
        auth: Option<Auth>,
        access: AccessMode,
        request_bytes: u64,
    ) -> Self {
        let authors = AuthorBroadcast::new(hub, live.clone(), registry.clone(), db.node_messages().cloned());
        let (clock, token_monitor) = (Clock::new(db.clone()), TokenMonitor::new(db.clone()));
        let (ledger, message_limits) = (AckQuota::new(db.clone(), request_bytes), MessageLimits::default());
        Self { db, registry, live, auth, access, authors, clock, token_monitor, message_limits, ledger }
    }

    async fn handle(&self, socket: &Socket<SocketState>, event: &Event) -> AckResult {
        if let Some(fault) = &event.limit_exceeded {
            let may_send_more = self.access != AccessMode::Open && socket.state().user().is_none();
            return Err(limit_error(fault, may_send_more));
        }
        if !event.args.attachments().is_empty() {
            return Err(Error::BadPayload("binary values are not taken here: send text or a link".into()));
        }
        let name = event.name.as_str();
        if !AUTH_EVENTS.contains(&name) {
            self.authorize_read(socket.state())?;
        }
        let (payload, options) = match event.args.json() {
            [] => (None, None),
            [payload] => (Some(&**payload), None),
            [payload, options] => (Some(&**payload), Some(&**options)),
            more => {
                let message = format!("takes a payload and options, not {} arguments", more.len());
                return Err(Error::BadPayload(message));
            }
        };
        let options = options.map_or(Ok(RequestOptions::default()), rowcast_schema::decode)?;
        if BUILTIN_EVENTS.contains(&name) && !self.builtin_events().contains(&name) {
            return Err(self.unknown_event(name));
        }
        match name {
            "refresh" => self.refresh(socket).await,
            "batch" => self.batch(socket, payload, options).await,
            "login" => self.login(socket, payload.unwrap_or(RawValue::NULL)).await,
            "logout" => self.logout(socket).await,
            "me" => self.me(socket).await,
            "set_password" => self.set_password(socket, payload.unwrap_or(RawValue::NULL)).await,
            name => self.dispatch(socket, name, payload, options).await,
        }
    }

    /// The registry as it is now.
    fn registry(&self) -> Arc<Registry> {
        self.registry.borrow().clone()
    }

    fn auth(&self) -> Result<&Auth, Error> {
        self.auth.as_ref().ok_or_else(|| Error::UnknownEvent("nobody signs in here".into()))
    }

    async fn refresh(&self, socket: &Socket<SocketState>) -> AckResult {
        let permit = self.authorize_read(socket.state())?;
        self.revalidate(socket, &permit).await?;
        self.live.send_snapshots(socket, &socket.state().mode());
        ok_ack(reply::ok(()))
    }

    /// Subscribes an authorized socket to changes and sends it the current state. Does nothing if it is subscribed
    /// already.
    fn subscribe(&self, socket: &Socket<SocketState>) {
        let state = socket.state();
        if self.authorize_read(state).is_err() || state.subscriptions.borrow().is_some() {
            return;
        }
        let live = self.live.subscribe(socket, state.take_initial_mode());
        let authors = state.authors.then(|| self.authors.subscribe(socket));
        state.subscriptions.replace(Some(Subscriptions { _live: live, _authors: authors }));
    }

    /// Records that a client's message limit is below the size that it was sent, for its next connection.
    fn record_message_limit(&self, socket: &Socket<SocketState>) {
        let (state, bytes) = (socket.state(), socket.largest_sent());
        let limit = Limit::below(bytes);
        if MESSAGES.met() {
            let client = socket.handshake().header("user-agent").unwrap_or_default();
            let client: String = client.chars().take(100).collect();
            let (peer, takes) = (state.network, limit.map(Limit::bytes));
            tracing::warn!(
                bytes,
                takes,
                ?peer,
                client,
                "a client closed its connection because of a message that is too large for it (1009): its next connection receives smaller ones"
            );
        }
        limit.into_iter().for_each(|limit| self.message_limits.record(state.fingerprint, limit));
    }

    /// The events about the socket itself. Those of sign-in exist only where users sign in.
    fn builtin_events(&self) -> &'static [&'static str] {
        if self.auth.is_some() { &BUILTIN_EVENTS } else { &BUILTIN_EVENTS[..2] }
    }

    /// The error for an unknown event; it suggests the nearest known name.
    fn unknown_event(&self, event: &str) -> Error {
        reply::unknown_event(&self.registry(), self.builtin_events(), event)
    }

    /// The event's name as a metric label; `unknown` for names that are not registered, which clients can choose
    /// freely.
    fn event_label(&self, event: &str) -> &'static str {
        let own = BUILTIN_EVENTS.into_iter().find(|own| *own == event);
        own.or_else(|| self.registry().route(event).map(|(name, _)| name)).unwrap_or("unknown")
    }
}

impl Service for Gateway {
    type State = SocketState;

    async fn connect(&self, handshake: &Handshake) -> Result<SocketState, ConnectError> {
        let HandshakeAuth { token, mode, authors } = HandshakeAuth::read(handshake)?;
        let fingerprint = self.message_limits.fingerprint(handshake, (&token, mode.room(), authors));
        let mode =
            self.message_limits.claim(fingerprint).map_or(mode.clone(), |limit| with_limit(mode, limit));
        let user = match token {
            None => None,
            Some(token) => Some(self.authenticate(token).await?),
        };
        sign_in::set_session_owner(handshake, user.as_ref().map(|login| &*login.user))
            .map_err(sign_in::too_many_sessions)?;
        let state = SocketState::new(user, handshake.network(), (mode, fingerprint), authors);
        if self.authorize_read(&state).is_ok() {
            self.live.catch_up_to(&state.mode()).await;
        }
        Ok(state)
    }

    async fn connected(&self, socket: &Socket<SocketState>) {
        let sid = socket.id().as_str();
        let user = socket.state().user().map(|login| login.user);
        let greeting = Connected {
            data: format!("id: {sid} is connected"),
            sid: sid.to_owned(),
            user,
            access: self.access.into(),
            schema: self.registry().hashes(),
            time: self.clock.now(),
        };
        let greeting = serde_json::to_string(&greeting).expect("a greeting is text and numbers under names");
        socket.send(Frame::event("connected", &[&greeting]));
        self.monitor_token(socket);
        self.subscribe(socket);
    }

    async fn event(&self, socket: &Socket<SocketState>, event: Event) -> Option<Reply> {
        let started = Instant::now();
        let result = AssertUnwindSafe(self.handle(socket, &event)).catch_unwind().await;
        let result = result.unwrap_or_else(|panic| Err(Error::Internal(database::panic_message(&*panic))));
        let name = self.event_label(&event.name);
        let (ack, outcome) = result.unwrap_or_else(reply::failed);
        let took = started.elapsed();
        metrics::counter!("rowcast_events_total", "event" => name, "outcome" => outcome).increment(1);
        metrics::histogram!("rowcast_event_seconds", "event" => name).record(took.as_secs_f64());
        tracing::debug!(event = name, sid = socket.id().as_str(), ?took, outcome, "event handled");
        Some(Reply::json(ack))
    }

    async fn disconnected(&self, socket: &Socket<SocketState>, reason: Reason) {
        if reason == Reason::MessageTooBig {
            self.record_message_limit(socket);
        }
        socket.state().subscriptions.take();
        socket.state().token_guard.take();
    }
}

fn ok_ack(ack: Result<String, Error>) -> AckResult {
    ack.map(|ack| (ack, "ok"))
}

/// The error for an exceeded limit. `may_send_more` is true if signing in raises the limit.
fn limit_error(fault: &LimitExceeded, may_send_more: bool) -> Error {
    match fault {
        LimitExceeded::TooMany { .. } => Error::RateLimited { seconds: 1 },
        LimitExceeded::Busy { seconds, .. } => Error::RateLimited { seconds: *seconds },
        LimitExceeded::TooLarge { .. } if may_send_more => {
            Error::BadPayload(format!("{fault}, or sign in first"))
        }
        fault => Error::BadPayload(fault.to_string()),
    }
}
