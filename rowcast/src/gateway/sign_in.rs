//! Signing in and out on a socket, and coming back with a token.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rowcast_schema::{Ack, Login, keys};
use serde_json::{json, value::RawValue};
use socketio::{ConnectError, Handshake, Socket, TooManySessions};

use super::{
    Answer, Gateway, Session, authors, done, reply,
    session::{SignedIn, refusal},
};
use crate::{
    auth::{Attempt, Auth, ENDED, Holder, SignInTurn, Token},
    config::Access,
    error::Error,
    limits::LOGINS,
    live,
    users::User,
};

const TO_SET_A_PASSWORD: &str = "sign in to change your password";

/// How long a client with a token waits at most for the database to be back, and how long between two tries.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
const PAUSE: Duration = Duration::from_millis(500);
/// After how many seconds a user with too many sessions may try again.
const CROWDED: u64 = 60;

impl Gateway {
    pub(super) async fn login(&self, socket: &Socket<Session>, payload: &RawValue) -> Answer {
        let login: Login = rowcast_schema::decode(payload)?;
        let (session, caller) = (socket.state(), socket.state().caller());
        let auth = self.auth()?;
        let attempt = auth.attempt(&login.username, &caller).await?;
        let turn = self.turn(socket, &attempt).await?;
        let (signed_in, token, ends) = auth.login(attempt, login.password, &caller, turn).await?;
        if own(socket.handshake(), Some(&signed_in.user)).is_err() {
            self.end(token).await?;
            return Err(Error::RateLimited { seconds: CROWDED });
        }
        if session.following.borrow().is_none() {
            self.live.reach(&session.mode()).await;
        }
        let user = Arc::new(signed_in.user.clone());
        let before = session.user.replace(Some(SignedIn { user, token, ends }));
        self.watch(socket);
        self.follow(socket);
        if let Some(SignedIn { token, .. }) = before {
            // Nobody could sign that one out any more.
            self.end(token).await?;
        }
        done(reply::json(&Ack::signed_in(signed_in)))
    }

    /// Waits until a password may be checked for this client. What its address takes up is no matter to an account that is
    /// known there: its own failures are counted.
    async fn turn(&self, socket: &Socket<Session>, attempt: &Attempt) -> Result<SignInTurn, Error> {
        let handshake = socket.handshake();
        if let Err(after) = handshake.check_rate(LOGINS)
            && !attempt.is_known()
        {
            return Err(Error::RateLimited { seconds: after.as_secs() + 1 });
        }
        let auth = self.auth()?;
        tokio::select! {
            biased;
            () = socket.disconnected() => Err(Error::Gone),
            turn = auth.turn(attempt, handshake.network()) => turn,
        }
    }

    pub(super) async fn logout(&self, socket: &Socket<Session>) -> Answer {
        if let Some(SignedIn { token, .. }) = socket.state().user() {
            self.auth()?.logout(token.clone()).await?;
            sign_out(socket, self.access);
            self.watch.end(&token);
        }
        done(reply::ok(()))
    }

    pub(super) async fn me(&self, socket: &Socket<Session>) -> Answer {
        let Some(SignedIn { token, .. }) = socket.state().user() else { return done(reply::ok(())) };
        let holder = self.auth()?.holder(token.clone()).await?;
        let user = holder.map(|holder| Arc::new(holder.user));
        let session = socket.state();
        if session.is_signed_in_by(&token) {
            match &user {
                Some(user) => {
                    session.user.borrow_mut().iter_mut().for_each(|signed_in| signed_in.user = user.clone())
                }
                None => {
                    sign_out(socket, self.access);
                    tell(socket, ENDED);
                }
            }
        }
        done(reply::ok(user))
    }

    /// A new password for whoever is signed in here, and who knows the old one.
    pub(super) async fn set_password(&self, socket: &Socket<Session>, payload: &RawValue) -> Answer {
        let session = socket.state();
        let Some(SignedIn { user, token, .. }) = session.user() else {
            return Err(Error::Unauthorized(TO_SET_A_PASSWORD));
        };
        let change = rowcast_schema::decode(payload)?;
        let turn = self.turn(socket, &Auth::own_attempt(&user)).await?;
        let set = self.auth()?.set_password(change, (user.id, &token), &session.caller(), turn).await;
        self.heed_end(socket, &token, &set);
        let (ended, commit) = set?;
        ended.iter().for_each(|token| self.watch.end(token));
        self.live.passed(commit).await;
        done(reply::ok(()))
    }

    /// Makes a token worthless, and tells those on this node who are signed in by it.
    async fn end(&self, token: Token) -> Result<(), Error> {
        self.auth()?.logout(token.clone()).await?;
        self.watch.end(&token);
        Ok(())
    }

    /// Looks after the token of whoever is signed in on a socket.
    pub(super) fn watch(&self, socket: &Socket<Session>) {
        let Some(SignedIn { token, ends, .. }) = socket.state().user() else { return };
        let (one, access) = (socket.clone(), self.access);
        let watching = self.watch.watch(token, ends, move |ended| {
            sign_out(&one, access);
            tell(&one, ended.sentence());
        });
        socket.state().watching.replace(Some(watching));
    }

    /// Whose token it is. A database that does not answer just now is waited for: a stock client that is refused does not come
    /// back by itself.
    async fn holder(&self, token: &Token) -> Result<Option<Holder>, Error> {
        let Ok(auth) = self.auth() else { return Ok(None) };
        let began = Instant::now();
        loop {
            match auth.holder(token.clone()).await {
                Err(Error::Unavailable(_) | Error::Busy(_) | Error::Locked(_))
                    if began.elapsed() < PATIENCE =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                answer => return answer,
            }
        }
    }

    /// Who is let in by a token.
    pub(super) async fn presented(&self, token: Token) -> Result<SignedIn, ConnectError> {
        let holder = self.holder(&token).await.map_err(unreachable_database)?;
        let Holder { user, ends } = holder.ok_or_else(|| {
            refusal(keys::UNAUTHORIZED, "the token is unknown or has expired: sign in again")
        })?;
        Ok(SignedIn { user: Arc::new(user), token, ends })
    }
}

/// Nobody is signed in here any more. Where only members are shown anything, that is the end of it: nothing more is sent, not even what
/// was waiting, because changes are made up only when they leave.
pub(super) fn sign_out(socket: &Socket<Session>, access: Access) {
    let session = socket.state();
    session.user.take();
    session.watching.take();
    // To be nobody's is always possible.
    let _ = own(socket.handshake(), None);
    if access == Access::Members && session.following.take().is_some() {
        live::unfollow(socket, &session.mode());
        authors::leave(socket);
        socket.discard_unsent();
    }
}

/// Has a session count as this user's, or as nobody's.
pub(super) fn own(handshake: &Handshake, user: Option<&User>) -> Result<(), TooManySessions> {
    let owner = user.map(|user| format!("user {}", user.id));
    handshake.set_owner(owner.as_deref())
}

/// What a user with too many sessions is told who comes with a token.
pub(super) fn crowded(_: TooManySessions) -> ConnectError {
    let sentence = format!("this user has too many connections: close some, or try again in {CROWDED} s");
    refusal(keys::RATE_LIMITED, &sentence)
}

/// Tells a socket that it is signed in no longer, if that is not what it asked for.
pub(super) fn tell(socket: &Socket<Session>, reason: &str) {
    socket.emit("signed_out", &json!({ "reason": reason }));
}

fn unreachable_database(error: Error) -> ConnectError {
    tracing::warn!(%error, "a token could not be checked");
    refusal(keys::UNAVAILABLE, "the token could not be checked just now: try again in a few seconds")
}
