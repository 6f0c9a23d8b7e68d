//! A server with recovery, and clients that reconnect to it.

use std::time::Duration;

use serde_json::{Value, json};
use socketio::{Config, Data, Namespace, Reason, Recovery, Socket, SocketIo, args};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::harness::{Client, TestServer, within};

/// A server with recovery that reports its disconnects.
pub(super) struct Server {
    pub(super) server: TestServer,
    reports: UnboundedReceiver<Reason>,
}

impl Server {
    pub(super) fn start(workers: usize, recovery: Recovery) -> Self {
        let (report, reports) = unbounded_channel();
        let recovered = Namespace::new("/")
            .on_connect(|socket: Socket| async move {
                if !socket.recovered() {
                    socket.join("all");
                }
            })
            .on("join", |socket: Socket, Data(room): Data<String>| async move { socket.join(room) })
            .on("rooms", |socket: Socket| async move {
                let mut rooms = socket.rooms();
                rooms.sort();
                Ok::<_, ()>((socket.recovered(), rooms.iter().map(ToString::to_string).collect::<Vec<_>>()))
            })
            .on("echo", |Data(n): Data<u32>| async move { Ok::<_, ()>(n) })
            .on("bye", |socket: Socket| async move {
                socket.emit("bye", &1);
                socket.disconnect();
            })
            .on("order", |socket: Socket| async move {
                socket.emit("n", &1);
                drop(socket.emit_args_with_ack("n", &args![2], Duration::from_secs(5)));
                socket.emit("n", &3);
                socket.emit_volatile("n", &4);
            })
            .on_disconnect(move |_: Socket, reason: Reason| {
                let _ = report.send(reason);
                async {}
            });
        let config = Config { recovery: Some(recovery), ..Config::default() };
        Self { server: TestServer::of(SocketIo::builder(config).namespace(recovered), workers), reports }
    }

    pub(super) async fn next_report(&mut self) -> Reason {
        within(self.reports.recv()).await.unwrap()
    }

    /// A client that connects for the first time.
    pub(super) async fn connect_first(&self) -> RecoveringClient {
        let mut returning = RecoveringClient::default();
        returning.connect(&self.server).await;
        returning
    }
}

/// The recovery state of a stock client.
#[derive(Default)]
pub(super) struct RecoveringClient {
    pub(super) client: Option<Client>,
    pub(super) id: String,
    pub(super) pid: Option<String>,
    pub(super) offset: Option<String>,
}

impl RecoveringClient {
    /// Connects with its state; returns whether it was recovered.
    pub(super) async fn connect(&mut self, server: &TestServer) -> bool {
        let mut client = server.open().await;
        let auth = match (&self.pid, &self.offset) {
            (Some(pid), Some(offset)) => json!({ "pid": pid, "offset": offset }).to_string(),
            (Some(pid), None) => json!({ "pid": pid }).to_string(),
            _ => String::new(),
        };
        let answer = client.request(&format!("40{auth}")).await;
        let answer: Value = serde_json::from_str(answer.strip_prefix("40").unwrap()).unwrap();
        let (id, pid) = (answer["sid"].as_str().unwrap(), answer["pid"].as_str().unwrap());
        let recovered = self.pid.as_deref() == Some(pid);
        assert_eq!(recovered, self.id == id, "both are the same, or both are new");
        (self.id, self.pid, self.client) = (id.to_owned(), Some(pid.to_owned()), Some(client));
        recovered
    }

    pub(super) fn client(&mut self) -> &mut Client {
        self.client.as_mut().unwrap()
    }

    /// The next event's number; its offset is kept.
    pub(super) async fn number(&mut self) -> u32 {
        let text = self.client().text().await;
        let event: Value = serde_json::from_str(text.trim_start_matches(|c: char| c != '[')).unwrap();
        if let Some(offset) = event[2].as_str() {
            self.offset = Some(offset.to_owned());
        }
        event[1].as_u64().unwrap_or_else(|| panic!("{text}")).try_into().unwrap()
    }

    pub(super) async fn numbers(&mut self, count: usize) -> Vec<u32> {
        let mut numbers = Vec::new();
        for _ in 0..count {
            numbers.push(self.number().await);
        }
        numbers
    }

    /// Checks that all sent events have arrived.
    pub(super) async fn nothing_more(&mut self) {
        assert_eq!(self.client().request(r#"427["echo",7]"#).await, "437[7]");
    }

    pub(super) async fn rooms(&mut self) -> String {
        self.client().request(r#"428["rooms"]"#).await
    }

    /// Loses the connection.
    pub(super) fn lose(&mut self) {
        self.client().0.get_ref().set_zero_linger().unwrap();
        self.client = None;
    }
}
