//! Login, logout and token authentication of sockets.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rowcast_schema::{Ack, Login, keys};
use serde_json::{json, value::RawValue};
use socketio::{ConnectError, Handshake, Socket, TooManySessions};

use super::{
    AckResult, Gateway, SocketState, authors, ok_ack, reply,
    socket_state::{ActiveLogin, connect_error},
};
use crate::{
    auth::{Attempt, Auth, SIGNED_OUT_MESSAGE, SignInPermit, Token, TokenOwner},
    config::AccessMode,
    error::Error,
    limits::LOGINS,
    live,
    users::User,
};

const SIGN_IN_TO_SET_PASSWORD: &str = "sign in to change your password";

/// How long a handshake with a token waits for the database, and the pause between two attempts.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(10 * 60);
const RETRY_DELAY: Duration = Duration::from_millis(500);
/// The retry delay for a user with too many sessions.
const RETRY_AFTER_SECS: u64 = 60;

impl Gateway {
    pub(super) async fn login(&self, socket: &Socket<SocketState>, payload: &RawValue) -> AckResult {
        let login: Login = rowcast_schema::decode(payload)?;
        let (state, caller) = (socket.state(), socket.state().caller());
        let auth = self.auth()?;
        let attempt = auth.attempt(&login.username, &caller).await?;
        let permit = self.acquire_sign_in_permit(socket, &attempt).await?;
        let (acked, token, ends) = auth.login(attempt, login.password, &caller, permit).await?;
        if set_session_owner(socket.handshake(), Some(&acked.user)).is_err() {
            self.revoke(token).await?;
            return Err(Error::RateLimited { seconds: RETRY_AFTER_SECS });
        }
        if state.subscriptions.borrow().is_none() {
            self.live.catch_up_to(&state.mode()).await;
        }
        let user = Arc::new(acked.user.clone());
        let before = state.user.replace(Some(ActiveLogin { user, token, ends }));
        self.monitor_token(socket);
        self.subscribe(socket);
        if let Some(ActiveLogin { token, .. }) = before {
            // The socket has no reference to the replaced token any more, so nothing else could revoke it.
            self.revoke(token).await?;
        }
        ok_ack(reply::json(&Ack::signed_in(acked)))
    }

    /// Waits until a password of this client may be verified. The rate limit of its address does not apply to an
    /// account that has signed in from there before; that account's own failures are counted.
    async fn acquire_sign_in_permit(
        &self,
        socket: &Socket<SocketState>,
        attempt: &Attempt,
    ) -> Result<SignInPermit, Error> {
        let handshake = socket.handshake();
        if let Err(after) = handshake.check_rate(LOGINS)
            && !attempt.is_known()
        {
            return Err(Error::RateLimited { seconds: after.as_secs() + 1 });
        }
        let auth = self.auth()?;
        tokio::select! {
            biased;
            () = socket.disconnected() => Err(Error::ClientGone),
            permit = auth.acquire_permit(attempt, handshake.network()) => permit,
        }
    }

    pub(super) async fn logout(&self, socket: &Socket<SocketState>) -> AckResult {
        if let Some(ActiveLogin { token, .. }) = socket.state().user() {
            self.auth()?.logout(token.clone()).await?;
            sign_out(socket, self.access);
            self.token_monitor.end(&token);
        }
        ok_ack(reply::ok(()))
    }

    pub(super) async fn me(&self, socket: &Socket<SocketState>) -> AckResult {
        let Some(ActiveLogin { token, .. }) = socket.state().user() else { return ok_ack(reply::ok(())) };
        let owner = self.auth()?.token_owner(token.clone()).await?;
        let user = owner.map(|owner| Arc::new(owner.user));
        let state = socket.state();
        if state.is_signed_in_by(&token) {
            match &user {
                Some(user) => state.user.borrow_mut().iter_mut().for_each(|login| login.user = user.clone()),
                None => {
                    sign_out(socket, self.access);
                    emit_signed_out(socket, SIGNED_OUT_MESSAGE);
                }
            }
        }
        ok_ack(reply::ok(user))
    }

