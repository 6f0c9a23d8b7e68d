//! HTTP by hand: one persistent connection, on which a test controls each byte.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{TestServer, within};

/// A response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Response {
    /// The value of a header, in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// One connection.
pub(crate) struct Http<S = TcpStream> {
    pub(crate) stream: S,
    read: Vec<u8>,
}

impl Http {
    pub(crate) async fn connect(server: &TestServer) -> Self {
        let stream = TcpStream::connect(server.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

    /// Sends a request and reads its response.
    pub(crate) async fn request(
        &mut self,
        method: &str,
        query: &str,
        headers: &str,
        body: &[u8],
    ) -> Response {
        self.send(method, query, headers, body).await;
        self.answer().await
    }

    /// Sends a request without waiting for its response.
    pub(crate) async fn send(&mut self, method: &str, query: &str, headers: &str, body: &[u8]) {
        let length =
            if method == "GET" { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        self.head(method, query, &format!("{headers}{length}")).await;
        self.write(body).await;
    }

    /// The head of a request.
    pub(crate) async fn head(&mut self, method: &str, query: &str, headers: &str) {
        let head = format!("{method} /socket.io/{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n");
        self.write(head.as_bytes()).await;
    }

    /// Raw bytes. A closed connection is noticed when the response is read.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let _ = within(self.stream.write_all(bytes)).await;
    }

    /// The next response.
    pub(crate) async fn answer(&mut self) -> Response {
        within(self.read_answer()).await.expect("the connection was closed")
    }

    /// The next response, or `None` if the connection is closed instead.
    pub(crate) async fn answer_or_end(&mut self) -> Option<Response> {
        within(self.read_answer()).await
    }

    /// Whether no response arrives within a time.
    pub(crate) async fn is_silent_for(&mut self, time: Duration) -> bool {
        timeout(time, self.read_answer()).await.is_err()
    }

    async fn read_answer(&mut self) -> Option<Response> {
        loop {
            if let Some(answer) = self.parsed() {
                return Some(answer);
            }
            if !matches!(self.stream.read_buf(&mut self.read).await, Ok(1..)) {
                return None;
            }
        }
    }

    fn parsed(&mut self) -> Option<Response> {
        let end = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
        let head = String::from_utf8(self.read[..end].to_vec()).unwrap();
        let mut answer =
            Response { status: head.split(' ').nth(1)?.parse().ok()?, head, body: String::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        let body = self.read.get(end..end + length)?;
        answer.body = String::from_utf8(body.to_vec()).unwrap();
        self.read.drain(..end + length);
        Some(answer)
    }
}
