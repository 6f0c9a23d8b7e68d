//! Broadcasts with acks.

use std::time::Duration;

use futures_util::future::join_all;
use socketio::{BroadcastAcks, Config, Namespace, Socket, SocketIo};

use super::{LONG, SHORT};
use crate::harness::{Client, TestServer, within};

fn start(workers: usize) -> TestServer {
    let quiet = Namespace::new("/").on_connect(|socket: Socket| async move { socket.join("all") }).on(
        "others",
        |socket: Socket| async move {
            let acks = socket.broadcast().emit_with_ack("question", &1, LONG).await;
            Ok::<_, ()>(replies(&acks))
        },
    );
    TestServer::of(SocketIo::builder(Config::default()).namespace(quiet), workers)
}

/// The replies in order.
fn replies(acks: &BroadcastAcks) -> Vec<i64> {
    let mut replies: Vec<i64> = acks.replies.iter().map(|(_, args)| args.get(0).unwrap()).collect();
    replies.sort_unstable();
    replies
}

async fn enter(server: &TestServer) -> (Client, String) {
    let mut client = server.open().await;
    let id = client.enter("/", "").await;
    (client, id)
}

async fn answer(client: &mut Client, answer: i64) {
    let question = client.text().await;
    client.send(&format!("43{}[{answer}]", super::id(&question))).await;
}

#[actix_web::test]
async fn broadcast_acks_contain_ids_and_replies() {
    for workers in [1, 3] {
        let server = start(workers);
        let mut clients = join_all((0..9).map(|_| enter(&server))).await;
        let hub = server.hub.clone();
        let pending =
            actix_web::rt::spawn(async move { hub.to("all").emit_with_ack("question", &1, LONG).await });
        join_all(clients.iter_mut().zip(0..).map(|((client, _), n)| answer(client, n))).await;
        let acks = within(pending).await.unwrap();
        assert!(acks.missing.is_empty());
        assert_eq!(replies(&acks), (0..9).collect::<Vec<_>>());
        for (id, args) in &acks.replies {
            let n: usize = args.get(0).unwrap();
            assert_eq!(id.as_str(), clients[n].1);
        }
    }
}

#[actix_web::test]
async fn broadcast_acks_list_missing_sockets() {
    let server = start(2);
    let (mut one, mut silent, mut gone) = (enter(&server).await, enter(&server).await, enter(&server).await);
    let hub = server.hub.clone();
    let pending =
        actix_web::rt::spawn(async move { hub.of("/").emit_with_ack("question", &1, SHORT * 3).await });
    answer(&mut one.0, 5).await;
    silent.0.text().await;
    gone.0.text().await;
    gone.0.send("41").await;
    let acks = within(pending).await.unwrap();
    assert_eq!(replies(&acks), [5]);
    let mut missing: Vec<_> = acks.missing.iter().map(|id| id.as_str().to_owned()).collect();
    missing.sort();
    let mut expected = [silent.1, gone.1];
    expected.sort();
    assert_eq!(missing, expected);
}

#[actix_web::test]
async fn broadcast_ends_when_recipients_have_acked_or_disconnected() {
    let server = start(2);
    let (mut one, mut gone) = (enter(&server).await, enter(&server).await);
    let hub = server.hub.clone();
    let pending = actix_web::rt::spawn(async move { hub.of("/").emit_with_ack("question", &1, LONG).await });
    answer(&mut one.0, 5).await;
    gone.0.text().await;
    drop(gone.0);
    // Long before the timeout.
    let acks = within(pending).await.unwrap();
    assert_eq!((replies(&acks), acks.missing.len()), (vec![5], 1));

    let nobody = within(server.hub.to("nobody").emit_with_ack("question", &1, LONG)).await;
    assert!(nobody.replies.is_empty() && nobody.missing.is_empty());
    let nowhere = within(server.hub.of("/nowhere").emit_with_ack("question", &1, LONG)).await;
    assert!(nowhere.replies.is_empty() && nowhere.missing.is_empty());
}

#[actix_web::test]
async fn handler_may_broadcast_with_acks() {
    let server = start(2);
    let mut clients = join_all((0..4).map(|_| enter(&server))).await;
    clients[0].0.send(r#"427["others"]"#).await;
    for (n, (client, _)) in clients.iter_mut().enumerate().skip(1) {
        answer(client, n as i64).await;
    }
    assert_eq!(clients[0].0.text().await, "437[[1,2,3]]");
}

#[actix_web::test]
async fn concurrent_broadcasts_with_acks_do_not_mix() {
    let server = start(2);
    let mut clients = join_all((0..4).map(|_| enter(&server))).await;
    let gatherings: Vec<_> = (0..20)
        .map(|_| {
            let hub = server.hub.clone();
            actix_web::rt::spawn(async move { hub.of("/").emit_with_ack("question", &1, LONG).await })
        })
        .collect();
    join_all(clients.iter_mut().enumerate().map(|(n, (client, _))| async move {
        for _ in 0..20 {
            answer(client, n as i64).await;
        }
    }))
    .await;
    for pending in gatherings {
        assert_eq!(replies(&within(pending).await.unwrap()), [0, 1, 2, 3]);
    }
}

#[actix_web::test]
async fn zero_timeout_collects_no_acks() {
    let server = start(1);
    let (mut client, _) = enter(&server).await;
    let acks = server.hub.of("/").emit_with_ack("question", &1, Duration::ZERO).await;
    assert!(acks.replies.is_empty());
    super::id(&client.text().await);
}
