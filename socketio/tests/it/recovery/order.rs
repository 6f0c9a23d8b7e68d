//! Order and completeness during broadcasts.

use std::{thread, time::Duration};

use socketio::{Reason, Recovery};

use super::{RecoveringClient, Server};
use crate::harness::within;

const THREADS: u32 = 4;
const EACH: u32 = 400;

/// Broadcasts from several threads, a few at a time, each with its own numbers in order.
fn broadcast(all: &Server) -> Vec<thread::JoinHandle<()>> {
    (0..THREADS)
        .map(|thread| {
            let hub = all.server.hub.clone();
            thread::spawn(move || {
                for n in 0..EACH {
                    hub.to("all").emit("n", &(thread * EACH + n));
                    if n % 10 == 0 {
                        // It has to last as long as the clients reconnect.
                        thread::sleep(Duration::from_millis(2));
                    }
                }
            })
        })
        .collect()
}

/// Every number arrived once, those of each thread in order.
fn complete(numbers: &[u32]) {
    for thread in 0..THREADS {
        let own: Vec<_> = numbers.iter().copied().filter(|n| n / EACH == thread).collect();
        let expected: Vec<_> = (thread * EACH..(thread + 1) * EACH).collect();
        assert_eq!(own, expected, "of thread {thread}");
    }
    assert_eq!(numbers.len(), (THREADS * EACH) as usize);
}

/// Reconnects until it has received all numbers; `replaced` says whether the old connection still exists then.
async fn reconnect_until_complete(all: &Server, client: &mut RecoveringClient, replaced: bool) {
    let mut numbers = Vec::new();
    let mut stay = 1;
    while numbers.len() < (THREADS * EACH) as usize {
        let left = (THREADS * EACH) as usize - numbers.len();
        numbers.extend(client.numbers(stay.min(left)).await);
        stay = stay * 3 % 101;
        // The old connection sometimes still exists when the new one connects.
        let old = client.client.take();
        if !replaced {
            old.iter().for_each(|old| old.0.get_ref().set_zero_linger().unwrap());
            drop(old);
            assert!(client.connect(&all.server).await);
        } else {
            assert!(client.connect(&all.server).await);
            drop(old);
        }
    }
    client.nothing_more().await;
    complete(&numbers);
}

#[actix_web::test]
async fn recovery_loses_and_repeats_nothing_during_broadcasts() {
    for replaced in [false, true] {
        for workers in [1, 3] {
            let all = Server::start(workers, Recovery::default());
            let mut clients =
                [all.connect_first().await, all.connect_first().await, all.connect_first().await];
            let threads = broadcast(&all);
            let [one, two, three] = &mut clients;
            within(async {
                tokio::join!(
                    reconnect_until_complete(&all, one, replaced),
                    reconnect_until_complete(&all, two, replaced),
                    reconnect_until_complete(&all, three, !replaced),
                )
            })
            .await;
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            assert_eq!(all.server.hub.sockets(), 3);
        }
    }
}

#[actix_web::test]
async fn events_before_disconnect_arrive_before_it() {
    let mut all = Server::start(1, Recovery::default());
    let mut client = all.connect_first().await;
    client.client().send(r#"42["bye"]"#).await;
    assert!(client.client().text().await.starts_with(r#"42["bye",1,"#));
    assert_eq!(client.client().text().await, "41");
    assert_eq!(all.next_report().await, Reason::ServerDisconnect);
}

#[actix_web::test]
async fn recoverable_and_other_events_keep_order() {
    let all = Server::start(1, Recovery::default());
    let mut client = all.connect_first().await;
    client.client().send(r#"42["order"]"#).await;
    assert_eq!(client.numbers(4).await, [1, 2, 3, 4]);
}
