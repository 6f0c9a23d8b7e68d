//! Deltas that a client has not received are coalesced, and none is lost.

use std::sync::{Arc, Mutex};

use socketio::{Coalesce, Config, Frame, Message, Slot};

use crate::harness::{Client, TestServer};

/// The history: a list that only grows.
#[derive(Default)]
struct Story(Mutex<Vec<u64>>);

impl Story {
    /// The next delta, which contains only itself.
    fn delta(self: &Arc<Self>) -> Message {
        let number = {
            let mut story = self.0.lock().unwrap();
            let number = story.len() as u64 + 1;
            story.push(number);
            number
        };
        // Far more than the kernel buffers for one connection, after a few of them.
        let filler = format!("\"{}\"", "x".repeat(200_000));
        let frame = Frame::event("step", &[&format!("[{number}]"), &filler]);
        Message::delta(Slot(7), number, frame, self.clone())
    }
}

impl Coalesce for Story {
    fn coalesce(&self, after: u64) -> (Frame, u64) {
        let story = self.0.lock().unwrap();
        let missed: Vec<u64> = story.iter().copied().filter(|number| *number > after).collect();
        (Frame::event("step", &[&format!("{missed:?}"), "\"folded\""]), story.len() as u64)
    }
}

/// The numbers in the next delta, and whether they were coalesced.
async fn next_delta(client: &mut Client) -> (Vec<u64>, bool) {
    let text = client.text().await;
    let (numbers, rest) = text.strip_prefix(r#"42["step",["#).unwrap().split_once(']').unwrap();
    let numbers = numbers.split(", ").map(|number| number.parse().unwrap()).collect();
    (numbers, rest.contains("folded"))
}

#[actix_web::test]
async fn reader_receives_each_delta_and_paused_client_one_coalesced() {
    const DELTAS: u64 = 200;
    let server = TestServer::with_workers(Config::default(), 2);
    let (mut paused, mut reader) = (server.connect().await, server.connect().await);
    let story = Arc::new(Story::default());
    for number in 1..=DELTAS {
        server.hub.broadcast(story.delta());
        assert_eq!(next_delta(&mut reader).await, (vec![number], false));
    }
    // Forty megabytes, five times the limit of the outbox.
    let (mut next, mut events) = (1, 0);
    while next <= DELTAS {
        let (numbers, _) = next_delta(&mut paused).await;
        assert_eq!(
            numbers,
            (next..next + numbers.len() as u64).collect::<Vec<_>>(),
            "none is missed, none doubled"
        );
        next += numbers.len() as u64;
        events += 1;
    }
    assert!(events < DELTAS / 2, "{events} events: hardly any were folded");

    server.hub.broadcast(story.delta());
    for client in [&mut paused, &mut reader] {
        assert_eq!(next_delta(client).await, (vec![DELTAS + 1], false), "from here on it is sent each again");
    }
}
