//! Start and orderly shutdown of the server.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use actix_web::{App as Actix, HttpServer, dev::Server, web};
use sea_orm::DbErr;
use socketio::{Config, Hub, Origins, SocketIo};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    accounts,
    auth::Auth,
    base_path::BasePath,
    config::{AccessMode, SampleData, Serve},
    database::{Content, Database, DatabaseUrl, EMBEDDED, Transaction, content},
    error::Error,
    gateway::Gateway,
    http::{self, MetricsAccess, Site},
    live::Live,
    product::Product,
    prune::Pruner,
    registry::Registry,
    seed::{Passwords, Seeded},
    start_error::StartError,
    table_check,
    tables::{ProjectHandle, Watcher},
    telemetry,
    users::UserTable,
};

/// The time for running events and unsent acks during shutdown.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(8);

/// A server that accepts connections once [`run`](Self::run) is awaited.
pub struct App {
    address: SocketAddr,
    base: BasePath,
    server: Server,
    io: SocketIo,
    live: Live,
    db: Database,
    pruner: Pruner,
    state: web::Data<http::HttpState>,
    seeded: Option<Seeded>,
    /// Follows changes of the schema, if tables are served.
    watcher: Option<JoinHandle<()>>,
    project: Option<ProjectHandle>,
}

impl App {
    /// Opens and migrates the database, loads the cache, and binds the address.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn build(settings: &Serve, product: &Product) -> Result<Self, StartError> {
        settings.check()?;
        let (registry, access) = (product.registry.clone(), settings.access());
        let accounts = product.tables.as_ref().is_some_and(|project| project.settings.accounts.is_some());
        if registry.users().is_none() && !accounts && access != AccessMode::Open {
            return Err(StartError::Other(
                "--access: nobody can sign in here, and an address beyond this machine has --access members unless another is given: \
                 add [accounts] to rowcast.toml, or users to the product, or give --access open, with which everybody reads and writes"
                    .into(),
            ));
        }
        // Each session needs two descriptors; the usual soft limit suffices for 500 sessions.
        let _ = rlimit::increase_nofile_limit(u64::MAX);
        let metrics = telemetry::metrics()?;
        let site = Site::open(settings.web_folder(product.web).as_deref(), &settings.endpoint.base_path)
            .map_err(|error| format!("--web: {error}"))?;
        let site = web::Data::new(site);
        let (db, seeded) = open(settings, product).await?;
        let hub = Hub::new();
        let (current, watcher) = match &product.tables {
            Some(tables) => {
                let started = Watcher::start(db.clone(), tables.clone(), registry.clone()).await;
                match started {
                    Ok((watcher, handle)) => (handle.registry(), Some((watcher, handle))),
                    Err(reason) => {
                        db.close().await;
                        return Err(reason);
                    }
                }
            }
            None => (watch::Sender::new(registry.clone()).subscribe(), None),
        };
        let serving = current.borrow().clone();
        if let Err(reason) = check_users(&db, &serving, access).await {
            db.close().await;
            return Err(reason.into());
        }
        let live = Live::start(&db, &serving, hub.clone(), settings.live()).await;
        let live = live.map_err(database_problem)?;
        let pruner = Pruner::start(db.clone(), settings.live().retention);
        let auth = serving.users().map(|_| Auth::new(db.clone(), current.clone())).transpose();
        let (auth, limit) = (auth.map_err(|error| error.to_string())?, settings.request_bytes);
        let gateway = Gateway::new(db.clone(), hub.clone(), current, live.clone(), auth, access, limit);
        let (watcher, project) = watcher.unzip();
        let watcher = watcher.map(|watcher| actix_web::rt::spawn(watcher.run(live.clone(), hub.clone())));
        let base = settings.endpoint.base_path.clone();
        let path = format!("{base}/socket.io/");
        let config = Config { path, origins: origins(settings), ..Config::default() };
        let config = settings.limits.apply(access, config)?;
        let io = SocketIo::builder(config).hub(hub).service("/", gateway).build();
        let state = web::Data::new(http::HttpState {
            db: db.clone(),
            live: live.clone(),
            metrics,
            metrics_access: MetricsAccess::new(settings.metrics, settings.metrics_token.as_ref()),
            shutting_down: false.into(),
        });
        let (mount, shared, below) = (io.clone(), state.clone(), base.clone());
        let pictures = settings.pictures.clone();
        let server = HttpServer::new(move || {
            let (shared, site, below) = (shared.clone(), site.clone(), below.clone());
            let pictures = pictures.clone();
            Actix::new()
                .configure(|app| mount.configure(app))
                .configure(|app| http::configure(app, shared, site, &below, &pictures))
        })
        .on_connect(socketio::on_connect)
        .tcp_nodelay(true)
        .keep_alive(Duration::from_secs(settings.keep_alive.into()))
        .max_connections(100_000)
        .shutdown_timeout(1)
        .disable_signals();
        let listening = settings.endpoint.bind().listen().and_then(|listeners| {
            let all = listeners.into_iter().try_fold(server, HttpServer::listen);
            all.map_err(|error| error.to_string())
        });
        let server = match listening {
            Ok(server) => server,
            Err(error) => {
                drop(pruner);
                watcher.inspect(JoinHandle::abort);
                live.stop().await;
                db.close().await;
                return Err(format!("--bind: {error}").into());
            }
        };
        let address = server.addrs()[0];
        Ok(Self {
            address,
            base,
            server: server.run(),
            io,
            live,
            db,
            pruner,
            state,
            seeded,
            watcher,
            project,
        })
    }

    /// The first address that it listens on, with the actual port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL for a browser.
    #[must_use]
    pub fn url(&self) -> String {
        let slash = if self.base.is_root() { "" } else { "/" };
        format!("http://{}{}{slash}", self.address, self.base)
    }

    /// Applies the files of the project again, if tables are served.
    #[must_use]
    pub fn project(&self) -> Option<&ProjectHandle> {
        self.project.as_ref()
    }

    /// A sentence for the operator that must not be logged, such as a random password.
    #[must_use]
    pub fn announcement(&self) -> Option<String> {
        self.seeded.as_ref().and_then(Seeded::announcement)
    }

    /// Serves until `stop` is ready, then shuts down: refuses new sessions, acks running events, notifies sockets, and
    /// closes the database.
    ///
    /// # Errors
    /// Those of the HTTP server.
    pub async fn run(self, stop: impl Future<Output = ()>) -> std::io::Result<()> {
        let handle = self.server.handle();
        let server = actix_web::rt::spawn(self.server);
        stop.await;
        tracing::info!("shutting down");
        self.state.shutting_down.store(true, Ordering::Relaxed);
        self.io.shutdown(SHUTDOWN_TIMEOUT).await;
        handle.stop(true).await;
        drop(self.pruner);
        self.watcher.inspect(JoinHandle::abort);
        self.live.stop().await;
        self.db.close().await;
        server.await.map_err(std::io::Error::other)?
    }
}

