//! Payloads over the limit.

use socketio::{Args, Config, Namespace, Reason, SocketIo};

use crate::harness::{Poller, ServiceEvent, TestServer};

#[actix_web::test]
async fn oversized_event_is_acked() {
    let server = TestServer::start(Config { max_payload: 10_000, ..Config::default() });
    let mut poller = Poller::connect(&server).await;
    let text = format!(r#"427["echo","{}"]"#, "x".repeat(300_000));
    poller.send(&text).await;
    assert_eq!(poller.text().await, format!(r#"437[["too large",{},10000]]"#, text.len()));
    poller.send(r#"428["echo",8]"#).await;
    assert_eq!(poller.text().await, "438[8]");
}

#[actix_web::test]
async fn message_of_exact_limit_is_accepted() {
    let server = TestServer::start(Config { max_payload: 10_000, ..Config::default() });
    let mut poller = Poller::connect(&server).await;
    let text = format!("421[\"echo\",\"{}\"]", "x".repeat(10_000 - 14));
    assert_eq!(text.len(), 10_000);
    poller.send(&text).await;
    assert_eq!(poller.text().await.len(), 10_000 - 7);
}

#[actix_web::test]
async fn unrecognisable_oversized_payload_ends_session() {
    let server = TestServer::start(Config { max_payload: 2_000, ..Config::default() });
    let mut poller = Poller::connect(&server).await;
    let answer = poller.try_send(format!(r#"42["{}"]"#, "x".repeat(3_000)).as_bytes()).await;
    assert_eq!(answer.status, 400);
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::ProtocolError));
    server.wait_until_empty().await;
}

#[actix_web::test]
async fn payload_above_skip_limit_is_refused() {
    let server = TestServer::start(Config { max_payload: 1_000, ..Config::default() });
    let mut poller = Poller::connect(&server).await;
    let text = format!(r#"427["echo","{}"]"#, "x".repeat(64_000));
    assert_eq!(poller.try_send(text.as_bytes()).await.status, 413);
    assert_eq!(
        server.next_event().await,
        ServiceEvent::Disconnected(Reason::ProtocolError),
        "it was never an event"
    );
}

#[actix_web::test]
async fn oversized_payload_loses_no_event_silently() {
    let server = TestServer::start(Config { max_payload: 10_000, ..Config::default() });
    let mut poller = Poller::connect(&server).await;
    let large = "x".repeat(9_000);
    let text = format!("421[\"echo\",\"{large}\"]\u{1e}422[\"echo\",\"{large}\"]");
    let answer = poller.try_send(text.as_bytes()).await;
    if answer.status == 200 {
        assert!(poller.text().await.starts_with("431["));
        assert!(poller.text().await.starts_with("432["), "each ack that was asked for is sent");
    }
}

#[actix_web::test]
async fn oversized_binary_event_is_acked() {
    let size = Namespace::new("/").on("size", |args: Args| async move { Ok::<_, ()>(args.len()) });
    let server = TestServer::of(
        SocketIo::builder(Config { max_payload: 10_000, ..Config::default() }).namespace(size),
        1,
    );
    let text = r#"451-1["size",{"_placeholder":true,"num":0}]"#;
    let base64 = format!("b{}", "AQID".repeat(5_000));
    for payloads in [vec![format!("{text}\u{1e}{base64}")], vec![text.to_owned(), base64]] {
        let mut poller = Poller::enter(&server).await;
        for payload in payloads {
            poller.send(&payload).await;
        }
        let ack = poller.text().await;
        assert!(ack.starts_with(r#"431[{"error":"the message has"#), "{ack}");
        poller.send(r#"422["size",1]"#).await;
        assert_eq!(poller.text().await, "432[1]");
    }
}
