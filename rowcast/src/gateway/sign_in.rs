//! Signing in and out on a socket, and coming back with a token.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rowcast_schema::{Ack, Login, keys};
use serde_json::{json, value::RawValue};
use socketio::{Crowded, Handshake, Refusal, Socket};

use super::{
    AckResult, Gateway, SocketState, authors, ok_ack, reply,
    socket_state::{ActiveLogin, connect_error},
};
use crate::{
    auth::{Attempt, Auth, SIGNED_OUT_MESSAGE, SignInPermit, Token, TokenOwner},
    config::Access,
    error::Error,
    limits::LOGINS,
    live,
    users::User,
};

const SIGN_IN_TO_SET_PASSWORD: &str = "sign in to change your password";

/// How long a client with a token waits at most for the database to be back, and how long between two tries.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(10 * 60);
const RETRY_DELAY: Duration = Duration::from_millis(500);
/// After how many seconds a user with too many sessions may try again.
const RETRY_AFTER_SECS: u64 = 60;

impl Gateway {
    pub(super) async fn login(&self, socket: &Socket<SocketState>, payload: &RawValue) -> AckResult {
        let login: Login = rowcast_schema::decode(payload)?;
        let (session, caller) = (socket.state(), socket.state().caller());
        let auth = self.auth()?;
        let attempt = auth.attempt(&login.username, &caller).await?;
        let permit = self.acquire_sign_in_permit(socket, &attempt).await?;
        let (acked, token, ends) = auth.login(attempt, login.password, &caller, permit).await?;
        if set_session_owner(socket.handshake(), Some(&acked.user)).is_err() {
            self.revoke(token).await?;
            return Err(Error::RateLimited { seconds: RETRY_AFTER_SECS });
        }
        if session.subscriptions.borrow().is_none() {
            self.live.catch_up_to(&session.mode()).await;
        }
        let user = Arc::new(acked.user.clone());
        let before = session.user.replace(Some(ActiveLogin { user, token, ends }));
        self.monitor_token(socket);
        self.subscribe(socket);
        if let Some(ActiveLogin { token, .. }) = before {
            // Nobody could sign that one out any more.
            self.revoke(token).await?;
        }
        ok_ack(reply::json(&Ack::signed_in(acked)))
    }

    /// Waits until a password may be checked for this client. What its address takes up is no matter to an account that is
    /// known there: its own failures are counted.
    async fn acquire_sign_in_permit(
        &self,
        socket: &Socket<SocketState>,
        attempt: &Attempt,
    ) -> Result<SignInPermit, Error> {
        let handshake = socket.handshake();
        if let Err(after) = handshake.spend(LOGINS)
            && !attempt.is_known()
        {
            return Err(Error::RateLimited { seconds: after.as_secs() + 1 });
        }
        let auth = self.auth()?;
        tokio::select! {
            biased;
            () = socket.gone() => Err(Error::Gone),
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
        let session = socket.state();
        if session.is_signed_in_by(&token) {
            match &user {
                Some(user) => {
                    session.user.borrow_mut().iter_mut().for_each(|login| login.user = user.clone())
                }
                None => {
                    sign_out(socket, self.access);
                    emit_signed_out(socket, SIGNED_OUT_MESSAGE);
                }
            }
        }
        ok_ack(reply::ok(user))
    }

    /// A new password for whoever is signed in here, and who knows the old one.
    pub(super) async fn set_password(&self, socket: &Socket<SocketState>, payload: &RawValue) -> AckResult {
        let session = socket.state();
        let Some(ActiveLogin { user, token, .. }) = session.user() else {
            return Err(Error::Unauthorized(SIGN_IN_TO_SET_PASSWORD));
        };
        let change = rowcast_schema::decode(payload)?;
        let permit = self.acquire_sign_in_permit(socket, &Auth::own_attempt(&user)).await?;
        let set = self.auth()?.set_password(change, (user.id, &token), &session.caller(), permit).await;
        self.sign_out_if_token_revoked(socket, &token, &set);
        let (ended, commit) = set?;
        ended.iter().for_each(|token| self.token_monitor.end(token));
        self.live.wait_published(commit).await;
        ok_ack(reply::ok(()))
    }

    /// Makes a token worthless, and tells those on this node who are signed in by it.
    async fn revoke(&self, token: Token) -> Result<(), Error> {
        self.auth()?.logout(token.clone()).await?;
        self.token_monitor.end(&token);
        Ok(())
    }

    /// Looks after the token of whoever is signed in on a socket.
    pub(super) fn monitor_token(&self, socket: &Socket<SocketState>) {
        let Some(ActiveLogin { token, ends, .. }) = socket.state().user() else { return };
        let (monitored, access) = (socket.clone(), self.access);
        let token_guard = self.token_monitor.monitor(token, ends, move |reason| {
            sign_out(&monitored, access);
            emit_signed_out(&monitored, reason.sentence());
        });
        socket.state().token_guard.replace(Some(token_guard));
    }

    /// Whose token it is. A database that does not answer just now is waited for: a stock client that is refused does not come
    /// back by itself.
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

    /// Who is let in by a token.
    pub(super) async fn authenticate(&self, token: Token) -> Result<ActiveLogin, Refusal> {
        let owner = self.wait_for_token_owner(&token).await.map_err(database_unreachable)?;
        let TokenOwner { user, ends } = owner.ok_or_else(|| {
            connect_error(keys::UNAUTHORIZED, "the token is unknown or has expired: sign in again")
        })?;
        Ok(ActiveLogin { user: Arc::new(user), token, ends })
    }
}

/// Nobody is signed in here any more. Where only members are shown anything, that is the end of it: nothing more is sent, not even what
/// was waiting, because changes are made up only when they leave.
pub(super) fn sign_out(socket: &Socket<SocketState>, access: Access) {
    let session = socket.state();
    session.user.take();
    session.token_guard.take();
    // To be nobody's is always possible.
    let _ = set_session_owner(socket.handshake(), None);
    if access == Access::Members && session.subscriptions.take().is_some() {
        live::unsubscribe(socket, &session.mode());
        authors::unsubscribe(socket);
        socket.take_back();
    }
}

/// Has a session count as this user's, or as nobody's.
pub(super) fn set_session_owner(handshake: &Handshake, user: Option<&User>) -> Result<(), Crowded> {
    let owner = user.map(|user| format!("user {}", user.id));
    handshake.set_owner(owner.as_deref())
}

/// What a user with too many sessions is told who comes with a token.
pub(super) fn too_many_sessions(_: Crowded) -> Refusal {
    let sentence =
        format!("this user has too many connections: close some, or try again in {RETRY_AFTER_SECS} s");
    connect_error(keys::RATE_LIMITED, &sentence)
}

/// Tells a socket that it is signed in no longer, if that is not what it asked for.
pub(super) fn emit_signed_out(socket: &Socket<SocketState>, reason: &str) {
    socket.emit("signed_out", &json!({ "reason": reason }));
}

fn database_unreachable(error: Error) -> Refusal {
    tracing::warn!(%error, "a token could not be checked");
    connect_error(keys::UNAVAILABLE, "the token could not be checked just now: try again in a few seconds")
}
