//! Tables of a database as collections, without Rust types.

mod batch;
mod constraints;
mod contract;
mod cursors;
mod embeds;
mod filters;
mod keys;
mod large;
mod lists;
mod live;
mod once;
mod pooler;
mod round_trips;
mod schema_changes;
mod sequences;
mod times;
mod uuids;
mod values;
mod versions;

use std::net::SocketAddr;

use rowcast::{
    Product, Rowcast,
    project::Settings,
    tables::{self, ChosenNames},
};
use serde_json::json;

use crate::harness::{Client, Database, Node, ReplicaModel};

/// A server of all tables with these settings.
fn product_with(settings: &str) -> Product {
    let settings = Settings::parse(settings).expect("settings without mistakes");
    Rowcast::new("tables").tables(settings).build()
}

/// Makes tables, starts a server on them, and runs a test with a client.
async fn with_tables(database: &Database, sql: &str, test: impl AsyncFnOnce(&Client)) {
    with_settings(database, sql, "", test).await;
}

/// The same with the text of settings.
async fn with_settings(database: &Database, sql: &str, settings: &str, test: impl AsyncFnOnce(&Client)) {
    database.execute(sql).await;
    attach(database).await;
    let node = Node::serve(&database.url(), &[], &product_with(settings)).await;
    let client = Client::connect_only(node.address, &json!({})).await.unwrap();
    test(&client).await;
    drop(client);
    node.stop().await;
}

/// Puts the change log beside the tables of a database.
async fn attach(database: &Database) {
    let (url, nothing) = (database.url().parse().unwrap(), ChosenNames::default());
    let attached = tables::attach(&url, &Settings::default(), &nothing).await.unwrap();
    assert_eq!(attached.missing_rights, [""; 0]);
}

/// A server of tables that were just made.
struct ServedTables(Node);

impl ServedTables {
    async fn start(database: &Database, sql: &str) -> Self {
        Self::start_with(database, sql, &[]).await
    }

    async fn start_with(database: &Database, sql: &str, settings: &[&str]) -> Self {
        database.execute(sql).await;
        attach(database).await;
        Self::again(database, settings).await
    }

    /// A server of the tables that there are.
    async fn again(database: &Database, settings: &[&str]) -> Self {
        Self(Node::serve(&database.url(), settings, &product_with("")).await)
    }

    fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// A client in changes mode, resuming from this replica, that has received all of its collections.
    async fn follow(&self, replica: ReplicaModel) -> Client {
        Client::resume(self.address(), replica).await
    }

    async fn stop(self) {
        self.0.stop().await;
    }
}

fn is_postgres(database: &Database) -> bool {
    !matches!(database, Database::Sqlite(_))
}
