//! Disconnects by the client and by the server, and later connects.

use socketio::Config;
use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use super::Server;

#[actix_web::test]
async fn leaving_namespace_keeps_others_and_allows_rejoin() {
    let mut all = Server::start(&["/", "/a"], Config::default());
    let mut client = all.server.open().await;
    client.enter("/", "").await;
    client.text().await;
    let first = client.enter("/a", "").await;
    client.text().await;
    assert_eq!((all.next_report().await, all.next_report().await), ("/ in".into(), "/a in".into()));

    client.send("41/a,").await;
    assert_eq!(all.next_report().await, "/a client disconnect");
    all.server.hub.of("/a").emit("news", &1);
    assert_eq!(client.request(r#"421["echo",1]"#).await, "431[1]");

    let second = client.enter("/a", "").await;
    assert_ne!(first, second);
    assert_eq!(client.text().await, r#"42/a,["hello","/a"]"#);
    assert_eq!(all.next_report().await, "/a in");
    // Both at once have the same effect as one after the other.
    client.send("41/a,").await;
    let third = client.enter("/a", "").await;
    assert_ne!(second, third);
    assert_eq!(client.text().await, r#"42/a,["hello","/a"]"#);
    assert_eq!(
        (all.next_report().await, all.next_report().await),
        ("/a client disconnect".into(), "/a in".into())
    );
    client.send("42/b,[\"echo\"]").await;
    assert_eq!(client.closed().await.0, 1002);
    let mut ends = [all.next_report().await, all.next_report().await];
    ends.sort();
    assert_eq!(ends, ["/ protocol error", "/a protocol error"]);
}

#[actix_web::test]
async fn events_before_leave_are_handled_and_acked() {
    let mut all = Server::start(&["/a"], Config::default());
    let mut client = all.server.open().await;
    client.enter("/a", "").await;
    client.text().await;
    assert_eq!(all.next_report().await, "/a in");
    client.send(r#"42/a,1["wait"]"#).await;
    client.send(r#"42/a,2["echo",2]"#).await;
    client.send("41/a,").await;
    client.send("40/a,").await;
    all.gate.notify_one();
    assert_eq!((client.text().await, client.text().await), ("43/a,1[]".into(), "43/a,2[2]".into()));
    assert!(client.text().await.starts_with("40/a,"));
    assert_eq!(
        (all.next_report().await, all.next_report().await),
        ("/a client disconnect".into(), "/a in".into())
    );
}

#[actix_web::test]
async fn server_disconnect_keeps_other_namespaces() {
    let mut all = Server::start(&["/", "/a"], Config::default());
    let mut client = all.server.open().await;
    for name in ["/", "/a"] {
        client.enter(name, "").await;
        client.text().await;
        all.next_report().await;
    }
    client.send(r#"42/a,["disconnect me"]"#).await;
    // Sent before the disconnect was received: ignored, without an error.
    client.send(r#"42/a,5["echo",5]"#).await;
    client.send(r#"43/a,0[]"#).await;
    assert_eq!(client.text().await, "41/a,");
    assert_eq!(all.next_report().await, "/a server disconnect");
    for late in [r#"42/a,6["echo",6]"#, "43/a,1[]", r#"451-/a,["x",{"_placeholder":true,"num":0}]"#] {
        client.send(late).await;
    }
    client.raw(Ws::binary(vec![1])).await;
    client.send("41/a,").await;
    assert_eq!(client.request(r#"421["echo",1]"#).await, "431[1]");
    client.enter("/a", "").await;
    assert_eq!(client.text().await, r#"42/a,["hello","/a"]"#);
    assert_eq!(client.request(r#"42/a,7["echo",7]"#).await, "43/a,7[7]");
}

#[actix_web::test]
async fn server_disconnect_during_event_allows_rejoin() {
    let mut all = Server::start(&["/a"], Config::default());
    let mut client = all.server.open().await;
    client.enter("/a", "").await;
    client.text().await;
    client.send(r#"42/a,1["wait"]"#).await;
    client.send(r#"42/a,2["echo",2]"#).await;
    // The pong proves that both have been received.
    client.raw(Ws::Ping("sync".into())).await;
    assert!(client.next().await.unwrap().is_pong());
    all.server.hub.of("/a").disconnect(false);
    assert_eq!(client.text().await, "41/a,");
    client.send("40/a,").await;
    all.gate.notify_one();
    let mut received = Vec::new();
    while received.last().is_none_or(|last: &String| !last.starts_with("42/a,[\"hello\"")) {
        received.push(client.text().await);
    }
    assert!(received.iter().any(|text| text.starts_with("40/a,")), "{received:?}");
    assert_eq!(client.request(r#"42/a,3["echo",3]"#).await, "43/a,3[3]");
    let reports = [all.next_report().await, all.next_report().await, all.next_report().await];
    assert_eq!(reports, ["/a in", "/a server disconnect", "/a in"]);
}

#[actix_web::test]
async fn repeated_server_disconnects_allow_rejoin() {
    let all = Server::start(&["/a"], Config::default());
    let mut client = all.server.open().await;
    for round in 0..50 {
        client.enter("/a", "").await;
        client.text().await;
        if round % 2 == 0 {
            assert_eq!(client.request(r#"42/a,["disconnect me"]"#).await, "41/a,");
        } else {
            all.server.hub.of("/a").disconnect(false);
            assert_eq!(client.text().await, "41/a,");
        }
    }
    assert_eq!((all.server.hub.sockets(), all.server.io.sessions()), (0, 1));
}

#[actix_web::test]
async fn close_ends_all_namespaces_of_session() {
    let mut all = Server::start(&["/", "/a", "/b"], Config::default());
    let mut client = all.server.open().await;
    for name in ["/", "/a", "/b"] {
        client.enter(name, "").await;
        client.text().await;
        all.next_report().await;
    }
    client.send(r#"42/a,["close me"]"#).await;
    assert_eq!(client.text().await, "41/a,");
    assert_eq!(client.closed().await.0, 1000);
    let mut ends = [all.next_report().await, all.next_report().await, all.next_report().await];
    ends.sort();
    assert_eq!(ends, ["/ server disconnect", "/a server disconnect", "/b server disconnect"]);
    all.server.wait_until_empty().await;
}

#[actix_web::test]
async fn panic_ends_all_namespaces_of_one_session() {
    let mut all = Server::start(&["/", "/a"], Config::default());
    let (mut client, mut other) = (all.server.open().await, all.server.open().await);
    for name in ["/", "/a"] {
        for client in [&mut client, &mut other] {
            client.enter(name, "").await;
            client.text().await;
            all.next_report().await;
        }
    }
    client.send(r#"42/a,1["panic"]"#).await;
    assert_eq!(client.closed().await, (1011, "internal error".into()));
    let mut ends = [all.next_report().await, all.next_report().await];
    ends.sort();
    assert_eq!(ends, ["/ handler panicked", "/a handler panicked"]);
    assert_eq!(other.request(r#"42/a,1["echo",1]"#).await, "43/a,1[1]");
    all.server.until(|server| server.io.sessions() == 1 && server.hub.sockets() == 2).await;
}
