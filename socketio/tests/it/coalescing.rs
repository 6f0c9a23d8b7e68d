//! Steps that a client has not taken become one, and none is missed.

use std::sync::{Arc, Mutex};

use socketio::{Coalesce, Config, Frame, Message, Slot};

use crate::harness::{Client, TestServer};

/// What has happened so far: a list that only grows.
#[derive(Default)]
struct Story(Mutex<Vec<u64>>);

impl Story {
    /// The next step, which tells of itself alone.
    fn step(self: &Arc<Self>) -> Message {
        let number = {
            let mut story = self.0.lock().unwrap();
            let number = story.len() as u64 + 1;
            story.push(number);
            number
        };
        // Far more than the kernel takes for one connection, after a few of them.
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

/// The numbers in the next step, and whether they were folded.
async fn next_delta(client: &mut Client) -> (Vec<u64>, bool) {
    let text = client.text().await;
    let (numbers, rest) = text.strip_prefix(r#"42["step",["#).unwrap().split_once(']').unwrap();
    let numbers = numbers.split(", ").map(|number| number.parse().unwrap()).collect();
    (numbers, rest.contains("folded"))
}

#[actix_web::test]
async fn who_reads_is_sent_each_and_who_pauses_is_sent_the_rest_as_one() {
    const STEPS: u64 = 200;
    let server = TestServer::with_workers(Config::default(), 2);
    let (mut paused, mut reader) = (server.connect().await, server.connect().await);
    let story = Arc::new(Story::default());
    for number in 1..=STEPS {
        server.hub.broadcast(story.step());
        assert_eq!(next_delta(&mut reader).await, (vec![number], false));
    }
    // Forty megabytes would have had to wait, five times what cuts a client off.
    let (mut next, mut events) = (1, 0);
    while next <= STEPS {
        let (numbers, _) = next_delta(&mut paused).await;
        assert_eq!(
            numbers,
            (next..next + numbers.len() as u64).collect::<Vec<_>>(),
            "none is missed, none doubled"
        );
        next += numbers.len() as u64;
        events += 1;
    }
    assert!(events < STEPS / 2, "{events} events: hardly any were folded");

    server.hub.broadcast(story.step());
    for client in [&mut paused, &mut reader] {
        assert_eq!(next_delta(client).await, (vec![STEPS + 1], false), "from here on it is sent each again");
    }
}
