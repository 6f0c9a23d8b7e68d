//! One event in: who asks; decode; transaction; call; commit; wait for live; ack.
//!
//! The gateway is what [`socketio`] calls. It answers every event exactly once: errors, panics, and events that
//! nobody handles included.

pub mod reply;

use std::{cell::RefCell, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use api_schema::{Ack, Coach, Options, nearest};
use futures_util::FutureExt;
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use socketio::{Event, Fault, Frame, Handshake, Reason, Refusal, Reply, Service, Socket};

use crate::{
    auth::{Auth, Token},
    context::Context,
    database::{self, Database},
    error::Error,
    live::Live,
    registry::{Access, Registry},
};

/// What is done with each event; one for all sockets.
pub struct Gateway {
    db: Database,
    registry: Arc<Registry>,
    live: Live,
    auth: Auth,
}

/// What is known of one socket.
pub struct Session {
    user: RefCell<Option<SignedIn>>,
}

/// Who is signed in on a socket, and by which token.
#[derive(Clone)]
struct SignedIn {
    user: Arc<Coach>,
    token: Token,
}

/// What the handshake's `auth` may carry. Whatever else is in it is somebody else's business.
#[derive(Default, Deserialize)]
struct Credentials {
    token: Option<String>,
    live: Option<String>,
}

/// Events that are about the socket itself.
const OWN: [&str; 4] = ["refresh", "login", "logout", "me"];

/// An ack's JSON, or why there is none.
type Answer = Result<String, Error>;

impl Gateway {
    /// Puts together what answers events.
    #[must_use]
    pub fn new(db: Database, registry: Arc<Registry>, live: Live, auth: Auth) -> Self {
        Self { db, registry, live, auth }
    }

    async fn answer(&self, socket: &Socket<Session>, event: &Event) -> Answer {
        if let Some(fault) = &event.fault {
            return Err(refuse(fault));
        }
        if !event.args.attachments().is_empty() {
            return Err(Error::BadPayload("binary values are not taken here: send text or a link".into()));
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
        if let Some(options) = options {
            api_schema::decode::<Options>(options)?;
        }
        match event.name.as_str() {
            "refresh" => self.refresh(socket),
            "login" => self.login(socket, payload.unwrap_or(RawValue::NULL)).await,
            "logout" => self.logout(socket).await,
            "me" => self.me(socket).await,
            name => self.route(socket, name, payload).await,
        }
    }

    async fn route(&self, socket: &Socket<Session>, event: &str, payload: Option<&RawValue>) -> Answer {
        let (_, route) = self.registry.route(event).ok_or_else(|| self.unknown(event))?;
        let (access, work) = route.decode(payload.unwrap_or(RawValue::NULL))?;
        let user = socket.state().user().map(|signed_in| signed_in.user);
        let run = async move |db: &database::Transaction| work.run(&Context { user: user.clone(), db }).await;
        let data = match access {
            Access::Read => self.db.read(run).await?,
            Access::Write => {
                let (data, commit) = self.db.write(run).await?;
                self.live.passed(commit).await;
                data
            }
        };
        reply::ok(data)
    }

    fn refresh(&self, socket: &Socket<Session>) -> Answer {
        self.live.send_snapshots(socket);
        reply::ok(())
    }

    async fn login(&self, socket: &Socket<Session>, payload: &RawValue) -> Answer {
        let (signed_in, token) = self.auth.login(api_schema::decode(payload)?).await?;
        let user = Arc::new(signed_in.user.clone());
        let before = socket.state().user.replace(Some(SignedIn { user, token }));
        if let Some(SignedIn { token, .. }) = before {
            // Nobody could sign that one out any more.
            self.auth.logout(token).await?;
        }
        reply::json(&Ack::signed_in(signed_in))
    }

    async fn logout(&self, socket: &Socket<Session>) -> Answer {
        if let Some(SignedIn { token, .. }) = socket.state().user() {
            self.auth.logout(token).await?;
            socket.state().user.take();
        }
        reply::ok(())
    }

    async fn me(&self, socket: &Socket<Session>) -> Answer {
        let Some(SignedIn { token, .. }) = socket.state().user() else { return reply::ok(()) };
        let user = self.auth.user(token).await?;
        if user.is_none() {
            socket.state().user.take();
        }
        reply::ok(user)
    }

    /// Nobody handles the event; perhaps its name is nearly one that somebody does.
    fn unknown(&self, event: &str) -> Error {
        Error::UnknownEvent(match nearest(event, self.registry.events().chain(OWN)) {
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

    async fn connect(&self, handshake: &Handshake) -> Result<Session, Refusal> {
        let auth = handshake.raw_auth().map(RawValue::get);
        let credentials: Credentials = match auth.map(serde_json::from_str::<Option<_>>) {
            None => Credentials::default(),
            Some(Ok(credentials)) => credentials.unwrap_or_default(),
            Some(Err(_)) => return Err(refusal("auth takes {token?, live?}, each a string")),
        };
        if !matches!(credentials.live.as_deref(), None | Some("snapshots")) {
            return Err(refusal("auth.live can only be \"snapshots\" in this version"));
        }
        let user = match credentials.token.filter(|token| !token.is_empty()) {
            None => None,
            Some(token) => {
                let token = Token::presented(&token);
                let user = self.auth.user(token.clone()).await.map_err(unreachable_database)?;
                let user =
                    user.ok_or_else(|| refusal("the token is unknown or has expired: sign in again"))?;
                Some(SignedIn { user: Arc::new(user), token })
            }
        };
        Ok(Session { user: RefCell::new(user) })
    }

    async fn connected(&self, socket: &Socket<Session>) {
        let sid = socket.id().as_str();
        let user = socket.state().user().map(|signed_in| signed_in.user);
        let greeting =
            json!({ "data": format!("id: {sid} is connected"), "sid": sid, "user": user.as_deref() });
        socket.send(Frame::event("connected", &[&greeting.to_string()]));
        self.live.send_snapshots(socket);
    }

    async fn event(&self, socket: &Socket<Session>, event: Event) -> Option<Reply> {
        let started = Instant::now();
        let answer = AssertUnwindSafe(self.answer(socket, &event)).catch_unwind().await;
        let answer = answer.unwrap_or_else(|panic| Err(Error::Internal(database::panic_message(&*panic))));
        let name = self.name(&event.name);
        let (ack, outcome) = reply::ack(answer);
        let took = started.elapsed();
        metrics::counter!("rowcast_events_total", "event" => name, "outcome" => outcome).increment(1);
        metrics::histogram!("rowcast_event_seconds", "event" => name).record(took.as_secs_f64());
        tracing::debug!(event = name, sid = socket.id().as_str(), ?took, outcome, "event handled");
        Some(Reply::json(ack))
    }

    async fn disconnected(&self, _: &Socket<Session>, _: Reason) {}
}

impl Session {
    fn user(&self) -> Option<SignedIn> {
        self.user.borrow().clone()
    }
}

fn refuse(fault: &Fault) -> Error {
    match fault {
        Fault::TooMany { .. } => Error::RateLimited { seconds: 1 },
        fault => Error::BadPayload(fault.to_string()),
    }
}

fn refusal(message: &str) -> Refusal {
    Refusal::new(message)
}

fn unreachable_database(error: Error) -> Refusal {
    tracing::warn!(%error, "a token could not be checked");
    refusal("the token could not be checked just now: try again in a few seconds")
}
