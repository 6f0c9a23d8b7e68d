//! A client that stops reading.

use std::net::SocketAddr;

use futures_util::SinkExt;
use serde_json::Value;
use tokio::net::TcpSocket;
use tokio_tungstenite::{MaybeTlsStream, tungstenite::Message};

use super::{Client, Stream};
use crate::harness::TIMEOUT;

/// A client that has sent its connect packet and does not read.
pub(crate) struct StalledClient(Stream);

impl StalledClient {
    /// With `auth` and the smallest receive buffer that the system allows.
    pub(crate) async fn connect(address: SocketAddr, auth: &Value) -> Self {
        let opening = async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(4096).unwrap();
            let stream = MaybeTlsStream::Plain(socket.connect(address).await.unwrap());
            let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
            let (mut stream, _) = tokio_tungstenite::client_async(url, stream).await.expect("a WebSocket");
            stream.send(Message::text(format!("40{auth}"))).await.unwrap();
            stream
        };
        Self(tokio::time::timeout(TIMEOUT, opening).await.expect("a handshake in time"))
    }

    /// Reads from now on.
    pub(crate) async fn resume_reading(self) -> Client {
        Client::over(self.0).await
    }
}
