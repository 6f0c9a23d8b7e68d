//! Accounts in access modes with a sign-in: ownership, usernames and passwords.

mod audit;
mod failed_logins;
mod last_account;
mod ownership;
mod sample_passwords;
mod set_password;
mod usernames;

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::harness::{Client, Database, Node, process};

/// A node with sample data.
async fn node(database: &Database, access: &str) -> Node {
    database.seed().await;
    Node::start(&database.url(), &["--access", access]).await
}

fn login(username: &str, password: &str) -> Value {
    json!({ "username": username, "password": password })
}

fn password(username: &str) -> String {
    format!("{username}_password")
}

async fn anonymous_client(node: &Node) -> Client {
    Client::connect_only(node.address, &json!({})).await.expect("to be connected")
}

/// A signed-in client.
async fn member(node: &Node, username: &str) -> Client {
    let client = anonymous_client(node).await;
    client.request("login", login(username, &password(username))).await.unwrap_data();
    client
}

/// Whether a login with these credentials succeeds.
async fn can_sign_in(node: &Node, username: &str, password: &str) -> bool {
    anonymous_client(node).await.request("login", login(username, password)).await.ok
}

/// Runs `planner user` with these arguments.
fn user_command(database: &Database, arguments: &[&str], input: &str) -> std::process::Output {
    let (folder, url) = (tempdir().unwrap(), database.url());
    let arguments = [&["user"], arguments, &["--database-url", &url]].concat();
    process::run(folder.path(), &arguments, input)
}

/// Deletes all schedules, so that every coach can be deleted.
async fn delete_schedules(database: &Database) {
    database.execute("delete from schedules").await;
}
