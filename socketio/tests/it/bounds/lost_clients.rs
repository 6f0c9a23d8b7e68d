//! A client that hangs up is noticed, even if it is not being read, and its waiting events are not started.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use socketio::{Config, Namespace, Reason, Socket, SocketIo};
use tokio::{net::TcpStream, sync::Notify};

use crate::harness::{Client, Poller, TestServer, limited};

/// Counts of a namespace with two events: one waits for permission, the other is counted.
#[derive(Clone, Default)]
struct Seen {
    gate: Arc<Notify>,
    waiting: Arc<AtomicUsize>,
    counted: Arc<AtomicUsize>,
    gone: Arc<Mutex<Vec<Reason>>>,
}

impl Seen {
    fn namespace(&self) -> Namespace {
        let (one, other, end) = (self.clone(), self.clone(), self.clone());
        Namespace::new("/")
            .on("wait", move |_: Socket| {
                let seen = one.clone();
                async move {
                    seen.waiting.fetch_add(1, Ordering::SeqCst);
                    seen.gate.notified().await;
                }
            })
            .on("count", move |_: Socket| {
                other.counted.fetch_add(1, Ordering::SeqCst);
                async {}
            })
            .on_disconnect(move |_: Socket, reason| {
                end.gone.lock().unwrap().push(reason);
                async {}
            })
    }

    fn server(&self, config: Config) -> TestServer {
        TestServer::of(SocketIo::builder(config).namespace(self.namespace()), 2)
    }

    fn counted(&self) -> usize {
        self.counted.load(Ordering::SeqCst)
    }

    async fn begun(&self, server: &TestServer, waiting: usize) {
        server.until(|_| self.waiting.load(Ordering::SeqCst) == waiting).await;
    }
}

fn small() -> Config {
    Config { max_inbox: 4, ..Config::default() }
}

/// Starts one event, and sends far more than may wait behind it.
async fn overfill(client: &mut Client) {
    client.send(r#"42["wait"]"#).await;
    for _ in 0..50 {
        client.send(r#"42["count"]"#).await;
    }
}

/// Ends a connection like a killed process, whether or not there is unread data.
fn reset(stream: &TcpStream) {
    stream.set_zero_linger().unwrap();
}

#[actix_web::test]
async fn unread_websocket_ends_on_hang_up() {
    for (moved, abort) in [(false, false), (false, true), (true, false), (true, true)] {
        let (seen, before) = (Seen::default(), limited("max_inbox"));
        let server = seen.server(small());
        let mut client = match moved {
            true => Poller::enter(&server).await.upgrade(&server).await.0,
            false => server.enter().await,
        };
        overfill(&mut client).await;
        seen.begun(&server, 1).await;
        server.until(|_| limited("max_inbox") > before).await;
        let stream = client.0.into_inner();
        if abort {
            reset(&stream);
        }
        drop(stream);
        // While the started event still runs.
        server.until(|server| server.hub.sockets() == 0).await;
        seen.gate.notify_one();
        server.wait_until_empty().await;
        assert_eq!(seen.counted(), 0, "moved: {moved}, reset: {abort}");
        assert_eq!(*seen.gone.lock().unwrap(), [Reason::TransportClose]);
    }
}

#[actix_web::test]
async fn post_hang_up_ends_session() {
    let seen = Seen::default();
    let server = seen.server(small());
    let mut poller = Poller::enter(&server).await;
    let mut events = vec![r#"42["wait"]"#];
    events.resize(50, r#"42["count"]"#);
    poller.post.send("POST", &poller.query, "", events.join("\u{1e}").as_bytes()).await;
    seen.begun(&server, 1).await;
    drop(poller);
    server.until(|server| server.hub.sockets() == 0).await;
    seen.gate.notify_one();
    server.wait_until_empty().await;
    assert_eq!(seen.counted(), 0);
}

#[actix_web::test]
async fn events_before_deliberate_close_are_handled() {
    for goodbye in ["41", "1", "close"] {
        let seen = Seen::default();
        let server = seen.server(Config::default());
        let mut client = server.enter().await;
        overfill(&mut client).await;
        seen.begun(&server, 1).await;
        match goodbye {
            "close" => client.0.close(None).await.unwrap(),
            packet => client.send(packet).await,
        }
        server.until(|server| server.hub.sockets() == 0).await;
        drop(client);
        seen.gate.notify_one();
        server.wait_until_empty().await;
        assert_eq!(seen.counted(), 50, "{goodbye}");
    }
}

#[actix_web::test]
async fn stuck_session_ends_by_pause_timeout() {
    let (seen, before) = (Seen::default(), limited("pause_timeout"));
    let pause_timeout = Duration::from_millis(100);
    let server = seen.server(Config { pause_timeout, ..small() });
    let mut client = server.enter().await;
    overfill(&mut client).await;
    assert_eq!(client.closed().await, (1013, "no event was done within 100ms".into()));
    seen.gate.notify_one();
    server.wait_until_empty().await;
    assert_eq!(seen.counted(), 0);
    assert_eq!(*seen.gone.lock().unwrap(), [Reason::PauseTimeout]);
    assert!(limited("pause_timeout") > before);
}

#[actix_web::test]
async fn progressing_session_may_stay_paused() {
    let pause_timeout = Duration::from_millis(400);
    let (seen, config) = (Seen::default(), Config { pause_timeout, max_inbox: 2, ..Config::default() });
    let server = seen.server(config);
    let mut client = server.enter().await;
    for id in 0..12 {
        client.send(&format!(r#"42{id}["wait"]"#)).await;
    }
    for id in 0..12 {
        seen.begun(&server, id + 1).await;
        // The passing of time is what is measured: the total exceeds the pause timeout.
        tokio::time::sleep(pause_timeout / 8).await;
        seen.gate.notify_one();
        assert_eq!(client.text().await, format!("43{id}[]"));
    }
}

#[actix_web::test]
async fn handler_observes_disconnect() {
    let (began, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (one, other) = (began.clone(), done.clone());
    let namespace = Namespace::new("/").on("queue", move |socket: Socket| {
        let (began, done) = (one.clone(), other.clone());
        async move {
            began.notify_one();
            socket.disconnected().await;
            done.notify_one();
        }
    });
    let server = TestServer::of(SocketIo::builder(Config::default()).namespace(namespace), 1);
    let mut client = server.enter().await;
    client.send(r#"42["queue"]"#).await;
    crate::harness::within(began.notified()).await;
    drop(client);
    crate::harness::within(done.notified()).await;
    server.wait_until_empty().await;
}
