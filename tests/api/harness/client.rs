//! One socket, spoken by the frame, so that nothing between the test and the wire is kinder than the wire.
//!
//! A task keeps all that arrives, in order; the methods wait until it holds what they look for.

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

/// The collections, in the order a client that connects is sent them.
pub(crate) const COLLECTIONS: [&str; 4] = ["coaches", "workout_plans", "exercise_moves", "schedules"];

/// A client. Dropping it cuts the connection.
pub(crate) struct Client {
    log: Rc<Log>,
    out: mpsc::UnboundedSender<Message>,
    task: JoinHandle<()>,
    next_ack: Cell<u64>,
    /// Up to where each event's arrivals have been returned.
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
    /// One frame, whatever is in it.
    pub(crate) fn send(&self, frame: impl Into<String>) {
        self.send_message(Message::text(frame.into()));
    }

    /// One message of any kind.
    pub(crate) fn send_message(&self, message: Message) {
        // A connection that has ended shows in what is waited for next.
        let _ = self.out.send(message);
    }

    /// Emits an event with these arguments and asks for an ack, by the number that comes back.
    pub(crate) fn emit(&self, event: &str, arguments: &[Value]) -> u64 {
        let id = self.next_ack.replace(self.next_ack.get() + 1);
        let event = std::iter::once(json!(event)).chain(arguments.iter().cloned());
        self.send(format!("42{id}{}", Value::Array(event.collect())));
        id
    }

    /// The same with one argument as text, for what no careful client would send.
    pub(crate) fn emit_text(&self, event: &str, argument: &str) -> u64 {
        let id = self.next_ack.replace(self.next_ack.get() + 1);
        self.send(format!("42{id}[{},{argument}]", json!(event)));
        id
    }

    /// The ack of that number.
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

    /// Emits an event and waits for its ack; none if the connection ends first.
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

    /// The first argument of the next event of that name that has not been returned before.
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

    /// Waits until a collection, as it was last sent, is so.
    pub(crate) async fn wait_for_rows(&self, collection: &str, so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let find = |packets: &[ServerPacket]| {
            let rows = last(packets, collection)?;
            so(rows).then(|| rows.clone())
        };
        self.until(&format!("{collection} to be as told"), find).await
    }

    /// A collection as it was last sent.
    pub(crate) fn latest(&self, collection: &str) -> Vec<Value> {
        let packets = self.log.packets.borrow();
        last(&packets, collection).cloned().unwrap_or_else(|| panic!("{collection} was never sent"))
    }

    /// The rows it keeps, by all it has received.
    pub(crate) fn replica(&self) -> ReplicaModel {
        self.log.replica.borrow().checked().clone()
    }

    /// Waits until the rows it keeps are so.
    pub(crate) async fn wait_for_replica(&self, what: &str, so: impl Fn(&ReplicaModel) -> bool) {
        self.until(what, |_| so(self.log.replica.borrow().checked()).then_some(())).await;
    }

    /// How much has been received; see [`since`](Self::since).
    pub(crate) fn now(&self) -> usize {
        self.log.packets.borrow().len()
    }

    /// All that has been received since then, but for pings.
    pub(crate) fn since(&self, then: usize) -> Vec<ServerPacket> {
        let packets = self.log.packets.borrow();
        packets[then..].iter().filter(|packet| **packet != ServerPacket::Ping).cloned().collect()
    }

    /// What the events `changes` said since then, without their cursors.
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

    /// How the server ends the connection.
    pub(crate) async fn closed(&self) -> Option<(u16, String)> {
        let find = |packets: &[ServerPacket]| match packets.last() {
            Some(ServerPacket::Closed(reason)) => Some(reason.clone()),
            _ => None,
        };
        self.until("the end of the connection", find).await
    }

    /// Every row of a collection, page by page.
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

    /// Whether the server still answers here.
    pub(crate) async fn assert_responsive(&self) {
        let page = self.request("list_coaches", json!({ "limit": 1 })).await;
        assert!(page.ok, "{page:?}");
    }

    /// Waits until what was received has something.
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
            Err(_) => panic!("waited in vain for {what}; heard last: {}", self.tail()),
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
async fn converse(
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
        // What the server said last is still to be read.
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
