//! Clients that retry each write until it is acked, while the database or the connections to it fail: each write is
//! executed once.

use std::{cell::Cell, collections::BTreeMap};

use serde_json::Value;
use tokio::sync::Notify;

use super::{request_id, request_with_id};
use crate::harness::{
    Client, Engine, Node, TIMEOUT, fixtures, http, postgres::Cluster, relay::Relay, with_app,
};

/// The number of acked writes, and whether to stop.
#[derive(Default)]
struct Progress {
    written: Cell<usize>,
    finished: Cell<bool>,
    grew: Notify,
}

/// Errors after which a client retries.
const RETRYABLE: [&str; 3] = ["$unavailable", "$locked", "$unknown_outcome"];

impl Progress {
    /// Writes coaches until `finished` is set; each is retried until it is acked.
    async fn write(&self, client: &Client, writer: &str) -> BTreeMap<String, Value> {
        let mut acked = BTreeMap::new();
        while !self.finished.get() {
            let (id, name) = (request_id(), format!("{writer} {}", acked.len()));
            let row = loop {
                let ack = request_with_id(client, &id, "new_coach", &fixtures::coach(&name)).await;
                match ack.ok {
                    true => break ack.unwrap_data(),
                    false => assert!(RETRYABLE.contains(&ack.error_keys()[0]), "{ack:?}"),
                }
            };
            acked.insert(name, row);
            self.written.set(self.written.get() + 1);
            self.grew.notify_waiters();
        }
        acked
    }

    /// Waits for this many further writes.
    async fn wait_for_more(&self, count: usize) {
        let target = self.written.get() + count;
        let wait = async {
            while self.written.get() < target {
                self.grew.notified().await;
            }
        };
        tokio::time::timeout(TIMEOUT, wait).await.expect("writes to succeed");
    }
}

/// Writes through three clients of a server during a fault.
async fn assert_exactly_once_during(node: Node, fault: impl AsyncFnOnce(&Progress)) {
    let (ada, bob) = (Client::follow(node.address).await, Client::connect(node.address).await);
    let eve = Client::follow(node.address).await;
    let progress = Progress::default();
    let fault = async {
        fault(&progress).await;
        progress.wait_for_more(20).await;
        progress.finished.set(true);
    };
    let (one, two, three, ()) = tokio::join!(
        progress.write(&ada, "Ada"),
        progress.write(&bob, "Bob"),
        progress.write(&eve, "Eve"),
        fault
    );
    let rows = ada.list_all("coaches").await;
    let acked: Vec<(String, Value)> = [one, two, three].into_iter().flatten().collect();
    for (name, row) in &acked {
        let found: Vec<&Value> = rows.iter().filter(|row| row["name"] == **name).collect();
        assert_eq!(found, [row], "{name} is there once, as it was acked");
    }
    assert_eq!(rows.len(), acked.len());
    for client in [&ada, &bob, &eve] {
        client.assert_in_sync().await;
    }
    node.stop().await;
}

#[actix_web::test]
async fn writes_exactly_once_when_database_crashes() {
    let mut cluster = Cluster::start();
    let node = Node::start(cluster.url(), &[]).await;
    let crashes = async |progress: &Progress| {
        for _ in 0..3 {
            progress.wait_for_more(15).await;
            cluster.crash();
            cluster.recover();
        }
    };
    assert_exactly_once_during(node, crashes).await;
}

#[actix_web::test]
async fn writes_exactly_once_when_connections_are_lost() {
    with_app(Engine::Postgres, async |app| {
        let relay = Relay::to(&app.database.url()).await;
        let node = Node::start(relay.url(), &[]).await;
        let cuts = async |progress: &Progress| {
            for _ in 0..10 {
                progress.wait_for_more(7).await;
                relay.cut();
                relay.repair();
            }
        };
        assert_exactly_once_during(node, cuts).await;
    })
    .await;
}

#[actix_web::test]
async fn writes_exactly_once_when_database_link_freezes() {
    with_app(Engine::Postgres, async |app| {
        let relay = Relay::to(&app.database.url()).await;
        let node = Node::start(relay.url(), &[]).await;
        let address = node.address;
        let silence = async |progress: &Progress| {
            progress.wait_for_more(15).await;
            relay.freeze();
            http::until_status(address, "/readyz", 503, TIMEOUT).await;
            relay.repair();
        };
        assert_exactly_once_during(node, silence).await;
    })
    .await;
}
