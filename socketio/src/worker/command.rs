//! What other threads want of a worker's sockets, and the inbox in which it waits.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tokio::{sync::mpsc::UnboundedSender, time::Instant};

use crate::{
    acks::Heard,
    broadcast::SocketInfo,
    id::Pid,
    wire::{frame::Frame, message::Message},
    worker::{
        nsp::Nsp,
        target::{Room, Target},
    },
};

/// What is wanted.
#[derive(Clone)]
pub(crate) enum Order {
    Send(Sending),
    Do(Arc<Nsp>, Option<Arc<Target>>, Deed),
    /// Finish what was received, then close.
    GoAway,
    /// End now.
    Cut,
}

/// An event for some sockets.
#[derive(Clone)]
pub(crate) struct Sending {
    pub(crate) nsp: Arc<Nsp>,
    pub(crate) target: Option<Arc<Target>>,
    pub(crate) message: Message,
    /// Its number in the log; 0 if it has none.
    pub(crate) number: u64,
}

/// What is done to some sockets.
#[derive(Clone)]
pub(crate) enum Deed {
    Join(Arc<[Room]>),
    Leave(Arc<[Room]>),
    Disconnect {
        close: bool,
    },
    List(UnboundedSender<Vec<SocketInfo>>),
    Ask {
        frame: Frame,
        id: u64,
        until: Instant,
        heard: UnboundedSender<Heard>,
    },
    /// A client has come back while its socket still seemed to live.
    Replace(Pid),
}

#[derive(Default)]
pub(crate) struct Inbox(Mutex<Orders>);

#[derive(Default)]
struct Orders {
    waiting: Vec<Order>,
    worker: Option<Waker>,
}

impl Inbox {
    pub(crate) fn push(&self, more: impl IntoIterator<Item = Order>) {
        let worker = {
            let mut orders = self.lock();
            orders.waiting.extend(more);
            orders.worker.take()
        };
        if let Some(worker) = worker {
            worker.wake();
        }
    }

    pub(crate) fn take(&self) -> Vec<Order> {
        std::mem::take(&mut self.lock().waiting)
    }

    pub(crate) fn poll_waiting(&self, cx: &Context<'_>) -> Poll<()> {
        let mut orders = self.lock();
        if orders.waiting.is_empty() {
            orders.worker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    fn lock(&self) -> MutexGuard<'_, Orders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
