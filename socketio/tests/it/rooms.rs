//! Rooms: selection across workers, and operations.

use futures_util::future::join_all;
use socketio::{Config, Data, Hub, Namespace, Reply, Slot, Socket, SocketIo, args};

use crate::harness::{Client, TestServer};

mod members;
mod slow_consumers;

/// Namespace whose clients join, leave, list and broadcast on request.
fn rooms() -> Namespace {
    Namespace::new("/")
        .on("join", |socket: Socket, Data(room): Data<String>| async move { socket.join(room) })
        .on("leave", |socket: Socket, Data(room): Data<String>| async move { socket.leave(&room) })
        .on("rooms", |socket: Socket| async move {
            let mut rooms = socket.rooms();
            rooms.sort();
            Ok::<_, ()>(rooms.iter().map(ToString::to_string).collect::<Vec<_>>())
        })
        .on(
            "to",
            |socket: Socket, Data(room): Data<String>| async move { socket.to(room).emit("news", "to") },
        )
        .on("except", |socket: Socket, Data(room): Data<String>| async move {
            socket.except(room).emit("news", "except");
        })
        .on("others", |socket: Socket| async move { socket.broadcast().emit("news", "others") })
        .on("local", |socket: Socket| async move { socket.hub().of("/").local().emit("news", "local") })
        .on("echo", |Data(n): Data<u32>| async move { Reply::from(args![n]) })
}

fn start(workers: usize) -> TestServer {
    TestServer::of(SocketIo::builder(Config::default()).namespace(rooms()), workers)
}

