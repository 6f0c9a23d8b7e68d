//! Accounts where signing in is needed: whose they are, how they are called, how their passwords are kept from others.

mod guesses;
mod last;
mod names;
mod owners;
mod passwords;
mod samples;
mod trail;

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::harness::{Client, Database, Node, program};

/// A node with the sample gym, where the signed-in write.
async fn node(database: &Database, access: &str) -> Node {
    database.plant().await;
    Node::start(&database.url(), &["--access", access]).await
}

fn login(username: &str, password: &str) -> Value {
    json!({ "username": username, "password": password })
}

fn password(username: &str) -> String {
    format!("{username}_password")
}

async fn arrive(node: &Node) -> Client {
    Client::arrive(node.address, &json!({})).await.expect("to be let in")
}

/// A signed-in client.
async fn member(node: &Node, username: &str) -> Client {
    let client = arrive(node).await;
    client.ask("login", login(username, &password(username))).await.done();
    client
}

/// Whether these credentials sign in.
async fn signs_in(node: &Node, username: &str, password: &str) -> bool {
    arrive(node).await.ask("login", login(username, password)).await.ok
}

/// What the operator does.
fn by_hand(database: &Database, arguments: &[&str], input: &str) -> std::process::Output {
    let (folder, url) = (tempdir().unwrap(), database.url());
    let arguments = [&["user"], arguments, &["--database-url", &url]].concat();
    program::run(folder.path(), &arguments, input)
}

/// Deletes all classes, so that every coach can be deleted.
async fn no_classes(database: &Database) {
    database.execute("delete from schedules").await;
}
