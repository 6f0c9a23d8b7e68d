//! Whether those who are signed in still may be: looked at every few seconds, for all sockets of this node at once.
//!
//! A token may be taken away by anybody: a logout on another node, a new password from the command line, a user who is deleted. None
//! of them knows which sockets it concerns; the database knows, and is asked.

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

/// How often to look.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Why a socket is signed in no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignOutReason {
    /// Its token's time was up.
    Expired,
    /// Its token is not known any more.
    Revoked,
}

/// Looks after the tokens of those who are signed in.
pub(super) struct TokenMonitor {
    monitored: Arc<MonitoredTokens>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct MonitoredTokens {
    next_id: AtomicU64,
    tokens: Mutex<HashMap<Token, TokenSockets>>,
}

/// Those who are signed in by one token.
struct TokenSockets {
    /// As the database said last.
    ends: Instant,
    senders: HashMap<u64, oneshot::Sender<SignOutReason>>,
}

/// A token is looked after for a socket, for as long as this lives.
pub(super) struct TokenGuard {
    monitored: Arc<MonitoredTokens>,
    token: Token,
    id: u64,
    listener: JoinHandle<()>,
}

impl SignOutReason {
    pub(super) fn sentence(self) -> &'static str {
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

    /// Does `then`, on this thread, if the token ends while it is monitored.
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

    /// A token has ended, as we know ourselves.
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
        // While the database is away time still goes on, by what it said last.
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