    /// Changes the password of the signed-in user, which takes the old one.
    pub(super) async fn set_password(&self, socket: &Socket<SocketState>, payload: &RawValue) -> AckResult {
        let state = socket.state();
        let Some(ActiveLogin { user, token, .. }) = state.user() else {
            return Err(Error::Unauthorized(SIGN_IN_TO_SET_PASSWORD));
        };
        let change = rowcast_schema::decode(payload)?;
        let permit = self.acquire_sign_in_permit(socket, &Auth::own_attempt(&user)).await?;
        let set = self.auth()?.set_password(change, (&user.id, &token), &state.caller(), permit).await;
        self.sign_out_if_token_revoked(socket, &token, &set);
        let (ended, commit) = set?;
        ended.iter().for_each(|token| self.token_monitor.end(token));
        self.live.wait_published(commit).await;
        ok_ack(reply::ok(()))
    }

    /// Revokes a token, and signs out the sockets of this node that use it.
    async fn revoke(&self, token: Token) -> Result<(), Error> {
        self.auth()?.logout(token.clone()).await?;
        self.token_monitor.end(&token);
        Ok(())
    }

    /// Monitors the token of a socket's login, and signs the socket out when it ends.
    pub(super) fn monitor_token(&self, socket: &Socket<SocketState>) {
        let Some(ActiveLogin { token, ends, .. }) = socket.state().user() else { return };
        let (monitored, access) = (socket.clone(), self.access);
        let token_guard = self.token_monitor.monitor(token, ends, move |reason| {
            sign_out(&monitored, access);
            emit_signed_out(&monitored, reason.message());
        });
        socket.state().token_guard.replace(Some(token_guard));
    }

    /// The owner of a token. Waits while the database is unreachable, because a stock client does not reconnect after
    /// a `connect_error`.
    async fn wait_for_token_owner(&self, token: &Token) -> Result<Option<TokenOwner>, Error> {
        let Ok(auth) = self.auth() else { return Ok(None) };
        let began = Instant::now();
        loop {
            match auth.token_owner(token.clone()).await {
                Err(Error::Unavailable(_) | Error::Busy(_) | Error::Locked(_))
                    if began.elapsed() < DATABASE_TIMEOUT =>
                {
                    tokio::time::sleep(RETRY_DELAY).await;
                }
                answer => return answer,
            }
        }
    }

    /// Authenticates a handshake by its token.
    pub(super) async fn authenticate(&self, token: Token) -> Result<ActiveLogin, ConnectError> {
        let owner = self.wait_for_token_owner(&token).await.map_err(database_unreachable)?;
        let TokenOwner { user, ends } = owner.ok_or_else(|| {
            connect_error(keys::UNAUTHORIZED, "the token is unknown or has expired: sign in again")
        })?;
        Ok(ActiveLogin { user: Arc::new(user), token, ends })
    }
}

/// Signs a socket out. With `--access members` its subscriptions end and its outbox is discarded: unsent changes are
/// created only when they are written, so they could contain later rows.
pub(super) fn sign_out(socket: &Socket<SocketState>, access: AccessMode) {
    let state = socket.state();
    state.user.take();
    state.token_guard.take();
    // Removing the owner never exceeds a limit.
    let _ = set_session_owner(socket.handshake(), None);
    if access == AccessMode::Members && state.subscriptions.take().is_some() {
        live::unsubscribe(socket, &state.mode());
        authors::unsubscribe(socket);
        socket.discard_unsent();
    }
}

/// Counts the session towards this user's limit, or towards none.
pub(super) fn set_session_owner(handshake: &Handshake, user: Option<&User>) -> Result<(), TooManySessions> {
    let owner = user.map(|user| format!("user {}", user.number));
    handshake.set_owner(owner.as_deref())
}

/// The `connect_error` for a user with too many sessions.
pub(super) fn too_many_sessions(_: TooManySessions) -> ConnectError {
    let message =
        format!("this user has too many connections: close some, or try again in {RETRY_AFTER_SECS} s");
    connect_error(keys::RATE_LIMITED, &message)
}

/// Emits `signed_out`, for a sign-out that the client did not request.
pub(super) fn emit_signed_out(socket: &Socket<SocketState>, reason: &str) {
    socket.emit("signed_out", &json!({ "reason": reason }));
}

fn database_unreachable(error: Error) -> ConnectError {
    tracing::warn!(%error, "a token could not be checked");
    connect_error(keys::UNAVAILABLE, "the token could not be checked just now: try again in a few seconds")
}
