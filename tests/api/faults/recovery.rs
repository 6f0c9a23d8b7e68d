//! PostgreSQL crashes and gives out the numbers of transactions again that had not reached the disk.

use serde_json::{Value, json};

use crate::harness::{Client, PATIENCE, gym, postgres::Cluster, program::Program};

/// Every bell takes a number and is flushed only later, so each crash right after a write loses some that have been seen.
#[actix_web::test]
async fn what_is_written_after_a_crash_shows_on_every_node() {
    let mut cluster = Cluster::start();
    let (one, two) = (Program::serve(cluster.url(), &[]), Program::serve(cluster.url(), &[]));
    let changes = json!({ "live": "changes" });
    let mut screens = Vec::new();
    for node in [&one, &two] {
        screens.push(Client::connect(node.address).await);
        screens.push(Client::connect_with(node.address, &changes).await.expect("to be let in"));
    }
    let (here, there) = (Client::connect(one.address).await, Client::connect(two.address).await);
    for round in 0..4 {
        written(&here, &format!("Before crash {round}")).await;
        there.sees("coaches", |rows| rows.iter().any(|row| is(row, &format!("Before crash {round}")))).await;
        cluster.crash();
        cluster.recover();
        let name = format!("After crash {round}");
        written(&there, &name).await;
        for screen in &screens {
            screen.shows("coaches", |row| is(row, &name)).await;
        }
    }
}

/// Asks until it is done: for a moment after a crash the server may still find its connections broken.
async fn written(client: &Client, name: &str) {
    let write = async { while !client.ask("new_coach", gym::coach(name)).await.ok {} };
    tokio::time::timeout(PATIENCE, write).await.expect("writes to succeed again");
}

fn is(row: &Value, name: &str) -> bool {
    row["name"] == name
}
