//! What is known of one socket, from its handshake on.

use std::{cell::RefCell, net::IpAddr, sync::Arc, time::Instant};

use rowcast_schema::{FieldErrors, keys};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use socketio::{Handshake, Refusal};

use super::{authors::AuthorSubscription, message_limits::ClientFingerprint, token_monitor::TokenGuard};
use crate::{
    auth::{Caller, Token},
    live::{Limit, Mode, PART_BYTES, SnapshotFormat, Subscription},
    users::User,
};

/// What is known of one socket.
pub struct SocketState {
    pub(super) user: RefCell<Option<ActiveLogin>>,
    /// Looks after its token, from when it has been greeted.
    pub(super) token_guard: RefCell<Option<TokenGuard>>,
    /// The client's network, which it is counted by.
    pub(super) network: Option<IpAddr>,
    mode: RefCell<Mode>,
    /// Who it seems to be, for when it comes back.
    pub(super) fingerprint: ClientFingerprint,
    /// Whether it asks who wrote what.
    pub(super) authors: bool,
    /// There from when it has been greeted, or from when it is signed in where only members are sent anything.
    pub(super) subscriptions: RefCell<Option<Subscriptions>>,
}

/// A socket is kept up to date for as long as this lives.
pub(super) struct Subscriptions {
    pub(super) _live: Subscription,
    pub(super) _authors: Option<AuthorSubscription>,
}

/// Who is signed in on a socket, and by which token.
#[derive(Clone)]
pub(super) struct ActiveLogin {
    pub(super) user: Arc<User>,
    pub(super) token: Token,
    /// When the token ends, as the database said.
    pub(super) ends: Instant,
}

/// What a client says of itself when it connects.
pub(super) struct HandshakeAuth {
    pub(super) token: Option<Token>,
    pub(super) mode: Mode,
    pub(super) authors: bool,
}

const BAD_AUTH: &str = "auth takes an object {token?, live?, since?, chunks?, authors?}: chunks and authors are true or false, the others are texts";

/// What the handshake's `auth` may carry. Whatever else is in it is somebody else's business.
#[derive(Default, Deserialize)]
struct RawHandshakeAuth {
    token: Option<String>,
    live: Option<String>,
    since: Option<String>,
    chunks: Option<bool>,
    authors: Option<bool>,
}

impl SocketState {
    pub(super) fn new(
        user: Option<ActiveLogin>,
        network: Option<IpAddr>,
        (mode, fingerprint): (Mode, ClientFingerprint),
        authors: bool,
    ) -> Self {
        Self {
            network,
            user: RefCell::new(user),
            token_guard: RefCell::default(),
            mode: RefCell::new(mode),
            fingerprint,
            authors,
            subscriptions: RefCell::default(),
        }
    }

    pub(super) fn user(&self) -> Option<ActiveLogin> {
        self.user.borrow().clone()
    }

    /// Who asks, as the log has it, and as sign-ins are counted.
    pub(super) fn caller(&self) -> Caller {
        Caller::new(self.network, self.user().map(|login| login.user.id))
    }

    pub(super) fn is_signed_in_by(&self, token: &Token) -> bool {
        self.user.borrow().as_ref().is_some_and(|login| login.token == *token)
    }

    pub(super) fn mode(&self) -> Mode {
        self.mode.borrow().clone()
    }

    /// How to begin to be kept up to date. A cursor counts once: whoever signs out and in again may have thrown away what it had.
    pub(super) fn take_initial_mode(&self) -> Mode {
        let first = self.mode();
        if let Mode::Changes { since, .. } = &mut *self.mode.borrow_mut() {
            *since = None;
        }
        first
    }
}

impl HandshakeAuth {
    /// Reads them from the handshake.
    pub(super) fn read(handshake: &Handshake) -> Result<Self, Refusal> {
        let auth = handshake.raw_auth().map(RawValue::get);
        let presented: RawHandshakeAuth = match auth {
            None | Some("null") => RawHandshakeAuth::default(),
            // A list would be taken for the fields in their order.
            Some(auth) if auth.starts_with('{') => {
                serde_json::from_str(auth).map_err(|_| connect_error(keys::BAD_PAYLOAD, BAD_AUTH))?
            }
            Some(_) => return Err(connect_error(keys::BAD_PAYLOAD, BAD_AUTH)),
        };
        let format = if presented.chunks.unwrap_or_default() {
            SnapshotFormat::Parts
        } else {
            SnapshotFormat::Snapshots
        };
        let mode = mode(presented.live.as_deref(), presented.since.as_deref(), format)?;
        let token = presented.token.filter(|token| !token.is_empty());
        let authors = presented.authors.unwrap_or_default();
        Ok(Self { token: token.map(|token| Token::from_secret(&token)), mode, authors })
    }
}

/// The same for a client that takes no larger messages. Parts are smaller than all limits but the smallest.
pub(super) fn with_limit(mode: Mode, limit: Limit) -> Mode {
    match mode {
        Mode::Snapshots { .. } => Mode::Snapshots { limit: Some(limit) },
        Mode::Changes { since, format: SnapshotFormat::Parts } if limit.bytes() > PART_BYTES => {
            Mode::Changes { since, format: SnapshotFormat::Parts }
        }
        Mode::Changes { since, .. } => Mode::Changes { since, format: SnapshotFormat::Limited(limit) },
    }
}

/// What the handshake says about being kept up to date. A cursor that is none of ours is like one that is too old.
fn mode(live: Option<&str>, since: Option<&str>, format: SnapshotFormat) -> Result<Mode, Refusal> {
    match live {
        None | Some("snapshots") => Ok(Mode::default()),
        Some("changes") => Ok(Mode::Changes { since: since.and_then(|since| since.parse().ok()), format }),
        Some(_) => Err(connect_error(keys::BAD_PAYLOAD, "auth.live must be \"snapshots\" or \"changes\"")),
    }
}

/// A refusal in words, and for the client's program by the keys that acks have.
pub(super) fn connect_error(key: &'static str, sentence: &str) -> Refusal {
    Refusal::new(sentence).data(&json!({ "errors": FieldErrors::one(key, sentence) }))
}
