//! One event in: who asks; decode; transaction; call; commit; wait for live; ack.
//!
//! The gateway is what [`socketio`] calls. It answers every event exactly once: errors, panics, and events that
//! nobody handles included.

mod admission;
mod authors;
mod clock;
mod cut_off;
pub mod reply;
mod routing;
mod session;
mod sign_in;
mod watch;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

use futures_util::FutureExt;
use rowcast_schema::{Connected, Options, Schemas, nearest};
use serde_json::value::RawValue;
use socketio::{ConnectError, Event, Frame, Handshake, Hub, LimitExceeded, Reason, Reply, Service, Socket};

use crate::{
    auth::Auth,
    bounds::MESSAGES,
    config::Access,
    database::{self, Database},
    error::Error,
    live::{Limit, Live},
    registry::Registry,
    requests::Ledger,
};
use authors::Authors;
use clock::Clock;
use cut_off::CutOff;
pub use session::Session;
use session::{Credentials, Following, within};
use watch::Watch;

/// What is done with each event; one for all sockets.
pub struct Gateway {
    db: Database,
    registry: Arc<Registry>,
    live: Live,
    /// Where users sign in.
    auth: Option<Auth>,
    access: Access,
    authors: Authors,
    clock: Clock,
    watch: Watch,
    cut_off: CutOff,
    ledger: Ledger,
    /// What `connected` says of the types that this server was built with.
    schemas: Arc<Schemas>,
}

/// Events that are about the socket itself.
const OWN: [&str; 5] = ["refresh", "login", "logout", "me", "set_password"];
/// Those of them that are for everybody, always.
const SIGNING_IN: [&str; 3] = ["login", "logout", "me"];

/// An ack's JSON and one word for it, or why there is none.
type Answered = (String, &'static str);
type Answer = Result<Answered, Error>;

impl Gateway {
    /// Puts together what answers events.
    #[must_use]
    pub fn new(
        db: Database,
        hub: Hub,
        registry: Arc<Registry>,
        live: Live,
        auth: Option<Auth>,
        access: Access,
        request_bytes: u64,
    ) -> Self {
        let authors = Authors::new(hub, live.clone(), db.notices().cloned());
        let (clock, watch) = (Clock::new(db.clone()), Watch::new(db.clone()));
        let (ledger, cut_off) = (Ledger::new(db.clone(), request_bytes), CutOff::default());
        let schemas = Arc::new(registry.contract().hashes());
        Self { db, registry, live, auth, access, authors, clock, watch, cut_off, ledger, schemas }
    }

    async fn answer(&self, socket: &Socket<Session>, event: &Event) -> Answer {
        if let Some(fault) = &event.limit_exceeded {
            let may_send_more = self.access != Access::Open && socket.state().user().is_none();
            return Err(refuse(fault, may_send_more));
        }
        if !event.args.attachments().is_empty() {
            return Err(Error::BadPayload("binary values are not taken here: send text or a link".into()));
        }
        let name = event.name.as_str();
        if !SIGNING_IN.contains(&name) {
            self.may_see(socket.state())?;
        }
        let (payload, options) = match event.args.json() {
            [] => (None, None),
            [payload] => (Some(&**payload), None),
            [payload, options] => (Some(&**payload), Some(&**options)),
            more => {
                let sentence = format!("takes a payload and options, not {} arguments", more.len());
                return Err(Error::BadPayload(sentence));
            }
        };
        let options = options.map_or(Ok(Options::default()), rowcast_schema::decode)?;
        if OWN.contains(&name) && !self.own().contains(&name) {
            return Err(self.unknown(name));
        }
        match name {
            "refresh" => self.refresh(socket).await,
            "login" => self.login(socket, payload.unwrap_or(RawValue::NULL)).await,
            "logout" => self.logout(socket).await,
            "me" => self.me(socket).await,
            "set_password" => self.set_password(socket, payload.unwrap_or(RawValue::NULL)).await,
            name => self.route(socket, name, payload, options).await,
        }
    }

    /// What signs users in.
    fn auth(&self) -> Result<&Auth, Error> {
        self.auth.as_ref().ok_or_else(|| Error::UnknownEvent("nobody signs in here".into()))
    }

    async fn refresh(&self, socket: &Socket<Session>) -> Answer {
        let permit = self.may_see(socket.state())?;
        self.confirm(socket, &permit).await?;
        self.live.send_snapshots(socket, &socket.state().mode());
        done(reply::ok(()))
    }

    /// Sends a socket what there is, and from now on what changes, if it may see that and is not sent it already.
    fn follow(&self, socket: &Socket<Session>) {
        let session = socket.state();
        if self.may_see(session).is_err() || session.following.borrow().is_some() {
            return;
        }
        let follower = self.live.follow(socket, session.begin());
        let asking = session.authors.then(|| self.authors.ask(socket));
        session.following.replace(Some(Following { _follower: follower, _asking: asking }));
    }

    /// Its client does not take a message of the size that it was sent, and comes back by itself.
    fn remember(&self, socket: &Socket<Session>) {
        let (session, bytes) = (socket.state(), socket.largest_sent());
        let limit = Limit::below(bytes);
        if MESSAGES.met() {
            let client = socket.handshake().header("user-agent").unwrap_or_default();
            let client: String = client.chars().take(100).collect();
            let (peer, takes) = (session.network, limit.map(Limit::bytes));
            tracing::warn!(
                bytes,
                takes,
                ?peer,
                client,
                "a client closed its connection over a message too large for it (1009): it is sent none that large when it comes back"
            );
        }
        limit.into_iter().for_each(|limit| self.cut_off.note(session.who, limit));
    }

    /// Events about the socket itself; those of sign-in only where users sign in.
    fn own(&self) -> &'static [&'static str] {
        if self.auth.is_some() { &OWN } else { &OWN[..1] }
    }

    /// Nobody handles the event; perhaps its name is nearly one that somebody does.
    fn unknown(&self, event: &str) -> Error {
        Error::UnknownEvent(match nearest(event, self.registry.events().chain(self.own().iter().copied())) {
            Some(known) => format!("no such event; did you mean {known}?"),
            None => "no such event".into(),
        })
    }

    /// The event's name if it is one of ours: what clients make up must not become names of metrics.
    fn name(&self, event: &str) -> &'static str {
        let own = OWN.into_iter().find(|own| *own == event);
        own.or_else(|| self.registry.route(event).map(|(name, _)| name)).unwrap_or("unknown")
    }
}

