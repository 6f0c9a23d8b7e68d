//! `--access`: reads and writes that are allowed without a sign-in, and with one.

mod delivery_after_sign_out;
mod members;
mod read;
mod sign_out;

use serde_json::{Value, json};

use crate::harness::{Client, Database, Node};

/// A node with sample data.
async fn node(database: &Database, access: &str) -> Node {
    database.seed().await;
    Node::start(&database.url(), &["--access", access]).await
}

async fn anonymous_client(node: &Node) -> Client {
    Client::connect_only(node.address, &json!({ "live": "changes", "authors": true }))
        .await
        .expect("to be connected")
}

fn login(username: &str) -> Value {
    json!({ "username": username, "password": format!("{username}_password") })
}

/// Signs in and returns the token.
async fn sign_in(client: &Client, username: &str) -> Value {
    client.request("login", login(username)).await.unwrap_data()["token"].clone()
}

async fn member(node: &Node, username: &str) -> Client {
    let client = anonymous_client(node).await;
    sign_in(&client, username).await;
    client
}
