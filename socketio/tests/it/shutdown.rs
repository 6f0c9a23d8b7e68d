//! Graceful shutdown.

use std::time::Duration;

use socketio::{Config, Reason};
use tokio::net::TcpStream;
use tokio_tungstenite::{client_async, tungstenite::protocol::Message as Ws};

use crate::harness::{ServiceEvent, TestServer, within};

#[actix_web::test]
async fn running_events_are_acked_before_close() {
    let server = TestServer::with_workers(Config::default(), 2);
    let (mut busy, mut idle, mut outside) =
        (server.connect().await, server.connect().await, server.open().await);
    busy.send(r#"421["wait",1]"#).await;
    busy.send(r#"422["echo",2]"#).await;
    assert_eq!(server.next_event().await, ServiceEvent::Event("wait".into()));
    // The pong proves that everything before it has been received.
    busy.raw(Ws::Ping("sync".into())).await;
    assert_eq!(busy.next().await, Some(Ws::Pong("sync".into())));

    let io = server.io.clone();
    let shutdown = actix_web::rt::spawn(async move { io.shutdown(Duration::from_secs(10)).await });

    let going = (1001, "server is going away".to_owned());
    assert_eq!(idle.closed().await, going);
    assert_eq!(outside.closed().await, going);
    let tcp = TcpStream::connect(server.address).await.unwrap();
    assert!(client_async(server.url(), tcp).await.unwrap_err().to_string().contains("503"));
    assert!(!shutdown.is_finished(), "an event is still running");
    server.gate.notify_one();
    assert_eq!(busy.text().await, "431[1]");
    assert_eq!(busy.text().await, "432[2]");
    assert_eq!(busy.closed().await, going);
    within(shutdown).await.unwrap();
    assert_eq!(server.io.sessions(), 0);
    assert_eq!(server.next_event().await, ServiceEvent::Disconnected(Reason::Shutdown));
}

#[actix_web::test]
async fn unresponsive_client_is_aborted_after_grace() {
    let server = TestServer::start(Config::default());
    let silent = server.connect().await;

    within(server.io.shutdown(Duration::from_millis(50))).await;

    assert_eq!(server.io.sessions(), 0);
    drop(silent);
}

#[actix_web::test]
async fn endless_handler_does_not_delay_shutdown() {
    let server = TestServer::start(Config::default());
    let mut client = server.connect().await;
    client.send(r#"421["wait",1]"#).await;
    assert_eq!(server.next_event().await, ServiceEvent::Event("wait".into()));

    within(server.io.shutdown(Duration::from_millis(50))).await;

    assert_eq!(client.next().await, None, "without a close frame: there was no time for one");
}
