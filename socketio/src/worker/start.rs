//! The workers of a thread: created on first use, with their background tasks.

use std::{cell::RefCell, future::poll_fn, rc::Rc, sync::Arc, time::Duration};

use tokio::time::interval;

use super::Worker;
use crate::{hub::Hub, session::local::LocalSessions};

thread_local! {
    /// One per hub with sessions on this thread; only tests have several.
    static WORKERS: RefCell<Vec<Rc<Worker>>> = const { RefCell::new(Vec::new()) };
}

impl Worker {
    /// This thread's worker for a hub, created on first use.
    pub(crate) fn current(hub: &Hub) -> Rc<Self> {
        if let Some(worker) =
            WORKERS.with_borrow(|all| all.iter().find(|worker| worker.hub.is_same(hub)).cloned())
        {
            return worker;
        }
        let worker = Rc::new(Self {
            hub: hub.clone(),
            sessions: Rc::new(LocalSessions::new()),
            queue: Arc::default(),
            namespaces: RefCell::default(),
        });
        hub.register(worker.queue.clone());
        WORKERS.with_borrow_mut(|all| all.push(worker.clone()));
        actix_web::rt::spawn(run(WorkerTask(worker.clone())));
        actix_web::rt::spawn(worker.sessions.clone().run_reaper());
        if let Some(age) = hub.max_age() {
            actix_web::rt::spawn(sweep(hub.clone(), age));
        }
        worker
    }
}

/// Executes commands as they arrive.
async fn run(task: WorkerTask) {
    let worker = &task.0;
    loop {
        poll_fn(|cx| worker.queue.poll_waiting(cx)).await;
        worker.sessions.batch(|| worker.drain_commands());
    }
}

/// Removes expired recovery state even while nothing else happens.
async fn sweep(hub: Hub, age: Duration) {
    let mut ticks = interval((age / 2).clamp(Duration::from_secs(1), Duration::from_secs(30)));
    loop {
        ticks.tick().await;
        hub.sweep();
    }
}

/// Unregisters the worker when its runtime ends.
struct WorkerTask(Rc<Worker>);

impl Drop for WorkerTask {
    fn drop(&mut self) {
        self.0.hub.unregister(&self.0.queue);
        // The thread-local may have been destroyed, with the list.
        let _ = WORKERS.try_with(|all| all.borrow_mut().retain(|worker| !Rc::ptr_eq(worker, &self.0)));
    }
}