/// Connects to the database, and inserts sample data according to the settings.
async fn open(settings: &Serve, product: &Product) -> Result<(Database, Option<Seeded>), String> {
    let storage = &settings.storage;
    let url = &storage.database_url;
    let new = matches!(url, DatabaseUrl::Sqlite(file) if !file.exists());
    if product.tables.is_some() {
        refuse_foreign(url).await?;
    }
    let embedded = EMBEDDED.parse().is_ok_and(|embedded: DatabaseUrl| embedded == *url);
    let db = Database::connect(url, storage.sqlite_synchronous, &product.migrations)
        .await
        .map_err(database_problem)?;
    if let Some(problem) = table_check::check(&db, &product.registry).await.map_err(database_problem)? {
        db.close().await;
        return Err(problem);
    }
    tracing::info!(database = %url, "database ready");
    db.warn_of_servers();
    let wanted = match settings.sample_data {
        SampleData::Auto => new && embedded,
        SampleData::Always => true,
        SampleData::Never => false,
    };
    let passwords = settings.passwords();
    let seeded = match product.seed.as_ref().filter(|_| wanted) {
        Some(seed) => seed.run(&db, passwords).await.map_err(database_problem)?,
        None => None,
    };
    let users = product.registry.users();
    if seeded.is_some() {
        tracing::info!("the sample data was inserted");
    } else if let (Some(seed), Some(users), Passwords::Random) = (&product.seed, users, passwords) {
        actix_web::rt::spawn(seed.clone().warn_of_known_passwords(db.clone(), users.clone()));
    }
    Ok((db, seeded))
}

/// Checks the table of users, and warns if nobody can sign in.
async fn check_users(db: &Database, registry: &Registry, access: AccessMode) -> Result<(), String> {
    let Some(users) = registry.users() else { return Ok(()) };
    check_user_table(db, users).await?;
    match access {
        AccessMode::Open => Ok(()),
        _ => accounts::warn_if_none(db, users).await.map_err(database_problem),
    }
}

/// Refuses a database with tables that nobody has attached: starting a server is not a decision to change it.
pub(crate) async fn refuse_foreign(url: &DatabaseUrl) -> Result<(), String> {
    match content(url).await.map_err(database_problem)? {
        Content { engine: false, others: true } => Err(format!(
            "{url} has tables, and nothing of Rowcast yet: `rowcast attach URL --dry-run` shows what would be added beside \
             them, and `rowcast attach URL` adds it"
        )),
        _ => Ok(()),
    }
}

/// Checks the triggers of the table of users, without which the tokens of deleted users would stay valid.
async fn check_user_table(db: &Database, users: &Arc<UserTable>) -> Result<(), String> {
    let table = users.clone();
    let ask = async move |db: &Transaction| Ok(table.is_prepared(db).await?);
    match db.read(ask).await.map_err(database_problem)? {
        true => Ok(()),
        false => Err(format!(
            "the table {0} is not prepared for users that sign in: write .users(…) at its NewTable, or, if that was \
             applied already, call rowcast::migration::user_table::prepare for {0} in a new migration",
            users.name()
        )),
    }
}

/// A failed migration says itself which one it is.
pub(crate) fn database_problem(error: Error) -> String {
    match error {
        Error::Database(DbErr::Migration(sentence)) => sentence,
        error => format!("--database-url: {error}"),
    }
}

/// By default pages from localhost are accepted, and those of the same host only if the address is not a loopback one:
/// any name can be made to resolve to a loopback address, so `Host` proves nothing there.
fn origins(settings: &Serve) -> Origins {
    let setting = "--origins";
    match settings.origins() {
        listed if listed.is_empty() => {
            Origins { same_host: !settings.endpoint.bind().is_loopback(), setting, ..Origins::default() }
        }
        listed if listed.contains(&"*") => Origins::any(),
        listed => Origins { setting, ..Origins::list(listed) },
    }
}
