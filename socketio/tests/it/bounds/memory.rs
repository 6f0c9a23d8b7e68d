//! Unhandled messages of sessions without an owner, for each and for all.

use socketio::Config;
use tokio_tungstenite::tungstenite::protocol::{
    Message as Ws,
    frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use super::addresses::owned;
use crate::harness::{Client, Poller, TestServer, limited};

const EACH: usize = 16 * 1024;
const BUSY: &str = "too much is being sent by clients that are not signed in: try again later";
const ADA: &str = r#"{"owner":"ada"}"#;

fn start(max_memory: usize) -> TestServer {
    let (each, all) = (Some(EACH), Some(max_memory));
    owned(Config { max_payload_without_owner: each, max_memory_without_owner: all, ..Config::default() }).0
}

fn event(id: u32, bytes: usize) -> String {
    format!(r#"42{id}["echo","{}"]"#, "x".repeat(bytes))
}

/// Sends the beginning of a message, and waits until it has been read.
async fn begin(client: &mut Client, bytes: usize) {
    let beginning = vec![b'4'; bytes];
    client.raw(Ws::Frame(Frame::message(beginning, OpCode::Data(Data::Text), false))).await;
    client.raw(Ws::Ping("read".into())).await;
    assert!(matches!(client.next().await, Some(Ws::Pong(_))));
}

#[actix_web::test]
async fn large_event_is_accepted_with_owner_only() {
    let server = start(1 << 20);
    let mut stranger = server.enter().await;
    let mut known = server.open().await;
    known.enter("/", ADA).await;
    for bytes in [EACH - 100, EACH] {
        let sent = event(1, bytes);
        let (taken, refused) = (format!("43{}", &sent[2..].replace(r#""echo","#, "")), "the message has");
        let ack = stranger.request(&sent).await;
        match bytes < EACH {
            true => assert_eq!(ack, taken),
            false => assert!(ack.contains(refused) && ack.contains("at most 16384 are taken"), "{ack}"),
        }
        assert_eq!(known.request(&sent).await, taken);
    }
    // Attachments count towards the limit.
    for (client, is_taken) in [(&mut stranger, false), (&mut known, true)] {
        client.send(r#"452-1["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#).await;
        client.raw(Ws::binary(vec![7; 9_000])).await;
        client.raw(Ws::binary(vec![7; 9_000])).await;
        let ack = client.text().await;
        assert_eq!(ack.starts_with("462-1["), is_taken, "{ack}");
        if is_taken {
            client.next().await;
            client.next().await;
        }
    }
}

#[actix_web::test]
async fn exhausted_budget_closes_large_senders_only() {
    let before = limited("max_memory_without_owner");
    let server = start(30_000);
    let [mut one, mut two, mut three] = [server.enter().await, server.enter().await, server.enter().await];
    begin(&mut one, 14_000).await;
    begin(&mut two, 14_000).await;
    three.raw(Ws::Frame(Frame::message(vec![b'4'; 14_000], OpCode::Data(Data::Text), false))).await;
    assert_eq!(three.closed().await, (1013, BUSY.into()));
    assert!(limited("max_memory_without_owner") > before);

    // The size of a login.
    let mut newcomer = server.enter().await;
    assert_eq!(newcomer.request(&event(1, 900)).await, format!(r#"431["{}"]"#, "x".repeat(900)));
    let mut known = server.open().await;
    known.enter("/", ADA).await;
    assert!(known.request(&event(1, 100_000)).await.starts_with(r#"431["xx"#));
    let mut poller = Poller::enter(&server).await;
    let answer = poller.try_send(event(1, 14_000).as_bytes()).await;
    assert_eq!((answer.status, answer.body.contains(BUSY)), (503, true), "{answer:?}");

    drop(one);
    server.until(|server| server.io.sessions() == 3).await;
    begin(&mut newcomer, 14_000).await;
}

#[actix_web::test]
async fn polling_payload_without_owner_has_own_limit() {
    let server = start(4 << 20);
    let payload = vec![event(1, 10_000); 27].join("\u{1e}");
    let mut stranger = Poller::enter(&server).await;
    assert_eq!(stranger.try_send(payload.as_bytes()).await.status, 413);
    server.until(|server| server.io.sessions() == 0).await;

    let mut known = Poller::open(&server).await;
    known.send(&format!("40{ADA}")).await;
    assert!(known.text().await.starts_with("40{"));
    assert_eq!(known.try_send(payload.as_bytes()).await.status, 200);
    assert!(known.text().await.starts_with(r#"431["xx"#));
}
