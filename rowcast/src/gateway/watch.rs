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
const PAUSE: Duration = Duration::from_secs(2);

/// Why a socket is signed in no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Its token's time was up.
    Expired,
    /// Its token is not known any more.
    Revoked,
}

/// Looks after the tokens of those who are signed in.
pub(super) struct Watch {
    watched: Arc<Watched>,
    looking: JoinHandle<()>,
}

#[derive(Default)]
struct Watched {
    next: AtomicU64,
    tokens: Mutex<HashMap<Token, Sockets>>,
}

/// Those who are signed in by one token.
struct Sockets {
    /// As the database said last.
    ends: Instant,
    tell: HashMap<u64, oneshot::Sender<Ended>>,
}

/// A token is looked after for a socket, for as long as this lives.
pub(super) struct Watching {
    watched: Arc<Watched>,
    token: Token,
    place: u64,
    telling: JoinHandle<()>,
}

impl Ended {
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Expired => "your sign-in has expired: sign in again",
            Self::Revoked => "your sign-in has been ended elsewhere: sign in again",
        }
    }
}

impl Watch {
    pub(super) fn new(db: Database) -> Self {
        let watched = Arc::<Watched>::default();
        let looking = actix_web::rt::spawn(look(db, watched.clone()));
        Self { watched, looking }
    }

    /// Does `then`, on this thread, if the token ends while it is watched.
    pub(super) fn watch(&self, token: Token, ends: Instant, then: impl FnOnce(Ended) + 'static) -> Watching {
        let (tell, told) = oneshot::channel();
        let place = self.watched.next.fetch_add(1, Ordering::Relaxed);
        let mut tokens = self.watched.tokens();
        let sockets = tokens.entry(token.clone());
        sockets.or_insert_with(|| Sockets { ends, tell: HashMap::new() }).tell.insert(place, tell);
        let telling = actix_web::rt::spawn(async move {
            if let Ok(ended) = told.await {
                then(ended);
            }
        });
        Watching { watched: self.watched.clone(), token, place, telling }
    }

    /// A token has ended, as we know ourselves.
    pub(super) fn end(&self, token: &Token) {
        self.watched.end(token, Ended::Revoked);
    }
}

impl Watched {
    fn lasts(&self, token: &Token, ends: Instant) {
        self.tokens().entry(token.clone()).and_modify(|sockets| sockets.ends = ends);
    }

    fn end(&self, token: &Token, ended: Ended) {
        let sockets = self.tokens().remove(token);
        for tell in sockets.into_iter().flat_map(|sockets| sockets.tell.into_values()) {
            let _ = tell.send(ended);
        }
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<Token, Sockets>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.telling.abort();
        let mut tokens = self.watched.tokens();
        if let Some(sockets) = tokens.get_mut(&self.token) {
            sockets.tell.remove(&self.place);
            if sockets.tell.is_empty() {
                tokens.remove(&self.token);
            }
        }
    }
}

async fn look(db: Database, watched: Arc<Watched>) {
    loop {
        tokio::time::sleep(PAUSE).await;
        let tokens: Vec<(Token, Instant)> =
            watched.tokens().iter().map(|(token, sockets)| (token.clone(), sockets.ends)).collect();
        if tokens.is_empty() {
            continue;
        }
        // While the database is away time still goes on, by what it said last.
        let known = auth::expiries(&db, tokens.iter().map(|(token, _)| token.clone()).collect()).await;
        let now = Instant::now();
        for (token, ends) in tokens {
            match known.as_ref().map_or(Some(ends), |known| known.get(&token).copied()) {
                Some(ends) if ends > now => watched.lasts(&token, ends),
                Some(_) => watched.end(&token, Ended::Expired),
                None => watched.end(&token, Ended::Revoked),
            }
        }
    }
}
