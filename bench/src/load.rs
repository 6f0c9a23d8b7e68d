//! A run against one server, and what its clients share.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};

use crate::Fallible;
use crate::client::{Client, Handler};

/// What the clients of a run share.
pub struct Load {
    pub(crate) addr: SocketAddr,
    /// Whether what happens now counts.
    pub measuring: Cell<bool>,
    /// Messages received while measuring.
    pub messages: Cell<u64>,
    /// Bytes received while measuring.
    pub bytes: Cell<u64>,
    /// Clients that lost their connection.
    pub closed: Cell<usize>,
    /// The first thing that went wrong.
    pub error: RefCell<Option<String>>,
    /// Rung when a scenario should look again.
    pub changed: Notify,
}

impl Load {
    /// A run against the server at `addr`.
    pub fn new(addr: SocketAddr) -> Rc<Self> {
        Rc::new(Self {
            addr,
            measuring: Cell::new(false),
            messages: Cell::new(0),
            bytes: Cell::new(0),
            closed: Cell::new(0),
            error: RefCell::new(None),
            changed: Notify::new(),
        })
    }

    /// Remembers what went wrong, if it is the first thing to.
    pub fn fail(&self, what: impl Into<String>) {
        self.error.borrow_mut().get_or_insert_with(|| what.into());
        self.changed.notify_one();
    }

    /// Waits until `done`, and says whether it came to that before `limit` or an error.
    pub async fn wait(&self, limit: Duration, done: impl Fn() -> bool) -> bool {
        let waiting = async {
            while !done() && self.error.borrow().is_none() {
                self.changed.notified().await;
            }
        };
        tokio::time::timeout(limit, waiting).await.is_ok() && done()
    }

    /// Connects one client for each handler, `at_once` at a time, snapshots included.
    ///
    /// # Errors
    /// When any of them does not get that far.
    pub async fn connect(
        self: &Rc<Self>,
        handlers: Vec<Rc<dyn Handler>>,
        at_once: usize,
    ) -> Fallible<Vec<Rc<Client>>> {
        let permits = Rc::new(Semaphore::new(at_once.max(1)));
        let tasks: Vec<_> = handlers
            .into_iter()
            .map(|handler| {
                let (load, permits) = (self.clone(), permits.clone());
                tokio::task::spawn_local(async move {
                    let _permit = permits.acquire().await?;
                    Client::connect(load, handler).await
                })
            })
            .collect();
        let mut clients = Vec::with_capacity(tasks.len());
        for task in tasks {
            clients.push(task.await??);
        }
        Ok(clients)
    }
}
