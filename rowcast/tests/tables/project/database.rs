//! A project with a database for one test.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use rowcast::{
    Transaction,
    catalog::{self, Catalog, Options},
    database::{Database, Synchronous},
    migration::Migrations,
    project::migrations,
};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tempfile::TempDir;
use test_support::postgres::{shared, with_database};

/// A folder of migrations, and a database that the engine has migrated.
pub(super) struct Project {
    pub(super) folder: TempDir,
    pub(super) url: String,
    pub(super) db: Database,
    /// The name of a database of the shared cluster.
    name: Option<String>,
}

impl Project {
    pub(super) async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("project.db").display());
        Self::new(folder, url, None).await
    }

    pub(super) async fn on_postgres() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rowcast_project_{}_{next}", std::process::id());
        on_cluster(&format!("drop database if exists {name}")).await;
        on_cluster(&format!("create database {name}")).await;
        let url = with_database(shared(), &name);
        Self::new(tempfile::tempdir().unwrap(), url, Some(name)).await
    }

    async fn new(folder: TempDir, url: String, name: Option<String>) -> Self {
        let db = open(&url).await;
        Self { folder, url, db, name }
    }

    pub(super) fn migrations(&self) -> PathBuf {
        self.folder.path().join("migrations")
    }

    /// Writes a migration.
    pub(super) fn write(&self, name: &str, sql: &str) {
        fs::create_dir_all(self.migrations()).unwrap();
        fs::write(self.migrations().join(name), sql).unwrap();
    }

    /// The names of the migrations that were applied now, or the mistakes.
    pub(super) async fn apply(&self) -> Result<Vec<String>, Vec<String>> {
        let applied = migrations::apply(&self.db, &self.migrations()).await;
        applied
            .map(|applied| applied.newly)
            .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
    }

    /// Writes and applies a migration.
    pub(super) async fn migrate(&self, name: &str, sql: &str) {
        self.write(name, sql);
        assert_eq!(self.apply().await.unwrap(), [name]);
    }

    /// The only mistake when a migration is applied.
    pub(super) async fn mistake(&self, name: &str, sql: &str) -> String {
        self.write(name, sql);
        let mistakes = self.apply().await.unwrap_err();
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        mistakes[0].clone()
    }

    pub(super) async fn execute(&self, sql: &'static str) {
        let run = async move |db: &Transaction| Ok(db.execute_unprepared(sql).await.map(drop)?);
        self.db.write(run).await.unwrap();
    }

    /// The text in the first row and column, as `text`.
    pub(super) async fn text(&self, sql: &'static str) -> Option<String> {
        let ask = async move |db: &Transaction| {
            let statement = Statement::from_string(db.get_database_backend(), sql);
            let row = db.query_one_raw(statement).await?;
            Ok(row.and_then(|row| row.try_get::<Option<String>>("", "text").unwrap()))
        };
        self.db.read(ask).await.unwrap()
    }

    pub(super) async fn catalog(&self) -> Catalog {
        let read = async |db: &Transaction| catalog::read(db, &Options::default()).await;
        self.db.read(read).await.unwrap()
    }

    pub(super) async fn tables(&self) -> Vec<String> {
        self.catalog().await.tables.into_iter().map(|table| table.name.name).collect()
    }

    /// A failed test leaves its database for inspection.
    pub(super) async fn remove(self) {
        assert_eq!(self.db.trouble(), None);
        self.db.close().await;
        if let Some(name) = self.name {
            on_cluster(&format!("drop database {name} with (force)")).await;
        }
    }
}

pub(super) async fn open(url: &str) -> Database {
    Database::connect(&url.parse().unwrap(), Synchronous::Normal, &Migrations::with(&[])).await.unwrap()
}

async fn on_cluster(sql: &str) {
    let cluster = sea_orm::Database::connect(shared()).await.unwrap();
    assert_eq!(cluster.get_database_backend(), DbBackend::Postgres);
    cluster.execute_unprepared(sql).await.unwrap();
    cluster.close().await.unwrap();
}
