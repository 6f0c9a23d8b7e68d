//! Databases of both kinds for unit tests, migrated and without collections.

use tempfile::tempdir;
use test_support::postgres::Cluster;

use crate::{
    database::{Database, Synchronous},
    migration::Migrations,
};

pub(crate) async fn open(url: &str) -> Database {
    let url = url.parse().expect("a URL");
    Database::connect(&url, Synchronous::Normal, &Migrations::with(&[])).await.expect("a database")
}

/// Runs a test on both.
pub(crate) async fn on_both(test: impl AsyncFn(&Database)) {
    let folder = tempdir().expect("a folder");
    let sqlite = open(&format!("sqlite://{}", folder.path().join("test.db").display())).await;
    test(&sqlite).await;
    sqlite.close().await;
    let cluster = Cluster::start();
    let postgres = open(cluster.url()).await;
    test(&postgres).await;
    postgres.close().await;
}
