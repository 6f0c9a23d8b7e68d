//! Members of rooms, as the hub reads and changes them.

use std::time::Duration;

use futures_util::future::join_all;

use super::{member, recipients, start};
use crate::harness::within;

#[actix_web::test]
async fn hub_lists_moves_and_disconnects_sockets() {
    let server = start(2);
    let mut clients = join_all((0..4).map(|_| member(&server, &["all"]))).await;
    let hub = &server.hub;
    hub.to(clients[0].1.as_str()).to(clients[1].1.as_str()).join(["x", "y"]);
    hub.to("x").emit("news", "x");
    assert_eq!(recipients(&mut clients, "x").await, [0, 1]);

    let mut listed = hub.of("/").sockets().await;
    listed.sort_by_key(|info| clients.iter().position(|(_, id)| id == info.id.as_str()));
    assert_eq!(listed.iter().map(|info| info.rooms.len()).collect::<Vec<_>>(), [3, 3, 1, 1]);
    assert!(listed.iter().all(|info| info.transport == "websocket"));
    assert_eq!(hub.to("y").except(clients[0].1.as_str()).sockets().await[0].id.as_str(), clients[1].1);

    hub.to("x").leave(["x", "all", "nowhere"]);
    hub.to("all").emit("news", "all");
    assert_eq!(recipients(&mut clients, "all").await, [2, 3]);
    assert!(hub.to("x").sockets().await.is_empty());

    hub.to("y").except(clients[1].1.as_str()).disconnect(false);
    assert_eq!(clients[0].0.text().await, "41");
    hub.to("y").disconnect(true);
    assert_eq!(clients[1].0.text().await, "41");
    assert_eq!(clients[1].0.closed().await.0, 1000);
    assert_eq!((hub.of("/").count(), hub.sockets()), (2, 2));
    server.until(|server| server.io.sessions() == 3).await;
    // The first has no socket, but its session.
    clients[0].0.enter("/", "").await;
}

#[actix_web::test]
async fn disconnected_socket_leaves_its_rooms() {
    let server = start(2);
    let mut client = server.open().await;
    client.enter("/", "").await;
    for round in 0..20 {
        assert_eq!(client.request(r#"421["join","a"]"#).await, "431[]");
        if round % 2 == 0 {
            client.send("41").await;
            client.enter("/", "").await;
        } else {
            drop(client);
            client = server.open().await;
            client.enter("/", "").await;
        }
        server.until(|server| server.hub.sockets() == 1).await;
        server.hub.to("a").emit("news", "a");
        assert!(server.hub.to("a").sockets().await.is_empty());
        assert_eq!(client.request(r#"421["rooms"]"#).await, "431[[]]");
    }
}

#[actix_web::test]
async fn membership_changes_are_ordered_with_broadcasts() {
    let server = start(3);
    let mut clients = join_all((0..6).map(|_| member(&server, &[]))).await;
    let hub = server.hub.clone();
    let changing = std::thread::spawn(move || {
        for n in 0..300 {
            hub.of("/").join(["now"]);
            hub.to("now").emit("n", &n);
            hub.to("now").leave(["now"]);
            hub.to("now").emit("never", &n);
        }
    });
    for n in 0..300 {
        for (client, _) in &mut clients {
            assert_eq!(client.text().await, format!(r#"42["n",{n}]"#));
        }
    }
    changing.join().unwrap();
    assert!(recipients(&mut clients, "").await.is_empty());
}

#[actix_web::test]
async fn hub_of_stopped_server_returns_at_once() {
    let server = start(2);
    let mut clients = join_all((0..4).map(|_| member(&server, &["all"]))).await;
    server.stop().await;
    for (client, _) in &mut clients {
        while client.next().await.is_some() {}
    }
    let hub = &server.hub;
    hub.to("all").emit("news", "x");
    hub.to("all").join(["b"]);
    hub.of("/").disconnect(true);
    assert!(within(hub.to("all").sockets()).await.is_empty());
    let acks = within(hub.of("/").emit_with_ack("news", &1, Duration::from_secs(60))).await;
    assert!(acks.replies.is_empty() && acks.missing.is_empty());
    // The workers may still be cleaning up.
    server.wait_until_empty().await;
    assert_eq!(hub.of("/").count(), 0);
}
