//! Long-polling: packets in the bodies of requests and responses.

use std::time::Duration;

use serde_json::{Value, json};
use socketio::{Args, Config, Frame, Message, Namespace, Reason, SocketIo, Transport};

use crate::harness::{Http, POLLING, Poller, ServiceEvent, TestServer};

mod origins;
mod requests;
mod sizes;

#[actix_web::test]
async fn open_packet_contains_session_parameters() {
    let server = TestServer::start(Config::default());
    let answer = Http::connect(&server).await.request("GET", POLLING, "", b"").await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=UTF-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut open: Value = serde_json::from_str(answer.body.strip_prefix('0').unwrap()).unwrap();
    assert!(open["sid"].take().as_str().unwrap().len() >= 20);
    let (interval, timeout) = (25_000, 20_000);
    assert_eq!(
        open,
        json!({ "sid": null, "upgrades": ["websocket"], "pingInterval": interval, "pingTimeout": timeout,
                "maxPayload": 1_000_000 })
    );
}

#[actix_web::test]
async fn disabled_transports_are_not_served() {
    let websocket = "?EIO=4&transport=websocket";
    let unknown = r#"{"code":0,"message":"Transport unknown"}"#;

    let server = TestServer::start(Config { allow_upgrades: false, ..Config::default() });
    let answer = Http::connect(&server).await.request("GET", POLLING, "", b"").await;
    assert!(answer.body.contains(r#""upgrades":[]"#), "{answer:?}");

    let server = TestServer::start(Config { transports: vec![Transport::Polling], ..Config::default() });
    let answer = Http::connect(&server).await.request("GET", POLLING, "", b"").await;
    assert!(answer.body.contains(r#""upgrades":[]"#), "{answer:?}");
    let answer = Http::connect(&server).await.request("GET", websocket, "", b"").await;
    assert_eq!((answer.status, answer.body.as_str()), (400, unknown));

    let server = TestServer::start(Config { transports: vec![Transport::WebSocket], ..Config::default() });
    let answer = Http::connect(&server).await.request("GET", POLLING, "", b"").await;
    assert_eq!((answer.status, answer.body.as_str()), (400, unknown));
    server.connect().await;
}

#[actix_web::test]
async fn path_trailing_slash_is_optional() {
    for path in ["/chat", "/chat/"] {
        let server = TestServer::start(Config { path: path.to_owned(), ..Config::default() });
        for (path, status) in [("/chat", 200), ("/chat/", 200), ("/chat/x", 404), ("/socket.io/", 404)] {
            let mut http = Http::connect(&server).await;
            http.write(format!("GET {path}{POLLING} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await;
            assert_eq!(http.answer().await.status, status, "{path}");
        }
    }
}

#[actix_web::test]
async fn events_are_acked_in_order_across_workers() {
    for workers in [1, 3] {
        let server = TestServer::with_workers(Config::default(), workers);
        let mut poller = Poller::connect(&server).await;
        for round in 0..20 {
            let ids = round * 5..round * 5 + 5;
            let events = ids.clone().map(|id| format!(r#"42{id}["echo",{id}]"#)).collect::<Vec<_>>();
            poller.send(&events.join("\u{1e}")).await;
            for id in ids {
                assert_eq!(poller.text().await, format!("43{id}[{id}]"));
            }
        }
    }
}

#[actix_web::test]
async fn get_waits_for_packets() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut poller = Poller::connect(&server).await;
    poller.begin_poll().await;
    assert!(poller.get.is_silent_for(Duration::from_millis(50)).await);

    server.hub.broadcast(Message::event(Frame::event("news", &["1"])));

    assert_eq!(poller.get.answer().await.body, r#"42["news",1]"#);
}

#[actix_web::test]
async fn packets_arrive_once_and_in_order() {
    const LAST: usize = 3_000;
    let server = TestServer::with_workers(Config::default(), 2);
    let mut poller = Poller::connect(&server).await;
    let hub = server.hub.clone();
    std::thread::spawn(move || {
        for n in 0..=LAST {
            hub.broadcast(Message::event(Frame::event("n", &[&n.to_string()])));
        }
    });
    for n in 0..=LAST {
        assert_eq!(poller.text().await, format!(r#"42["n",{n}]"#));
    }
    assert_eq!(poller.remaining(), Vec::<String>::new());
}

#[actix_web::test]
async fn binary_values_are_base64_in_both_directions() {
    let back = Namespace::new("/").on("back", |args: Args| async move { args });
    let server = TestServer::of(SocketIo::builder(Config::default()).namespace(back), 1);
    let mut poller = Poller::enter(&server).await;

    let data = r#"{"_placeholder":true,"num":0},7,{"a":{"_placeholder":true,"num":1}}]"#;
    let event = format!(r#"452-9["back",{data}"#);
    poller.send(&format!("{event}\u{1e}bAQIDBA==\u{1e}b")).await;

    assert_eq!(poller.text().await, format!("462-9[{data}"));
    assert_eq!(poller.text().await, "bAQIDBA==");
    assert_eq!(poller.text().await, "b");

    // The same in three requests.
    for part in [event.as_str(), "bAQ==", "b//8="] {
        poller.send(part).await;
    }
    assert_eq!(poller.text().await, format!("462-9[{data}"));
    assert_eq!((poller.text().await, poller.text().await), ("bAQ==".into(), "b//8=".into()));
}

fn short() -> Config {
    let (ping_interval, ping_timeout) = (Duration::from_millis(40), Duration::from_millis(400));
    Config { ping_interval, ping_timeout, ..Config::default() }
}

#[actix_web::test]
async fn heartbeat_works_by_polling() {
    let server = TestServer::with_workers(short(), 2);
    let mut poller = Poller::connect(&server).await;
    for _ in 0..12 {
        assert_eq!(poller.text().await, "2");
        poller.send("3").await;
    }
    poller.send(r#"421["echo",1]"#).await;
    while poller.text().await != "431[1]" {}
}

#[actix_web::test]
async fn missing_pong_ends_session_and_waiting_get() {
    let server = TestServer::start(short());
    let mut poller = Poller::connect(&server).await;
    let mut last = poller.poll().await;
    while last.body == "2" {
        last = poller.poll().await;
    }
    assert_eq!(last.status, 503);
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::PingTimeout));
    let gone = poller.poll().await;
    assert_eq!((gone.status, gone.body.as_str()), (400, r#"{"code":1,"message":"Session ID unknown"}"#));
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn client_without_polls_times_out() {
    let server = TestServer::start(short());
    let mut poller = Poller::connect(&server).await;
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::PingTimeout));
    assert_eq!(poller.poll().await.status, 400);
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn client_close_releases_waiting_get() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut poller = Poller::connect(&server).await;
    poller.begin_poll().await;
    poller.send("1").await;
    assert_eq!(poller.get.answer().await.body, "6");
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::TransportClose));
    server.wait_until_empty().await;
    assert_eq!(poller.poll().await.status, 400);
}

#[actix_web::test]
async fn leave_and_close_in_one_post_is_client_disconnect() {
    let server = TestServer::start(Config::default());
    let mut poller = Poller::connect(&server).await;
    poller.send("41\u{1e}1").await;
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::ClientDisconnect));
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn server_close_is_last_packet() {
    let server = TestServer::start(Config::default());
    let mut poller = Poller::connect(&server).await;
    poller.begin_poll().await;
    poller.send(r#"421["echo",1]"#).await;
    assert_eq!(poller.get.answer().await.body, "431[1]");

    poller.send(r#"42["leave"]"#).await;

    assert_eq!((poller.text().await, poller.text().await), ("41".into(), "1".into()));
    assert_eq!(poller.remaining(), Vec::<String>::new());
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn shutdown_acks_running_events_and_closes() {
    let server = TestServer::with_workers(Config::default(), 2);
    let (mut busy, mut idle) = (Poller::connect(&server).await, Poller::connect(&server).await);
    busy.send(r#"421["wait",1]"#).await;
    assert_eq!(server.next_event().await, ServiceEvent::Event("wait".into()));
    idle.begin_poll().await;

    let io = server.io.clone();
    let shutdown = actix_web::rt::spawn(async move { io.shutdown(Duration::from_secs(10)).await });

    assert_eq!(idle.get.answer().await.status, 503, "stock clients come back after that");
    let late = Http::connect(&server).await.request("GET", POLLING, "", b"").await;
    assert_eq!(late.status, 503);
    server.gate.notify_one();
    assert_eq!(busy.text().await, "431[1]");
    assert_eq!(busy.poll().await.status, 503);
    shutdown.await.unwrap();
    server.wait_until_empty().await;
}
