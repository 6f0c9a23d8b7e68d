//! Several namespaces on one session: authorization, and independence.

use std::{sync::Arc, time::Duration};

use futures_util::SinkExt;
use socketio::{Args, Config, Data, Handshake, Namespace, Reason, Socket, SocketIo};
use tokio::sync::{
    Notify,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

use tokio_tungstenite::tungstenite::protocol::Message as Ws;

use crate::harness::{TestServer, limited, within};

mod connect_hook;
mod disconnect;

/// A namespace that greets, echoes, can be held up, and reports connects and disconnects.
fn plain(name: &str, gate: Arc<Notify>, report: UnboundedSender<String>) -> Namespace {
    let gone = report.clone();
    Namespace::new(name)
        .on_connect(move |socket: Socket| {
            let _ = report.send(format!("{} in", socket.namespace()));
            async move { socket.emit("hello", socket.namespace()) }
        })
        .on("echo", |args: Args| async move { args })
        .on("wait", move || {
            let gate = gate.clone();
            async move { gate.notified().await }
        })
        .on("disconnect me", |socket: Socket| async move { socket.disconnect() })
        .on("close me", |socket: Socket| async move { socket.close() })
        .on("panic", || async { assert!(std::env::args().count() == usize::MAX, "as asked") })
        .on_disconnect(move |socket: Socket, reason: Reason| {
            let _ = gone.send(format!("{} {reason}", socket.namespace()));
            async {}
        })
}

struct Server {
    server: TestServer,
    gate: Arc<Notify>,
    reports: UnboundedReceiver<String>,
}

impl Server {
    fn start(names: &[&str], config: Config) -> Self {
        let (gate, (report, reports)) = (Arc::new(Notify::new()), unbounded_channel());
        let builder = names.iter().fold(SocketIo::builder(config), |builder, name| {
            builder.namespace(plain(name, gate.clone(), report.clone()))
        });
        Self { server: TestServer::of(builder, 2), gate, reports }
    }

    async fn next_report(&mut self) -> String {
        within(self.reports.recv()).await.unwrap()
    }
}

#[actix_web::test]
async fn session_has_socket_per_namespace() {
    let Server { server, .. } = Server::start(&["/", "/a", "/b"], Config::default());
    let mut client = server.open().await;
    let mut ids = Vec::new();
    for name in ["/", "/a", "/b"] {
        ids.push(client.enter(name, "").await);
        let prefix = if name == "/" { String::new() } else { format!("{name},") };
        assert_eq!(client.text().await, format!(r#"42{prefix}["hello","{name}"]"#));
        assert_eq!(
            client.request(&format!(r#"42{prefix}7["echo","x"]"#)).await,
            format!(r#"43{prefix}7["x"]"#)
        );
    }
    ids.dedup();
    assert_eq!((ids.len(), server.hub.sockets(), server.io.sessions()), (3, 3, 1));

    server.hub.of("/b").emit("news", &1);
    server.hub.of("/nowhere").emit("news", &2);
    server.hub.of("/a").emit("news", &3);
    server.hub.emit("news", &4);
    let news = [client.text().await, client.text().await, client.text().await];
    assert_eq!(news, [r#"42/b,["news",1]"#, r#"42/a,["news",3]"#, r#"42["news",4]"#]);
}

#[actix_web::test]
async fn max_sockets_refuses_further_namespace() {
    let before = limited("max_sockets");
    let Server { server, .. } =
        Server::start(&["/a", "/b", "/c"], Config { max_sockets: 2, ..Config::default() });
    let mut client = server.open().await;
    for name in ["/a", "/b"] {
        client.enter(name, "").await;
        client.text().await;
    }
    let refused = r#"44/c,{"message":"Too many namespaces on one connection"}"#;
    assert_eq!(client.request("40/c,").await, refused);
    assert!(limited("max_sockets") > before);
    assert_eq!(client.request(r#"42/a,1["echo",1]"#).await, "43/a,1[1]");
    client.send("41/a,").await;
    // The ack proves that it has been disconnected.
    assert_eq!(client.request(r#"42/b,1["echo",1]"#).await, "43/b,1[1]");
    client.enter("/c", "").await;
}

#[actix_web::test]
async fn left_namespace_frees_socket_limit_at_once() {
    let Server { server, .. } = Server::start(&["/a", "/b"], Config { max_sockets: 1, ..Config::default() });
    let mut client = server.open().await;
    client.enter("/a", "").await;
    client.text().await;
    for text in ["41/a,", "40/b,"] {
        client.0.feed(Ws::text(text)).await.unwrap();
    }
    client.0.flush().await.unwrap();
    assert!(client.text().await.starts_with("40/b,{"));
}

#[actix_web::test]
async fn namespaces_handle_events_independently() {
    let Server { server, gate, .. } = Server::start(&["/a", "/b"], Config::default());
    let mut client = server.open().await;
    for name in ["/a", "/b"] {
        client.enter(name, "").await;
        client.text().await;
    }
    client.send(r#"42/a,1["wait"]"#).await;
    client.send(r#"42/a,2["echo",2]"#).await;
    for id in 3..8 {
        assert_eq!(client.request(&format!(r#"42/b,{id}["echo",{id}]"#)).await, format!("43/b,{id}[{id}]"));
    }
    gate.notify_one();
    assert_eq!((client.text().await, client.text().await), ("43/a,1[]".into(), "43/a,2[2]".into()));
}

#[actix_web::test]
async fn slow_authorizer_delays_only_its_own_socket() {
    let (gate, greeting) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (held, held_greeting) = (gate.clone(), greeting.clone());
    let slow = Namespace::with_authorizer("/slow", move |_: Handshake| {
        let gate = held.clone();
        async move {
            gate.notified().await;
            Ok(())
        }
    })
    .on_connect(move |socket: Socket| {
        let greeting = held_greeting.clone();
        async move {
            greeting.notified().await;
            socket.emit("hello", &1);
        }
    })
    .on("echo", |Data(n): Data<u8>| async move { Ok::<_, ()>(n) });
    let builder = SocketIo::builder(Config::default())
        .namespace(slow)
        .namespace(Namespace::new("/").on("echo", |args: Args| async move { args }));
    let server = TestServer::of(builder, 1);
    let mut client = server.open().await;
    client.send("40/slow,").await;
    client.enter("/", "").await;
    assert_eq!(client.request(r#"421["echo",1]"#).await, "431[1]");
    gate.notify_one();
    assert!(client.text().await.starts_with("40/slow,"));
    client.send(r#"42/slow,2["echo",2]"#).await;
    assert_eq!(client.request(r#"423["echo",3]"#).await, "433[3]");
    greeting.notify_one();
    assert_eq!(client.text().await, r#"42/slow,["hello",1]"#);
    assert_eq!(client.text().await, "43/slow,2[2]");

    // A client that disconnects during its authorization is never connected.
    let mut gone = server.open().await;
    gone.send("40/slow,").await;
    gone.send("40").await;
    assert!(gone.text().await.starts_with("40{"));
    drop(gone);
    server.until(|server| server.hub.of("/").count() == 1).await;
    gate.notify_one();
    server.until(|server| server.io.sessions() == 1).await;
    assert_eq!(server.hub.of("/slow").count(), 1);
}

#[actix_web::test]
async fn session_without_namespace_times_out() {
    let config = Config { connect_timeout: Duration::from_millis(80), ..Config::default() };
    let Server { server, .. } = Server::start(&["/a", "/b"], config);
    let mut client = server.open().await;
    assert!(client.request("40/x,").await.starts_with("44/x,"));
    assert_eq!(client.closed().await.0, 1008, "a refusal is no socket");

    let mut client = server.open().await;
    for name in ["/a", "/b"] {
        client.enter(name, "").await;
        client.text().await;
    }
    client.send("41/a,").await;
    assert!(tokio::time::timeout(Duration::from_millis(200), client.text()).await.is_err(), "one is left");
    client.send("41/b,").await;
    assert_eq!(client.closed().await.0, 1008);
}
