//! Order and completeness while others broadcast.

use std::{thread, time::Duration};

use socketio::{Reason, Recovery};

use super::{Returning, Server};
use crate::harness::within;

const THREADS: u32 = 4;
const EACH: u32 = 400;

/// Broadcasts from several threads, a few at a time, each its own numbers in order.
fn broadcast(all: &Server) -> Vec<thread::JoinHandle<()>> {
    (0..THREADS)
        .map(|thread| {
            let hub = all.server.hub.clone();
            thread::spawn(move || {
                for n in 0..EACH {
                    hub.to("all").emit("n", &(thread * EACH + n));
                    if n % 10 == 0 {
                        // It is to last for as long as the clients come and go.
                        thread::sleep(Duration::from_millis(2));
                    }
                }
            })
        })
        .collect()
}

/// Everything came once, and each thread's in its order.
fn complete(numbers: &[u32]) {
    for thread in 0..THREADS {
        let own: Vec<_> = numbers.iter().copied().filter(|n| n / EACH == thread).collect();
        let expected: Vec<_> = (thread * EACH..(thread + 1) * EACH).collect();
        assert_eq!(own, expected, "of thread {thread}");
    }
    assert_eq!(numbers.len(), (THREADS * EACH) as usize);
}

/// Comes and goes until it has heard all; `tidy` says how it goes.
async fn comes_and_goes(all: &Server, client: &mut Returning, replaced: bool) {
    let mut numbers = Vec::new();
    let mut stay = 1;
    while numbers.len() < (THREADS * EACH) as usize {
        let left = (THREADS * EACH) as usize - numbers.len();
        numbers.extend(client.numbers(stay.min(left)).await);
        stay = stay * 3 % 101;
        // The old connection is sometimes still there when the new one comes.
        let old = client.client.take();
        if !replaced {
            old.iter().for_each(|old| old.0.get_ref().set_zero_linger().unwrap());
            drop(old);
            assert!(client.come(&all.server).await);
        } else {
            assert!(client.come(&all.server).await);
            drop(old);
        }
    }
    client.nothing_more().await;
    complete(&numbers);
}

#[actix_web::test]
async fn nothing_is_lost_or_doubled_while_others_broadcast() {
    for replaced in [false, true] {
        for workers in [1, 3] {
            let all = Server::start(workers, Recovery::default());
            let mut clients = [all.first().await, all.first().await, all.first().await];
            let threads = broadcast(&all);
            let [one, two, three] = &mut clients;
            within(async {
                tokio::join!(
                    comes_and_goes(&all, one, replaced),
                    comes_and_goes(&all, two, replaced),
                    comes_and_goes(&all, three, !replaced),
                )
            })
            .await;
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            assert_eq!(all.server.hub.sockets(), 3);
        }
    }
}

#[actix_web::test]
async fn what_was_emitted_before_the_end_comes_before_the_end() {
    let mut all = Server::start(1, Recovery::default());
    let mut client = all.first().await;
    client.client().send(r#"42["bye"]"#).await;
    assert!(client.client().text().await.starts_with(r#"42["bye",1,"#));
    assert_eq!(client.client().text().await, "41");
    assert_eq!(all.next_report().await, Reason::ServerDisconnect);
}

#[actix_web::test]
async fn what_is_kept_and_what_is_not_come_in_the_order_they_were_emitted() {
    let all = Server::start(1, Recovery::default());
    let mut client = all.first().await;
    client.client().send(r#"42["order"]"#).await;
    assert_eq!(client.numbers(4).await, [1, 2, 3, 4]);
}
