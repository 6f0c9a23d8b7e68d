//! Polling: requests, and a later WebSocket, that reach a session from any worker.
//!
//! ```text
//! GET, POST, probe ─▶ SessionRegistry ─▶ PollingHandle ─▶ channel ─▶ PollingTransport, in the session's task
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
    error::HandshakeError,
    frames::{Inbound, ProtocolViolation},
    pipe::Pipe,
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

/// Requests that may wait for a busy session; further ones wait at the sender.
const QUEUE_CAPACITY: usize = 4;

/// A request to a session.
pub(super) enum PollingRequest {
    /// A GET; answered when there is something to send.
    Poll(oneshot::Sender<Result<String, HandshakeError>>),
    /// A POST; answered when all of its packets have been accepted.
    Post(Vec<Inbound>, oneshot::Sender<Result<(), HandshakeError>>),
    /// An invalid POST; it closes the session, and gets the error.
    InvalidPost(HandshakeError, oneshot::Sender<Result<(), HandshakeError>>),
    /// An upgrade has begun: no GET may wait.
    Probed,
    /// The upgrade has failed.
    ProbeLost,
    /// The upgrade is complete.
    Upgraded(Upgraded),
    /// A message on the WebSocket.
    Inbound(Result<Inbound, ProtocolViolation>),
    /// The WebSocket has ended.
    Lost,
}

/// The WebSocket of a completed upgrade.
pub(super) struct Upgraded {
    pub(super) pipe: Arc<Pipe>,
    pub(super) connection: Weak<Connection>,
    /// Whether the client did not wait for `3probe`, so that actix may still have data to write.
    pub(super) early: bool,
}

/// A session's handle for other workers.
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

/// The session has ended.
pub(super) struct SessionClosed;

impl PollingHandle {
    pub(super) async fn send(&self, request: PollingRequest) -> Result<(), SessionClosed> {
        self.requests.send(request).await.map_err(|_| SessionClosed)
    }

    /// Memory quota of the session.
    pub(super) fn quota(&self) -> &Arc<MemoryQuota> {
        &self.quota
    }

    /// Waits until the session has ended.
    pub(super) async fn ended(&self) {
        self.requests.closed().await;
    }

    /// Sets whether an upgrade is in progress; returns the previous value.
    pub(super) fn set_probing(&self, now: bool) -> bool {
        self.flags.probing.swap(now, Ordering::SeqCst)
    }

    pub(super) fn upgraded(&self) {
        self.flags.upgraded.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_upgraded(&self) -> bool {
        self.flags.upgraded.load(Ordering::SeqCst)
    }

    /// Whether the response to the last GET is still being received.
    fn is_answering(&self) -> bool {
        self.poll_progress.is_answering()
    }

    /// Permission for a POST; one request has it at a time.
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

/// Sessions that began with polling, by id.
#[derive(Default)]
pub(super) struct SessionRegistry(Mutex<HashMap<Sid, PollingHandle>>);

impl SessionRegistry {
    /// Adds a session, until its transport is dropped.
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
