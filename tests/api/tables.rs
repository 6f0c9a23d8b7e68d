//! Tables of a database as collections, without Rust types.

mod constraints;
mod embeds;
mod keys;
mod lists;
mod values;

use rowcast::{Product, Rowcast, project::Settings};
use serde_json::json;

use crate::harness::{Client, Database, Node};

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
    let node = Node::serve(&database.url(), &[], &product_with(settings)).await;
    let client = Client::connect_only(node.address, &json!({})).await.unwrap();
    test(&client).await;
    drop(client);
    node.stop().await;
}

fn is_postgres(database: &Database) -> bool {
    !matches!(database, Database::Sqlite(_))
}
