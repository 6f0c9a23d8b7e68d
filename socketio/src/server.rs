//! The server: built from namespaces, mounted on an actix application, shut down.

use std::{fmt, sync::Arc, time::Duration};

use actix_web::{dev::ResourceDef, web};
use tokio::time::timeout;

#[cfg(feature = "admin")]
use crate::admin::Admin;
use crate::{
    client::Client,
    config::Config,
    engine::{self, Endpoint},
    hub::Hub,
    metrics::handler_seconds,
    namespace::Namespace,
    namespaces::{Definition, Namespaces},
    service::Service,
    session::limiter::SessionLimiter,
    worker::{Worker, command::WorkerCommand},
};

/// Time for aborted sessions to end in `shutdown`.
const ABORT_GRACE: Duration = Duration::from_secs(1);

/// A Socket.IO server. A clone is the same server, for the application of each worker.
#[derive(Clone)]
pub struct SocketIo(Arc<Endpoint>);

/// Builder of a server: see [`SocketIo::builder`].
pub struct Builder {
    config: Config,
    hub: Hub,
    definitions: Vec<Definition>,
    #[cfg(feature = "admin")]
    admin: Option<Admin>,
}

impl SocketIo {
    /// Creates a builder.
    pub fn builder(config: Config) -> Builder {
        Builder {
            config,
            hub: Hub::new(),
            definitions: Vec::new(),
            #[cfg(feature = "admin")]
            admin: None,
        }
    }

    /// Mounts the endpoint at [`Config::path`].
    pub fn configure(&self, app: &mut web::ServiceConfig) {
        mount(&self.0, app);
    }

    /// All sockets of the server.
    pub fn hub(&self) -> Hub {
        self.0.hub.clone()
    }

    /// Number of open sessions, including those whose last event is still being handled.
    pub fn sessions(&self) -> usize {
        self.0.limiter.open()
    }

    /// Shuts down gracefully: accepts no new sessions, handles and acks what was received, and closes each session with
    /// code 1001, after which stock clients try to reconnect. Sessions that last longer than `grace` are aborted.
    pub async fn shutdown(&self, grace: Duration) {
        shutdown(&self.0, grace).await;
    }
}

/// Mounts an endpoint at its path.
pub(crate) fn mount(endpoint: &Arc<Endpoint>, app: &mut web::ServiceConfig) {
    let endpoint = endpoint.clone();
    let path = pattern(&endpoint.config.path);
    let handle = move |request, payload| engine::handle(endpoint.clone(), request, payload);
    app.service(web::resource(path).route(web::route().to(handle)));
}

/// The path as a pattern with any number of slashes, because base addresses end with one and paths begin with one.
fn pattern(path: &str) -> String {
    let names = path.split('/').filter(|name| !name.is_empty());
    let names = names.enumerate().map(|(n, name)| format!("/{{slashes{n}:/*}}{name}"));
    names.chain(["{end:/*}".to_owned()]).collect()
}

pub(crate) async fn shutdown(endpoint: &Endpoint, grace: Duration) {
    endpoint.limiter.close();
    endpoint.hub.command(&WorkerCommand::Drain);
    if timeout(grace, endpoint.limiter.wait_until_empty()).await.is_err() {
        endpoint.hub.command(&WorkerCommand::Abort);
        // Handlers that still run are not waited for: their acks could not be delivered.
        let _ = timeout(ABORT_GRACE, endpoint.limiter.wait_until_empty()).await;
    }
}

impl fmt::Debug for SocketIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketIo").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl Builder {
    /// Uses an existing hub, created before the server. A hub belongs to one server.
    #[must_use]
    pub fn hub(mut self, hub: Hub) -> Self {
        self.hub = hub;
        self
    }

    /// Adds a namespace of handlers.
    #[must_use]
    pub fn namespace<S: 'static>(self, namespace: Namespace<S>) -> Self {
        let name = namespace.name().to_owned();
        self.service(&name, namespace)
    }

    /// Adds a namespace, or a pattern, that one [`Service`] implements. For its name see [`Namespace::new`]. Of two
    /// matching patterns the one added first is used.
    #[must_use]
    pub fn service(mut self, name: &str, service: impl Service) -> Self {
        let name = &format!("/{}", name.strip_prefix('/').unwrap_or(name));
        let pattern = ResourceDef::new(name);
        let handler_seconds = handler_seconds(name);
        self.definitions.push(Definition { pattern, service: Arc::new(service), handler_seconds });
        self
    }

    /// Adds the namespace `/admin` of the official admin page; it replaces any other of that name. See [`Admin`].
    #[cfg(feature = "admin")]
    #[must_use]
    pub fn admin(mut self, admin: Admin) -> Self {
        self.admin = Some(admin);
        self
    }

    /// Builds the server.
    #[must_use]
    pub fn build(self) -> SocketIo {
        let Self {
            config,
            hub,
            definitions,
            #[cfg(feature = "admin")]
            admin,
        } = self;
        let limiter = Arc::new(SessionLimiter::new(&config));
        let mut namespaces = Namespaces::new(config.clone());
        definitions.into_iter().for_each(|definition| namespaces.add(&hub, definition));
        #[cfg(feature = "admin")]
        if let Some(admin) = admin {
            admin.install(&mut namespaces, &hub, &limiter);
        }
        if let Some(recovery) = &config.recovery {
            hub.set_max_age(recovery.max_disconnection);
        }
        let namespaces = Arc::new(namespaces);
        let sockets = hub.clone();
        let open: engine::LayerFactory = Box::new(move |session, request| {
            let worker = Worker::current(&sockets);
            Box::new(Client::new(namespaces.clone(), worker, session.clone(), request.clone()))
        });
        SocketIo(Arc::new(Endpoint::new(config, hub, limiter, open)))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("config", &self.config).finish_non_exhaustive()
    }
}
