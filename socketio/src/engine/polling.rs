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
    frames::{Inbound, Violation},
    pipe::Pipe,
    request::Refused,
};
use crate::{
    id::Sid,
    session::{
        connection::Connection,
        handle::{Handed, Link},
        limiter::Share,
    },
};

mod requests;
mod response;
mod transport;

pub(super) use self::{
    requests::{poll, post},
    transport::{Desk, Incoming},
};

/// What may wait for a session that is busy; more waits at the sender.
const WAITING: usize = 4;

/// What is asked of a session.
pub(super) enum Ask {
    /// A GET: answered once there is something to say.
    Poll(oneshot::Sender<Result<String, Refused>>),
    /// A POST: answered once all of it has been taken.
    Post(Vec<Inbound>, oneshot::Sender<Result<(), Refused>>),
    /// A POST that was no payload: the session ends, and that is the answer.
    Broken(Refused, oneshot::Sender<Result<(), Refused>>),
    /// A WebSocket has begun to take over: no GET is to wait.
    Probed,
    /// It did not come to that.
    ProbeLost,
    /// From here on all goes by WebSocket.
    Moved(Moved),
    /// What came in on it.
    Inbound(Result<Inbound, Violation>),
    /// It has ended.
    Lost,
}

/// A WebSocket that takes over.
pub(super) struct Moved {
    pub(super) pipe: Arc<Pipe>,
    pub(super) connection: Weak<Connection>,
    /// Whether the client did not wait for `3probe`, so that what actix is to write may not have left yet.
    pub(super) hasty: bool,
}

/// How a session is reached from anywhere.
#[derive(Clone)]
pub(super) struct Handle {
    pub(super) sid: Sid,
    asks: mpsc::Sender<Ask>,
    flags: Arc<Flags>,
    handed: Arc<Handed>,
    share: Arc<Share>,
}

#[derive(Default)]
struct Flags {
    posting: AtomicBool,
    probing: AtomicBool,
    moved: AtomicBool,
}

/// The session is over.
pub(super) struct Over;

impl Handle {
    pub(super) async fn ask(&self, ask: Ask) -> Result<(), Over> {
        self.asks.send(ask).await.map_err(|_| Over)
    }

    /// What the session may hold.
    pub(super) fn share(&self) -> &Arc<Share> {
        &self.share
    }

    /// The session is over.
    pub(super) async fn ended(&self) {
        self.asks.closed().await;
    }

    /// Says that a WebSocket begins or ends to take over; returns what was so before.
    pub(super) fn probing(&self, now: bool) -> bool {
        self.flags.probing.swap(now, Ordering::SeqCst)
    }

    pub(super) fn moved(&self) {
        self.flags.moved.store(true, Ordering::SeqCst);
    }

    pub(super) fn has_moved(&self) -> bool {
        self.flags.moved.load(Ordering::SeqCst)
    }

    /// Whether the answer to the last GET is still being taken.
    fn is_answering(&self) -> bool {
        self.handed.is_answering()
    }

    /// The right to post, which one request has at a time.
    fn posting(&self) -> Option<Posting> {
        (!self.flags.posting.swap(true, Ordering::SeqCst)).then(|| Posting(self.flags.clone()))
    }
}

struct Posting(Arc<Flags>);

impl Drop for Posting {
    fn drop(&mut self) {
        self.0.posting.store(false, Ordering::SeqCst);
    }
}

/// The sessions that began by polling, by their ids.
#[derive(Default)]
pub(super) struct Directory(Mutex<HashMap<Sid, Handle>>);

impl Directory {
    /// Lists a session, until the desk is dropped.
    pub(super) fn open(self: &Arc<Self>, link: &Link) -> Desk {
        let (sid, handed) = (link.sid, link.handed().clone());
        let (asks, asked) = mpsc::channel(WAITING);
        self.lock()
            .insert(sid, Handle { sid, asks, flags: Arc::default(), handed, share: link.share().clone() });
        Desk::new(asked, Entry { directory: self.clone(), sid })
    }

    pub(super) fn find(&self, sid: &str) -> Option<Handle> {
        self.lock().get(&Sid::parse(sid)?).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Sid, Handle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Entry {
    directory: Arc<Directory>,
    sid: Sid,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.directory.lock().remove(&self.sid);
    }
}
