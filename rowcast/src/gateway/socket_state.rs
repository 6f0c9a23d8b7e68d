//! The state of one socket, from its handshake on.

use std::{cell::RefCell, net::IpAddr, sync::Arc, time::Instant};

use rowcast_schema::{FieldErrors, keys};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use socketio::{ConnectError, Handshake};

use super::{authors::AuthorSubscription, message_limits::ClientFingerprint, token_monitor::TokenGuard};
use crate::{
    auth::{Caller, Token},
    live::{Limit, Mode, PART_BYTES, SnapshotFormat, Subscription},
    users::User,
};

/// The state of one socket.
pub struct SocketState {
    pub(super) user: RefCell<Option<ActiveLogin>>,
    /// Monitors the login's token; set once the socket is connected.
    pub(super) token_guard: RefCell<Option<TokenGuard>>,
    /// The network by which the client is counted.
    pub(super) network: Option<IpAddr>,
    mode: RefCell<Mode>,
    /// Identifies the client when it reconnects.
    pub(super) fingerprint: ClientFingerprint,
    /// Whether the client asked for author notifications.
    pub(super) authors: bool,
    /// Set once the socket is connected, or with `--access members` once it is signed in.
    pub(super) subscriptions: RefCell<Option<Subscriptions>>,
}

/// A socket's subscriptions, counted until they are dropped.
pub(super) struct Subscriptions {
    pub(super) _live: Subscription,
    pub(super) _authors: Option<AuthorSubscription>,
}

/// The signed-in user on a socket, and the token of that login.
#[derive(Clone)]
pub(super) struct ActiveLogin {
    pub(super) user: Arc<User>,
    pub(super) token: Token,
    /// The token's expiry, as the database last reported it.
    pub(super) ends: Instant,
}

/// The validated `auth` of a handshake.
pub(super) struct HandshakeAuth {
    pub(super) token: Option<Token>,
    pub(super) mode: Mode,
    pub(super) authors: bool,
}

const BAD_AUTH: &str = "auth takes an object {token?, live?, since?, chunks?, authors?}: chunks and authors are true or false, the others are texts";

/// The `auth` of a handshake. Unknown fields are ignored.
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

    /// The caller, for the audit log and the login throttle.
    pub(super) fn caller(&self) -> Caller {
        Caller::new(self.network, self.user().map(|login| login.user.id.clone()))
    }

    pub(super) fn is_signed_in_by(&self, token: &Token) -> bool {
        self.user.borrow().as_ref().is_some_and(|login| login.token == *token)
    }

    pub(super) fn mode(&self) -> Mode {
        self.mode.borrow().clone()
    }

    /// The mode for a new subscription. Its cursor is used once, because a client may discard its rows when it signs
    /// out.
    pub(super) fn take_initial_mode(&self) -> Mode {
        let first = self.mode();
        if let Mode::Changes { since, .. } = &mut *self.mode.borrow_mut() {
            *since = None;
        }
        first
    }
}

impl HandshakeAuth {
    /// Reads and validates a handshake's `auth`.
    pub(super) fn read(handshake: &Handshake) -> Result<Self, ConnectError> {
        let auth = handshake.raw_auth().map(RawValue::get);
        let presented: RawHandshakeAuth = match auth {
            None | Some("null") => RawHandshakeAuth::default(),
            // serde would accept an array as the fields in order.
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

/// The same mode for a client with a message limit. Parts stay below every limit but the smallest.
pub(super) fn with_limit(mode: Mode, limit: Limit) -> Mode {
    match mode {
        Mode::Snapshots { .. } => Mode::Snapshots { limit: Some(limit) },
        Mode::OnRequest { .. } => Mode::OnRequest { limit: Some(limit) },
        Mode::Changes { since, format: SnapshotFormat::Parts } if limit.bytes() > PART_BYTES => {
            Mode::Changes { since, format: SnapshotFormat::Parts }
        }
        Mode::Changes { since, .. } => Mode::Changes { since, format: SnapshotFormat::Limited(limit) },
    }
}

/// The mode that a handshake asks for. An invalid cursor is treated as one that has expired.
fn mode(live: Option<&str>, since: Option<&str>, format: SnapshotFormat) -> Result<Mode, ConnectError> {
    match live {
        None | Some("snapshots") => Ok(Mode::default()),
        Some("changes") => Ok(Mode::Changes { since: since.and_then(|since| since.parse().ok()), format }),
        Some("none") => Ok(Mode::OnRequest { limit: None }),
        Some(_) => {
            Err(connect_error(keys::BAD_PAYLOAD, "auth.live must be \"snapshots\", \"changes\" or \"none\""))
        }
    }
}

/// A `connect_error` with a message and the same error keys as acks.
pub(super) fn connect_error(key: &'static str, message: &str) -> ConnectError {
    ConnectError::new(message).data(&json!({ "errors": FieldErrors::one(key, message) }))
}
