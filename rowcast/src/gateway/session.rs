//! What is known of one socket, from its handshake on.

use std::{cell::RefCell, net::IpAddr, sync::Arc, time::Instant};

use rowcast_schema::{FieldErrors, keys};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use socketio::{ConnectError, Handshake};

use super::{authors::Asking, cut_off::Who, watch::Watching};
use crate::{
    auth::{Caller, Token},
    live::{Follower, Form, Limit, Mode, PART},
    users::User,
};

/// What is known of one socket.
pub struct Session {
    pub(super) user: RefCell<Option<SignedIn>>,
    /// Looks after its token, from when it has been greeted.
    pub(super) watching: RefCell<Option<Watching>>,
    /// The client's network, which it is counted by.
    pub(super) network: Option<IpAddr>,
    mode: RefCell<Mode>,
    /// Who it seems to be, for when it comes back.
    pub(super) who: Who,
    /// Whether it asks who wrote what.
    pub(super) authors: bool,
    /// There from when it has been greeted, or from when it is signed in where only members are sent anything.
    pub(super) following: RefCell<Option<Following>>,
}

/// A socket is kept up to date for as long as this lives.
pub(super) struct Following {
    pub(super) _follower: Follower,
    pub(super) _asking: Option<Asking>,
}

/// Who is signed in on a socket, and by which token.
#[derive(Clone)]
pub(super) struct SignedIn {
    pub(super) user: Arc<User>,
    pub(super) token: Token,
    /// When the token ends, as the database said.
    pub(super) ends: Instant,
}

/// What a client says of itself when it connects.
pub(super) struct Credentials {
    pub(super) token: Option<Token>,
    pub(super) mode: Mode,
    pub(super) authors: bool,
}

const AUTH: &str = "auth takes an object {token?, live?, since?, chunks?, authors?}: chunks and authors are true or false, the others are texts";

/// What the handshake's `auth` may carry. Whatever else is in it is somebody else's business.
#[derive(Default, Deserialize)]
struct Presented {
    token: Option<String>,
    live: Option<String>,
    since: Option<String>,
    chunks: Option<bool>,
    authors: Option<bool>,
}

impl Session {
    pub(super) fn new(
        user: Option<SignedIn>,
        network: Option<IpAddr>,
        (mode, who): (Mode, Who),
        authors: bool,
    ) -> Self {
        Self {
            network,
            user: RefCell::new(user),
            watching: RefCell::default(),
            mode: RefCell::new(mode),
            who,
            authors,
            following: RefCell::default(),
        }
    }

    pub(super) fn user(&self) -> Option<SignedIn> {
        self.user.borrow().clone()
    }

    /// Who asks, as the log has it, and as sign-ins are counted.
    pub(super) fn caller(&self) -> Caller {
        Caller::new(self.network, self.user().map(|signed_in| signed_in.user.id))
    }

    pub(super) fn is_signed_in_by(&self, token: &Token) -> bool {
        self.user.borrow().as_ref().is_some_and(|signed_in| signed_in.token == *token)
    }

    pub(super) fn mode(&self) -> Mode {
        self.mode.borrow().clone()
    }

    /// How to begin to be kept up to date. A cursor counts once: whoever signs out and in again may have thrown away what it had.
    pub(super) fn begin(&self) -> Mode {
        let first = self.mode();
        if let Mode::Changes { since, .. } = &mut *self.mode.borrow_mut() {
            *since = None;
        }
        first
    }
}

impl Credentials {
    /// Reads them from the handshake.
    pub(super) fn read(handshake: &Handshake) -> Result<Self, ConnectError> {
        let auth = handshake.raw_auth().map(RawValue::get);
        let presented: Presented = match auth {
            None | Some("null") => Presented::default(),
            // A list would be taken for the fields in their order.
            Some(auth) if auth.starts_with('{') => {
                serde_json::from_str(auth).map_err(|_| refusal(keys::BAD_PAYLOAD, AUTH))?
            }
            Some(_) => return Err(refusal(keys::BAD_PAYLOAD, AUTH)),
        };
        let form = if presented.chunks.unwrap_or_default() { Form::Parts } else { Form::Snapshots };
        let mode = mode(presented.live.as_deref(), presented.since.as_deref(), form)?;
        let token = presented.token.filter(|token| !token.is_empty());
        let authors = presented.authors.unwrap_or_default();
        Ok(Self { token: token.map(|token| Token::presented(&token)), mode, authors })
    }
}

/// The same for a client that takes no larger messages. Parts are smaller than all limits but the smallest.
pub(super) fn within(mode: Mode, limit: Limit) -> Mode {
    match mode {
        Mode::Snapshots { .. } => Mode::Snapshots { within: Some(limit) },
        Mode::Changes { since, form: Form::Parts } if limit.bytes() > PART => {
            Mode::Changes { since, form: Form::Parts }
        }
        Mode::Changes { since, .. } => Mode::Changes { since, form: Form::Within(limit) },
    }
}

/// What the handshake says about being kept up to date. A cursor that is none of ours is like one that is too old.
fn mode(live: Option<&str>, since: Option<&str>, form: Form) -> Result<Mode, ConnectError> {
    match live {
        None | Some("snapshots") => Ok(Mode::default()),
        Some("changes") => Ok(Mode::Changes { since: since.and_then(|since| since.parse().ok()), form }),
        Some(_) => Err(refusal(keys::BAD_PAYLOAD, "auth.live must be \"snapshots\" or \"changes\"")),
    }
}

/// A refusal in words, and for the client's program by the keys that acks have.
pub(super) fn refusal(key: &'static str, sentence: &str) -> ConnectError {
    ConnectError::new(sentence).data(&json!({ "errors": FieldErrors::one(key, sentence) }))
}