impl Service for Gateway {
    type State = Session;

    async fn connect(&self, handshake: &Handshake) -> Result<Session, ConnectError> {
        let Credentials { token, mode, authors } = Credentials::read(handshake)?;
        let who = self.cut_off.who(handshake, (&token, mode.room(), authors));
        let mode = self.cut_off.claim(who).map_or(mode.clone(), |limit| within(mode, limit));
        let user = match token {
            None => None,
            Some(token) => Some(self.presented(token).await?),
        };
        sign_in::own(handshake, user.as_ref().map(|signed_in| &*signed_in.user)).map_err(sign_in::crowded)?;
        let session = Session::new(user, handshake.network(), (mode, who), authors);
        if self.may_see(&session).is_ok() {
            self.live.reach(&session.mode()).await;
        }
        Ok(session)
    }

    async fn connected(&self, socket: &Socket<Session>) {
        let sid = socket.id().as_str();
        let user = socket.state().user().map(|signed_in| signed_in.user);
        let greeting = Connected {
            data: format!("id: {sid} is connected"),
            sid: sid.to_owned(),
            user,
            access: self.access.into(),
            schema: self.schemas.clone(),
            time: self.clock.now(),
        };
        let greeting = serde_json::to_string(&greeting).expect("a greeting is text and numbers under names");
        socket.send(Frame::event("connected", &[&greeting]));
        self.watch(socket);
        self.follow(socket);
    }

    async fn event(&self, socket: &Socket<Session>, event: Event) -> Option<Reply> {
        let started = Instant::now();
        let answer = AssertUnwindSafe(self.answer(socket, &event)).catch_unwind().await;
        let answer = answer.unwrap_or_else(|panic| Err(Error::Internal(database::panic_message(&*panic))));
        let name = self.name(&event.name);
        let (ack, outcome) = answer.unwrap_or_else(reply::failed);
        let took = started.elapsed();
        metrics::counter!("rowcast_events_total", "event" => name, "outcome" => outcome).increment(1);
        metrics::histogram!("rowcast_event_seconds", "event" => name).record(took.as_secs_f64());
        tracing::debug!(event = name, sid = socket.id().as_str(), ?took, outcome, "event handled");
        Some(Reply::json(ack))
    }

    async fn disconnected(&self, socket: &Socket<Session>, reason: Reason) {
        if reason == Reason::MessageTooBig {
            self.remember(socket);
        }
        socket.state().following.take();
        socket.state().watching.take();
    }
}

fn done(ack: Result<String, Error>) -> Answer {
    ack.map(|ack| (ack, "ok"))
}

/// Why an event was not taken. One that is not signed in `may_send_more` once it is.
fn refuse(fault: &LimitExceeded, may_send_more: bool) -> Error {
    match fault {
        LimitExceeded::TooMany { .. } => Error::RateLimited { seconds: 1 },
        LimitExceeded::Busy { seconds, .. } => Error::RateLimited { seconds: *seconds },
        LimitExceeded::TooLarge { .. } if may_send_more => {
            Error::BadPayload(format!("{fault}, or sign in first"))
        }
        fault => Error::BadPayload(fault.to_string()),
    }
}
