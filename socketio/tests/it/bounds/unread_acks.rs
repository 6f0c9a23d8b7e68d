//! Unread acks: further events of the client wait, and finally its sends do.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use socketio::{Config, Namespace, Reply, SocketIo};

use crate::harness::{Http, Poller, TestServer, limited, within};

/// Length of the text in an ack whose frame has [`FRAME`] bytes: a header of four, `430[`, the text in quotes, `]`.
const TEXT: usize = 990;
const FRAME: usize = 4 + 4 + TEXT + 2 + 1;

/// A server with one worker that answers `ask` with that many bytes, and counts the calls.
fn start(text: usize, config: Config) -> (TestServer, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let answer = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        async move { Reply::json(format!("\"{}\"", "x".repeat(text))) }
    };
    let namespace = Namespace::new("/").on("ask", answer).on("echo", |args: socketio::Args| async { args });
    (TestServer::of(SocketIo::builder(config).namespace(namespace), 1), count)
}

fn asks(count: usize) -> String {
    let asks: Vec<String> = (0..count).map(|_| r#"420["ask"]"#.to_owned()).collect();
    asks.join("\x1e")
}

/// Events handled so far, once the worker is idle.
async fn handled(server: &TestServer, count: &AtomicUsize) -> usize {
    assert_eq!(server.enter().await.request(r#"421["echo"]"#).await, "431[]");
    count.load(Ordering::SeqCst)
}

#[actix_web::test]
async fn events_wait_while_unread_acks_exceed_limit() {
    for (bound, expected) in [(0, 1), (3 * FRAME - 1, 3), (3 * FRAME, 4), (3 * FRAME + 1, 4)] {
        let (server, count) = start(TEXT, Config { max_unread_acks: bound, ..Config::default() });
        let mut poller = Poller::enter(&server).await;
        poller.send(&asks(50)).await;
        assert_eq!(handled(&server, &count).await, expected, "a bound of {bound}");
        for _ in 0..50 {
            assert_eq!(poller.text().await.len(), FRAME - 4);
        }
        poller.send(r#"427["echo",1]"#).await;
        assert_eq!(poller.text().await, "437[1]");
        assert_eq!(handled(&server, &count).await, 50);
    }
}

#[actix_web::test]
async fn stalled_connection_accumulates_nothing() {
    const ASKED: usize = 240;
    let before = limited("max_unread_acks");
    let config = Config { max_unread_acks: 400_000, max_outbox: usize::MAX, ..Config::default() };
    let (server, count) = start(200_000, config);
    let mut client = server.enter().await;
    for _ in 0..ASKED {
        client.send(r#"420["ask"]"#).await;
    }
    server.until(|_| limited("max_unread_acks") > before).await;
    // Three or four are in the outbox, the others in the network's buffers.
    let taken = handled(&server, &count).await;
    assert!(taken < ASKED / 3, "{taken} of {ASKED}");
    for _ in 0..ASKED {
        assert_eq!(client.text().await.len(), 200_007);
    }
    assert_eq!(client.request(r#"427["echo",1]"#).await, "437[1]");
    assert_eq!(count.load(Ordering::SeqCst), ASKED);
}

#[actix_web::test]
async fn client_receiving_nothing_is_evicted_after_unread_timeout() {
    let before = limited("unread_timeout");
    let config = Config {
        max_unread_acks: 400_000,
        unread_timeout: Duration::from_millis(200),
        max_outbox: usize::MAX,
        ..Config::default()
    };
    let (server, count) = start(200_000, config);
    let (mut socket, mut poller) = (server.enter().await, Poller::enter(&server).await);
    for _ in 0..100 {
        socket.send(r#"420["ask"]"#).await;
    }
    poller.send(&asks(100)).await;
    server.wait_until_empty().await;
    assert_eq!(limited("unread_timeout"), before + 2);
    // Waiting events are not started: their acks could not be delivered.
    assert!(count.load(Ordering::SeqCst) < 200);
    let mut another = server.enter().await;
    assert_eq!(another.request(r#"421["echo",1]"#).await, "431[1]");
}

#[actix_web::test]
async fn client_within_ack_limit_is_not_evicted() {
    let config = Config { unread_timeout: Duration::from_millis(1), ..Config::default() };
    let (server, _) = start(TEXT, config);
    let mut poller = Poller::enter(&server).await;
    poller.send(&asks(50)).await;
    let mut other = server.enter().await;
    for id in 0..200 {
        assert_eq!(other.request(&format!(r#"42{id}["echo"]"#)).await, format!("43{id}[]"));
    }
    for _ in 0..50 {
        assert_eq!(poller.text().await.len(), FRAME - 4);
    }
}

#[actix_web::test]
async fn poll_is_refused_until_last_response_is_read() {
    // More than the system buffers for a connection.
    const LARGE: usize = 24_000_000;
    let before = limited("unread_polls");
    let (server, count) = start(LARGE, Config { max_unread_acks: usize::MAX, ..Config::default() });
    let mut poller = Poller::enter(&server).await;
    poller.send(&asks(1)).await;
    poller.begin_poll().await;
    within(poller.get.stream.readable()).await.unwrap();
    poller.send(r#"427["echo",1]"#).await;
    for _ in 0..3 {
        let mut other = Http::connect(&server).await;
        let answer = other.request("GET", &poller.query, "", b"").await;
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains("has not been read"), "{answer:?}");
    }
    assert_eq!(limited("unread_polls"), before + 3);
    assert_eq!(poller.get.answer().await.body.len(), LARGE + "430[\"\"]".len());
    assert_eq!(poller.text().await, "437[1]");

    // An aborted response does not block.
    poller.send(&asks(1)).await;
    poller.begin_poll().await;
    within(poller.get.stream.readable()).await.unwrap();
    poller.get = Http::connect(&server).await;
    poller.send(r#"428["echo",2]"#).await;
    within(async {
        loop {
            let answer = poller.get.request("GET", &poller.query, "", b"").await;
            if answer.status == 200 {
                break assert_eq!(answer.body, "438[2]");
            }
        }
    })
    .await;
    assert_eq!(count.load(Ordering::SeqCst), 2);
}
