//! Clients that send each write again until it is acked, while everything between them and the disk fails: each is
//! carried out once.

use std::{cell::Cell, collections::BTreeMap};

use serde_json::Value;
use tokio::sync::Notify;

use super::once::{ask, id};
use crate::harness::{Client, Engine, Node, PATIENCE, gym, http, postgres::Cluster, relay::Relay, tell};

/// How much has been written, and whether it is enough.
#[derive(Default)]
struct Tally {
    written: Cell<usize>,
    enough: Cell<bool>,
    grew: Notify,
}

/// Refusals after which a client sends the same again.
const TRY_AGAIN: [&str; 3] = ["$unavailable", "$locked", "$unknown_outcome"];

impl Tally {
    /// Writes coaches until it is enough; a name is given up only once it is acked.
    async fn write(&self, client: &Client, who: &str) -> BTreeMap<String, Value> {
        let mut acked = BTreeMap::new();
        while !self.enough.get() {
            let (id, name) = (id(), format!("{who} {}", acked.len()));
            let row = loop {
                let ack = ask(client, &id, "new_coach", &gym::coach(&name)).await;
                match ack.ok {
                    true => break ack.done(),
                    false => assert!(TRY_AGAIN.contains(&ack.refused()[0]), "{ack:?}"),
                }
            };
            acked.insert(name, row);
            self.written.set(self.written.get() + 1);
            self.grew.notify_waiters();
        }
        acked
    }

    /// Waits until so many more have been written.
    async fn more(&self, count: usize) {
        let target = self.written.get() + count;
        let wait = async {
            while self.written.get() < target {
                self.grew.notified().await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("writes to succeed");
    }
}

/// Writes through three clients of a server while there is trouble.
async fn through(node: Node, trouble: impl AsyncFnOnce(&Tally)) {
    let (ada, bob) = (Client::follow(node.address).await, Client::connect(node.address).await);
    let eve = Client::follow(node.address).await;
    let tally = Tally::default();
    let trouble = async {
        trouble(&tally).await;
        tally.more(20).await;
        tally.enough.set(true);
    };
    let (one, two, three, ()) =
        tokio::join!(tally.write(&ada, "Ada"), tally.write(&bob, "Bob"), tally.write(&eve, "Eve"), trouble);
    let rows = ada.every("coaches").await;
    let acked: Vec<(String, Value)> = [one, two, three].into_iter().flatten().collect();
    for (name, row) in &acked {
        let found: Vec<&Value> = rows.iter().filter(|row| row["name"] == **name).collect();
        assert_eq!(found, [row], "{name} is there once, as it was acked");
    }
    assert_eq!(rows.len(), acked.len());
    for client in [&ada, &bob, &eve] {
        client.agrees().await;
    }
    node.stop().await;
}

#[actix_web::test]
async fn through_a_crash_of_the_database() {
    let mut cluster = Cluster::start();
    let node = Node::start(cluster.url(), &[]).await;
    let crashes = async |tally: &Tally| {
        for _ in 0..3 {
            tally.more(15).await;
            cluster.crash();
            cluster.recover();
        }
    };
    through(node, crashes).await;
}

#[actix_web::test]
async fn through_lost_connections() {
    tell(Engine::Postgres, async |app| {
        let relay = Relay::to(&app.database.url()).await;
        let node = Node::start(relay.url(), &[]).await;
        let cuts = async |tally: &Tally| {
            for _ in 0..10 {
                tally.more(7).await;
                relay.cut();
                relay.mend();
            }
        };
        through(node, cuts).await;
    })
    .await;
}

#[actix_web::test]
async fn through_silence() {
    tell(Engine::Postgres, async |app| {
        let relay = Relay::to(&app.database.url()).await;
        let node = Node::start(relay.url(), &[]).await;
        let address = node.address;
        let silence = async |tally: &Tally| {
            tally.more(15).await;
            relay.freeze();
            http::until_status(address, "/readyz", 503, PATIENCE).await;
            relay.mend();
        };
        through(node, silence).await;
    })
    .await;
}
