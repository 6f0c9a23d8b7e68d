//! The endpoint: mounted on an actix application, counted, shut down.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::web;
use tokio::{sync::Notify, time::timeout};

use crate::{config::Config, engine, hub::Hub, service::Service, shard::Order};

/// How long `shutdown` waits for sessions whose connection it has cut.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// A Socket.IO server. A clone is the same server: one goes into each worker's application.
pub struct SocketIo<S>(pub(crate) Arc<Server<S>>);

pub(crate) struct Server<S> {
    pub(crate) config: Config,
    pub(crate) hub: Hub,
    pub(crate) service: S,
    pub(crate) census: Arc<Census>,
}

impl<S: Service> SocketIo<S> {
    /// A server of one service, whose sockets `hub` reaches.
    pub fn new(config: Config, hub: Hub, service: S) -> Self {
        Self(Arc::new(Server { config, hub, service, census: Arc::default() }))
    }

    /// Mounts the endpoint at [`Config::path`].
    pub fn configure(&self, app: &mut web::ServiceConfig) {
        let path = self.0.config.path.trim_end_matches('/');
        for path in [format!("{path}/"), path.to_owned()] {
            let server = self.0.clone();
            let handle = move |request, payload| std::future::ready(engine::open(&server, &request, payload));
            app.service(web::resource(path).route(web::route().to(handle)));
        }
    }

    /// How many sessions are open; those whose last event is still being handled included.
    pub fn sessions(&self) -> usize {
        self.0.census.open.load(Ordering::SeqCst)
    }

    /// Ends all sessions, in order: no new ones; what was received is handled and acked; each is closed with code 1001,
    /// after which stock clients try to reconnect. Sessions that last longer than `grace` are cut off.
    pub async fn shutdown(&self, grace: Duration) {
        self.0.census.closed.store(true, Ordering::SeqCst);
        self.0.hub.order(Order::GoAway);
        if timeout(grace, self.0.census.emptied()).await.is_err() {
            self.0.hub.order(Order::Cut);
            // Handlers that still run are not waited for much longer: nobody can be told their outcome.
            let _ = timeout(LAST_WAIT, self.0.census.emptied()).await;
        }
    }
}

impl<S> Clone for SocketIo<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S> fmt::Debug for SocketIo<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketIo").field("config", &self.0.config).finish_non_exhaustive()
    }
}

/// How many sessions there are, and whether there may be more.
#[derive(Debug, Default)]
pub(crate) struct Census {
    open: AtomicUsize,
    closed: AtomicBool,
    changed: Notify,
}

impl Census {
    /// A place for one more session, unless `max` are taken.
    pub(crate) fn enter(self: &Arc<Self>, max: usize) -> Option<Place> {
        let place = |open: usize| (open < max).then_some(open + 1);
        self.open.try_update(Ordering::SeqCst, Ordering::SeqCst, place).ok()?;
        Some(Place(self.clone()))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    async fn emptied(&self) {
        loop {
            let changed = self.changed.notified();
            if self.open.load(Ordering::SeqCst) == 0 {
                return;
            }
            changed.await;
        }
    }
}

/// One session's place, free again when dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<Census>);

impl Drop for Place {
    fn drop(&mut self) {
        if self.0.open.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.changed.notify_waiters();
        }
    }
}
