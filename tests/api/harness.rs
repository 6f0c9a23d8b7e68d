//! A real server for each story, with a database of its own.
//!
//! ```text
//! TestApp   the product in this process; what most stories need
//! Node      the same on a database that others use too, or that outlives it
//! Program   the product as it is installed, for stories about its life and death
//! Client    one socket, spoken by the frame, and the rows that it keeps
//! ```
//!
//! Nothing here sleeps to let something happen: every wait is for something, and has a deadline.

pub(crate) mod client;
pub(crate) mod clock;
pub(crate) mod copy;
pub(crate) mod gym;
pub(crate) mod pgbouncer;
pub(crate) mod postgres;
pub(crate) mod program;
pub(crate) mod relay;
pub(crate) mod wire;

use std::{net::SocketAddr, sync::Arc};

use clap::Parser;
use rowcast::{Product, app::App, config::Cli, database::Synchronous, registry::Registry, seed::Passwords};
use serde_json::Value;
use tempfile::{TempDir, tempdir};
use tokio::{sync::oneshot, task::JoinHandle};

pub(crate) use client::Client;
pub(crate) use copy::Copy;
pub(crate) use test_support::{PATIENCE, http, line};

/// Runs each story on both databases: `name::on_sqlite` and `name::on_postgres`.
macro_rules! on_both_databases {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            use crate::harness::{Engine, tell};

            #[actix_web::test]
            async fn on_sqlite() {
                tell(Engine::Sqlite, super::$story).await;
            }

            #[actix_web::test]
            async fn on_postgres() {
                tell(Engine::Postgres, super::$story).await;
            }
        }
    )+};
}
pub(crate) use on_both_databases;

/// Runs each story on an empty database of both kinds, for those that start and end servers themselves.
macro_rules! from_both_databases {
    ($($(#[$attribute:meta])* $story:ident),+ $(,)?) => {$(
        mod $story {
            use crate::harness::{Engine, begin};

            #[actix_web::test]
            $(#[$attribute])*
            async fn from_sqlite() {
                begin(Engine::Sqlite, super::$story).await;
            }

            #[actix_web::test]
            $(#[$attribute])*
            async fn from_postgres() {
                begin(Engine::Postgres, super::$story).await;
            }
        }
    )+};
}
pub(crate) use from_both_databases;

/// The same for those in which it matters which transactions are open: PostgreSQL's snapshots know all of a cluster.
macro_rules! alone_on_both_databases {
    ($($(#[$attribute:meta])* $story:ident),+ $(,)?) => {$(
        mod $story {
            use crate::harness::{Database, Engine, postgres::Cluster};

            #[actix_web::test]
            $(#[$attribute])*
            async fn alone_on_sqlite() {
                super::$story(&Database::new(Engine::Sqlite).await).await;
            }

            #[actix_web::test]
            $(#[$attribute])*
            async fn alone_on_postgres() {
                super::$story(&Database::Cluster(Cluster::start())).await;
            }
        }
    )+};
}
pub(crate) use alone_on_both_databases;

/// The same with a server.
macro_rules! app_alone_on_both_databases {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            use crate::harness::{Engine, tell_alone};

            #[actix_web::test]
            async fn alone_on_sqlite() {
                tell_alone(Engine::Sqlite, super::$story).await;
            }

            #[actix_web::test]
            async fn alone_on_postgres() {
                tell_alone(Engine::Postgres, super::$story).await;
            }
        }
    )+};
}
pub(crate) use app_alone_on_both_databases;

/// What keeps the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// An empty database, gone with the value.
pub(crate) enum Database {
    Sqlite(TempDir),
    Postgres(postgres::Database),
    /// The only one of its cluster, where no other story's transactions are open.
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

    /// Writes as another program would.
    pub(crate) async fn execute(&self, sql: &str) {
        match self {
            Self::Sqlite(folder) => {
                let file = rusqlite::Connection::open(folder.path().join("gym.db")).unwrap();
                file.busy_timeout(PATIENCE).unwrap();
                file.execute_batch(&format!("pragma foreign_keys = on; {sql}")).unwrap();
            }
            Self::Postgres(_) | Self::Cluster(_) => postgres::execute(&self.url(), sql).await,
        }
    }

    /// A number that another program reads.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        match self {
            Self::Sqlite(folder) => {
                let file = rusqlite::Connection::open(folder.path().join("gym.db")).unwrap();
                file.busy_timeout(PATIENCE).unwrap();
                file.query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Self::Postgres(_) | Self::Cluster(_) => postgres::number(&self.url(), sql).await,
        }
    }

    /// The sample gym, whose coaches sign in with `<username>_password`: planted beforehand, because a server that asks for
    /// a sign-in plants none with passwords that everybody knows.
    pub(crate) async fn plant(&self) {
        plant(&self.url()).await;
    }

    async fn remove(self) {
        if let Self::Postgres(database) = self {
            database.remove().await;
        }
    }
}

/// As [`Database::plant`].
pub(crate) async fn plant(url: &str) {
    let (url, product) = (url.parse().unwrap(), planner::product());
    let db =
        rowcast::database::Database::connect(&url, Synchronous::Normal, &product.migrations).await.unwrap();
    product.seed.unwrap().run(&db, Passwords::Known).await.unwrap();
    db.close().await;
}

/// The product, running in this process, on a database that is the caller's.
pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<std::io::Result<()>>,
}

impl Node {
    /// A server with further settings.
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
        // A power cut is not among what happens to a story.
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

    /// Ends the server in order.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        let ended = tokio::time::timeout(PATIENCE, self.running).await;
        ended.expect("the server to stop in time").unwrap().expect("the server to end well");
    }
}

/// The product, running in this process, with a database of its own.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) database: Database,
    node: Node,
}

impl TestApp {
    /// An empty server with further settings.
    pub(crate) async fn spawn(engine: Engine, settings: &[&str]) -> Self {
        Self::over(Database::new(engine).await, settings).await
    }

    async fn over(database: Database, settings: &[&str]) -> Self {
        let node = Node::start(&database.url(), settings).await;
        Self { address: node.address, database, node }
    }

    /// A client that has been greeted and sent every collection.
    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.address).await
    }

    /// The same, with something in the handshake's `auth`; or what the server refuses it with.
    pub(crate) async fn connect_with(&self, auth: &Value) -> Result<Client, Value> {
        Client::connect_with(self.address, auth).await
    }

    /// A client that wants changes, and has been sent every collection.
    pub(crate) async fn follow(&self) -> Client {
        Client::follow(self.address).await
    }

    /// Ends the server in order.
    pub(crate) async fn stop(self) {
        self.node.stop().await;
        self.database.remove().await;
    }
}

/// Runs one story against a server of its own, which must still be able to end in order afterwards.
pub(crate) async fn tell(engine: Engine, story: impl AsyncFnOnce(&TestApp)) {
    let app = TestApp::spawn(engine, &[]).await;
    story(&app).await;
    app.stop().await;
}

/// The same in a cluster in which no other test's transactions are open: while one is, a cursor may say less than it could.
pub(crate) async fn tell_alone(engine: Engine, story: impl AsyncFnOnce(&TestApp)) {
    let database = match engine {
        Engine::Sqlite => Database::new(engine).await,
        Engine::Postgres => Database::Cluster(postgres::Cluster::start()),
    };
    let app = TestApp::over(database, &[]).await;
    story(&app).await;
    app.stop().await;
}

/// Runs one story from an empty database on.
pub(crate) async fn begin(engine: Engine, story: impl AsyncFnOnce(&Database)) {
    let database = Database::new(engine).await;
    story(&database).await;
    database.remove().await;
}
