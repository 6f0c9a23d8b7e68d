//! A client that asks and does not read what it is answered: its next events wait, and so does in the end what it sends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use socketio::{Config, Namespace, Reply, SocketIo};

use crate::harness::{Http, Poller, TestServer, limited, within};

/// The ack's JSON, so that its frame has [`FRAME`] bytes: a header of four, `430[`, the text in quotes, `]`.
const TEXT: usize = 990;
const FRAME: usize = 4 + 4 + TEXT + 2 + 1;

/// A server on one worker that answers `ask` with that many bytes, and counts how often it has.
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

/// Handled so far, once the one worker has done all that it could.
async fn handled(server: &TestServer, count: &AtomicUsize) -> usize {
    assert_eq!(server.enter().await.request(r#"421["echo"]"#).await, "431[]");
    count.load(Ordering::SeqCst)
}

#[actix_web::test]
async fn events_wait_once_more_than_the_bound_is_unread() {
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
async fn nothing_piles_up_behind_a_connection_that_is_not_read() {
    const ASKED: usize = 240;
    let before = limited("max_unread_acks");
    let config = Config { max_unread_acks: 400_000, max_outbox: usize::MAX, ..Config::default() };
    let (server, count) = start(200_000, config);
    let mut client = server.enter().await;
    for _ in 0..ASKED {
        client.send(r#"420["ask"]"#).await;
    }
    server.until(|_| limited("max_unread_acks") > before).await;
    // Three or four are in the outbox, the others on their way through the system.
    let taken = handled(&server, &count).await;
    assert!(taken < ASKED / 3, "{taken} of {ASKED}");
    for _ in 0..ASKED {
        assert_eq!(client.text().await.len(), 200_007);
    }
    assert_eq!(client.request(r#"427["echo",1]"#).await, "437[1]");
    assert_eq!(count.load(Ordering::SeqCst), ASKED);
}

#[actix_web::test]
async fn who_takes_nothing_for_too_long_is_cut_off() {
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
    // Of what waited nothing is begun: its acks would go nowhere.
    assert!(count.load(Ordering::SeqCst) < 200);
    let mut another = server.enter().await;
    assert_eq!(another.request(r#"421["echo",1]"#).await, "431[1]");
}

#[actix_web::test]
async fn who_owes_nothing_is_waited_for() {
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
async fn a_poll_is_answered_once_the_last_answer_has_been_read() {
    // More than the system holds for a connection.
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

    // One that is given up is no hindrance.
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
