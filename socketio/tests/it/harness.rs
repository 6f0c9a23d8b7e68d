//! A server with a service that does what its events ask, and a client that speaks the protocol by hand.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use actix_web::{App, HttpServer, dev::ServerHandle};
use futures_util::{SinkExt, StreamExt};
use socketio::{
    Config, Event, Fault, Frame, Handshake, Hub, Message, Reason, Refusal, Reply, Service, Slot, Socket,
    SocketIo,
};
use tokio::{net::TcpStream, sync::Notify, time::timeout};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::protocol::Message as Ws};

/// Longer than anything here takes: reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the service tells the test.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Event(String),
    Gone(Reason),
}

pub(crate) struct Script {
    hub: Hub,
    gate: Arc<Notify>,
    told: Mutex<Sender<Told>>,
}

impl Script {
    fn tell(&self, told: Told) {
        // The test may be over.
        let _ = self.told.lock().unwrap().send(told);
    }
}

impl Service for Script {
    type State = String;

    async fn connect(&self, handshake: &Handshake) -> Result<String, Refusal> {
        match handshake.raw_auth().map(|auth| auth.get()) {
            Some(auth) if auth.contains("refuse") => {
                Err(Refusal { data: Some(r#"{"code":7}"#.into()), ..Refusal::new("not today") })
            }
            auth => Ok(auth.unwrap_or("none").to_owned()),
        }
    }

    async fn connected(&self, socket: &Socket<String>) {
        socket.send(Frame::event("hello", &[socket.state()]));
    }

    async fn event(&self, socket: &Socket<String>, event: Event) -> Option<Reply> {
        self.answer(socket, event).await.map(Reply::json)
    }

    async fn disconnected(&self, _: &Socket<String>, reason: Reason) {
        self.tell(Told::Gone(reason));
    }
}

impl Script {
    async fn answer(&self, socket: &Socket<String>, event: Event) -> Option<String> {
        self.tell(Told::Event(event.name.clone()));
        match event.fault {
            Some(Fault::TooLarge { bytes, limit }) => {
                return Some(format!(r#"["too large",{bytes},{limit}]"#));
            }
            Some(fault) => return Some(format!("\"{fault}\"")),
            None => {}
        }
        if !event.args.attachments().is_empty() {
            return Some(r#""binary""#.into());
        }
        let first = event.args.json().first().map(|arg| arg.get().to_owned());
        match event.name.as_str() {
            "echo" => first,
            "wait" => {
                self.gate.notified().await;
                first
            }
            "silent" => None,
            "panic" => panic!("as asked"),
            "leave" => {
                socket.close();
                None
            }
            "all" => {
                let message = Message::event(Frame::event("all", &[&first.clone().unwrap()]));
                // From another thread, as a database's would be.
                let hub = self.hub.clone();
                tokio::task::spawn_blocking(move || hub.broadcast(message)).await.unwrap();
                first
            }
            "put" => {
                for n in 0..10 {
                    socket.put(Slot(1), Frame::event("slot", &[&n.to_string()]));
                }
                first
            }
            _ => None,
        }
    }
}

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) hub: Hub,
    pub(crate) io: SocketIo,
    /// Lets one "wait" go on.
    pub(crate) gate: Arc<Notify>,
    told: Receiver<Told>,
    handle: ServerHandle,
}

impl TestServer {
    pub(crate) fn start(config: Config) -> Self {
        Self::with_workers(config, 1)
    }

    pub(crate) fn with_workers(config: Config, workers: usize) -> Self {
        let (hub, gate, (tell, told)) = (Hub::new(), Arc::new(Notify::new()), channel());
        let script = Script { hub: hub.clone(), gate: gate.clone(), told: Mutex::new(tell) };
        let io = SocketIo::builder(config).hub(hub.clone()).service("/", script).build();
        let mount = io.clone();
        let server = HttpServer::new(move || App::new().configure(|app| mount.configure(app)))
            .workers(workers)
            .on_connect(socketio::on_connect)
            .tcp_nodelay(true)
            .disable_signals()
            .shutdown_timeout(1)
            .bind(("127.0.0.1", 0))
            .unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { address, hub, io, gate, told, handle }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/socket.io/?EIO=4&transport=websocket", self.address)
    }

    /// A client that has only opened its session.
    pub(crate) async fn open(&self) -> Client {
        let tcp = TcpStream::connect(self.address).await.unwrap();
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

    /// What the service says next.
    pub(crate) async fn told(&self) -> Told {
        within(async {
            loop {
                match self.told.try_recv() {
                    Ok(told) => return told,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        })
        .await
    }

    /// Returns when there are no sessions left.
    pub(crate) async fn emptied(&self) {
        within(async {
            while self.io.sessions() > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert_eq!(self.hub.sockets(), 0);
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

pub(crate) struct Client(pub(crate) WebSocketStream<TcpStream>);

impl Client {
    pub(crate) async fn send(&mut self, text: &str) {
        self.raw(Ws::text(text)).await;
    }

    pub(crate) async fn raw(&mut self, message: Ws) {
        within(self.0.send(message)).await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Option<Ws> {
        within(self.0.next()).await.and_then(Result::ok)
    }

    pub(crate) async fn text(&mut self) -> String {
        match self.next().await {
            Some(Ws::Text(text)) => text.as_str().to_owned(),
            other => panic!("expected text, not {other:?}"),
        }
    }

    /// The code and sentence with which the server closes next, and then the connection's end; what comes before
    /// is skipped.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.next().await {
                Some(Ws::Close(Some(close))) => {
                    // Reading on is what answers the close.
                    assert_eq!(self.next().await, None);
                    return (close.code.into(), close.reason.as_str().to_owned());
                }
                Some(Ws::Text(_)) => {}
                other => panic!("expected a close with a code, not {other:?}"),
            }
        }
    }
}

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future).await.expect("it took too long")
}
