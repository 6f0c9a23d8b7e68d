//! Tables of a database as collections, without Rust types.

mod constraints;
mod keys;
mod lists;
mod values;

use rowcast::{Product, Rowcast, project::Settings, tables};
use serde_json::json;

use crate::harness::{Client, Database, Node};

/// A server of all tables.
pub(super) fn product() -> Product {
    Rowcast::new("tables").tables(Settings::default()).build()
}

/// Makes tables, starts a server on them, and runs a test with a client.
async fn with_tables(database: &Database, sql: &str, test: impl AsyncFnOnce(&Client)) {
    database.execute(sql).await;
    tables::attach(&database.url().parse().unwrap(), &Settings::default()).await.unwrap();
    let node = Node::serve(&database.url(), &[], &product()).await;
    let client = Client::connect_only(node.address, &json!({})).await.unwrap();
    test(&client).await;
    drop(client);
    node.stop().await;
}

fn is_postgres(database: &Database) -> bool {
    !matches!(database, Database::Sqlite(_))
}
