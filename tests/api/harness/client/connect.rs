//! How a client connects: with which `auth`, and with which replica.

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    rc::Rc,
};

use serde_json::{Value, json};
use tokio::{net::TcpSocket, sync::mpsc};
use tokio_tungstenite::MaybeTlsStream;

use super::{Client, Log, Stream, run_connection};
use crate::harness::{ReplicaModel, TIMEOUT, wire::ServerPacket};

impl Client {
    /// Connected in snapshots mode, with all collections received.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::connect_with(address, &json!({})).await.expect("to be connected")
    }

    /// The same with `auth`; or the connect error.
    pub(crate) async fn connect_with(address: SocketAddr, auth: &Value) -> Result<Self, Value> {
        let client = Self::open(address).await;
        client.complete_connect(auth).await?;
        Ok(client)
    }

    /// Connected in snapshots mode, with all collections of this replica received.
    pub(crate) async fn connect_to(address: SocketAddr, replica: ReplicaModel) -> Self {
        let client = Self::open(address).await;
        client.set_replica(replica);
        client.complete_connect(&json!({})).await.expect("to be connected");
        client
    }

    /// Connected in changes mode, with all collections received.
    pub(crate) async fn follow(address: SocketAddr) -> Self {
        Self::resume(address, ReplicaModel::default()).await
    }

    /// Connected in changes mode, resuming from this replica.
    pub(crate) async fn resume(address: SocketAddr, replica: ReplicaModel) -> Self {
        Self::resume_with(address, replica, false).await
    }

    /// Connected in changes mode with snapshots in parts, resuming from this replica.
    pub(crate) async fn in_parts(address: SocketAddr, replica: ReplicaModel) -> Self {
        Self::resume_with(address, replica, true).await
    }

    async fn resume_with(address: SocketAddr, replica: ReplicaModel, chunks: bool) -> Self {
        let client = Self::open(address).await;
        let auth = json!({ "live": "changes", "since": replica.cursor(), "chunks": chunks });
        client.set_replica(replica.without_incomplete_parts());
        client.complete_connect(&auth).await.expect("to be connected");
        client
    }

    /// Connected, without waiting for collections: the access mode may withhold them.
    pub(crate) async fn connect_only(address: SocketAddr, auth: &Value) -> Result<Self, Value> {
        Self::connect_only_at(address, "", auth).await
    }

    /// The same below a base path.
    pub(crate) async fn connect_only_at(
        address: SocketAddr,
        base: &str,
        auth: &Value,
    ) -> Result<Self, Value> {
        Self::open_at(address, base).await.wait_until_connected(auth).await
    }

    async fn wait_until_connected(self, auth: &Value) -> Result<Self, Value> {
        self.send_connect(auth).await?;
        self.until("a greeting", |packets| packets.iter().find(|packet| is_greeting(packet)).map(drop)).await;
        Ok(self)
    }

    /// Replaces the replica.
    pub(crate) fn set_replica(&self, replica: ReplicaModel) {
        self.log.replica.replace(replica);
    }

    async fn send_connect(&self, auth: &Value) -> Result<(), Value> {
        self.send(format!("40{auth}"));
        let answer = self.until("an answer to the connect packet", |packets| {
            packets.iter().find_map(|packet| match packet {
                ServerPacket::Connected(_) => Some(Ok(())),
                ServerPacket::ConnectError(why) => Some(Err(why.clone())),
                _ => None,
            })
        });
        answer.await
    }

    async fn complete_connect(&self, auth: &Value) -> Result<(), Value> {
        self.send_connect(auth).await?;
        let names = self.log.replica.borrow().names();
        let first = self.until("what there is, or what is new", |packets| {
            let named = |name: &str| {
                packets.iter().any(|packet| matches!(packet, ServerPacket::Event(event, _) if event == name))
            };
            let there: Option<Vec<&String>> = names
                .iter()
                .filter(|collection| !is_withheld(packets, collection))
                .map(|collection| named(collection).then_some(collection))
                .collect();
            there.or_else(|| (named("changes") || packets.iter().any(is_last_part)).then(Vec::new))
        });
        for collection in first.await {
            self.next_event(collection).await;
        }
        Ok(())
    }

    /// A session without a socket.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::open_at(address, "").await
    }

    /// A session from another address of this machine.
    pub(crate) async fn open_from(address: SocketAddr, from: [u8; 4]) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((from, 0))).unwrap();
        let stream = MaybeTlsStream::Plain(socket.connect(address).await.unwrap());
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
        let opening = tokio::time::timeout(TIMEOUT, tokio_tungstenite::client_async(url, stream));
        Self::over(opening.await.expect("a handshake in time").expect("a WebSocket").0).await
    }

    /// The same, connected.
    pub(crate) async fn connect_only_from(
        address: SocketAddr,
        from: [u8; 4],
        auth: &Value,
    ) -> Result<Self, Value> {
        Self::open_from(address, from).await.wait_until_connected(auth).await
    }

    async fn open_at(address: SocketAddr, base: &str) -> Self {
        let url = format!("ws://{address}{base}/socket.io/?EIO=4&transport=websocket");
        let opening = tokio::time::timeout(TIMEOUT, tokio_tungstenite::connect_async(url));
        let (stream, _) = opening.await.expect("a handshake in time").expect("a WebSocket");
        Self::over(stream).await
    }

    /// Uses this WebSocket.
    pub(super) async fn over(stream: Stream) -> Self {
        let (out, queue) = mpsc::unbounded_channel();
        let log = Rc::new(Log::default());
        let task = actix_web::rt::spawn(run_connection(stream, log.clone(), out.clone(), queue));
        let client = Self { log, out, task, next_ack: Cell::new(0), returned: RefCell::default() };
        client.until("the open packet", |packets| packets.first().map(|_| ())).await;
        client
    }
}

fn is_greeting(packet: &ServerPacket) -> bool {
    matches!(packet, ServerPacket::Event(name, _) if name == "connected")
}

fn is_last_part(packet: &ServerPacket) -> bool {
    matches!(packet, ServerPacket::Event(name, what) if name == "part" && what[0]["n"] == what[0]["of"])
}

/// Whether a `withheld` event named the collection.
fn is_withheld(packets: &[ServerPacket], collection: &str) -> bool {
    let said = |packet: &ServerPacket| match packet {
        ServerPacket::Event(name, what) => name == "withheld" && what[0]["collection"] == collection,
        _ => false,
    };
    packets.iter().any(said)
}
