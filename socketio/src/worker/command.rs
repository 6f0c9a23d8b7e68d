//! Commands of other threads for a worker, and their queue.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tokio::{sync::mpsc::UnboundedSender, time::Instant};

use crate::{
    acks::AckEvent,
    id::Pid,
    wire::{frame::Frame, message::Message},
    worker::{
        nsp::Nsp,
        socket_info::SocketInfo,
        target::{Room, Target},
    },
};

/// A command for a worker.
#[derive(Clone)]
pub(crate) enum WorkerCommand {
    Deliver(Delivery),
    Apply(Arc<Nsp>, Option<Arc<Target>>, SocketOp),
    /// Closes all sessions after everything received is handled.
    Drain,
    /// Aborts all sessions.
    Abort,
}

impl WorkerCommand {
    /// Whether both are events for the same sockets.
    pub(super) fn has_same_recipients(&self, next: &Self) -> bool {
        match (self, next) {
            (Self::Deliver(one), Self::Deliver(other)) => {
                let same = match (&one.target, &other.target) {
                    (None, None) => true,
                    (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                    _ => false,
                };
                same && Arc::ptr_eq(&one.nsp, &other.nsp)
            }
            _ => false,
        }
    }
}

/// An event for some sockets.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) nsp: Arc<Nsp>,
    pub(crate) target: Option<Arc<Target>>,
    pub(crate) message: Message,
    /// Number in the recovery log; 0 if it is not recorded.
    pub(crate) number: u64,
}

/// An operation on some sockets.
#[derive(Clone)]
pub(crate) enum SocketOp {
    Join(Arc<[Room]>),
    Leave(Arc<[Room]>),
    Disconnect {
        close: bool,
    },
    Fetch(UnboundedSender<Vec<SocketInfo>>),
    EmitWithAck {
        frame: Frame,
        id: u64,
        until: Instant,
        events: UnboundedSender<AckEvent>,
    },
    /// Disconnects a socket whose client has reconnected.
    Replace(Pid),
}

#[derive(Default)]
pub(crate) struct CommandQueue(Mutex<Queued>);

#[derive(Default)]
struct Queued {
    waiting: Vec<WorkerCommand>,
    waker: Option<Waker>,
}

impl CommandQueue {
    pub(crate) fn push(&self, more: impl IntoIterator<Item = WorkerCommand>) {
        let waker = {
            let mut commands = self.lock();
            commands.waiting.extend(more);
            commands.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn take(&self) -> Vec<WorkerCommand> {
        std::mem::take(&mut self.lock().waiting)
    }

    pub(crate) fn poll_waiting(&self, cx: &Context<'_>) -> Poll<()> {
        let mut commands = self.lock();
        if commands.waiting.is_empty() {
            commands.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    fn lock(&self) -> MutexGuard<'_, Queued> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
