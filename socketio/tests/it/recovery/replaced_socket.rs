//! A client that reconnects while a handler of its earlier socket still runs.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use socketio::{Config, Namespace, Reason, Recovery, Socket, SocketIo};
use tokio::sync::Notify;

use super::RecoveringClient;
use crate::harness::{TestServer, within};

#[actix_web::test]
async fn replaced_sockets_handler_ends_before_recovery() {
    let (gate, begun) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let said = Arc::new(Mutex::new(Vec::new()));
    let say = |what: &'static str| {
        let said = said.clone();
        move || said.lock().unwrap().push(what)
    };
    let (connected, handled, gone) = (say("connect"), say("handled"), say("disconnect"));
    let (opened, working) = (gate.clone(), begun.clone());
    let slow = Namespace::new("/")
        .on_connect(move |_: Socket| {
            connected();
            async {}
        })
        .on("slow", move || {
            let (opened, working, handled) = (opened.clone(), working.clone(), handled.clone());
            async move {
                working.notify_one();
                opened.notified().await;
                handled();
            }
        })
        .on("rooms", |socket: Socket| async move { Ok::<_, ()>((socket.recovered(), socket.rooms().len())) })
        .on_disconnect(move |_: Socket, _: Reason| {
            gone();
            async {}
        });
    let config = Config { recovery: Some(Recovery::default()), ..Config::default() };
    let server = TestServer::of(SocketIo::builder(config).namespace(slow), 2);

    let mut client = RecoveringClient::default();
    client.connect(&server).await;
    client.client().send(r#"42["slow"]"#).await;
    within(begun.notified()).await;
    client.lose();
    let opener = gate.clone();
    let (recovered, ()) = tokio::join!(client.connect(&server), async {
        // The new socket waits for the handler, which is released during the reconnect.
        actix_web::rt::time::sleep(Duration::from_millis(100)).await;
        opener.notify_one();
    });
    assert!(recovered);
    assert_eq!(client.rooms().await, "438[[true,0]]");
    assert_eq!(*said.lock().unwrap(), ["connect", "handled", "disconnect", "connect"]);
}
