//! Short messages between the nodes of one database. They are best-effort and outside of transactions.

use tokio::sync::{broadcast, mpsc};

/// The most bytes of a message. PostgreSQL's notifications carry less than 8,000.
const MAX_LEN: usize = 4_000;
/// The most messages in each queue.
const CAPACITY: usize = 256;

/// Publishes messages to other nodes, and receives theirs.
#[derive(Clone)]
pub struct NodeMessages {
    outgoing: mpsc::Sender<String>,
    pub(super) incoming: broadcast::Sender<String>,
    /// This node's id, to recognise its own messages.
    pub(super) node: String,
}

impl NodeMessages {
    /// Also returns the queue of outgoing messages.
    pub(super) fn new() -> (Self, mpsc::Receiver<String>) {
        let (outgoing, queue) = mpsc::channel(CAPACITY);
        let incoming = broadcast::Sender::new(CAPACITY);
        (Self { outgoing, incoming, node: uuid::Uuid::new_v4().to_string() }, queue)
    }

    /// Publishes a message of one line to the other nodes. Never waits: if the queue is full, the message is dropped.
    pub fn publish(&self, message: String) {
        if message.len() <= MAX_LEN {
            let _ = self.outgoing.try_send(message);
        }
    }

    /// The messages of other nodes from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<String> {
        self.incoming.subscribe()
    }
}
