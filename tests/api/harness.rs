//! A real server for each test, with its own database.
//!
//! ```text
//! TestApp         the product in this process; what most tests need
//! Node            the same on a database that others use too, or that outlives it
//! ServerProcess   the installed program, for tests of its start, stop and crash
//! Client          one socket over raw frames, and its replica
//! ```
//!
//! No test sleeps and hopes: every wait is for a condition, and has a timeout.

pub(crate) mod client;
pub(crate) mod clock;
pub(crate) mod fixtures;
pub(crate) mod pgbouncer;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod relay;
pub(crate) mod replica_model;
pub(crate) mod wire;

use std::{net::SocketAddr, sync::Arc};

use clap::Parser;
use rowcast::{Product, app::App, config::Cli, database::Synchronous, registry::Registry, seed::Passwords};
use serde_json::Value;
use tempfile::{TempDir, tempdir};
use tokio::{sync::oneshot, task::JoinHandle};

pub(crate) use client::Client;
pub(crate) use replica_model::ReplicaModel;
pub(crate) use test_support::{TIMEOUT, http, line};

/// Runs each test on both databases: `name::on_sqlite` and `name::on_postgres`.
macro_rules! on_both_databases {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            use crate::harness::{Engine, with_app};

            #[actix_web::test]
            async fn on_sqlite() {
                with_app(Engine::Sqlite, super::$test).await;
            }

            #[actix_web::test]
            async fn on_postgres() {
                with_app(Engine::Postgres, super::$test).await;
            }
        }
    )+};
}
pub(crate) use on_both_databases;

/// Runs each test on an empty database of both kinds, for tests that start and stop servers themselves.
macro_rules! on_empty_databases {
    ($($(#[$attribute:meta])* $test:ident),+ $(,)?) => {$(
        mod $test {
            use crate::harness::{Engine, with_database};

            #[actix_web::test]
            $(#[$attribute])*
            async fn on_sqlite() {
                with_database(Engine::Sqlite, super::$test).await;
            }

            #[actix_web::test]
            $(#[$attribute])*
            async fn on_postgres() {
                with_database(Engine::Postgres, super::$test).await;
            }
        }
    )+};
}
pub(crate) use on_empty_databases;

/// The same with a PostgreSQL cluster per test, for tests that depend on which transactions are open: a snapshot
/// covers the whole cluster.
macro_rules! on_dedicated_clusters {
    ($($(#[$attribute:meta])* $test:ident),+ $(,)?) => {$(
        mod $test {
            use crate::harness::{Database, Engine, postgres::Cluster};

            #[actix_web::test]
            $(#[$attribute])*
            async fn on_sqlite() {
                super::$test(&Database::new(Engine::Sqlite).await).await;
            }

            #[actix_web::test]
            $(#[$attribute])*
            async fn on_postgres() {
                super::$test(&Database::Cluster(Cluster::start())).await;
            }
        }
    )+};
}
pub(crate) use on_dedicated_clusters;

/// The same with a running server.
macro_rules! app_on_dedicated_clusters {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            use crate::harness::{Engine, with_dedicated_app};

            #[actix_web::test]
            async fn on_sqlite() {
                with_dedicated_app(Engine::Sqlite, super::$test).await;
            }

            #[actix_web::test]
            async fn on_postgres() {
                with_dedicated_app(Engine::Postgres, super::$test).await;
            }
        }
    )+};
}
pub(crate) use app_on_dedicated_clusters;

/// The kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// An empty database, removed on drop.
pub(crate) enum Database {
    Sqlite(TempDir),
    Postgres(postgres::Database),
    /// The only database of its cluster, without open transactions of other tests.
    Cluster(postgres::Cluster),
}

impl Database {
    pub(crate) async fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(tempdir().unwrap()),
            Engine::Postgres => Self::Postgres(postgres::Database::new().await),
        }
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}", folder.path().join("gym.db").display()),
            Self::Postgres(database) => database.url().to_owned(),
            Self::Cluster(cluster) => cluster.url().to_owned(),
        }
    }

    /// Executes SQL as another program does.
    pub(crate) async fn execute(&self, sql: &str) {
        match self {
            Self::Sqlite(folder) => {
                let file = rusqlite::Connection::open(folder.path().join("gym.db")).unwrap();
                file.busy_timeout(TIMEOUT).unwrap();
                file.execute_batch(&format!("pragma foreign_keys = on; {sql}")).unwrap();
            }
            Self::Postgres(_) | Self::Cluster(_) => postgres::execute(&self.url(), sql).await,
        }
    }

    /// Reads a number as another program does.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        match self {
            Self::Sqlite(folder) => {
                let file = rusqlite::Connection::open(folder.path().join("gym.db")).unwrap();
                file.busy_timeout(TIMEOUT).unwrap();
                file.query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Self::Postgres(_) | Self::Cluster(_) => postgres::number(&self.url(), sql).await,
        }
    }

    /// Inserts the sample data. Its coaches sign in with `<username>_password`; a server with access mode `members`
    /// would generate other passwords.
    pub(crate) async fn seed(&self) {
        seed(&self.url()).await;
    }

    async fn remove(self) {
        if let Self::Postgres(database) = self {
            database.remove().await;
        }
    }
}

