//! Who wrote what: a hint beside the changes, for those who asked for it.
//!
//! ```text
//! write ─▶ passed ─▶ tell ─┬─▶ who asked here                                  ─▶ ack
//!                          └─▶ a word to the other nodes ─▶ once they have seen the write, who asked there
//! ```
//!
//! It may be lost on the way and never carries data, so nothing waits for it: not for a client that is slow, nor for another node.
//! Where nobody asked, on any node, nothing is made at all.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use socketio::{Frame, Hub, Socket};
use tokio::{sync::broadcast::error::RecvError, task::JoinHandle, time::MissedTickBehavior};

use super::Session;
use crate::{database::Notices, live::Live, users::User};

const ROOM: &str = "authors";
/// What a node says while somebody there asks for authors, and what one says that has just begun.
const HERE: &str = "here";
const WHO: &str = "who";
/// How often a node says that somebody is there, and for how long the others believe it.
const AGAIN: Duration = Duration::from_secs(10);
const BELIEVED: Duration = Duration::from_secs(30);

/// Tells who wrote what.
pub(super) struct Authors {
    inner: Arc<Inner>,
    hearing: Option<JoinHandle<()>>,
}

struct Inner {
    hub: Hub,
    notices: Option<Notices>,
    here: AtomicUsize,
    /// When another node last said that somebody there asks.
    elsewhere: Mutex<Option<Instant>>,
}

/// Somebody asks, for as long as this lives.
pub(super) struct Asking(Arc<Inner>);

/// One write.
#[derive(Serialize)]
struct Authored<'a> {
    collection: &'static str,
    id: i64,
    version: Option<i64>,
    by: Option<By<'a>>,
}

#[derive(Serialize)]
struct By<'a> {
    id: i64,
    name: &'a str,
}

/// What an ack's `data` says of the row: a deletion's is its id alone.
#[derive(Deserialize)]
struct Written {
    id: i64,
    version: Option<i64>,
}

#[derive(Deserialize)]
struct Ack {
    data: Written,
}

impl Authors {
    pub(super) fn new(hub: Hub, live: Live, notices: Option<Notices>) -> Self {
        let inner = Inner { hub, notices, here: 0.into(), elsewhere: Mutex::default() };
        let inner = Arc::new(inner);
        let hear = |notices| actix_web::rt::spawn(hear(inner.clone(), live, notices));
        let hearing = inner.notices.clone().map(hear);
        Self { inner, hearing }
    }

    /// Lets a socket hear of writes from now on.
    pub(super) fn ask(&self, socket: &Socket<Session>) -> Asking {
        socket.join(ROOM);
        if self.inner.here.fetch_add(1, Ordering::Relaxed) == 0 {
            self.inner.say(HERE);
        }
        Asking(self.inner.clone())
    }

    /// Tells everybody else who asked of a write to a row of this collection; `ack` is what the writer is going to be told.
    pub(super) fn tell(
        &self,
        writer: &Socket<Session>,
        collection: &'static str,
        by: Option<&User>,
        ack: &str,
    ) {
        let here = self.inner.here.load(Ordering::Relaxed) > 0;
        let elsewhere = self.inner.is_asked_elsewhere();
        if !here && !elsewhere {
            return;
        }
        // One with other data is none of ours.
        let Ok(Ack { data: Written { id, version } }) = serde_json::from_str(ack) else { return };
        let by = by.map(|user| By { id: user.id, name: &user.name });
        let Ok(authored) = serde_json::to_string(&Authored { collection, id, version, by }) else { return };
        if here {
            let others = self.inner.hub.to(ROOM).except(writer.id().as_str());
            others.volatile().send(Frame::event("authored", &[&authored]));
        }
        if elsewhere {
            self.inner.say(authored);
        }
    }
}

/// Lets a socket hear of nothing more.
pub(super) fn leave(socket: &Socket<Session>) {
    socket.leave(ROOM);
}

impl Inner {
    fn say(&self, word: impl Into<String>) {
        if let Some(notices) = &self.notices {
            notices.say(word.into());
        }
    }

    fn is_asked_elsewhere(&self) -> bool {
        self.notices.is_some() && self.heard().is_some_and(|heard| heard.elapsed() < BELIEVED)
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.here.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Authors {
    fn drop(&mut self) {
        if let Some(hearing) = &self.hearing {
            hearing.abort();
        }
    }
}

/// Hears what other nodes say, and says now and then that somebody is here.
async fn hear(inner: Arc<Inner>, live: Live, notices: Notices) {
    let mut words = notices.listen();
    let mut again = tokio::time::interval(AGAIN);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    inner.say(WHO);
    loop {
        let word = tokio::select! {
            word = words.recv() => word,
            _ = again.tick() => Ok(WHO.to_owned()),
        };
        let mut told = Vec::new();
        let mut next = Some(word);
        while let Some(word) = next {
            match word {
                Ok(word) if word == HERE => *inner.heard() = Some(Instant::now()),
                Ok(word) if word == WHO => {
                    if inner.here.load(Ordering::Relaxed) > 0 {
                        inner.say(HERE);
                    }
                }
                Ok(authored) => told.push(authored),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
            next = words.try_recv().ok().map(Ok);
        }
        // The hint comes behind what it is about, or not at all.
        if !told.is_empty() && inner.here.load(Ordering::Relaxed) > 0 && live.refreshed().await {
            for authored in told {
                inner.hub.to(ROOM).volatile().send(Frame::event("authored", &[&authored]));
            }
        }
    }
}
