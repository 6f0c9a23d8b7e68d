//! Valid requests, and the end of a session after others.

use std::time::Duration;

use socketio::{Config, Frame, Message, Reason};
use tokio::io::AsyncWriteExt;

use crate::harness::{Http, POLLING, Poller, ServiceEvent, TestServer};

const UNKNOWN: &str = r#"{"code":1,"message":"Session ID unknown"}"#;

#[actix_web::test]
async fn second_get_ends_session() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut poller = Poller::connect(&server).await;
    poller.wait().await;
    let mut second = Http::connect(&server).await;
    let refused = second.request("GET", &poller.query, "", b"").await;
    assert_eq!((refused.status, refused.body.as_str()), (400, r#"{"code":3,"message":"Bad request"}"#));
    assert_eq!(poller.get.answer().await.body, "1");
    assert_eq!(server.disconnect_reason().await, Reason::ProtocolError);
    server.wait_until_empty().await;
    assert_eq!(poller.poll().await.body, UNKNOWN);
}

#[actix_web::test]
async fn second_get_is_refused_during_event() {
    let server = TestServer::start(Config::default());
    let mut poller = Poller::connect(&server).await;
    poller.wait().await;
    assert_eq!(server.next_event().await, ServiceEvent::Event("echo".into()));
    poller.send(r#"421["wait",1]"#).await;
    assert_eq!(server.next_event().await, ServiceEvent::Event("wait".into()));
    let mut second = Http::connect(&server).await;
    assert_eq!(second.request("GET", &poller.query, "", b"").await.status, 400);
    assert_eq!(poller.get.answer().await.body, "1");

    // The session has ended, although its handler still runs.
    assert_eq!(second.request("GET", &poller.query, "", b"").await.body, UNKNOWN);
    assert_eq!(second.request("POST", &poller.query, "", b"3").await.body, UNKNOWN);
    server.gate.notify_one();
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn second_post_ends_session() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut poller = Poller::connect(&server).await;
    poller.wait().await;
    poller.post.head("POST", &poller.query, "Content-Length: 20\r\n").await;
    poller.post.write(b"420[\"e").await;
    let mut second = Http::connect(&server).await;
    // The two are concurrent, so either may be the second.
    let refused = loop {
        let answer = second.request("POST", &poller.query, "", b"3").await;
        if answer.status == 400 {
            break answer.body;
        }
    };
    assert_eq!(poller.get.answer().await.status, 503);
    assert_eq!(server.disconnect_reason().await, Reason::ProtocolError);
    let bodies = [refused, poller.post.answer().await.body];
    let two = r#"{"code":3,"message":"Bad request: two POST requests at once"}"#;
    assert!(bodies.iter().any(|body| body == two) && bodies.iter().any(|body| body == UNKNOWN), "{bodies:?}");
}

#[actix_web::test]
async fn invalid_requests_are_refused_without_effect() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut poller = Poller::connect(&server).await;
    let sid = &poller.sid;
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    for (method, query, headers, code) in [
        ("PUT", poller.query.clone(), "", 3),
        ("DELETE", poller.query.clone(), "", 3),
        ("PATCH", POLLING.to_owned(), "", 2),
        ("POST", POLLING.to_owned(), "", 2),
        ("GET", POLLING.to_owned(), upgrade, 3),
        ("GET", poller.query.clone(), upgrade, 3),
        ("GET", format!("?EIO=4&transport=websocket&sid={sid}"), "", 3),
        ("POST", format!("?EIO=4&transport=websocket&sid={sid}"), "", 3),
        ("GET", format!("?EIO=4&transport=pigeon&sid={sid}"), "", 0),
        ("GET", "?EIO=3&transport=polling".to_owned(), "", 5),
        ("GET", format!("{POLLING}&sid=AAAAAAAAAAAAAAAAAAAA"), "", 1),
        ("POST", format!("{POLLING}&sid="), "", 1),
        ("POST", format!("{POLLING}&sid=%00"), "", 1),
    ] {
        let answer = Http::connect(&server).await.request(method, &query, headers, b"").await;
        assert_eq!(answer.status, 400, "{method} {query}");
        assert!(answer.body.starts_with(&format!(r#"{{"code":{code},"#)), "{method} {query} {answer:?}");
    }
    assert_eq!(server.io.sessions(), 1);
    poller.send(r#"421["echo",1]"#).await;
    assert_eq!(poller.text().await, "431[1]");
}

#[actix_web::test]
async fn invalid_payload_ends_session() {
    for (body, sentence) in [
        (&b""[..], "an empty packet"),
        (b"3\x1e", "an empty packet"),
        (b"\x1e3", "an empty packet"),
        (b"4\xFF", "a payload is not UTF-8"),
        (b"b?", "a binary packet is not base64"),
        (b"3\x1e3\x1e3\x1e3\x1e3", "too many packets in one payload"),
        (b"abc", "unknown packet type"),
        (b"2", "pings are the server's to send"),
        (b"48", "unknown packet type"),
        (b"42abc", "an event is a JSON array"),
        (b"bAQID", "an attachment of nothing"),
    ] {
        for waits in [true, false] {
            let server = TestServer::start(Config { max_packets: 4, ..Config::default() });
            let mut poller = Poller::connect(&server).await;
            if waits {
                poller.wait().await;
            }
            let answer = poller.try_send(body).await;
            let message = format!(r#"{{"code":3,"message":"Bad request: {sentence}"}}"#);
            assert_eq!((answer.status, answer.body), (400, message), "{}", body.escape_ascii());
            if waits {
                assert_eq!(poller.get.answer().await.status, 503);
            }
            assert_eq!(server.disconnect_reason().await, Reason::ProtocolError);
            assert_eq!(poller.poll().await.body, UNKNOWN, "{} {waits}", body.escape_ascii());
            server.wait_until_empty().await;
        }
    }
}

#[actix_web::test]
async fn slow_post_does_not_block_get() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut poller = Poller::connect(&server).await;
    poller.post.head("POST", &poller.query, "Content-Length: 16\r\n").await;
    for (n, part) in [&b"4"[..], b"21[\"echo\"", b",\"\xC3", b"\xA9\"", b"]"].into_iter().enumerate() {
        server.hub.broadcast(Message::event(Frame::event("n", &[&n.to_string()])));
        assert_eq!(poller.text().await, format!(r#"42["n",{n}]"#));
        poller.post.write(part).await;
    }
    assert_eq!(poller.post.answer().await.body, "ok");
    assert_eq!(poller.text().await, "431[\"é\"]");
}

#[actix_web::test]
async fn chunked_post_is_accepted() {
    let server = TestServer::start(Config::default());
    let mut poller = Poller::connect(&server).await;
    poller.post.head("POST", &poller.query, "Transfer-Encoding: chunked\r\n").await;
    poller.post.write(b"5\r\n421[\"\r\nA\r\necho\",1]\x1e3\r\n0\r\n\r\n").await;
    assert_eq!(poller.post.answer().await.body, "ok");
    assert_eq!(poller.text().await, "431[1]");
}

#[actix_web::test]
async fn aborted_post_loses_no_events_silently() {
    let server = TestServer::start(Config { max_inbox: 4, ..Config::default() });
    let mut poller = Poller::connect(&server).await;
    let events = (1..=30).map(|id| format!(r#"42{id}["echo",{id}]"#));
    let body: Vec<_> = std::iter::once(r#"420["wait",0]"#.to_owned()).chain(events).collect();
    let mut given_up = Http::connect(&server).await;
    given_up.send("POST", &poller.query, "", body.join("\u{1e}").as_bytes()).await;
    assert_eq!(server.next_event().await, ServiceEvent::Event("wait".into()));
    given_up.stream.set_zero_linger().unwrap();
    drop(given_up);
    poller.post.send("POST", &poller.query, "", br#"4231["echo",31]"#).await;
    // A round trip, so that the server has seen both.
    assert_eq!(Http::connect(&server).await.request("GET", POLLING, "", b"").await.status, 200);
    server.gate.notify_one();
    let mut expected = 0;
    loop {
        let answer = poller.poll().await;
        if answer.status != 200 || answer.body == "1" {
            // The session may have been ended for it; the client then knows that something was lost.
            break;
        }
        poller.receive(answer);
        for packet in poller.remaining() {
            assert_eq!(packet, format!("43{expected}[{expected}]"));
            expected += 1;
        }
        if expected > 31 {
            break;
        }
    }
}

#[actix_web::test]
async fn incomplete_post_has_no_effect() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut poller = Poller::connect(&server).await;
    let mut given_up = Http::connect(&server).await;
    given_up.head("POST", &poller.query, "Content-Length: 100\r\n").await;
    given_up.write(br#"420["echo",0]"#).await;
    drop(given_up);
    // Until the server has noticed, there would be two at once; a client that makes sure is accepted.
    let mut sid = Poller::connect(&server).await;
    sid.send(r#"421["echo",1]"#).await;
    assert_eq!(sid.text().await, "431[1]");
    poller.begin_poll().await;
    assert!(poller.get.is_silent_for(Duration::from_millis(100)).await, "nothing of it was taken");
}

#[actix_web::test]
async fn reset_get_ends_session() {
    let server = TestServer::with_workers(Config::default(), 2);
    let mut poller = Poller::connect(&server).await;
    poller.wait().await;
    poller.get.stream.set_zero_linger().unwrap();
    drop(poller.get);
    assert_eq!(server.disconnect_reason().await, Reason::TransportClose);
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn closed_get_is_noticed_by_heartbeat() {
    let (ping_interval, ping_timeout) = (Duration::from_millis(200), Duration::from_millis(300));
    let server = TestServer::start(Config { ping_interval, ping_timeout, ..Config::default() });
    let mut poller = Poller::connect(&server).await;
    poller.wait().await;
    poller.get.stream.shutdown().await.unwrap();
    let reason = server.disconnect_reason().await;
    assert!(matches!(reason, Reason::PingTimeout | Reason::TransportClose), "{reason}");
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn endless_post_ends_with_session() {
    let (ping_interval, ping_timeout) = (Duration::from_millis(200), Duration::from_millis(300));
    let server = TestServer::start(Config { ping_interval, ping_timeout, ..Config::default() });
    let mut poller = Poller::connect(&server).await;
    poller.post.head("POST", &poller.query, "Content-Length: 100\r\n").await;
    poller.post.write(b"4").await;
    assert_eq!(server.disconnect_reason().await, Reason::PingTimeout);
    // Either a response or the connection's end, without waiting for the rest.
    let answer = poller.post.answer_or_end().await;
    assert!(answer.is_none_or(|answer| answer.status == 400));
}
