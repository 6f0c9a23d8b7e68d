//! A database for one test.

use std::sync::atomic::{AtomicU32, Ordering};

use rowcast::{
    catalog::{self, Catalog, Options},
    database::{Database, Synchronous},
    migration::Migrations,
};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use tempfile::TempDir;
use test_support::postgres::{shared, with_database};
use url::Url;

/// A file that the engine has migrated, with further tables.
pub(super) struct Sqlite {
    folder: TempDir,
    database: Database,
}

impl Sqlite {
    pub(super) async fn with(sql: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tables.db");
        rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let database = open(&format!("sqlite://{}", path.display())).await;
        Self { folder, database }
    }

    /// Executes statements as another program.
    pub(super) fn execute(&self, sql: &str) {
        let path = self.folder.path().join("tables.db");
        rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    }

    pub(super) async fn catalog(&self) -> Catalog {
        read(&self.database, Options::default()).await
    }
}

/// A database of the shared cluster that the engine has migrated, with further tables.
pub(super) struct Postgres {
    name: String,
    pub(super) url: String,
    pub(super) database: Database,
}

impl Postgres {
    pub(super) async fn with(sql: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rowcast_catalog_{}_{next}", std::process::id());
        let cluster = connect(shared()).await;
        for sql in [format!("drop database if exists {name}"), format!("create database {name}")] {
            cluster.execute_unprepared(&sql).await.unwrap();
        }
        cluster.close().await.unwrap();
        let url = with_database(shared(), &name);
        let database = open(&url).await;
        let this = Self { name, url, database };
        this.execute(sql).await;
        this
    }

    pub(super) async fn execute(&self, sql: &str) {
        let connection = connect(&self.url).await;
        connection.execute_unprepared(sql).await.unwrap();
        connection.close().await.unwrap();
    }

    pub(super) async fn catalog(&self) -> Catalog {
        read(&self.database, Options::default()).await
    }

    /// The same database as another role.
    pub(super) fn url_as(&self, role: &str) -> String {
        let mut url = Url::parse(&self.url).unwrap();
        url.set_username(role).unwrap();
        url.into()
    }

    /// A failed test leaves its database for inspection.
    pub(super) async fn remove(self) {
        self.database.close().await;
        let cluster = connect(shared()).await;
        cluster.execute_unprepared(&format!("drop database {} with (force)", self.name)).await.unwrap();
        cluster.close().await.unwrap();
    }
}

async fn open(url: &str) -> Database {
    Database::connect(&url.parse().unwrap(), Synchronous::Normal, &Migrations::with(&[])).await.unwrap()
}

pub(super) async fn connect(url: &str) -> DatabaseConnection {
    sea_orm::Database::connect(url).await.unwrap()
}

pub(super) async fn read(database: &Database, options: Options) -> Catalog {
    database.read(async move |db: &rowcast::Transaction| catalog::read(db, &options).await).await.unwrap()
}
