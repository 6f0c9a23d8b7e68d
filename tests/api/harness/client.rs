//! One socket over raw frames, without the leniency of a client library.
//!
//! A task stores all received packets in order; methods wait until they contain what is needed.

mod connect;
mod stalled;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
};
use tokio_tungstenite::{MaybeTlsStream, tungstenite::Message};

pub(crate) use stalled::StalledClient;

use super::{
    ReplicaModel, TIMEOUT,
    wire::{self, Ack, ServerPacket},
};

/// The collections, in the order in which snapshots are sent.
pub(crate) const COLLECTIONS: [&str; 4] = ["coaches", "workout_plans", "exercise_moves", "schedules"];

/// A client. Its connection is closed on drop.
pub(crate) struct Client {
    log: Rc<Log>,
    out: mpsc::UnboundedSender<Message>,
    task: JoinHandle<()>,
    next_ack: Cell<u64>,
    /// Index after the last returned event of each name.
    returned: RefCell<HashMap<String, usize>>,
}

#[derive(Default)]
struct Log {
    packets: RefCell<Vec<ServerPacket>>,
    replica: RefCell<ReplicaModel>,
    grew: Notify,
}

impl Log {
    fn push(&self, packet: ServerPacket) {
        if let ServerPacket::Event(name, arguments) = &packet {
            self.replica.borrow_mut().apply(name, arguments);
        }
        self.packets.borrow_mut().push(packet);
        self.grew.notify_waiters();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Client {
    /// Sends a text frame with any content.
    pub(crate) fn send(&self, frame: impl Into<String>) {
        self.send_message(Message::text(frame.into()));
    }

    /// Sends a message of any kind.
    pub(crate) fn send_message(&self, message: Message) {
        // A closed connection is reported by the next wait.
        let _ = self.out.send(message);
    }

    /// Emits an event with an ack id, which is returned.
    pub(crate) fn emit(&self, event: &str, arguments: &[Value]) -> u64 {
        let id = self.next_ack.replace(self.next_ack.get() + 1);
        let event = std::iter::once(json!(event)).chain(arguments.iter().cloned());
        self.send(format!("42{id}{}", Value::Array(event.collect())));
        id
    }

    /// The same with one argument as raw text, also invalid JSON.
    pub(crate) fn emit_text(&self, event: &str, argument: &str) -> u64 {
        let id = self.next_ack.replace(self.next_ack.get() + 1);
        self.send(format!("42{id}[{},{argument}]", json!(event)));
        id
    }

    /// Waits for the ack with this id.
    pub(crate) async fn ack(&self, id: u64) -> Ack {
        let find = |packets: &[ServerPacket]| {
            packets.iter().rev().find_map(|packet| match packet {
                ServerPacket::Ack(of, arguments) if *of == id => Some(Ack::read(arguments)),
                _ => None,
            })
        };
        self.until(&format!("ack {id}"), find).await
    }

    /// Emits an event with one payload and waits for its ack.
    pub(crate) async fn request(&self, event: &str, payload: Value) -> Ack {
        self.request_with(event, &[payload]).await
    }

    /// Emits an event and waits for its ack; none if the connection closes first.
    pub(crate) async fn request_while_open(&self, event: &str, payload: Value) -> Option<Ack> {
        let id = self.emit(event, &[payload]);
        let find = |packets: &[ServerPacket]| {
            let ack = packets.iter().rev().find_map(|packet| match packet {
                ServerPacket::Ack(of, arguments) if *of == id => Some(Some(Ack::read(arguments))),
                _ => None,
            });
            let closed = matches!(packets.last(), Some(ServerPacket::Closed(_)));
            ack.or_else(|| closed.then_some(None))
        };
        self.until(&format!("ack {id} or the end"), find).await
    }

    /// Emits an event with any arguments and waits for its ack.
    pub(crate) async fn request_with(&self, event: &str, arguments: &[Value]) -> Ack {
        self.ack(self.emit(event, arguments)).await
    }

    /// The first argument of the next event of this name that was not returned before.
    pub(crate) async fn next_event(&self, event: &str) -> Value {
        let from = self.returned.borrow().get(event).copied().unwrap_or(0);
        let what = format!("the next {event}");
        let next = self.until(&what, |packets| {
            let mut after = packets.iter().enumerate().skip(from);
            after.find_map(|(at, packet)| match packet {
                ServerPacket::Event(name, arguments) if name == event => {
                    Some((at, arguments.first().cloned().unwrap_or_default()))
                }
                _ => None,
            })
        });
        let (at, value) = next.await;
        self.returned.borrow_mut().insert(event.to_owned(), at + 1);
        value
    }

    /// Waits until the latest snapshot of a collection meets the condition.
    pub(crate) async fn wait_for_rows(&self, collection: &str, so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let find = |packets: &[ServerPacket]| {
            let rows = last(packets, collection)?;
            so(rows).then(|| rows.clone())
        };
        self.until(&format!("{collection} to meet the condition"), find).await
    }

    /// The latest snapshot of a collection.
    pub(crate) fn latest(&self, collection: &str) -> Vec<Value> {
        let packets = self.log.packets.borrow();
        last(&packets, collection).cloned().unwrap_or_else(|| panic!("{collection} was never sent"))
    }

    /// The replica: all received snapshots and changes, applied.
    pub(crate) fn replica(&self) -> ReplicaModel {
        self.log.replica.borrow().checked().clone()
    }

    /// Waits until the replica meets the condition.
    pub(crate) async fn wait_for_replica(&self, what: &str, so: impl Fn(&ReplicaModel) -> bool) {
        self.until(what, |_| so(self.log.replica.borrow().checked()).then_some(())).await;
    }

    /// The number of received packets; see [`since`](Self::since).
    pub(crate) fn now(&self) -> usize {
        self.log.packets.borrow().len()
    }

    /// The packets received since then, without pings.
    pub(crate) fn since(&self, then: usize) -> Vec<ServerPacket> {
        let packets = self.log.packets.borrow();
        packets[then..].iter().filter(|packet| **packet != ServerPacket::Ping).cloned().collect()
    }

    /// The payloads of `changes` events since then, without their cursors.
    pub(crate) fn changes_since(&self, then: usize) -> Vec<Value> {
        let changes = self.since(then).into_iter().filter_map(|packet| match packet {
            ServerPacket::Event(name, arguments) if name == "changes" => arguments.into_iter().next(),
            _ => None,
        });
        let without = |mut changes: Value| {
            changes.as_object_mut().and_then(|changes| changes.remove("cursor")).expect("a cursor");
            changes
        };
        changes.map(without).collect()
    }

    /// Names of the events received since then.
    pub(crate) fn events_since(&self, then: usize) -> Vec<String> {
        let name = |packet| match packet {
            ServerPacket::Event(name, _) => Some(name),
            _ => None,
        };
        self.since(then).into_iter().filter_map(name).collect()
    }

    /// Waits for the end of the connection; code and reason of the close frame, if there was one.
    pub(crate) async fn closed(&self) -> Option<(u16, String)> {
        let find = |packets: &[ServerPacket]| match packets.last() {
            Some(ServerPacket::Closed(reason)) => Some(reason.clone()),
            _ => None,
        };
        self.until("the end of the connection", find).await
    }

    /// All rows of a collection, listed page by page.
    pub(crate) async fn list_all(&self, collection: &str) -> Vec<Value> {
        let (mut rows, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = json!({ "limit": 500, "after": after });
            let page = self.request(&format!("list_{collection}"), page).await.unwrap_data();
            rows.extend(page["rows"].as_array().unwrap().iter().cloned());
            after = page["next"].clone();
            if after.is_null() {
                return rows;
            }
        }
    }

    /// Asserts that the server acks a request.
    pub(crate) async fn assert_responsive(&self) {
        let page = self.request("list_coaches", json!({ "limit": 1 })).await;
        assert!(page.ok, "{page:?}");
    }

    /// Waits until the received packets contain something.
    pub(crate) async fn until<T>(&self, what: &str, find: impl Fn(&[ServerPacket]) -> Option<T>) -> T {
        let search = async {
            loop {
                let grew = self.log.grew.notified();
                if let Some(found) = find(&self.log.packets.borrow()) {
                    return found;
                }
                if let Some(ServerPacket::Closed(reason)) = self.log.packets.borrow().last() {
                    panic!("closed ({reason:?}) while waiting for {what}");
                }
                grew.await;
            }
        };
        match tokio::time::timeout(TIMEOUT, search).await {
            Ok(found) => found,
            Err(_) => panic!("timed out waiting for {what}; last packets: {}", self.tail()),
        }
    }

    fn tail(&self) -> String {
        let packets = self.log.packets.borrow();
        let last = packets
            .iter()
            .rev()
            .take(3)
            .map(|packet| format!("{packet:?}").chars().take(300).collect::<String>());
        last.collect::<Vec<_>>().join("\n")
    }
}

fn last<'a>(packets: &'a [ServerPacket], collection: &str) -> Option<&'a Vec<Value>> {
    packets.iter().rev().find_map(|packet| match packet {
        ServerPacket::Event(name, arguments) if name == collection => arguments.first()?.as_array(),
        _ => None,
    })
}

type Stream = tokio_tungstenite::WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// Reads, writes, and answers pings until the connection ends.
async fn run_connection(
    stream: Stream,
    log: Rc<Log>,
    out: mpsc::UnboundedSender<Message>,
    mut queue: mpsc::UnboundedReceiver<Message>,
) {
    let (mut sink, mut stream) = stream.split();
    let write = async {
        while let Some(message) = queue.recv().await {
            if sink.send(message).await.is_err() {
                break;
            }
        }
        // The last packets of the server are still to be read.
        std::future::pending::<()>().await;
    };
    let read = async {
        while let Some(Ok(message)) = stream.next().await {
            match message {
                Message::Text(frame) => {
                    let packet = wire::read(&frame);
                    if packet == ServerPacket::Ping {
                        let _ = out.send(Message::text("3"));
                    }
                    log.push(packet);
                }
                Message::Close(frame) => {
                    return frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                }
                _ => {}
            }
        }
        None
    };
    let reason = tokio::select! {
        reason = read => reason,
        () = write => None,
    };
    log.push(ServerPacket::Closed(reason));
}
