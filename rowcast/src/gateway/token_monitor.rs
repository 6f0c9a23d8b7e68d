//! Token revocation: polls the tokens of all signed-in sockets of this node every few seconds.
//!
//! A token can be revoked by a logout on another node, a password change from the command line or the deletion of its
//! user. None of these knows the affected sockets, so each node polls the database.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::oneshot, task::JoinHandle};

use crate::{
    auth::{self, Token},
    database::Database,
};

/// How often to poll.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The reason why a socket was signed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignOutReason {
    /// The token has expired.
    Expired,
    /// The token no longer exists.
    Revoked,
}

/// Polls the tokens of signed-in sockets.
pub(super) struct TokenMonitor {
    monitored: Arc<MonitoredTokens>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct MonitoredTokens {
    next_id: AtomicU64,
    tokens: Mutex<HashMap<Token, TokenSockets>>,
}

/// The sockets that are signed in by one token.
struct TokenSockets {
    /// The expiry that the database last reported.
    ends: Instant,
    senders: HashMap<u64, oneshot::Sender<SignOutReason>>,
}

/// Keeps a token monitored for one socket until it is dropped.
pub(super) struct TokenGuard {
    monitored: Arc<MonitoredTokens>,
    token: Token,
    id: u64,
    listener: JoinHandle<()>,
}

impl SignOutReason {
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::Expired => "your sign-in has expired: sign in again",
            Self::Revoked => "your sign-in has been ended elsewhere: sign in again",
        }
    }
}

impl TokenMonitor {
    pub(super) fn new(db: Database) -> Self {
        let monitored = Arc::<MonitoredTokens>::default();
        let task = actix_web::rt::spawn(poll(db, monitored.clone()));
        Self { monitored, task }
    }

    /// Monitors a token. If it ends, `on_end` runs on this thread.
    pub(super) fn monitor(
        &self,
        token: Token,
        ends: Instant,
        on_end: impl FnOnce(SignOutReason) + 'static,
    ) -> TokenGuard {
        let (sender, receiver) = oneshot::channel();
        let id = self.monitored.next_id.fetch_add(1, Ordering::Relaxed);
        let mut tokens = self.monitored.tokens();
        let sockets = tokens.entry(token.clone());
        sockets.or_insert_with(|| TokenSockets { ends, senders: HashMap::new() }).senders.insert(id, sender);
        let listener = actix_web::rt::spawn(async move {
            if let Ok(reason) = receiver.await {
                on_end(reason);
            }
        });
        TokenGuard { monitored: self.monitored.clone(), token, id, listener }
    }

    /// Signs out all sockets of a token that this node has revoked.
    pub(super) fn end(&self, token: &Token) {
        self.monitored.end(token, SignOutReason::Revoked);
    }
}

impl MonitoredTokens {
    fn extend(&self, token: &Token, ends: Instant) {
        self.tokens().entry(token.clone()).and_modify(|sockets| sockets.ends = ends);
    }

    fn end(&self, token: &Token, reason: SignOutReason) {
        let sockets = self.tokens().remove(token);
        for sender in sockets.into_iter().flat_map(|sockets| sockets.senders.into_values()) {
            let _ = sender.send(reason);
        }
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<Token, TokenSockets>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TokenMonitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Drop for TokenGuard {
    fn drop(&mut self) {
        self.listener.abort();
        let mut tokens = self.monitored.tokens();
        if let Some(sockets) = tokens.get_mut(&self.token) {
            sockets.senders.remove(&self.id);
            if sockets.senders.is_empty() {
                tokens.remove(&self.token);
            }
        }
    }
}

async fn poll(db: Database, monitored: Arc<MonitoredTokens>) {
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        let tokens: Vec<(Token, Instant)> =
            monitored.tokens().iter().map(|(token, sockets)| (token.clone(), sockets.ends)).collect();
        if tokens.is_empty() {
            continue;
        }
        // While the database is unreachable, tokens expire at the time it last reported.
        let known = auth::expiries(&db, tokens.iter().map(|(token, _)| token.clone()).collect()).await;
        let now = Instant::now();
        for (token, ends) in tokens {
            match known.as_ref().map_or(Some(ends), |known| known.get(&token).copied()) {
                Some(ends) if ends > now => monitored.extend(&token, ends),
                Some(_) => monitored.end(&token, SignOutReason::Expired),
                None => monitored.end(&token, SignOutReason::Revoked),
            }
        }
    }
}