/// A client in certain rooms, and its id.
async fn member(server: &TestServer, rooms: &[&str]) -> (Client, String) {
    let mut client = server.open().await;
    let id = client.enter("/", "").await;
    for room in rooms {
        assert_eq!(client.request(&format!(r#"421["join","{room}"]"#)).await, "431[]");
    }
    (client, id)
}

/// Events received by each client so far. The final acks follow everything sent before.
async fn received(clients: &mut [(Client, String)]) -> Vec<Vec<String>> {
    join_all(clients.iter_mut().map(|(client, _)| async {
        client.send(r#"427["echo",7]"#).await;
        let mut received = Vec::new();
        loop {
            let text = client.text().await;
            match text.strip_prefix(r#"42["news",""#) {
                Some(news) => received.push(news.trim_end_matches("\"]").to_owned()),
                None => break assert_eq!(text, "437[7]"),
            }
        }
        received
    }))
    .await
}

/// The clients that received this event, once, and nothing else.
async fn recipients(clients: &mut [(Client, String)], news: &str) -> Vec<usize> {
    let received = received(clients).await;
    let recipients = received.iter().enumerate().filter(|(_, received)| !received.is_empty());
    let recipients = recipients.inspect(|(_, received)| assert_eq!(**received, [news])).map(|(n, _)| n);
    recipients.collect()
}

#[actix_web::test]
async fn broadcast_reaches_selected_sockets_once() {
    for workers in [1, 3] {
        let server = start(workers);
        let mut clients = Vec::new();
        for rooms in [&["a"][..], &["b"], &["a", "b"], &[], &["a", "c"], &["b", "c"]] {
            clients.push(member(&server, rooms).await);
        }
        let id = |n: usize| clients[n].1.clone();
        let ids = [id(0), id(1), id(2), id(3)];
        let hub = &server.hub;
        type Send<'a> = Box<dyn Fn(&Hub) + 'a>;
        let cases: [(Send<'_>, &[usize]); 13] = [
            (Box::new(|hub| hub.to("a").emit("news", "x")), &[0, 2, 4]),
            (Box::new(|hub| hub.within("b").emit("news", "x")), &[1, 2, 5]),
            (Box::new(|hub| hub.to("a").to("b").emit("news", "x")), &[0, 1, 2, 4, 5]),
            (Box::new(|hub| hub.to("a").to("a").emit("news", "x")), &[0, 2, 4]),
            (Box::new(|hub| hub.to("a").except("b").emit("news", "x")), &[0, 4]),
            (Box::new(|hub| hub.to("a").to("b").except("c").except("nobody").emit("news", "x")), &[0, 1, 2]),
            (Box::new(|hub| hub.except("c").emit("news", "x")), &[0, 1, 2, 3]),
            (Box::new(|hub| hub.to(ids[3].as_str()).emit("news", "x")), &[3]),
            (Box::new(|hub| hub.to(ids[0].as_str()).to("a").emit("news", "x")), &[0, 2, 4]),
            (
                Box::new(|hub| hub.except(ids[0].as_str()).except(ids[3].as_str()).emit("news", "x")),
                &[1, 2, 4, 5],
            ),
            (Box::new(|hub| hub.to("nobody").emit("news", "x")), &[]),
            (Box::new(|hub| hub.of("/nowhere").to("a").emit("news", "x")), &[]),
            (Box::new(|hub| hub.of("/").emit_args("news", &args!["x"])), &[0, 1, 2, 3, 4, 5]),
        ];
        for (case, (send, expected)) in cases.iter().enumerate() {
            send(hub);
            assert_eq!(recipients(&mut clients, "x").await, *expected, "case {case}, {workers} workers");
        }
    }
}

#[actix_web::test]
async fn socket_broadcast_excludes_itself() {
    let server = start(2);
    let mut clients = Vec::new();
    for rooms in [&["a"][..], &["a"], &["b"], &[]] {
        clients.push(member(&server, rooms).await);
    }
    for (event, news, expected) in [
        (r#"421["to","a"]"#, "to", &[1][..]),
        (r#"421["to","b"]"#, "to", &[2]),
        (r#"421["except","b"]"#, "except", &[1, 3]),
        (r#"421["others"]"#, "others", &[1, 2, 3]),
    ] {
        assert_eq!(clients[0].0.request(event).await, "431[]");
        assert_eq!(recipients(&mut clients, news).await, expected, "{event}");
    }
    let own = clients[0].1.clone();
    assert_eq!(clients[0].0.request(&format!(r#"421["to","{own}"]"#)).await, "431[]");
    assert!(recipients(&mut clients, "to").await.is_empty());
}

#[actix_web::test]
async fn local_selects_calling_worker() {
    let server = start(1);
    let mut clients = join_all((0..3).map(|_| member(&server, &[]))).await;
    // This thread is not a worker.
    server.hub.of("/").local().emit("news", "local");
    assert!(recipients(&mut clients, "local").await.is_empty());
    clients[0].0.send(r#"42["local"]"#).await;
    assert_eq!(clients[0].0.text().await, r#"42["news","local"]"#);
    assert_eq!(recipients(&mut clients, "local").await, [1, 2]);

    // With two workers each client reaches those of its own, and every client has one.
    let server = start(2);
    let mut clients = join_all((0..6).map(|_| member(&server, &[]))).await;
    let mut groups = Vec::new();
    for n in 0..6 {
        clients[n].0.send(r#"42["local"]"#).await;
        assert_eq!(clients[n].0.text().await, r#"42["news","local"]"#);
        let mut group = recipients(&mut clients, "local").await;
        group.push(n);
        group.sort_unstable();
        groups.push(group);
    }
    for (n, group) in groups.iter().enumerate() {
        assert!(group.iter().all(|other| groups[*other].contains(&n)), "{groups:?}");
        assert!(group.len() < 6, "{groups:?}");
    }
}

#[actix_web::test]
async fn handler_joins_and_leaves_rooms() {
    let server = start(2);
    let mut clients = vec![member(&server, &["a", "b", "a"]).await, member(&server, &[]).await];
    assert_eq!(clients[0].0.request(r#"421["rooms"]"#).await, r#"431[["a","b"]]"#);
    server.hub.to("a").emit("news", "a");
    assert_eq!(recipients(&mut clients, "a").await, [0]);
    assert_eq!(clients[0].0.request(r#"421["leave","a"]"#).await, "431[]");
    assert_eq!(clients[0].0.request(r#"421["leave","nowhere"]"#).await, "431[]");
    server.hub.to("a").emit("news", "a");
    assert!(recipients(&mut clients, "a").await.is_empty());
    assert_eq!(clients[0].0.request(r#"421["rooms"]"#).await, r#"431[["b"]]"#);
}

#[actix_web::test]
async fn rooms_are_separate_per_namespace() {
    let other = Namespace::new("/other").on_connect(|socket: Socket| async move { socket.join("a") });
    let builder = SocketIo::builder(Config::default()).namespace(rooms()).namespace(other);
    let server = TestServer::of(builder, 2);
    let (mut client, id) = member(&server, &[]).await;
    client.enter("/other", "").await;
    server.hub.to("a").emit("news", &1);
    server.hub.of("/other").to(id.as_str()).emit("news", &2);
    server.hub.of("/other").to("a").latest(Slot(0)).emit("news", &3);
    assert_eq!(client.text().await, r#"42/other,["news",3]"#);
    assert_eq!(client.request(r#"421["echo",1]"#).await, "431[1]");
}
