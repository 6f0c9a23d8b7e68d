//! A polling client: one connection for GETs, one for POSTs, like a browser.

use std::collections::VecDeque;

use tokio::net::TcpStream;
use tokio_tungstenite::client_async;

use super::{Client, TestServer, http::Http, http::Response, within};

/// The query that opens a polling session.
pub(crate) const POLLING: &str = "?EIO=4&transport=polling";

pub(crate) struct Poller {
    pub(crate) sid: String,
    pub(crate) query: String,
    pub(crate) get: Http,
    pub(crate) post: Http,
    received: VecDeque<String>,
}

impl Poller {
    /// A client that has only opened its session.
    pub(crate) async fn open(server: &TestServer) -> Self {
        let (mut get, post) = (Http::connect(server).await, Http::connect(server).await);
        let answer = get.request("GET", POLLING, "", b"").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let open: serde_json::Value = serde_json::from_str(answer.body.strip_prefix('0').unwrap()).unwrap();
        let sid = open["sid"].as_str().unwrap().to_owned();
        let query = format!("{POLLING}&sid={sid}");
        Self { sid, query, get, post, received: VecDeque::new() }
    }

    /// A client in the main namespace.
    pub(crate) async fn enter(server: &TestServer) -> Self {
        let mut poller = Self::open(server).await;
        poller.send("40").await;
        assert!(poller.next_packet().await.starts_with(r#"40{"sid":""#));
        poller
    }

    /// A client in the namespace of the scripted service.
    pub(crate) async fn connect(server: &TestServer) -> Self {
        let mut poller = Self::enter(server).await;
        assert_eq!(poller.next_packet().await, r#"42["hello",none]"#);
        poller
    }

    /// The next packet except pings, which are answered.
    pub(crate) async fn next_packet(&mut self) -> String {
        loop {
            match self.text().await.as_str() {
                "2" => self.send("3").await,
                text => return text.to_owned(),
            }
        }
    }

    /// Posts packets, and waits until they have been accepted.
    pub(crate) async fn send(&mut self, payload: &str) {
        let answer = self.try_send(payload.as_bytes()).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{payload}");
    }

    pub(crate) async fn try_send(&mut self, body: &[u8]) -> Response {
        self.post.request("POST", &self.query, "", body).await
    }

    /// Posts; returns false if the packets were not accepted, or the connection was closed.
    pub(crate) async fn try_send_ok(&mut self, body: &[u8]) -> bool {
        self.post.send("POST", &self.query, "", body).await;
        self.post.answer_or_end().await.is_some_and(|answer| answer.status == 200)
    }

    /// Begins a GET that waits.
    pub(crate) async fn begin_poll(&mut self) {
        self.get.send("GET", &self.query, "", b"").await;
    }

    /// Begins a GET, and returns when it waits. It is sent together with one that is answered, and served directly
    /// after it. The service must implement "echo".
    pub(crate) async fn wait(&mut self) {
        let get = format!("GET /socket.io/{} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", self.query);
        self.get.write(get.repeat(2).as_bytes()).await;
        self.send(r#"420["echo",0]"#).await;
        assert_eq!(self.get.answer().await.body, "430[0]");
        // Both requests reach the session in order; this one is answered after the GET.
        self.send("3").await;
    }

    /// Sends a GET and returns its response.
    pub(crate) async fn poll(&mut self) -> Response {
        self.get.request("GET", &self.query, "", b"").await
    }

    /// The next packet, from as many GETs as necessary.
    pub(crate) async fn text(&mut self) -> String {
        if self.received.is_empty() {
            let answer = self.poll().await;
            self.receive(answer);
        }
        self.received.pop_front().unwrap()
    }

    /// Keeps the packets of a response for [`text`](Self::text).
    pub(crate) fn receive(&mut self, answer: Response) {
        assert_eq!(answer.status, 200, "{answer:?}");
        self.received.extend(answer.body.split('\u{1e}').map(str::to_owned));
    }

    /// The remaining received packets.
    pub(crate) fn remaining(&mut self) -> Vec<String> {
        self.received.drain(..).collect()
    }

    /// A WebSocket for this session, on a separate connection.
    pub(crate) async fn websocket(&self, server: &TestServer) -> Client {
        self.try_websocket(server).await.expect("the session is gone")
    }

    /// The same, unless the session has ended.
    pub(crate) async fn try_websocket(&self, server: &TestServer) -> Option<Client> {
        let tcp = TcpStream::connect(server.address).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let url = format!("{}&sid={}", server.url(), self.sid);
        Some(Client(within(client_async(url, tcp)).await.ok()?.0))
    }

    /// Upgrades like a stock client: a probe while one GET waits, then the upgrade with no request pending. Also
    /// returns the packets of the GET.
    pub(crate) async fn upgrade(mut self, server: &TestServer) -> (Client, Vec<String>) {
        let mut client = self.websocket(server).await;
        self.begin_poll().await;
        client.send("2probe").await;
        assert_eq!(client.text().await, "3probe");
        let answer = self.get.answer().await;
        self.receive(answer);
        let mut received = self.remaining();
        received.retain(|packet| packet != "6");
        client.send("5").await;
        (client, received)
    }
}
