//! Numbered messages in both directions during upgrades.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use socketio::{Config, Frame, Message};
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use crate::harness::{Client, Poller, TestServer};

/// A broadcasting thread; a failing test ends it, too.
struct Steady(Arc<AtomicBool>, Option<std::thread::JoinHandle<usize>>);

impl Steady {
    /// Broadcasts numbers from a thread until it is stopped.
    fn begin(server: &TestServer) -> Self {
        let (stop, hub) = (Arc::new(AtomicBool::new(false)), server.hub.clone());
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut n = 0;
            while !stopped.load(Ordering::SeqCst) {
                hub.broadcast(Message::event(Frame::event("n", &[&n.to_string()])));
                n += 1;
                // Steady rather than fast: it has to last as long as the upgrade.
                std::thread::sleep(Duration::from_micros(200));
            }
            n
        });
        Self(stop, Some(thread))
    }

    /// Ends the thread; returns the number of broadcasts.
    fn end(mut self) -> usize {
        self.0.store(true, Ordering::SeqCst);
        self.1.take().unwrap().join().unwrap()
    }
}

impl Drop for Steady {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Numbers of broadcasts without gaps, and acks in order.
#[derive(Default)]
struct Heard {
    broadcasts: usize,
    acks: usize,
}

impl Heard {
    fn take(&mut self, packet: &str) {
        if packet == format!(r#"42["n",{}]"#, self.broadcasts) {
            self.broadcasts += 1;
        } else if packet == format!("43{0}[{0}]", self.acks) {
            self.acks += 1;
        } else {
            panic!("unexpected {packet} after {} broadcasts and {} acks", self.broadcasts, self.acks);
        }
    }
}

/// One client: numbered events before, during and after its upgrade, with continuous broadcasts.
async fn upgrade_with_traffic(server: &TestServer, mut poller: Poller) -> (Client, Heard) {
    let mut received = Heard::default();
    for id in 0..5 {
        poller.send(&format!(r#"42{id}["echo",{id}]"#)).await;
    }
    let mut client = poller.websocket(server).await;
    poller.begin_poll().await;
    client.send("2probe").await;
    for id in 5..10 {
        poller.send(&format!(r#"42{id}["echo",{id}]"#)).await;
    }
    assert_eq!(client.text().await, "3probe");
    let answer = poller.get.answer().await;
    poller.receive(answer);
    poller.remaining().iter().filter(|packet| *packet != "6").for_each(|packet| received.take(packet));
    client.send("5").await;
    for id in 10..20 {
        client.send(&format!(r#"42{id}["echo",{id}]"#)).await;
    }
    while received.acks < 20 {
        received.take(&client.text().await);
    }
    (client, received)
}

#[actix_web::test]
async fn upgrade_loses_repeats_and_reorders_nothing() {
    for workers in [1, 2, 3, 4] {
        let server = TestServer::with_workers(Config::default(), workers);
        let poller = Poller::connect(&server).await;
        let steady = Steady::begin(&server);
        let (mut client, mut received) = upgrade_with_traffic(&server, poller).await;
        let broadcasts = steady.end();
        while received.broadcasts < broadcasts {
            received.take(&client.text().await);
        }
        client.raw(Ws::Close(None)).await;
        server.wait_until_empty().await;
    }
}

#[actix_web::test]
async fn many_sessions_upgrade_concurrently() {
    let server = TestServer::with_workers(Config::default(), 4);
    let pollers = join_all((0..50).map(|_| Poller::connect(&server))).await;
    let steady = Steady::begin(&server);
    let moved = join_all(pollers.into_iter().map(|poller| upgrade_with_traffic(&server, poller))).await;
    let broadcasts = steady.end();
    for (mut client, mut received) in moved {
        while received.broadcasts < broadcasts {
            received.take(&client.text().await);
        }
    }
}
