//! Polling: what HTTP requests and a later WebSocket ask of a session, from whichever worker they came in on.
//!
//! ```text
//! GET, POST, probe ─▶ Directory ─▶ Handle ─▶ channel ─▶ Desk, in the session's task
//! ```

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{mpsc, oneshot};

use super::{
    frames::{Inbound, ProtocolViolation},
    pipe::Pipe,
    request::HandshakeError,
};
use crate::{
    id::Sid,
    session::{
        connection::Connection,
        handle::{PollProgress, SessionHandle},
        limiter::MemoryQuota,
    },
};

mod requests;
mod response;
mod transport;

pub(super) use self::{
    requests::{poll, post},
    transport::{Incoming, PollingTransport},
};

/// What may wait for a session that is busy; more waits at the sender.
const QUEUE_CAPACITY: usize = 4;

/// What is asked of a session.
pub(super) enum PollingRequest {
    /// A GET: answered once there is something to say.
    Poll(oneshot::Sender<Result<String, HandshakeError>>),
    /// A POST: answered once all of it has been taken.
    Post(Vec<Inbound>, oneshot::Sender<Result<(), HandshakeError>>),
    /// A POST that was no payload: the session ends, and that is the answer.
    InvalidPost(HandshakeError, oneshot::Sender<Result<(), HandshakeError>>),
    /// A WebSocket has begun to take over: no GET is to wait.
    Probed,
    /// It did not come to that.
    ProbeLost,
    /// From here on all goes by WebSocket.
    Upgraded(Upgraded),
    /// What came in on it.
    Inbound(Result<Inbound, ProtocolViolation>),
    /// It has ended.
    Lost,
}

/// A WebSocket that takes over.
pub(super) struct Upgraded {
    pub(super) pipe: Arc<Pipe>,
    pub(super) connection: Weak<Connection>,
    /// Whether the client did not wait for `3probe`, so that what actix is to write may not have left yet.
    pub(super) early: bool,
}

/// How a session is reached from anywhere.
#[derive(Clone)]
pub(super) struct PollingHandle {
    pub(super) sid: Sid,
    requests: mpsc::Sender<PollingRequest>,
    flags: Arc<Flags>,
    poll_progress: Arc<PollProgress>,
    quota: Arc<MemoryQuota>,
}

#[derive(Default)]
struct Flags {
    post_guard: AtomicBool,
    probing: AtomicBool,
    upgraded: AtomicBool,
}

/// The session is over.
pub(super) struct SessionClosed;

impl PollingHandle {
    pub(super) async fn send(&self, request: PollingRequest) -> Result<(), SessionClosed> {
        self.requests.send(request).await.map_err(|_| SessionClosed)
    }

    /// What the session may hold.
    pub(super) fn quota(&self) -> &Arc<MemoryQuota> {
        &self.quota
    }

    /// The session is over.
    pub(super) async fn ended(&self) {
        self.requests.closed().await;
    }

    /// Says that a WebSocket begins or ends to take over; returns what was so before.
    pub(super) fn probing(&self, now: bool) -> bool {
        self.flags.probing.swap(now, Ordering::SeqCst)
    }

    pub(super) fn upgraded(&self) {
        self.flags.upgraded.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_upgraded(&self) -> bool {
        self.flags.upgraded.load(Ordering::SeqCst)
    }

    /// Whether the answer to the last GET is still being taken.
    fn is_answering(&self) -> bool {
        self.poll_progress.is_answering()
    }

    /// The right to post, which one request has at a time.
    fn post_guard(&self) -> Option<PostGuard> {
        (!self.flags.post_guard.swap(true, Ordering::SeqCst)).then(|| PostGuard(self.flags.clone()))
    }
}

struct PostGuard(Arc<Flags>);

impl Drop for PostGuard {
    fn drop(&mut self) {
        self.0.post_guard.store(false, Ordering::SeqCst);
    }
}

/// The sessions that began by polling, by their ids.
#[derive(Default)]
pub(super) struct SessionRegistry(Mutex<HashMap<Sid, PollingHandle>>);

impl SessionRegistry {
    /// Lists a session, until the desk is dropped.
    pub(super) fn open(self: &Arc<Self>, session: &SessionHandle) -> PollingTransport {
        let (sid, poll_progress) = (session.sid, session.poll_progress().clone());
        let (requests, receiver) = mpsc::channel(QUEUE_CAPACITY);
        self.lock().insert(
            sid,
            PollingHandle {
                sid,
                requests,
                flags: Arc::default(),
                poll_progress,
                quota: session.quota().clone(),
            },
        );
        PollingTransport::new(receiver, RegistryEntry { registry: self.clone(), sid })
    }

    pub(super) fn find(&self, sid: &str) -> Option<PollingHandle> {
        self.lock().get(&Sid::parse(sid)?).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Sid, PollingHandle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct RegistryEntry {
    registry: Arc<SessionRegistry>,
    sid: Sid,
}

impl Drop for RegistryEntry {
    fn drop(&mut self) {
        self.registry.lock().remove(&self.sid);
    }
}
