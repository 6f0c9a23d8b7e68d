//! A server on a free port, with the scripted service or with others, and clients that speak the protocol by hand.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use actix_web::{App, HttpServer, dev::ServerHandle};
use socketio::{Builder, Config, Hub, Reason, SocketIo};
use tokio::{net::TcpStream, sync::Notify, time::timeout};
use tokio_rustls::rustls::ServerConfig;
use tokio_tungstenite::client_async;

mod client;
mod http;
mod metrics;
mod poller;
mod service;

pub(crate) use self::{
    client::Client,
    http::Http,
    metrics::limited,
    poller::{POLLING, Poller},
    service::{ScriptedService, ServiceEvent},
};
pub(crate) use test_support::line::line;

/// Longer than any operation here; reaching it is a failure.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) hub: Hub,
    pub(crate) io: SocketIo,
    /// Releases one "wait" event.
    pub(crate) gate: Arc<Notify>,
    events: Receiver<ServiceEvent>,
    handle: ServerHandle,
}

impl TestServer {
    pub(crate) fn start(config: Config) -> Self {
        Self::with_workers(config, 1)
    }

    pub(crate) fn with_workers(config: Config, workers: usize) -> Self {
        let (hub, gate, (sender, events)) = (Hub::new(), Arc::new(Notify::new()), channel());
        let script = ScriptedService { hub: hub.clone(), gate: gate.clone(), events: Mutex::new(sender) };
        let builder = SocketIo::builder(config).hub(hub).service("/", script);
        Self::run(builder, workers, gate, events, None)
    }

    /// A server with other services than the scripted one.
    pub(crate) fn of(builder: Builder, workers: usize) -> Self {
        Self::run(builder, workers, Arc::default(), channel().1, None)
    }

    /// The same behind TLS.
    pub(crate) fn secure(builder: Builder, workers: usize, tls: ServerConfig) -> Self {
        Self::run(builder, workers, Arc::default(), channel().1, Some(tls))
    }

    fn run(
        builder: Builder,
        workers: usize,
        gate: Arc<Notify>,
        events: Receiver<ServiceEvent>,
        tls: Option<ServerConfig>,
    ) -> Self {
        let io = builder.build();
        let (hub, mount) = (io.hub(), io.clone());
        let server = HttpServer::new(move || App::new().configure(|app| mount.configure(app)))
            .workers(workers)
            .on_connect(socketio::on_connect)
            .tcp_nodelay(true)
            .keep_alive(TIMEOUT * 2)
            .disable_signals()
            .shutdown_timeout(1);
        let bound = match tls {
            Some(tls) => server.bind_rustls_0_23(("127.0.0.1", 0), tls),
            None => server.bind(("127.0.0.1", 0)),
        };
        let server = bound.unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { address, hub, io, gate, events, handle }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/socket.io/?EIO=4&transport=websocket", self.address)
    }

    /// A client that has only opened its session.
    pub(crate) async fn open(&self) -> Client {
        let tcp = TcpStream::connect(self.address).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let (ws, _) = within(client_async(self.url(), tcp)).await.unwrap();
        let mut client = Client(ws);
        assert!(client.text().await.starts_with("0{"));
        client
    }

    /// A client in the namespace.
    pub(crate) async fn connect(&self) -> Client {
        let mut client = self.open().await;
        client.send("40").await;
        assert!(client.text().await.starts_with(r#"40{"sid":""#));
        assert_eq!(client.text().await, r#"42["hello",none]"#);
        client
    }

    /// A client in the main namespace of another service.
    pub(crate) async fn enter(&self) -> Client {
        let mut client = self.open().await;
        client.enter("/", "").await;
        client
    }

    /// The next event of the service.
    pub(crate) async fn next_event(&self) -> ServiceEvent {
        within(async {
            loop {
                match self.events.try_recv() {
                    Ok(events) => return events,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        })
        .await
    }

    /// The reason of the next disconnect; earlier events are skipped.
    pub(crate) async fn disconnect_reason(&self) -> Reason {
        loop {
            if let ServiceEvent::Disconnected(reason) = self.next_event().await {
                return reason;
            }
        }
    }

    /// Stops the HTTP server and its workers.
    pub(crate) async fn stop(&self) {
        within(self.handle.stop(false)).await;
    }

    /// Waits until there are no sessions.
    pub(crate) async fn wait_until_empty(&self) {
        self.until(|server| server.io.sessions() == 0).await;
        assert_eq!(self.hub.sockets(), 0);
    }

    /// Waits for a condition.
    pub(crate) async fn until(&self, is_so: impl Fn(&Self) -> bool) {
        within(async {
            while !is_so(self) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    timeout(TIMEOUT, future).await.expect("it took too long")
}
