//! One event in: who asks; decode; transaction; call; commit; wait for live; ack.
//!
//! The gateway is what [`socketio`] calls. It answers every event exactly once: errors, panics, and events that
//! nobody handles included.

pub mod reply;

use std::{
    cell::RefCell,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use api_schema::{Ack, Coach, Options, nearest};
use futures_util::FutureExt;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use socketio::{Event, Fault, Frame, Handshake, Reason, Refusal, Reply, Service, Socket};

use crate::{
    auth::{Auth, Token},
    context::Context,
    database::{self, Database},
    error::Error,
    live::{Follower, Live, Mode},
    registry::{Access, Registry, Work},
    requests::Request,
};

/// What is done with each event; one for all sockets.
pub struct Gateway {
    db: Database,
    registry: Arc<Registry>,
    live: Live,
    auth: Auth,
    /// What `connected` says of the types that this server was built with.
    schemas: Value,
}

/// What is known of one socket.
pub struct Session {
    user: RefCell<Option<SignedIn>>,
    mode: Mode,
    /// There from when it has been greeted.
    follower: RefCell<Option<Follower>>,
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
    since: Option<String>,
}

/// How long a client with a token waits at most for the database to be back, and how long between two tries.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
const PAUSE: Duration = Duration::from_millis(500);

/// Events that are about the socket itself.
const OWN: [&str; 4] = ["refresh", "login", "logout", "me"];

/// An ack's JSON and one word for it, or why there is none.
type Answer = Result<(String, &'static str), Error>;

impl Gateway {
    /// Puts together what answers events.
    #[must_use]
    pub fn new(db: Database, registry: Arc<Registry>, live: Live, auth: Auth) -> Self {
        let schemas = json!(registry.contract().hashes());
        Self { db, registry, live, auth, schemas }
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
        let options = options.map_or(Ok(Options::default()), api_schema::decode)?;
        match event.name.as_str() {
            "refresh" => self.refresh(socket),
            "login" => self.login(socket, payload.unwrap_or(RawValue::NULL)).await,
            "logout" => self.logout(socket).await,
            "me" => self.me(socket).await,
            name => self.route(socket, name, payload, options).await,
        }
    }

    async fn route(
        &self,
        socket: &Socket<Session>,
        event: &str,
        payload: Option<&RawValue>,
        options: Options,
    ) -> Answer {
        let (event, route) = self.registry.route(event).ok_or_else(|| self.unknown(event))?;
        let payload = payload.unwrap_or(RawValue::NULL);
        let (access, work) = route.decode(payload)?;
        let user = socket.state().user().map(|signed_in| signed_in.user);
        let id = options.request_id.filter(|_| access != Access::Read);
        if let Some(request) = id.map(|id| Request::new(id, event, payload.get())) {
            return self.once(request, access.row(), user, work).await;
        }
        let run = async move |db: &database::Transaction| work.run(&Context { user: user.clone(), db }).await;
        let data = match access {
            Access::Read | Access::Refusal => self.db.read(run).await?,
            Access::Write | Access::WriteTo { .. } => {
                let (data, commit) = self.db.write_to(access.row(), run).await?;
                self.live.passed(commit).await;
                data
            }
        };
        done(reply::ok(data))
    }

    /// Carries a write out unless that has been done before, and answers as the first time.
    async fn once(
        &self,
        request: Request,
        row: Option<u64>,
        user: Option<Arc<Coach>>,
        work: Box<dyn Work>,
    ) -> Answer {
        let first = request.clone();
        let run = async move |db: &database::Transaction| {
            if let Some(ack) = first.answered(db).await? {
                return Ok((ack, "repeated"));
            }
            let ack = reply::ok(work.run(&Context { user: user.clone(), db }).await?)?;
            first.answer(db, &ack).await?;
            Ok((ack, "ok"))
        };
        let error = match self.db.write_to(row, run).await {
            Ok(((ack, "repeated"), _)) => {
                // It was carried out by whomever: what it changed must have been sent all the same.
                self.live.caught_up().await;
                return Ok((ack, "repeated"));
            }
            Ok((answer, commit)) => {
                self.live.passed(commit).await;
                return Ok(answer);
            }
            Err(error) => error,
        };
        if !error.is_refusal() {
            return Err(error);
        }
        let (ack, outcome) = reply::failed(error);
        let first = request.refuse(&self.db, ack.clone()).await?;
        if first == ack {
            return Ok((ack, outcome));
        }
        // A repeat was faster, and it may have been carried out.
        self.live.caught_up().await;
        Ok((first, "repeated"))
    }

    fn refresh(&self, socket: &Socket<Session>) -> Answer {
        self.live.send_snapshots(socket, &socket.state().mode);
        done(reply::ok(()))
    }

    async fn login(&self, socket: &Socket<Session>, payload: &RawValue) -> Answer {
        let (signed_in, token) = self.auth.login(api_schema::decode(payload)?).await?;
        let user = Arc::new(signed_in.user.clone());
        let before = socket.state().user.replace(Some(SignedIn { user, token }));
        if let Some(SignedIn { token, .. }) = before {
            // Nobody could sign that one out any more.
            self.auth.logout(token).await?;
        }
        done(reply::json(&Ack::signed_in(signed_in)))
    }

    async fn logout(&self, socket: &Socket<Session>) -> Answer {
        if let Some(SignedIn { token, .. }) = socket.state().user() {
            self.auth.logout(token).await?;
            socket.state().user.take();
        }
        done(reply::ok(()))
    }

    async fn me(&self, socket: &Socket<Session>) -> Answer {
        let Some(SignedIn { token, .. }) = socket.state().user() else { return done(reply::ok(())) };
        let user = self.auth.user(token).await?;
        if user.is_none() {
            socket.state().user.take();
        }
        done(reply::ok(user))
    }

    /// Whose token it is. A database that does not answer just now is waited for: a stock client that is refused does not come
    /// back by itself.
    async fn holder(&self, token: &Token) -> Result<Option<Coach>, Error> {
        let began = Instant::now();
        loop {
            match self.auth.user(token.clone()).await {
                Err(Error::Unavailable(_)) if began.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                answer => return answer,
            }
        }
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
            Some(Err(_)) => return Err(refusal("auth takes {token?, live?, since?}, each a string")),
        };
        let mode = mode(credentials.live.as_deref(), credentials.since.as_deref())?;
        let user = match credentials.token.filter(|token| !token.is_empty()) {
            None => None,
            Some(token) => {
                let token = Token::presented(&token);
                let user = self.holder(&token).await.map_err(unreachable_database)?;
                let user =
                    user.ok_or_else(|| refusal("the token is unknown or has expired: sign in again"))?;
                Some(SignedIn { user: Arc::new(user), token })
            }
        };
        self.live.reach(&mode).await;
        Ok(Session { user: RefCell::new(user), mode, follower: RefCell::default() })
    }

    async fn connected(&self, socket: &Socket<Session>) {
        let sid = socket.id().as_str();
        let user = socket.state().user().map(|signed_in| signed_in.user);
        let greeting = json!({
            "data": format!("id: {sid} is connected"),
            "sid": sid,
            "user": user.as_deref(),
            // In this version there is nothing else.
            "access": api_schema::Access::Open,
            "schema": self.schemas,
        });
        socket.send(Frame::event("connected", &[&greeting.to_string()]));
        let follower = self.live.follow(socket, socket.state().mode.clone());
        socket.state().follower.replace(Some(follower));
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

    async fn disconnected(&self, socket: &Socket<Session>, _: Reason) {
        socket.state().follower.take();
    }
}

impl Session {
    fn user(&self) -> Option<SignedIn> {
        self.user.borrow().clone()
    }
}

/// What the handshake says about being kept up to date. A cursor that is none of ours is like one that is too old.
fn mode(live: Option<&str>, since: Option<&str>) -> Result<Mode, Refusal> {
    match live {
        None | Some("snapshots") => Ok(Mode::Snapshots),
        Some("changes") => Ok(Mode::Changes { since: since.and_then(|since| since.parse().ok()) }),
        Some(_) => Err(refusal("auth.live must be \"snapshots\" or \"changes\"")),
    }
}

fn done(ack: Result<String, Error>) -> Answer {
    ack.map(|ack| (ack, "ok"))
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
