//! A client that speaks the protocol by hand over a WebSocket.

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Message as Ws};

use super::within;

pub(crate) struct Client<S = TcpStream>(pub(crate) WebSocketStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn send(&mut self, text: &str) {
        self.raw(Ws::text(text)).await;
    }

    pub(crate) async fn raw(&mut self, message: Ws) {
        within(self.0.send(message)).await.unwrap();
    }

    /// Connects to a namespace, with `auth` unchanged; returns the socket's id.
    pub(crate) async fn enter(&mut self, namespace: &str, auth: &str) -> String {
        self.send(&format!("40{namespace},{auth}")).await;
        let answer = self.text().await;
        let prefix = if namespace == "/" { "40".to_owned() } else { format!("40{namespace},") };
        let entered = answer.strip_prefix(&prefix).unwrap_or_else(|| panic!("{namespace}: {answer}"));
        let entered: serde_json::Value = serde_json::from_str(entered).unwrap();
        entered["sid"].as_str().unwrap().to_owned()
    }

    /// Sends a text, and returns the next one received.
    pub(crate) async fn request(&mut self, text: &str) -> String {
        self.send(text).await;
        self.text().await
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

    /// The code and sentence of the server's close, and then the connection's end. Earlier texts are skipped.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.next().await {
                Some(Ws::Close(Some(close))) => {
                    // Reading on answers the close.
                    assert_eq!(self.next().await, None);
                    return (close.code.into(), close.reason.as_str().to_owned());
                }
                Some(Ws::Text(_)) => {}
                other => panic!("expected a close with a code, not {other:?}"),
            }
        }
    }
}
