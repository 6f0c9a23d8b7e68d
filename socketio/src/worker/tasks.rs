//! Background tasks of a worker: commands, and expired recovery state.

use std::{future::poll_fn, rc::Rc, time::Duration};

use tokio::time::interval;

use super::{WORKERS, Worker};
use crate::hub::Hub;

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
        worker.sessions.batch(|| worker.drain_commands());
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
