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

use super::SocketState;
use crate::{database::Notices, live::Live, users::User};

const AUTHORS_ROOM: &str = "authors";
/// What a node says while somebody there asks for authors, and what one says that has just begun.
const SUBSCRIBERS_PRESENT: &str = "here";
const PRESENCE_QUERY: &str = "who";
/// How often a node says that somebody is there, and for how long the others believe it.
const HEARTBEAT: Duration = Duration::from_secs(10);
const PRESENCE_TTL: Duration = Duration::from_secs(30);

/// Tells who wrote what.
pub(super) struct AuthorBroadcast {
    inner: Arc<Inner>,
    receiver: Option<JoinHandle<()>>,
}

struct Inner {
    hub: Hub,
    notices: Option<Notices>,
    subscribers: AtomicUsize,
    /// When another node last said that somebody there asks.
    remote_seen: Mutex<Option<Instant>>,
}

/// Somebody asks, for as long as this lives.
pub(super) struct AuthorSubscription(Arc<Inner>);

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
struct WrittenRow {
    id: i64,
    version: Option<i64>,
}

#[derive(Deserialize)]
struct Ack {
    data: WrittenRow,
}

impl AuthorBroadcast {
    pub(super) fn new(hub: Hub, live: Live, notices: Option<Notices>) -> Self {
        let inner = Inner { hub, notices, subscribers: 0.into(), remote_seen: Mutex::default() };
        let inner = Arc::new(inner);
        let spawn = |notices| actix_web::rt::spawn(receive(inner.clone(), live, notices));
        let receiver = inner.notices.clone().map(spawn);
        Self { inner, receiver }
    }

    /// Lets a socket hear of writes from now on.
    pub(super) fn subscribe(&self, socket: &Socket<SocketState>) -> AuthorSubscription {
        socket.join(AUTHORS_ROOM);
        if self.inner.subscribers.fetch_add(1, Ordering::Relaxed) == 0 {
            self.inner.publish(SUBSCRIBERS_PRESENT);
        }
        AuthorSubscription(self.inner.clone())
    }

    /// Tells everybody else who asked of a write to a row of this collection; `ack` is what the writer is going to be received.
    pub(super) fn broadcast(
        &self,
        writer: &Socket<SocketState>,
        collection: &'static str,
        by: Option<&User>,
        ack: &str,
    ) {
        let local = self.inner.subscribers.load(Ordering::Relaxed) > 0;
        let remote = self.inner.has_remote_subscribers();
        if !local && !remote {
            return;
        }
        // One with other data is none of ours.
        let Ok(Ack { data: WrittenRow { id, version } }) = serde_json::from_str(ack) else { return };
        let by = by.map(|user| By { id: user.id, name: &user.name });
        let Ok(authored) = serde_json::to_string(&Authored { collection, id, version, by }) else { return };
        if local {
            let others = self.inner.hub.to(AUTHORS_ROOM).except(writer.id().as_str());
            others.volatile().send(Frame::event("authored", &[&authored]));
        }
        if remote {
            self.inner.publish(authored);
        }
    }
}

/// Lets a socket hear of nothing more.
pub(super) fn unsubscribe(socket: &Socket<SocketState>) {
    socket.leave(AUTHORS_ROOM);
}

impl Inner {
    fn publish(&self, message: impl Into<String>) {
        if let Some(notices) = &self.notices {
            notices.say(message.into());
        }
    }

    fn has_remote_subscribers(&self) -> bool {
        self.notices.is_some() && self.last_seen().is_some_and(|seen| seen.elapsed() < PRESENCE_TTL)
    }

    fn last_seen(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.remote_seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AuthorSubscription {
    fn drop(&mut self) {
        self.0.subscribers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for AuthorBroadcast {
    fn drop(&mut self) {
        if let Some(receiver) = &self.receiver {
            receiver.abort();
        }
    }
}

/// Hears what other nodes say, and says now and then that somebody is here.
async fn receive(inner: Arc<Inner>, live: Live, notices: Notices) {
    let mut messages = notices.listen();
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    inner.publish(PRESENCE_QUERY);
    loop {
        let message = tokio::select! {
            message = messages.recv() => message,
            _ = heartbeat.tick() => Ok(PRESENCE_QUERY.to_owned()),
        };
        let mut received = Vec::new();
        let mut next = Some(message);
        while let Some(message) = next {
            match message {
                Ok(message) if message == SUBSCRIBERS_PRESENT => *inner.last_seen() = Some(Instant::now()),
                Ok(message) if message == PRESENCE_QUERY => {
                    if inner.subscribers.load(Ordering::Relaxed) > 0 {
                        inner.publish(SUBSCRIBERS_PRESENT);
                    }
                }
                Ok(authored) => received.push(authored),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
            next = messages.try_recv().ok().map(Ok);
        }
        // The hint comes behind what it is about, or not at all.
        if !received.is_empty() && inner.subscribers.load(Ordering::Relaxed) > 0 && live.poll_now().await {
            for authored in received {
                inner.hub.to(AUTHORS_ROOM).volatile().send(Frame::event("authored", &[&authored]));
            }
        }
    }
}
