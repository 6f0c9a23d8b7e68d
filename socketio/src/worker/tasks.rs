//! Background tasks of a worker: commands, closed connections, expired recovery state.

use std::{future::poll_fn, rc::Rc, sync::Weak, time::Duration};

use tokio::time::{Instant, interval, sleep_until};

use super::{WORKERS, Worker};
use crate::{hub::Hub, session::connection::Connection};

impl Worker {
    /// Aborts the connection if it is still open after `grace`.
    pub(crate) fn reap(&self, connection: Weak<Connection>, grace: Duration) {
        if connection.strong_count() == 0 {
            return;
        }
        let mut closing = self.closing.borrow_mut();
        if closing.is_empty() {
            self.reaper.notify_one();
        }
        closing.push_back((Instant::now() + grace, connection));
    }
}

pub(super) async fn reap(worker: Rc<Worker>) {
    loop {
        let first = worker.closing.borrow().front().map(|(at, _)| *at);
        let Some(at) = first else {
            worker.reaper.notified().await;
            continue;
        };
        sleep_until(at).await;
        let due = worker.closing.borrow_mut().pop_front();
        if let Some(connection) = due.and_then(|(_, connection)| connection.upgrade()) {
            connection.abort();
        }
    }
}

/// Removes expired recovery state even while nothing else happens.
pub(super) async fn sweep(hub: Hub, age: Duration) {
    let mut ticks = interval((age / 2).clamp(Duration::from_secs(1), Duration::from_secs(30)));
    loop {
        ticks.tick().await;
        hub.sweep();
    }
}

pub(super) async fn run(task: WorkerTask) {
    let worker = &task.0;
    loop {
        poll_fn(|cx| worker.queue.poll_waiting(cx)).await;
        worker.batch(|| worker.drain_commands());
    }
}

/// Unregisters the worker when its runtime ends.
pub(super) struct WorkerTask(pub(super) Rc<Worker>);

impl Drop for WorkerTask {
    fn drop(&mut self) {
        self.0.hub.unregister(&self.0.queue);
        // The thread-local may have been destroyed, with the list.
        let _ = WORKERS.try_with(|all| all.borrow_mut().retain(|worker| !Rc::ptr_eq(worker, &self.0)));
    }
}
