//! A client that keeps the text of what it is sent.

use std::collections::{BTreeMap, VecDeque};

use futures_util::{SinkExt, StreamExt};
use serde_json::{json, value::RawValue};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

use super::{Exact, Row, ServedTables};
use crate::harness::TIMEOUT;

/// In changes mode, over the collection `samples`.
pub(super) struct RawClient {
    stream: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
    /// Changes that were not asked for yet.
    changes: VecDeque<Row>,
    next_ack: u64,
    /// Where it is in the log.
    pub(super) cursor: String,
    /// The rows of the first snapshot, by id.
    pub(super) snapshot: BTreeMap<usize, Row>,
}

impl RawClient {
    /// Connected, and with a snapshot if it does not resume.
    pub(super) async fn follow(tables: &ServedTables, since: Option<&str>) -> Self {
        let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket", tables.address());
        let (stream, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let (changes, cursor, snapshot) = (VecDeque::new(), String::new(), BTreeMap::new());
        let mut client = Self { stream, changes, next_ack: 0, cursor, snapshot };
        client.send(format!("40{}", json!({ "live": "changes", "since": since }))).await;
        if since.is_none() {
            let arguments = client.event("samples").await;
            client.cursor = text(&arguments[1].clone().object()["cursor"]);
            client.snapshot = by_id(arguments[0].clone().array());
        }
        client
    }

    /// The row of a successful ack.
    pub(super) async fn request(&mut self, event: &str, payload: &str) -> Row {
        self.data(event, payload).await.object()
    }

    /// The rows of a page.
    pub(super) async fn list(&mut self, event: &str, query: &str) -> Vec<Row> {
        let rows = self.data(event, query).await.object()["rows"].clone().array();
        rows.into_iter().map(Exact::object).collect()
    }

    async fn data(&mut self, event: &str, payload: &str) -> Exact {
        let id = self.next_ack;
        self.next_ack += 1;
        self.send(format!("42{id}[\"{event}\",{payload}]")).await;
        let start = format!("43{id}[");
        loop {
            let frame = self.frame().await;
            if let Some(ack) = frame.strip_prefix(&start) {
                let mut ack = Exact::parse(&ack[..ack.len() - 1]).object();
                assert_eq!(ack["ok"], Exact::Plain("true".into()), "{event} {payload}: {}", ack["errors"]);
                return ack.remove("data").unwrap();
            }
            self.keep(&frame);
        }
    }

    /// The row with this id, of the next change.
    pub(super) async fn next_upserted(&mut self, id: usize) -> Row {
        loop {
            let mut rows = self.upserted().await;
            if let Some(row) = rows.remove(&id) {
                return row;
            }
        }
    }

    /// The rows of the next change that has any, by id.
    pub(super) async fn upserted(&mut self) -> BTreeMap<usize, Row> {
        loop {
            if let Some(change) = self.changes.pop_front() {
                self.cursor = text(&change["cursor"]);
                if let Some(samples) = change.get("samples") {
                    return by_id(samples.clone().object()["upserted"].clone().array());
                }
                continue;
            }
            let frame = self.frame().await;
            self.keep(&frame);
        }
    }

    fn keep(&mut self, frame: &str) {
        if let Some(arguments) = frame.strip_prefix("42[\"changes\",") {
            self.changes.push_back(Exact::parse(&arguments[..arguments.len() - 1]).object());
        }
    }

    /// The arguments of the next event of this name.
    async fn event(&mut self, name: &str) -> Vec<Exact> {
        loop {
            let frame = self.frame().await;
            if frame.starts_with(&format!("42[\"{name}\",")) {
                let items: Vec<Box<RawValue>> = serde_json::from_str(&frame[2..]).unwrap();
                return items[1..].iter().map(|item| Exact::parse(item.get())).collect();
            }
        }
    }

    async fn frame(&mut self) -> String {
        loop {
            let next = tokio::time::timeout(TIMEOUT, self.stream.next()).await;
            let frame = next.expect("a frame in time").expect("an open connection").unwrap();
            match frame.into_text().unwrap().as_str() {
                "2" => self.send("3".to_owned()).await,
                frame => return frame.to_owned(),
            }
        }
    }

    async fn send(&mut self, frame: String) {
        self.stream.send(Message::text(frame)).await.unwrap();
    }
}

fn by_id(rows: Vec<Exact>) -> BTreeMap<usize, Row> {
    let rows = rows.into_iter().map(Exact::object);
    rows.map(|row| (row["id"].to_string().parse().unwrap(), row)).collect()
}

fn text(value: &Exact) -> String {
    match value {
        Exact::Text(text) => text.clone(),
        other => panic!("no text: {other}"),
    }
}