/// See [`Database::seed`].
pub(crate) async fn seed(url: &str) {
    let (url, product) = (url.parse().unwrap(), planner::product());
    let db =
        rowcast::database::Database::connect(&url, Synchronous::Normal, &product.migrations).await.unwrap();
    product.seed.unwrap().run(&db, Passwords::Known).await.unwrap();
    db.close().await;
}

/// The product in this process, on a database of the caller.
pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<std::io::Result<()>>,
}

impl Node {
    /// A server with these settings.
    pub(crate) async fn start(url: &str, settings: &[&str]) -> Self {
        Self::serve(url, settings, &planner::product()).await
    }

    /// The same with other collections than the planner's.
    pub(crate) async fn start_with(url: &str, settings: &[&str], registry: Registry) -> Self {
        let product = Product { registry: Arc::new(registry), ..planner::product() };
        Self::serve(url, settings, &product).await
    }

    /// Another product.
    pub(crate) async fn serve(url: &str, settings: &[&str], product: &Product) -> Self {
        let first = ["planner", "--bind", "127.0.0.1:0", "--database-url", url];
        // Tests do not cover a power failure.
        let sqlite = ["--sqlite-synchronous", "normal"];
        let arguments = first.iter().chain(&sqlite).chain(settings);
        let settings = Cli::try_parse_from(arguments).unwrap().serve;
        let app = App::build(&settings, product).await.expect("a server to start");
        let address = app.address();
        let (stop, stopped) = oneshot::channel();
        let stopped = async move { drop(stopped.await) };
        let running = actix_web::rt::spawn(app.run(stopped));
        Self { address, stop, running }
    }

    /// Stops the server gracefully.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        let ended = tokio::time::timeout(TIMEOUT, self.running).await;
        ended.expect("the server to stop in time").unwrap().expect("the server to end well");
    }
}

/// The product in this process, with its own database.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) database: Database,
    node: Node,
}

impl TestApp {
    /// A server on an empty database, with these settings.
    pub(crate) async fn spawn(engine: Engine, settings: &[&str]) -> Self {
        Self::over(Database::new(engine).await, settings).await
    }

    async fn over(database: Database, settings: &[&str]) -> Self {
        let node = Node::start(&database.url(), settings).await;
        Self { address: node.address, database, node }
    }

    /// A client in snapshots mode that has received all collections.
    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.address).await
    }

    /// The same with `auth`; or the connect error.
    pub(crate) async fn connect_with(&self, auth: &Value) -> Result<Client, Value> {
        Client::connect_with(self.address, auth).await
    }

    /// A client in changes mode that has received all collections.
    pub(crate) async fn follow(&self) -> Client {
        Client::follow(self.address).await
    }

    /// Stops the server gracefully.
    pub(crate) async fn stop(self) {
        self.node.stop().await;
        self.database.remove().await;
    }
}

/// Runs a test with its own server, and then stops the server gracefully.
pub(crate) async fn with_app(engine: Engine, test: impl AsyncFnOnce(&TestApp)) {
    let app = TestApp::spawn(engine, &[]).await;
    test(&app).await;
    app.stop().await;
}

/// The same in a dedicated PostgreSQL cluster: open transactions of other tests would affect cursors.
pub(crate) async fn with_dedicated_app(engine: Engine, test: impl AsyncFnOnce(&TestApp)) {
    let database = match engine {
        Engine::Sqlite => Database::new(engine).await,
        Engine::Postgres => Database::Cluster(postgres::Cluster::start()),
    };
    let app = TestApp::over(database, &[]).await;
    test(&app).await;
    app.stop().await;
}

/// Runs a test with an empty database.
pub(crate) async fn with_database(engine: Engine, test: impl AsyncFnOnce(&Database)) {
    let database = Database::new(engine).await;
    test(&database).await;
    database.remove().await;
}
