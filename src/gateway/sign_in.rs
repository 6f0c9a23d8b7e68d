//! Signing in and out on a socket, and coming back with a token.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use api_schema::{Ack, Coach, keys};
use serde_json::value::RawValue;
use socketio::{Refusal, Socket};

use super::{
    Answer, Gateway, Session, done, reply,
    session::{SignedIn, refusal},
};
use crate::{auth::Token, error::Error};

/// How long a client with a token waits at most for the database to be back, and how long between two tries.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
const PAUSE: Duration = Duration::from_millis(500);

impl Gateway {
    pub(super) async fn login(&self, socket: &Socket<Session>, payload: &RawValue) -> Answer {
        let (signed_in, token) = self.auth.login(api_schema::decode(payload)?).await?;
        let user = Arc::new(signed_in.user.clone());
        let before = socket.state().user.replace(Some(SignedIn { user, token }));
        if let Some(SignedIn { token, .. }) = before {
            // Nobody could sign that one out any more.
            self.auth.logout(token).await?;
        }
        done(reply::json(&Ack::signed_in(signed_in)))
    }

    pub(super) async fn logout(&self, socket: &Socket<Session>) -> Answer {
        if let Some(SignedIn { token, .. }) = socket.state().user() {
            self.auth.logout(token).await?;
            socket.state().user.take();
        }
        done(reply::ok(()))
    }

    pub(super) async fn me(&self, socket: &Socket<Session>) -> Answer {
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

    /// Who is let in by a token.
    pub(super) async fn presented(&self, token: Token) -> Result<SignedIn, Refusal> {
        let user = self.holder(&token).await.map_err(unreachable_database)?;
        let user = user.ok_or_else(|| {
            refusal(keys::UNAUTHORIZED, "the token is unknown or has expired: sign in again")
        })?;
        Ok(SignedIn { user: Arc::new(user), token })
    }
}

fn unreachable_database(error: Error) -> Refusal {
    tracing::warn!(%error, "a token could not be checked");
    refusal(keys::UNAVAILABLE, "the token could not be checked just now: try again in a few seconds")
}
