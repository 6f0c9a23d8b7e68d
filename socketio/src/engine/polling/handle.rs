//! Requests to a session, and the handle by which they reach it from any worker.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::{mpsc, oneshot};

use crate::{
    engine::{error::HandshakeError, frames::Inbound, pipe::Pipe, violation::ProtocolViolation},
    id::Sid,
    session::{connection::Connection, handle::SessionHandle, limiter::MemoryQuota, ping::PollProgress},
};

/// A request to a session.
pub(in crate::engine) enum PollingRequest {
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
pub(in crate::engine) struct Upgraded {
    pub(in crate::engine) pipe: Arc<Pipe>,
    pub(in crate::engine) connection: Weak<Connection>,
    /// Whether the client did not wait for `3probe`, so that actix may still have data to write.
    pub(in crate::engine) early: bool,
}

/// A session's handle for other workers.
#[derive(Clone)]
pub(in crate::engine) struct PollingHandle {
    pub(in crate::engine) sid: Sid,
    requests: mpsc::Sender<Box<PollingRequest>>,
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
pub(in crate::engine) struct SessionClosed;

impl PollingHandle {
    /// The handle of a session, which receives requests by `requests`.
    pub(super) fn new(session: &SessionHandle, requests: mpsc::Sender<Box<PollingRequest>>) -> Self {
        Self {
            sid: session.sid,
            requests,
            flags: Arc::default(),
            poll_progress: session.poll_progress().clone(),
            quota: session.quota().clone(),
        }
    }

    pub(in crate::engine) async fn send(&self, request: PollingRequest) -> Result<(), SessionClosed> {
        self.requests.send(Box::new(request)).await.map_err(|_| SessionClosed)
    }

    /// Memory quota of the session.
    pub(in crate::engine) fn quota(&self) -> &Arc<MemoryQuota> {
        &self.quota
    }

    /// Waits until the session has ended.
    pub(in crate::engine) async fn ended(&self) {
        self.requests.closed().await;
    }

    /// Sets whether an upgrade is in progress; returns the previous value.
    pub(in crate::engine) fn set_probing(&self, now: bool) -> bool {
        self.flags.probing.swap(now, Ordering::SeqCst)
    }

    pub(in crate::engine) fn upgraded(&self) {
        self.flags.upgraded.store(true, Ordering::SeqCst);
    }

    pub(in crate::engine) fn is_upgraded(&self) -> bool {
        self.flags.upgraded.load(Ordering::SeqCst)
    }

    /// Progress of the responses to GETs.
    pub(super) fn poll_progress(&self) -> &Arc<PollProgress> {
        &self.poll_progress
    }

    /// Permission for a POST; one request has it at a time.
    pub(super) fn post_guard(&self) -> Option<PostGuard> {
        (!self.flags.post_guard.swap(true, Ordering::SeqCst)).then(|| PostGuard(self.flags.clone()))
    }
}

pub(super) struct PostGuard(Arc<Flags>);

impl Drop for PostGuard {
    fn drop(&mut self) {
        self.0.post_guard.store(false, Ordering::SeqCst);
    }
}
